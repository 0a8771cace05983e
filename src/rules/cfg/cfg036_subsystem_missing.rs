//! A device has no subsystem vendor id.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::HeaderType;

rule! {
    /// ## What it checks
    ///
    /// An endpoint has a subsystem vendor id. Functions of the base classes 05h to 08h, which
    /// belong to the system board, need none.
    ///
    /// ## Why it matters
    ///
    /// Systems choose drivers and firmware updates by the subsystem. Windows builds the hardware
    /// id from it.
    ///
    /// ## How it is decided
    ///
    /// By offset 2Ch of headers of type 0: neither 0000h nor FFFFh. Virtual functions are left
    /// out.
    ///
    /// ## What to do
    ///
    /// Device: load the ids from the board's own storage before the device answers.
    ///
    /// Hyper-V and VFIO: nothing.
    CFG036 = {
        name: "subsystem-missing",
        summary: "The subsystem vendor id is blank",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pci30.at("6.2.4 Miscellaneous Registers, Subsystem Vendor ID"),
            Document::Pcie60.at("7.5.1.2.3 Subsystem Vendor ID Register"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The id.
#[derive(Debug)]
struct Blank(u16);

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the subsystem vendor id is {:#06x}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let (Some(class), Some(layout)) = (function.identity.class, function.layout()) else {
        return Outcome::CannotTell(Missing::standard(id, function));
    };
    if function.is_virtual() || layout != HeaderType::ENDPOINT || matches!(class.base(), 5..=8) {
        return Outcome::NotApplicable("a function that needs none");
    }
    let Some(vendor) = function.config.u16(0x2c) else {
        return Outcome::CannotTell(Missing::standard(id, function));
    };
    if vendor != 0 && vendor != 0xffff {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &CFG036,
        Subject::Function(id),
        Confidence::High,
        Blank(vendor),
        Evidence::new(
            Locus::Config(id, Span::new(0x2c, 2)),
            "Subsystem Vendor ID",
            Value::word(vendor),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_blank_id_fires_on_what_goes_into_a_slot() {
        let numbered = Dev::endpoint().byte(0x2c, 0xf4).byte(0x2d, 0x1a);
        assert_eq!(answer_for(&CFG036, numbered), Answer::Clean);
        let blank = fired("the subsystem vendor id is 0x0000");
        assert_eq!(answer_for(&CFG036, Dev::endpoint()), blank);
        let system = Dev::endpoint().class(0x08_8000);
        assert_eq!(answer_for(&CFG036, system), Answer::NotApplicable);
    }
}
