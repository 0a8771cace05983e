//! A clustered virtual machine has a device.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
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

/// Clustered, before build 26100.
fn trouble(facts: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let old = facts.host.nodes().windows()?.build? < SERVER_2025;
    (old && machine.clustered == Some(true)).then(|| format!("\"{}\"", machine.name))
}

/// Build of Windows Server 2025.
const SERVER_2025: u32 = 26_100;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("the cluster has ", ", to which devices are assigned");
    guests::check(facts, &DDA036, Confidence::High, sentence, |machine| {
        trouble(facts, machine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA036, settings)
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
