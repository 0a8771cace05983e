//! What a machine says about the devices that messages of a log name.

use std::collections::BTreeSet;

use super::Report;
use super::text::survey::device_name;
use crate::host::FunctionId;
use crate::messages::Hit;
use crate::rules::{Finding, Gap};
use crate::select::Selector;

/// A device that a message names.
pub(super) struct Named {
    /// As the message writes it.
    pub(super) text: String,
    /// Which one of the machine it is; `None` where the machine has none of that name.
    pub(super) id: Option<FunctionId>,
}

/// What a rule says about a device of a message.
pub(super) enum Said<'r> {
    /// It hit.
    Found(&'r Finding),
    /// It cannot tell.
    Open(&'r Gap),
    /// It has nothing against it.
    Nothing,
}

/// The devices that a message names, each once.
pub(super) fn named(report: &Report<'_>, hit: &Hit) -> Vec<Named> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let by_address = hit.devices.iter().map(|&at| Named {
        text: at.to_string(),
        id: host.find(at),
    });
    let by_node = hit.nodes.iter().map(|text| Named {
        text: text.clone(),
        id: text
            .parse::<Selector>()
            .ok()
            .and_then(|node| node.matches(host, topology).first().copied()),
    });
    let mut met = BTreeSet::new();
    by_address
        .chain(by_node)
        .filter(|named| named.id.is_none_or(|id| met.insert(id)))
        .collect()
}

/// Address and name of a device that a message names, or that the machine has no such device.
pub(super) fn describe(report: &Report<'_>, named: &Named) -> String {
    match named.id {
        Some(id) => {
            let at = report.facts.host.function(id).at;
            format!("{at} {}", device_name(report, id))
        }
        None => format!("{} not in the capture", named.text),
    }
}

/// What one rule says: about the host, and about each device of the message; where it names
/// none, about each device that the rule hit.
pub(super) fn said<'r>(
    report: &Report<'r>,
    code: &str,
    named: &[Named],
) -> Vec<(Option<FunctionId>, Said<'r>)> {
    let run = report.run;
    let of_rule = |finding: &&Finding| finding.rule().code == code;
    let about_host = run.host_findings().iter().filter(of_rule);
    let mut said: Vec<_> = about_host
        .map(|finding| (None, Said::Found(finding)))
        .collect();
    let ids: Vec<FunctionId> = if named.is_empty() {
        let all = report.facts.host.iter().map(|(id, _)| id);
        all.filter(|&id| run.findings_of(id).iter().any(|one| of_rule(&one)))
            .collect()
    } else {
        named.iter().filter_map(|named| named.id).collect()
    };
    for id in ids {
        let before = said.len();
        let found = run.findings_of(id).iter().filter(of_rule);
        said.extend(found.map(|finding| (Some(id), Said::Found(finding))));
        if said.len() > before || before > 0 && said.iter().any(|(of, _)| of.is_none()) {
            continue;
        }
        let mut gaps = run.gaps_of(id).iter().chain(run.host_gaps());
        let gap = gaps.find(|gap| gap.rule.code == code);
        said.push((Some(id), gap.map_or(Said::Nothing, Said::Open)));
    }
    said
}
