//! The firmware does not hand PCI Express over to Windows.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// The firmware grants Windows native control of PCI Express (ACPI `_OSC`).
    ///
    /// ## Why it matters
    ///
    /// Windows needs hot plug, power management events and the PCI Express capability together.
    /// Where one of them is refused it drives all devices as conventional PCI, and assigns
    /// none. `-Force` does not change that.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property DeviceType: 5 and 13 stand for Express functions that are treated
    /// as conventional PCI; every other value of an Express function shows that control was
    /// granted. Without the property the answer is "cannot tell": what the firmware grants to
    /// Linux it may refuse to Windows. Conventional functions are not concerned.
    ///
    /// ## What to do
    ///
    /// Hyper-V: switch SR-IOV support, "ASPM: OS controlled" or "PCIe native control" on in the
    /// firmware setup; update the firmware. Some servers grant control only with SR-IOV on.
    ///
    /// VFIO: not concerned.
    DDA004 = {
        name: "firmware-keeps-pcie-control",
        summary: "The firmware does not hand control of PCI Express over to Windows",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::WindowsDrivers.at("Enabling PCI Express native control"),
            Document::PciFirmware33.at("4.5.1 _OSC Interface for PCI Host Bridge Devices"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The type that Windows falls back to.
#[derive(Debug)]
struct TreatedAsPci(DeviceType);

impl fmt::Display for TreatedAsPci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Windows reports the type {}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    if kind.is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    match facts.host.function(id).windows.device_type.map(DeviceType) {
        Some(reported @ (DeviceType::TREATED_AS_PCI | DeviceType::BRIDGE_TREATED_AS_PCI)) => {
            Outcome::Fired(Finding::new(
                &DDA004,
                Subject::Function(id),
                Confidence::High,
                TreatedAsPci(reported),
                Evidence::new(
                    Locus::Reported(id, windows::DEVICE_TYPE.key),
                    windows::DEVICE_TYPE.name,
                    Value::Number(reported.0.into()),
                ),
            ))
        }
        Some(DeviceType::CONVENTIONAL | DeviceType::PCI_X) => {
            Outcome::NotApplicable("not an Express function")
        }
        Some(_) => Outcome::Clean,
        None if kind == FunctionKind::Conventional => {
            Outcome::NotApplicable("not an Express function")
        }
        None => Outcome::CannotTell(Missing::of(Fact::NativeControl, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(number: u32) -> Answer {
        answer_for(
            &DDA004,
            Dev::endpoint().windows(windows::DEVICE_TYPE, number),
        )
    }

    #[test]
    fn an_express_device_that_windows_treats_as_pci_fires() {
        assert_eq!(
            with(5),
            fired("Windows reports the type Express treated as PCI")
        );
    }

    #[test]
    fn an_express_type_shows_that_control_was_granted() {
        for number in [2, 3, 4] {
            assert_eq!(with(number), Answer::Clean);
        }
        assert_eq!(with(0), Answer::NotApplicable);
    }

    #[test]
    fn without_the_property_nothing_can_be_said_of_an_express_function() {
        assert_eq!(
            answer_for(&DDA004, Dev::endpoint()),
            Answer::CannotTell(Fact::NativeControl)
        );
        assert_eq!(
            answer_for(&DDA004, Dev::conventional()),
            Answer::NotApplicable
        );
    }
}
