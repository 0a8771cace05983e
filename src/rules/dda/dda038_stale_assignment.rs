//! A virtual machine names a device that is not there.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That each device in the settings of a virtual machine is there.
    ///
    /// ## Why it matters
    ///
    /// A card that was moved to another slot, taken out or mounted back leaves its old path in the
    /// settings. The virtual machine then does not start ("element not found").
    ///
    /// ## How it is decided
    ///
    /// By the instance path, its enumerator left out, and by the location path: neither belongs to
    /// a node that is there. Only where both the settings and the nodes were captured.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Remove-VMAssignableDevice` with the old path, then dismount the device at its new
    /// place and add it again.
    ///
    /// VFIO: not concerned.
    DDA038 = {
        name: "stale-assignment",
        summary: "A virtual machine names a device that is not there",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::HyperVCmdlets.at("Remove-VMAssignableDevice")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Machine and path.
#[derive(Debug)]
struct Stale(Vec<String>);

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such device: {}", self.0.join("; "))
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let nodes = facts.host.nodes();
    let assigned = nodes
        .machines()
        .iter()
        .any(|m| m.devices.iter().flatten().next().is_some());
    if !assigned || nodes.all().is_empty() {
        return Outcome::NotApplicable("no assignments, or no nodes, were captured");
    }
    let stale: Vec<String> = nodes
        .stale_assignments()
        .take(16)
        .map(|(machine, device)| {
            let path = device
                .instance_path
                .as_ref()
                .or(device.location_path.as_ref());
            let path = path.map_or("no path", String::as_str);
            format!("{path} of virtual machine \"{}\"", machine.name)
        })
        .collect();
    if stale.is_empty() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA038,
        Subject::Host,
        Confidence::High,
        Stale(stale),
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

    fn with(path: &str) -> Answer {
        let nodes = serde_json::json!({"nodes": [{"instance_id": r"PCIP\VEN_1\4&0&0&0010"}]});
        let hyperv = serde_json::json!({
            "machines": [{"name": "guest", "devices": [{"instance_path": path}]}]
        });
        let machine = Machine::with_device(Dev::endpoint());
        answer(
            &DDA038,
            &machine.with_nodes(&nodes).with_hyperv(&hyperv),
            "",
        )
    }

    #[test]
    fn a_path_without_a_node_fires() {
        assert_eq!(
            with(r"PCIP\VEN_1\4&0&0&0018"),
            fired("no such device: PCIP\\VEN_1\\4&0&0&0018 of virtual machine \"guest\"")
        );
    }

    #[test]
    fn a_node_under_either_enumerator_is_enough() {
        assert_eq!(with(r"PCIP\VEN_1\4&0&0&0010"), Answer::Clean);
        assert_eq!(with(r"PCI\VEN_1\4&0&0&0010"), Answer::Clean);
        assert_eq!(
            answer(&DDA038, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA038, Dev::endpoint());
    }
}
