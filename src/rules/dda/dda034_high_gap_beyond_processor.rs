//! The high MMIO gap ends beyond the processor's addresses.

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
    /// That the high MMIO gap of a virtual machine with a device lies within the addresses of the
    /// processor.
    ///
    /// ## Why it matters
    ///
    /// The gap begins at 65024 MB unless it was moved, and does not move when it grows. On a
    /// processor with 36 bits of physical addresses (64 GB) it ends beyond the last address, and
    /// the virtual machine does not start.
    ///
    /// ## How it is decided
    ///
    /// By the captured size and base of the gap, and the width of physical addresses. Without the
    /// width there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: move the gap down (the WMI property HighMmioGapBase of
    /// Msvm_VirtualSystemSettingData, 48128 for 36 bits), or make it smaller.
    ///
    /// VFIO: not concerned.
    DDA034 = {
        name: "high-gap-beyond-processor",
        summary: "The high MMIO gap of a virtual machine ends beyond the processor's addresses",
        severity: High,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::WindowsDrivers.at("GPU paravirtualization, HighMmioGapBase")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The virtual machines.
#[derive(Debug)]
struct Machines(Vec<String>);

impl fmt::Display for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the high gap of {}", self.0.join("; "))
    }
}

/// The end of the gap, where it is too high.
fn trouble(facts: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let bits = facts.host.nodes().windows()?.physical_address_bits?;
    let limit = 1_u64.checked_shl(bits.into())?;
    let base = machine.high_mmio_base_megabytes.unwrap_or(DEFAULT_BASE);
    let end = base
        .checked_mul(1 << 20)?
        .checked_add(machine.high_mmio_bytes?)?;
    (end > limit).then(|| {
        format!(
            "\"{}\" ends at {end:#x}, and the processor's addresses ({bits} bits) at {limit:#x}",
            machine.name
        )
    })
}

/// MB at which the gap begins unless it is moved: 64 GB less 512 MB.
const DEFAULT_BASE: u64 = 65_024;

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
        &DDA034,
        Subject::Host,
        Confidence::High,
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
        answer(&DDA034, &machine_with_gpu().with_hyperv(&hyperv), "")
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
            with(&serde_json::json!({"high_mmio_bytes": 0x8_0000_0000_u64})),
            fired(
                "the high gap of \"guest\" ends at 0x17e0000000, and the processor's addresses (36 bits) at 0x1000000000"
            )
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"high_mmio_bytes": 0x2000_0000})),
            Answer::Clean
        );
        assert_eq!(
            with(
                &serde_json::json!({"high_mmio_bytes": 0x4000_0000_u64, "high_mmio_base_megabytes": 48128})
            ),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::Clean);
        assert_eq!(
            answer(&DDA034, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA034, Dev::endpoint());
    }
}
