//! The firmware does not hand PCI Express over to Windows.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::native_control::Control;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};
use crate::topology::{FunctionKind, LocationPath};

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
    /// granted. Conventional functions are not concerned.
    ///
    /// Without the property, by NativePciExpressControl of the host bridge above. Without that,
    /// by what a Linux kernel's log says of the root bus above:
    ///
    /// - Hot plug, power management events and the PCI Express capability were granted: the
    ///   rule is met.
    /// - One of them was refused ("platform does not support", or a returned mask without it):
    ///   it fires, with medium confidence, because firmware may answer Windows otherwise.
    /// - One of them was not asked for, or there is no log: "cannot tell". A kernel built
    ///   without hot plug does not ask for it.
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
        lint: Firmware,
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::WindowsDrivers.at("Enabling PCI Express native control"),
            Document::PciFirmware33.at("4.5.1 _OSC Interface for PCI Host Bridge Devices"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
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

/// The host bridge above says so.
#[derive(Debug)]
struct RootBus;

impl fmt::Display for RootBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windows reports that its root bus has no native control")
    }
}

/// What the firmware refused to Linux and Windows needs.
#[derive(Debug)]
struct RefusedToLinux(Control);

impl fmt::Display for RefusedToLinux {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Control::HOT_PLUG, "hot plug"),
            (Control::PME, "power management events"),
            (Control::EXPRESS, "the PCI Express capability"),
        ];
        let refused = names
            .iter()
            .filter(|(control, _)| self.0.contains(*control));
        let refused: Vec<_> = refused.map(|(_, name)| *name).collect();
        write!(
            f,
            "the firmware refused Linux control of {}",
            refused.join(", ")
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
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
        None => negotiated(facts, id),
    }
}

/// Windows' property of the host bridge; else what Linux got stands for what Windows would
/// get, as far as it asked for the same.
fn negotiated(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let path = LocationPath::of(facts.host, facts.topology, id);
    match path.and_then(|path| facts.host.nodes().native_control(path.root())) {
        Some(true) => return Outcome::Clean,
        Some(false) => {
            let property = windows::ROOT_NATIVE_CONTROL;
            return Outcome::Fired(Finding::new(
                &DDA004,
                Subject::Function(id),
                Confidence::High,
                RootBus,
                Evidence::new(Locus::Capture, property.name, Value::Word("False")),
            ));
        }
        None => {}
    }
    match facts.native_control.above(facts.topology, id) {
        Some(outcome) if outcome.refused.intersects(Control::WINDOWS) => {
            let refused = outcome.refused.intersection(Control::WINDOWS);
            Outcome::Fired(Finding::new(
                &DDA004,
                Subject::Function(id),
                Confidence::Medium,
                RefusedToLinux(refused),
                Evidence::new(
                    Locus::Log(outcome.line),
                    "_OSC control refused",
                    Value::byte(u8::try_from(refused.bits()).unwrap_or(u8::MAX)),
                ),
            ))
        }
        Some(outcome) if outcome.granted.contains(Control::WINDOWS) => Outcome::Clean,
        _ => Outcome::CannotTell(Missing::of(Fact::NativeControl, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

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

    fn with_log(device: Dev, lines: &str) -> Answer {
        let log = format!("ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n{lines}\n");
        answer(
            &DDA004,
            &Machine::with_device(device).with_log(&log),
            "01:00.0",
        )
    }

    #[test]
    fn a_refusal_to_linux_fires() {
        let lines = "acpi PNP0A08:00: _OSC: platform does not support [PCIeHotplug PME LTR]\n\
                     acpi PNP0A08:00: _OSC: OS now controls [AER PCIeCapability]";
        assert_eq!(
            with_log(Dev::endpoint(), lines),
            fired("the firmware refused Linux control of hot plug, power management events")
        );
        assert_eq!(with_log(Dev::conventional(), lines), Answer::NotApplicable);
        let reported = Dev::endpoint().windows(windows::DEVICE_TYPE, 2_u32);
        assert_eq!(with_log(reported, lines), Answer::Clean);
    }

    #[test]
    fn what_linux_got_is_enough_only_where_it_asked_for_all_that_windows_needs() {
        for (controls, expected) in [
            ("PCIeHotplug PME PCIeCapability", Answer::Clean),
            (
                "PME AER PCIeCapability",
                Answer::CannotTell(Fact::NativeControl),
            ),
        ] {
            let line = format!("acpi PNP0A08:00: _OSC: OS now controls [{controls}]");
            assert_eq!(with_log(Dev::endpoint(), &line), expected);
        }
        let aer = "acpi PNP0A08:00: _OSC: platform does not support [AER]\n\
                   acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug PME PCIeCapability]";
        assert_eq!(with_log(Dev::endpoint(), aer), Answer::Clean);
    }

    #[test]
    fn without_property_and_log_nothing_can_be_said_of_an_express_function() {
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
