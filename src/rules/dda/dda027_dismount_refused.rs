//! A dismount of the device was refused.

use std::fmt;

use crate::analysis::Facts;
use crate::capture::DismountRefusal;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// That no captured console text shows a refused `Dismount-VMHostAssignableDevice` of the
    /// device.
    ///
    /// ## Why it matters
    ///
    /// Without `-Force` Hyper-V dismounts only devices whose maker supplied directives for securing
    /// them. `-Force` skips that check and the one for ACS; it does not help where the firmware
    /// keeps control of PCI Express, nor against reserved memory.
    ///
    /// ## How it is decided
    ///
    /// By the sentences of the refusal, for the location path that the command names.
    ///
    /// ## What to do
    ///
    /// Hyper-V: install the maker's mitigation driver for the host, where there is one; else use
    /// `-Force`, and give the device to a trusted virtual machine only. Where the system does not
    /// control the PCI Express bus, see DDA004. Where the proxy driver did not start, dismount
    /// again after a restart.
    ///
    /// VFIO: not concerned.
    DDA027 = {
        name: "dismount-refused",
        summary: "Hyper-V refused to dismount the device",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::DdaBlog.at("part 2, machines and devices"), Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Why.
#[derive(Debug)]
struct Refused(Vec<DismountRefusal>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<_> = self
            .0
            .iter()
            .map(|reason| match reason {
                DismountRefusal::NoDirectives => "the maker supplied no directives for securing it",
                DismountRefusal::NotSupported => "it is not supported when passed through",
                DismountRefusal::NoNativeControl => {
                    "the system does not control the PCI Express bus"
                }
                DismountRefusal::ProxyFailed => "the proxy driver failed to load",
                DismountRefusal::Unknown => "for a reason that this version does not know",
            })
            .collect();
        write!(f, "a dismount was refused: {}", reasons.join("; "))
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let node = facts.host.nodes().of_function(function);
    match node.map(|node| &node.dismount) {
        None => Outcome::NotApplicable("not captured on Windows"),
        Some(None) => Outcome::Clean,
        Some(Some(refusal)) => Outcome::Fired(Finding::new(
            &DDA027,
            Subject::Function(id),
            Confidence::High,
            Refused(refusal.value.clone()),
            Evidence::new(
                Locus::Reported(id, windows::LOCATION_PATHS.key),
                "Dismount-VMHostAssignableDevice",
                Value::AsReported,
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(node: &serde_json::Value) -> Answer {
        let machine = Machine::with_device(Dev::endpoint());
        let nodes = serde_json::json!({ "nodes": [node] });
        answer(&DDA027, &machine.with_nodes(&nodes), "01:00.0")
    }

    #[test]
    fn each_reason_of_a_refusal_is_told() {
        let refusal = serde_json::json!({
            "value": ["no-directives", "not-supported"],
            "origin": {"method": "windows-property"},
        });
        assert_eq!(
            with(&serde_json::json!({"function": "0000:01:00.0", "dismount": refusal})),
            fired(
                "a dismount was refused: the maker supplied no directives for securing it; it is not supported when passed through"
            )
        );
    }

    #[test]
    fn a_node_without_a_refusal_is_clean() {
        assert_eq!(
            with(&serde_json::json!({"function": "0000:01:00.0"})),
            Answer::Clean
        );
        assert_eq!(answer_for(&DDA027, Dev::endpoint()), Answer::NotApplicable);
    }
}
