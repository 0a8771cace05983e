//! Settings of virtual machines that do not go with a device.

use std::fmt;

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::rules::{Confidence, Evidence, Finding, Locus, Outcome, Rule, Subject, Value};

/// The virtual machines, each with what is wrong, within the sentence about them.
#[derive(Debug)]
struct Machines {
    sentence: (&'static str, &'static str),
    found: Vec<String>,
}

impl fmt::Display for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.sentence;
        write!(f, "{before}{}{after}", self.found.join("; "))
    }
}

/// Asks about each virtual machine that has a device; `trouble` names what does not go with one.
pub(super) fn check(
    facts: &Facts<'_, '_>,
    rule: &'static Rule,
    confidence: Confidence,
    sentence: (&'static str, &'static str),
    trouble: impl Fn(&VirtualMachine) -> Option<String>,
) -> Outcome {
    let machines = facts.host.nodes().machines().iter();
    let mut with_devices = machines
        .filter(|machine| machine.devices.iter().flatten().next().is_some())
        .peekable();
    if with_devices.peek().is_none() {
        return Outcome::NotApplicable("no captured virtual machine has a device");
    }
    let found: Vec<String> = with_devices.filter_map(trouble).collect();
    if found.is_empty() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        rule,
        Subject::Host,
        confidence,
        Machines { sentence, found },
        Evidence::new(
            Locus::Capture,
            "virtual machines (host/hyperv.json)",
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
pub(super) mod testing {
    use crate::rules::Rule;
    use crate::rules::testing::{Answer, answer};
    use crate::testing::{Dev, Machine};

    /// What a rule says of a virtual machine with these settings and the GPU.
    pub(in crate::rules) fn with(rule: &'static Rule, settings: &serde_json::Value) -> Answer {
        let device = serde_json::json!({"location_path": "PCIROOT(0)#PCI(0100)#PCI(0000)"});
        let mut machine = serde_json::json!({"name": "guest", "devices": [device]});
        for (key, value) in settings.as_object().unwrap() {
            machine[key] = value.clone();
        }
        let hyperv = serde_json::json!({ "machines": [machine] });
        answer(rule, &machine_with_gpu().with_hyperv(&hyperv), "")
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
}
