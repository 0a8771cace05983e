//! Judges a scenario that was played: every remark becomes a finding of its rule.

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::sim::assign::{Codes, Gate, Gates, Kind, Simulation};

use super::{Check, Confidence, Evidence, Finding, Locus, RULES, Rule, RuleRun, Subject, Value};

/// A finding about a step.
#[derive(Debug)]
pub struct StepFinding {
    /// Index into [`Simulation::steps`].
    pub played: usize,
    /// The step is refused for it; otherwise it is a warning.
    pub refuses: bool,
    /// The finding.
    pub finding: Finding,
}

/// Every finding about a scenario, in the order of its steps, refusals of a step first.
pub fn judge(simulation: &Simulation) -> Vec<StepFinding> {
    let mut findings = Vec::new();
    for (played, step) in simulation.steps.iter().enumerate() {
        for remark in &step.remarks {
            let Some((rule, sentence)) = rule_of(&remark.kind) else {
                continue;
            };
            let subject = remark.device.or(step.device);
            let subject = subject.map_or(Subject::Host, Subject::Function);
            let number = u32::try_from(step.step + 1).unwrap_or(u32::MAX);
            let evidence = evidence(&remark.kind, number, simulation.policy);
            let confidence = confidence(&remark.kind);
            findings.push(StepFinding {
                played,
                refuses: remark.refuses,
                finding: Finding::new(rule, subject, confidence, sentence, evidence),
            });
        }
    }
    findings
}

/// The rule that a remark belongs to, and its sentence.
pub fn rule_of(kind: &Kind) -> Option<(&'static Rule, String)> {
    RULES.iter().find_map(|&rule| match rule.check {
        Check::Step(sentence) => Some((rule, sentence(kind)?)),
        Check::Function(_) | Check::Device(_) | Check::Host(_) => None,
    })
}

/// What the rules say about every device under a policy, for a simulation.
///
/// `-Force` overrides the ACS rules. A shared IOMMU group is no obstacle in itself: the
/// simulation plays the group rule.
pub fn gates(facts: &Facts<'_, '_>, run: &RuleRun, policy: Policy) -> Gates {
    let blocks = |rule: &Rule| {
        let played = rule.code == "VFI002";
        rule.effects.on(policy) == Effect::Blocks && !played
    };
    let gate = |id: FunctionId| {
        let findings = || run.host_findings().iter().chain(run.findings_of(id));
        let codes: Codes = findings()
            .map(Finding::rule)
            .filter(|rule| blocks(rule))
            .map(|rule| rule.code)
            .collect();
        let (forcible, blockers) = codes.into_iter().partition(|code| code.starts_with("ACS"));
        let gaps = run.host_gaps().iter().chain(run.gaps_of(id));
        Gate {
            forcible,
            blockers,
            open: gaps
                .map(|gap| gap.rule)
                .filter(|rule| blocks(rule))
                .map(|rule| rule.code)
                .collect(),
            needs_mitigation: findings().any(|finding| finding.rule().code == "DDA005"),
        }
    };
    let devices = facts.host.iter().map(|(id, _)| (id, gate(id)));
    Gates(devices.collect())
}

fn evidence(kind: &Kind, step: u32, policy: Policy) -> Evidence {
    let (what, seen) = match kind {
        Kind::WrongState(state) | Kind::NotInPool(state) | Kind::NotBound(state) => {
            ("state of the device", Value::Word(state.name(policy)))
        }
        Kind::NotDisabled => ("state of the device", Value::Word("enabled")),
        Kind::StopActionSaves => ("automatic stop action", Value::Word("Save")),
        Kind::PoolExhausted { there, .. } => {
            ("devices in the pool", Value::Number((*there).into()))
        }
        Kind::LowGapTooSmall(shortfall) | Kind::HighGapTooSmall(shortfall) => (
            "largest free block, in bytes",
            Value::Number(shortfall.largest),
        ),
        Kind::HighGapBeyondWidth { bits, .. } => {
            ("physical address bits", Value::Number((*bits).into()))
        }
        Kind::NoGuestRoom(unplaced) => ("bytes available", Value::Number(unplaced.available)),
        _ => ("the step as played", Value::AsReported),
    };
    Evidence::new(Locus::Step(step), what, seen)
}

/// Layouts rest on sources; refusals of cmdlets on their documentation; some rest on what
/// people report.
const fn confidence(kind: &Kind) -> Confidence {
    match kind {
        Kind::NoFunctionReset { .. } | Kind::Nested | Kind::Unsettled(_) | Kind::RestartPending => {
            Confidence::Low
        }
        Kind::HighGapBeyondWidth { .. } | Kind::NoGuestRoom(_) | Kind::LeftDismounted(_) => {
            Confidence::Medium
        }
        _ => Confidence::High,
    }
}
