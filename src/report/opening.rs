//! What a report opens with: whether the host can assign devices at all, and what to do first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::analysis::Fact;
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::report::Report;
use crate::report::reasons::reasons;
use crate::report::text::explain::advice;
use crate::report::wording::host_words;
use crate::rules::Rule;
use crate::verdict::host::{HostVerdict, Requirement, State};
use crate::verdict::{Decision, Verdict};

/// Something to do before anything else.
pub(super) enum Step {
    /// What a rule advises to those who run the platforms asked for.
    Mend {
        /// The rule that hit.
        rule: &'static Rule,
        /// Its advice; never empty.
        advice: Vec<String>,
        /// How many devices it concerns; `None` for the whole host.
        devices: Option<usize>,
    },
    /// A fact to capture.
    Capture {
        /// The fact.
        fact: Fact,
        /// How many devices are undetermined for want of it, among other things.
        devices: usize,
    },
}

/// The verdict on a host in words, and what to add where Windows itself reported it.
pub(super) const fn answer(host: &HostVerdict) -> (&'static str, &'static str) {
    let reported = match host.reported {
        Some(true) => ", as Windows reports",
        Some(false) => ", Windows reports",
        None => "",
    };
    (host_words(host.verdict), reported)
}

/// What stands against assignment, or is not known and decides; `None` where the requirement
/// is met or does not matter.
pub(super) fn against(item: &Requirement) -> Option<String> {
    match item.state {
        State::NotMet | State::Condition => Some(item.reason.to_owned()),
        State::Open if item.decides => Some(format!("not known whether {}", item.reason)),
        State::Open | State::Met => None,
    }
}

/// What to do first, at most three steps: what keeps the whole host from assigning, then the
/// evidence that most devices wait for, then what stands against most devices.
pub(super) fn first_steps(report: &Report<'_>, devices: &[FunctionId]) -> Vec<Step> {
    const MOST: usize = 3;
    let mut on_host = Vec::new();
    let mut on_devices = Vec::new();
    for reason in reasons(report, devices, Effect::Condition) {
        let advice = advice_for(reason.rule, report.policies);
        if advice.is_empty() {
            continue;
        }
        let blocks = reason.host && reason.effect == Effect::Blocks;
        let step = Step::Mend {
            rule: reason.rule,
            advice,
            devices: (!reason.host).then_some(reason.devices.len()),
        };
        if blocks {
            on_host.push(step);
        } else {
            on_devices.push(step);
        }
    }
    let mut steps = on_host;
    steps.extend(evidence_first(report, devices));
    steps.extend(on_devices);
    steps.truncate(MOST);
    steps
}

/// The missing fact that most undetermined verdicts wait for.
fn evidence_first(report: &Report<'_>, devices: &[FunctionId]) -> Option<Step> {
    let mut waiting: BTreeMap<Fact, usize> = BTreeMap::new();
    for &id in devices {
        let decisions = report.policies.iter();
        let decisions = decisions.map(|&policy| Decision::of(report.run, policy, id));
        let mut facts: Vec<Fact> = decisions
            .filter(|decision| decision.verdict == Verdict::Undetermined)
            .flat_map(|decision| decision.gaps)
            .map(|gap| gap.missing.fact)
            .collect();
        facts.sort_unstable();
        facts.dedup();
        for fact in facts {
            *waiting.entry(fact).or_default() += 1;
        }
    }
    let most = waiting
        .into_iter()
        .min_by_key(|&(fact, devices)| (Reverse(devices), fact));
    most.map(|(fact, devices)| Step::Capture { fact, devices })
}

/// The paragraphs of a rule's advice that concern one of the policies.
fn advice_for(rule: &Rule, policies: &[Policy]) -> Vec<String> {
    let asked = |hyperv: bool| {
        let mut policies = policies.iter();
        policies.any(|&policy| {
            policy.is_hyperv() == hyperv && rule.effects.on(policy) >= Effect::Condition
        })
    };
    let mut paragraphs = advice(rule.explanation);
    paragraphs.retain(|text| {
        (asked(true) || !text.starts_with("Hyper-V:"))
            && (asked(false) || !text.starts_with("VFIO:"))
    });
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;
    use crate::rules;
    use crate::testing::{Dev, Machine};

    fn steps(machine: &Machine, policies: &[Policy]) -> Vec<String> {
        machine.facts(|facts| {
            let run = rules::run(facts);
            let report = Report {
                facts,
                run: &run,
                names: &Names::built_in(),
                policies,
            };
            let devices: Vec<FunctionId> = report.candidates().collect();
            let steps = first_steps(&report, &devices).into_iter();
            steps
                .map(|step| match step {
                    Step::Mend { rule, advice, .. } => format!("{}: {advice:?}", rule.code),
                    Step::Capture { fact, devices } => format!("{fact:?} for {devices}"),
                })
                .collect()
        })
    }

    #[test]
    fn a_host_that_is_switched_off_is_switched_on_first() {
        let machine = Machine::with_device(Dev::endpoint()).with_table("DSDT");
        let steps = steps(&machine, &[Policy::Vfio]);
        assert!(steps[0].starts_with("IOM001: "), "{steps:?}");
        assert!(!steps[0].contains("Hyper-V:"), "only VFIO was asked for");
        assert!(steps.len() <= 3);
    }

    #[test]
    fn where_evidence_is_missing_it_is_fetched_first() {
        let machine = Machine::with_device(Dev::endpoint());
        let steps = steps(&machine, &[Policy::HyperV2025, Policy::Vfio]);
        assert!(steps[0].ends_with(" for 1"), "{steps:?}");
    }
}
