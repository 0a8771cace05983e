//! An Express function has no power management capability.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::CapId;
use crate::spec::pcie::PortType;

rule! {
    /// ## What it checks
    ///
    /// A PCI Express device on a link has the PCI power management capability. Virtual functions
    /// need not.
    ///
    /// ## Why it matters
    ///
    /// The capability is required for every PCI Express function. Without it the system cannot
    /// put the device to sleep, and a reset by power state (D3hot) is not possible.
    ///
    /// ## How it is decided
    ///
    /// By the standard capability list of functions with a PCI Express capability. Functions
    /// integrated in the root complex are left out, although the requirement holds for them
    /// too: processors have hundreds without it, which nobody puts to sleep or gives away.
    ///
    /// ## What to do
    ///
    /// Device: implement the capability, even if D0 and D3 are all that it supports.
    ///
    /// Hyper-V and VFIO: nothing.
    CFG030 = {
        name: "power-management-missing",
        summary: "An Express function has no power management capability",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.5.2 PCI Power Management Capability Structure"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// It is not in the list.
#[derive(Debug)]
struct NoPowerManagement;

impl fmt::Display for NoPowerManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no power management capability")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.is_virtual() {
        return Outcome::NotApplicable("a virtual function");
    }
    match function.express() {
        Observed::Present(express)
            if matches!(
                express.port_type(),
                Some(PortType::RC_ENDPOINT | PortType::RC_EVENT_COLLECTOR)
            ) =>
        {
            return Outcome::NotApplicable("integrated in the root complex");
        }
        Observed::Present(_) => {}
        Observed::Absent => return Outcome::NotApplicable("no PCI Express"),
        _ => return Outcome::CannotTell(Missing::standard(id, function)),
    }
    match function
        .space
        .standard(function.config, CapId::POWER_MANAGEMENT)
    {
        Observed::Present(_) => Outcome::Clean,
        Observed::Absent => Outcome::Fired(Finding::new(
            &CFG030,
            Subject::Function(id),
            Confidence::High,
            NoPowerManagement,
            Evidence::new(Locus::Lists(id), "Power Management", Value::Absent),
        )),
        _ => Outcome::CannotTell(Missing::standard(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn bare(mut device: Dev) -> Dev {
        device.power = None;
        device
    }

    #[test]
    fn express_functions_need_it() {
        let without = || bare(Dev::endpoint());
        assert_eq!(
            answer_for(&CFG030, without()),
            fired("no power management capability")
        );
        assert_eq!(answer_for(&CFG030, Dev::endpoint()), Answer::Clean);
        let conventional = bare(Dev::conventional());
        assert_eq!(answer_for(&CFG030, conventional), Answer::NotApplicable);
        let integrated = bare(Dev::express(PortType::RC_ENDPOINT));
        assert_eq!(answer_for(&CFG030, integrated), Answer::NotApplicable);
        let cut = without().cut(64);
        assert!(matches!(answer_for(&CFG030, cut), Answer::CannotTell(_)));
    }
}
