//! The class of the device is not one that Microsoft supports.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, ClassCode};

rule! {
    /// ## What it checks
    ///
    /// The device is a display controller or an NVMe controller.
    ///
    /// ## Why it matters
    ///
    /// Microsoft supports Discrete Device Assignment for these two classes. Others are likely
    /// to work; their makers have to say so. Windows refuses the dismount of a device whose
    /// maker gave no directives for securing it, unless it is forced.
    ///
    /// ## How it is decided
    ///
    /// By the class code: base class 03, or 010802. Whether a driver package with directives is
    /// installed does not show in a capture. Without the class the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: ask the maker for a partitioning (mitigation) driver and for a statement.
    /// Without one `-Force` skips the check; then give the device to trusted guests alone.
    ///
    /// VFIO: not concerned.
    DDA005 = {
        name: "class-not-supported",
        summary: "The device is neither graphics nor NVMe, which Microsoft supports",
        severity: Low,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::DdaPlan.at("supported devices"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice, -Force"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Its class.
#[derive(Debug)]
struct OtherClass(ClassCode);

impl fmt::Display for OtherClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "class {} is neither graphics nor NVMe", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let Some(class) = function.identity.class else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    if class.is_display() || class.is_nvme() {
        return Outcome::Clean;
    }
    let evidence = match function.responds() && function.space.header.class.is_some() {
        true => Evidence::new(
            Locus::Config(id, Span::new(pci::CLASS_CODE.offset, 3)),
            pci::CLASS_CODE.name,
            Value::Register {
                value: class.0.into(),
                bytes: 3,
            },
        ),
        false => Evidence::new(
            Locus::Reported(id, "class"),
            pci::CLASS_CODE.name,
            Value::AsReported,
        ),
    };
    Outcome::Fired(Finding::new(
        &DDA005,
        Subject::Function(id),
        Confidence::High,
        OtherClass(class),
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    #[test]
    fn a_network_controller_fires() {
        assert_eq!(
            answer_for(&DDA005, Dev::endpoint().class(0x02_00_00)),
            fired("class 020000 is neither graphics nor NVMe")
        );
    }

    #[test]
    fn storage_of_another_interface_fires() {
        assert_eq!(
            answer_for(&DDA005, Dev::endpoint().class(0x01_08_01)),
            fired("class 010801 is neither graphics nor NVMe")
        );
    }

    #[test]
    fn graphics_and_nvme_are_clean() {
        for class in [0x01_08_02, 0x03_00_00, 0x03_02_00, 0x03_80_00] {
            assert_eq!(
                answer_for(&DDA005, Dev::endpoint().class(class)),
                Answer::Clean
            );
        }
    }

    #[test]
    fn a_reported_class_counts_where_the_register_was_not_captured() {
        let unread = || Dev::endpoint().unread();
        assert_eq!(
            answer_for(&DDA005, unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
        let known = unread().report(|p| p.class = Some(reported(0x0c_03_30)));
        assert_eq!(
            answer_for(&DDA005, known),
            fired("class 0c0330 is neither graphics nor NVMe")
        );
    }
}
