//! A device without function 0.

use std::fmt;

use crate::addr::{Bdf, Sbdf};
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A function with a number other than 0 has a function 0 beside it.
    ///
    /// ## Why it matters
    ///
    /// Function 0 says whether there are others, and every operating system looks there first.
    /// A device without it is a guest's view of a part of a card, or a capture with holes.
    ///
    /// ## How it is decided
    ///
    /// By the captured addresses. With ARI function 0 is device 0, function 0 of the bus.
    /// Virtual functions have none.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: capture all devices on the host itself, not within a guest. Where the
    /// firmware hides function 0, enable it in the firmware setup.
    TOP004 = {
        name: "function-zero-missing",
        summary: "Function 0 of the device is not in the capture",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pci30.at("3.2.2.3.4 Configuration Space Decoding"),
            Document::Pcie60.at("7.3.1 Device Number"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The address that should be there.
#[derive(Debug)]
struct NoFunctionZero(Sbdf);

impl fmt::Display for NoFunctionZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in the capture", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let bdf = function.at.bdf;
    if bdf.devfn() == 0 {
        return Outcome::NotApplicable("function 0 itself");
    }
    if function.is_virtual() {
        return Outcome::NotApplicable("a virtual function");
    }
    let first = if facts.topology.uses_ari(facts.host, id) {
        0
    } else {
        bdf.devfn() & !7
    };
    if bdf.devfn() == first {
        return Outcome::NotApplicable("function 0 itself");
    }
    let zero = Sbdf::new(function.at.segment, Bdf::from_devfn(bdf.bus(), first));
    if facts.host.find(zero).is_some() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &TOP004,
        Subject::Function(id),
        Confidence::High,
        NoFunctionZero(zero),
        Evidence::new(Locus::Tree(id), "function 0", Value::Absent),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn function_1_alone_fires() {
        let machine = Machine::with_port().with("01:00.1", Dev::endpoint());
        assert_eq!(
            answer(&TOP004, &machine, "01:00.1"),
            fired("0000:01:00.0 is not in the capture")
        );
    }

    #[test]
    fn function_1_beside_function_0_is_clean() {
        let machine = Machine::with_device(Dev::endpoint()).with("01:00.1", Dev::endpoint());
        assert_eq!(answer(&TOP004, &machine, "01:00.1"), Answer::Clean);
    }

    #[test]
    fn with_ari_function_0_is_that_of_the_bus() {
        let mut port = Dev::root_port(1);
        port.ari_forwarding = true;
        let ari = || Dev::endpoint().extended(0x0e, &[0; 4]);
        let machine = Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", ari())
            .with("01:01.1", ari());
        assert_eq!(answer(&TOP004, &machine, "01:01.1"), Answer::Clean);
    }

    #[test]
    fn function_0_and_virtual_functions_have_none() {
        assert_eq!(answer_for(&TOP004, Dev::endpoint()), Answer::NotApplicable);
        let machine = Machine::with_port().with("01:00.2", Dev::virtual_function());
        assert_eq!(answer(&TOP004, &machine, "01:00.2"), Answer::NotApplicable);
    }
}
