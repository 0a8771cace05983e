//! Which rules decided, in the order of their weight.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::host::FunctionId;
use crate::policy::Effect;
use crate::report::Report;
use crate::rules::{Finding, Rule};

/// A rule with everything that it found.
pub(super) struct Reason<'r> {
    /// The rule.
    pub(super) rule: &'static Rule,
    /// The most that a hit means to a policy asked for.
    pub(super) effect: Effect,
    /// It speaks of the host as a whole.
    pub(super) host: bool,
    /// The devices that it speaks of, by address.
    pub(super) devices: Vec<FunctionId>,
    /// Its findings, the host's first.
    pub(super) findings: Vec<&'r Finding>,
}

/// The most that a rule's hit means to a policy asked for.
pub(super) fn strongest(report: &Report<'_>, rule: &Rule) -> Effect {
    let policies = report.policies.iter();
    let effects = policies.map(|&policy| rule.effects.on(policy));
    effects.max().unwrap_or(Effect::None)
}

/// Rules that hit the host or one of `devices`, with an effect of `lowest` at least: what
/// blocks first, then what is severe, then what concerns many.
pub(super) fn reasons<'r>(
    report: &Report<'r>,
    devices: &[FunctionId],
    lowest: Effect,
) -> Vec<Reason<'r>> {
    let mut by_code: BTreeMap<&str, Reason<'r>> = BTreeMap::new();
    let mut add = |finding: &'r Finding, device: Option<FunctionId>| {
        let rule = finding.rule();
        let effect = strongest(report, rule);
        if effect < lowest {
            return;
        }
        let reason = by_code.entry(rule.code).or_insert_with(|| Reason {
            rule,
            effect,
            host: false,
            devices: Vec::new(),
            findings: Vec::new(),
        });
        reason.findings.push(finding);
        match device {
            Some(id) => reason.devices.push(id),
            None => reason.host = true,
        }
    };
    for finding in report.run.host_findings() {
        add(finding, None);
    }
    for &id in devices {
        for finding in report.run.findings_of(id) {
            add(finding, Some(id));
        }
    }
    let mut reasons: Vec<Reason<'r>> = by_code.into_values().collect();
    reasons.sort_by_key(|reason| {
        (
            Reverse(reason.effect),
            Reverse(reason.host),
            Reverse(reason.rule.severity),
            Reverse(reason.devices.len()),
            reason.rule.code,
        )
    });
    reasons
}
