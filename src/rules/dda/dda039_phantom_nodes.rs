//! Nodes of PCI devices that are not there.

use std::fmt;

use std::collections::BTreeSet;

use crate::analysis::Facts;
use crate::capture::DeviceNode;
use crate::host::Enumerator;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Whether nodes of PCI devices are left that are not there.
    ///
    /// ## Why it matters
    ///
    /// A dismount leaves the node under `PCI` behind, and a mount the one under `PCIP`: these are
    /// no fault. Others stand for cards that were moved or taken out, and tell what happened before
    /// the capture. Scripts that list nodes without asking whether they are there take them for
    /// devices.
    ///
    /// ## How it is decided
    ///
    /// By the property IsPresent or the problem code 45. Nodes without either are not counted.
    ///
    /// ## What to do
    ///
    /// Hyper-V: nothing; name devices by their location path, and ask for nodes that are there
    /// (`Get-PnpDevice -PresentOnly`). `pnputil /remove-device` takes an old node away.
    ///
    /// VFIO: not concerned.
    DDA039 = {
        name: "phantom-nodes",
        summary: "Windows keeps nodes of PCI devices that are not there",
        severity: Info,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::WindowsDrivers.at("Code 45, CM_PROB_PHANTOM"), Document::DdaBlog.at("part 1, description and background")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The nodes.
#[derive(Debug)]
struct Phantoms {
    dismounted: usize,
    others: Vec<String>,
}

impl fmt::Display for Phantoms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = |count: usize| if count == 1 { "node" } else { "nodes" };
        match self.dismounted {
            0 => {}
            count => write!(f, "{count} {} left by a dismount or mount", nodes(count))?,
        }
        if self.others.is_empty() {
            return Ok(());
        }
        let separator = if self.dismounted > 0 { "; " } else { "" };
        let shown: Vec<&str> = self.others.iter().take(8).map(String::as_str).collect();
        let more = self.others.len() - shown.len();
        write!(f, "{separator}devices that are gone: {}", shown.join(", "))?;
        match more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// A PCI device's node under either enumerator.
fn is_pci(node: &DeviceNode) -> bool {
    node.instance_id
        .as_deref()
        .is_some_and(|id| Enumerator::of(id).is_some())
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let nodes: Vec<&DeviceNode> = facts
        .host
        .nodes()
        .all()
        .iter()
        .filter(|n| is_pci(n))
        .collect();
    if nodes.iter().all(|node| node.is_present().is_none()) {
        return Outcome::NotApplicable("no export says which nodes are there");
    }
    let there: BTreeSet<String> = nodes
        .iter()
        .filter(|node| node.is_present() == Some(true))
        .filter_map(|node| node.tail())
        .collect();
    let mut phantoms = Phantoms {
        dismounted: 0,
        others: Vec::new(),
    };
    for node in nodes.iter().filter(|node| node.is_present() == Some(false)) {
        match node.tail() {
            Some(tail) if there.contains(&tail) => phantoms.dismounted += 1,
            _ => phantoms.others.extend(node.instance_id.clone()),
        }
    }
    if phantoms.dismounted == 0 && phantoms.others.is_empty() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA039,
        Subject::Host,
        Confidence::High,
        phantoms,
        Evidence::new(
            Locus::Capture,
            "device nodes (pnp/devnodes.json)",
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(present: bool) -> Answer {
        let node = |id: &str, present: bool| {
            serde_json::json!({"instance_id": id, "properties": {
                crate::spec::windows::IS_PRESENT.key: {
                    "value": present, "origin": {"method": "windows-property"}
                }
            }})
        };
        let nodes = serde_json::json!({"nodes": [
            node(r"PCIP\VEN_1\4&0&0&0010", true),
            node(r"PCI\VEN_1\4&0&0&0010", present),
            node(r"PCI\VEN_2\4&0&0&0018", present),
        ]});
        answer(
            &DDA039,
            &Machine::with_device(Dev::endpoint()).with_nodes(&nodes),
            "",
        )
    }

    #[test]
    fn leftovers_of_a_dismount_are_told_from_devices_that_are_gone() {
        assert_eq!(
            with(false),
            fired(
                "1 node left by a dismount or mount; devices that are gone: PCI\\VEN_2\\4&0&0&0018"
            )
        );
        assert_eq!(with(true), Answer::Clean);
        assert_eq!(
            answer(&DDA039, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA039, Dev::endpoint());
    }
}
