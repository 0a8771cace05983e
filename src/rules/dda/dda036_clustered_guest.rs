//! A clustered virtual machine has a device.

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
    /// That a virtual machine with a device is no role of a cluster on a system older than Windows
    /// Server 2025.
    ///
    /// ## Why it matters
    ///
    /// Before Windows Server 2025 a clustered virtual machine cannot have devices (error 0x32, not
    /// supported). From then on devices come from resource pools of the same name on all nodes, and
    /// the machine restarts on failover; live migration stays out of reach.
    ///
    /// ## How it is decided
    ///
    /// By the captured settings of the virtual machines and the build of Windows.
    ///
    /// ## What to do
    ///
    /// Hyper-V: take the machine out of the cluster, or use Windows Server 2025 with a resource
    /// pool (`New-VMResourcePool -ResourcePoolType PciExpress`) and `Set-ClusterParameter
    /// OfflineAction 3`.
    ///
    /// VFIO: not concerned.
    DDA036 = {
        name: "clustered-guest",
        summary: "A virtual machine with a device is a role of a cluster before Windows Server 2025",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::DdaPlan.at("clusters")],
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
            "the cluster has {}, to which devices are assigned",
            self.0.join("; ")
        )
    }
}

/// Clustered, before build 26100.
fn trouble(facts: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let old = facts.host.nodes().windows()?.build? < SERVER_2025;
    (old && machine.clustered == Some(true)).then(|| format!("\"{}\"", machine.name))
}

/// Build of Windows Server 2025.
const SERVER_2025: u32 = 26_100;

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
        &DDA036,
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
        answer(&DDA036, &machine_with_gpu().with_hyperv(&hyperv), "")
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
            with(&serde_json::json!({"clustered": true})),
            fired("the cluster has \"guest\", to which devices are assigned")
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"clustered": false})),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::Clean);
        assert_eq!(
            answer(&DDA036, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA036, Dev::endpoint());
    }
}
