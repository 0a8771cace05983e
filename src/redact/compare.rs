//! Whether two captures of one machine get the same answers.

use std::fmt;

use super::{Redacted, words};
use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Settings};
use crate::capture::Capture;
use crate::host::Host;
use crate::policy::Policy;
use crate::rules::{self, Subject};
use crate::topology::{LocationPath, Topology};
use crate::verdict::Verdict;

/// An answer that only one of two captures gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The original gives it, and the redacted capture does not.
    pub lost: bool,
    /// The answer.
    pub answer: String,
}

/// Compares verdicts, findings, gaps, groups and topology of a capture with those of its
/// redacted form. Empty where all are the same, names that were replaced aside.
pub fn compare(original: &Capture, redacted: &Redacted) -> Vec<Difference> {
    let before = answers(original, |text| words::scrub(&redacted.names.apply(text)));
    let after = answers(&redacted.capture, |text| {
        words::scrub(&redacted.names.with_machines(text))
    });
    let lacks = |list: &[String], answer: &String| list.binary_search(answer).is_err();
    let lost = before.iter().filter(|answer| lacks(&after, answer));
    let gained = after.iter().filter(|answer| lacks(&before, answer));
    let difference = |lost: bool| {
        move |answer: &String| Difference {
            lost,
            answer: answer.clone(),
        }
    };
    lost.map(difference(true))
        .chain(gained.map(difference(false)))
        .collect()
}

/// Everything that the analysis says of a capture, one line each, sorted.
fn answers(capture: &Capture, words: impl Fn(&str) -> String) -> Vec<String> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let at = |id| host.function(id).at;
    let subject = |subject| match subject {
        Subject::Host => "host".to_owned(),
        Subject::Function(id) => at(id).to_string(),
    };
    let mut answers = Vec::new();
    for finding in run.findings() {
        let message = words(&finding.message());
        // A member that cannot be read is taken out whole, and with it what is wrong with it.
        let message = match finding.rule().code == "CAP031" {
            true => message.split(": ").next().unwrap_or_default(),
            false => &message,
        };
        answers.push(format!(
            "{}: {} ({:?} severity, {:?} confidence) {}",
            subject(finding.subject()),
            finding.rule().code,
            finding.severity(),
            finding.confidence(),
            message
        ));
    }
    for gap in run.gaps() {
        let missing = gap.missing.fact.describe();
        let of = gap.missing.of.map(|id| at(id).to_string());
        let of = of.unwrap_or_default();
        let subject = subject(gap.subject);
        answers.push(format!("{subject}: {} lacks {missing} {of}", gap.rule.code));
    }
    let settings = Settings::for_host(&host);
    let predicted = Groups::predict(&host, &topology, &facts.iommu, &settings);
    for (id, function) in host.iter() {
        let function = function.at;
        for policy in Policy::ALL {
            let verdict = Verdict::of(&run, policy, id);
            answers.push(format!("{function}: {verdict:?} under {}", policy.name()));
        }
        let group: Vec<String> = predicted
            .companions(id)
            .iter()
            .map(|&id| at(id).to_string())
            .collect();
        let definite = predicted.is_definite(id);
        answers.push(format!("{function}: group {group:?}, definite {definite}"));
        let parent = topology.parent(id).map(at);
        let kind = topology.kind(id);
        let path = LocationPath::of(&host, &topology, id).map(|path| path.to_string());
        answers.push(format!("{function}: {kind:?} below {parent:?} at {path:?}"));
    }
    answers.sort_unstable();
    answers
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.lost { '-' } else { '+' };
        write!(f, "{sign} {}", self.answer)
    }
}
