//! Nested virtualization together with an assigned device.

use std::fmt;

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::dda::machines_with_devices;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That a virtual machine with a device does not expose virtualization extensions to its guest.
    ///
    /// ## Why it matters
    ///
    /// There is no virtual IOMMU in the guest. Guests with both were reported to crash or to
    /// restart without end.
    ///
    /// ## How it is decided
    ///
    /// By the captured settings of the virtual machines that have devices assigned. Without them
    /// there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions $false`, or take the
    /// device out.
    ///
    /// VFIO: not concerned.
    DDA033 = {
        name: "nested-guest-with-device",
        summary: "A virtual machine has a device and nested virtualization",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::HyperVCmdlets.at("Set-VMProcessor, ExposeVirtualizationExtensions")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The virtual machines.
#[derive(Debug)]
struct Machines(Vec<String>);

impl fmt::Display for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nested virtualization is exposed to {}",
            self.0.join("; ")
        )
    }
}

/// Nested virtualization.
fn trouble(_: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let nested = machine.nested_virtualization == Some(true);
    nested.then(|| format!("\"{}\"", machine.name))
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut with_devices = machines_with_devices(facts).peekable();
    if with_devices.peek().is_none() {
        return Outcome::NotApplicable("no captured virtual machine has a device");
    }
    let found: Vec<String> = with_devices
        .filter_map(|machine| trouble(facts, machine))
        .collect();
    if found.is_empty() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA033,
        Subject::Host,
        Confidence::Low,
        Machines(found),
        Evidence::new(
            Locus::Capture,
            "virtual machines (host/hyperv.json)",
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        let device = serde_json::json!({"location_path": "PCIROOT(0)#PCI(0100)#PCI(0000)"});
        let mut machine = serde_json::json!({"name": "guest", "devices": [device]});
        for (key, value) in settings.as_object().unwrap() {
            machine[key] = value.clone();
        }
        let hyperv = serde_json::json!({ "machines": [machine] });
        answer(&DDA033, &machine_with_gpu().with_hyperv(&hyperv), "")
    }

    /// A device with 64 MiB of 32-bit and 1 GiB of 64-bit memory.
    fn machine_with_gpu() -> Machine {
        let path = "PCIROOT(0)#PCI(0100)#PCI(0000)";
        let device = Dev::endpoint()
            .bar(0, 0xfe00_0000)
            .resource(0, 0xc000_0000, 64 << 20, 0x200)
            .bar(1, 0x4)
            .resource(1, 0x10_0000_0000, 1 << 30, 0x14_0204)
            .windows(crate::spec::windows::LOCATION_PATHS, path);
        Machine::with_device(device)
            .with_windows(&serde_json::json!({"physical_address_bits": 36, "build": 20348}))
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"nested_virtualization": true})),
            fired("nested virtualization is exposed to \"guest\"")
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"nested_virtualization": false})),
            Answer::Clean
        );
        assert_eq!(
            answer(&DDA033, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA033, Dev::endpoint());
    }
}
