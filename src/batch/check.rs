//! Comparing what was computed with what is known from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::groups::Groups;
use crate::corpus::{Expectations, SurveyOutcome, Truth, VfioOutcome};
use crate::host::{FunctionId, Host};
use crate::policy::Policy;
use crate::rules::RuleRun;
use crate::topology::{LocationPath, Topology};
use crate::verdict::{Decision, Verdict};

/// A kind of comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Check {
    /// Predicted IOMMU groups with the kernel's.
    Groups,
    /// Windows location paths.
    LocationPath,
    /// What Microsoft's SurveyDDA.ps1 said.
    Survey,
    /// What VFIO said when a group was opened.
    Vfio,
    /// A verdict with the one that was accepted.
    Verdict,
    /// Findings with those that were accepted.
    Findings,
}

/// Something that differs from what is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// What was compared.
    pub check: Check,
    /// The function; `None` for something about the machine.
    pub function: Option<Sbdf>,
    /// What is known.
    pub expected: String,
    /// What was computed.
    pub found: String,
}

impl Check {
    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::LocationPath => "location-path",
            Self::Survey => "survey",
            Self::Vfio => "vfio",
            Self::Verdict => "verdict",
            Self::Findings => "findings",
        }
    }
}

/// Comparisons so far.
#[derive(Default)]
pub(super) struct Checker {
    pub(super) compared: BTreeMap<Check, usize>,
    pub(super) mismatches: Vec<Mismatch>,
}

impl Checker {
    fn compare(
        &mut self,
        check: Check,
        function: Option<Sbdf>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let (expected, found) = (expected.into(), found.into());
        *self.compared.entry(check).or_default() += 1;
        if expected != found {
            self.mismatches.push(Mismatch {
                check,
                function,
                expected,
                found,
            });
        }
    }

    /// The kernel's groups: those of the truth, or else those that the capture reports. What the
    /// capture does not settle is not compared.
    pub(super) fn groups(
        &mut self,
        host: &Host<'_>,
        groups: &Groups,
        truth: Option<&[BTreeSet<Sbdf>]>,
    ) {
        let mut reported: BTreeMap<u32, BTreeSet<Sbdf>> = BTreeMap::new();
        for function in host.functions() {
            if let Some(group) = &function.reported.iommu_group {
                reported.entry(group.value).or_default().insert(function.at);
            }
        }
        let reported: Vec<BTreeSet<Sbdf>> = reported.into_values().collect();
        let known = truth.unwrap_or(&reported);
        for members in known {
            let settled = |at: &Sbdf| host.find(*at).filter(|&id| groups.is_definite(id));
            let Some(first) = members.iter().find_map(settled) else {
                continue;
            };
            let predicted: BTreeSet<Sbdf> = groups
                .companions(first)
                .iter()
                .map(|&id| host.function(id).at)
                .collect();
            let at = Some(host.function(first).at);
            self.compare(Check::Groups, at, list(members), list(&predicted));
        }
        if truth.is_none() {
            return;
        }
        // A truth names every group; what is in none of them has none.
        let known: BTreeSet<Sbdf> = known.iter().flatten().copied().collect();
        for (_, members) in groups.iter() {
            let members: BTreeSet<Sbdf> = members.iter().map(|&id| host.function(id).at).collect();
            if members.is_disjoint(&known) {
                let at = members.first().copied();
                self.compare(Check::Groups, at, "no group", list(&members));
            }
        }
    }

    pub(super) fn locations(&mut self, host: &Host<'_>, topology: &Topology, truth: &Truth) {
        for (&at, known) in &truth.location_paths {
            let path = host
                .find(at)
                .and_then(|id| LocationPath::of(host, topology, id));
            let path = path.map_or_else(|| "none".to_owned(), |path| path.to_string());
            self.compare(Check::LocationPath, Some(at), known.as_str(), path);
        }
    }

    /// What the survey script refused must be refused for one of the same reasons, and what it
    /// found fit must not be refused.
    pub(super) fn survey(&mut self, host: &Host<'_>, run: &RuleRun, truth: &Truth) {
        for (&at, outcome) in &truth.survey {
            let Some(id) = host.find(at) else { continue };
            let decision = Decision::of(run, Policy::HyperV2025, id);
            let blockers = codes(&decision);
            match reasons(*outcome) {
                Some(reasons) => {
                    let same = reasons.iter().any(|code| blockers.contains(code));
                    let found = if same {
                        outcome.name().to_owned()
                    } else {
                        list(&blockers)
                    };
                    self.compare(Check::Survey, Some(at), outcome.name(), found);
                }
                None if *outcome == SurveyOutcome::Disabled => {}
                None => {
                    let fit = decision.verdict != Verdict::NotAssignable;
                    let found = if fit {
                        outcome.name().to_owned()
                    } else {
                        list(&blockers)
                    };
                    self.compare(Check::Survey, Some(at), outcome.name(), found);
                }
            }
        }
    }

    /// What VFIO handed out must not be refused; what it refused must not be called assignable
    /// without conditions.
    pub(super) fn vfio(&mut self, host: &Host<'_>, run: &RuleRun, truth: &Truth) {
        for (&at, outcome) in &truth.vfio {
            let Some(id) = host.find(at) else { continue };
            let decision = Decision::of(run, Policy::Vfio, id);
            let agrees = match outcome {
                VfioOutcome::Opened => decision.verdict != Verdict::NotAssignable,
                VfioOutcome::NotViable => decision.verdict != Verdict::Assignable,
                VfioOutcome::Refused => matches!(
                    decision.verdict,
                    Verdict::NotAssignable | Verdict::Undetermined
                ),
            };
            let found = if agrees {
                outcome.name().to_owned()
            } else {
                format!("{} {}", decision.verdict.name(), list(&codes(&decision)))
            };
            self.compare(Check::Vfio, Some(at), outcome.name(), found);
        }
    }

    pub(super) fn expectations(&mut self, host: &Host<'_>, run: &RuleRun, known: &Expectations) {
        for (&at, expected) in &known.0 {
            let id = host.find(at);
            for (policy, verdict) in &expected.verdicts {
                let found = match (id, policy.parse::<Policy>()) {
                    (Some(id), Ok(policy)) => Verdict::of(run, policy, id).name(),
                    (None, _) => "no such function",
                    (_, Err(())) => "no such policy",
                };
                let expected = format!("{policy}: {verdict}");
                let found = format!("{policy}: {found}");
                self.compare(Check::Verdict, Some(at), expected, found);
            }
            if let (Some(codes), Some(id)) = (&expected.findings, id) {
                let found = findings(run, id);
                self.compare(Check::Findings, Some(at), list(codes), list(&found));
            }
        }
    }
}

/// Rules of which one must block what the survey script refuses; `None` where it does not.
const fn reasons(outcome: SurveyOutcome) -> Option<&'static [&'static str]> {
    Some(match outcome {
        SurveyOutcome::ReservedMemory => &["RSV001"],
        SurveyOutcome::Redirectable => &["ACS001", "ACS002", "ACS003", "ACS008"],
        SurveyOutcome::LegacyNotDisplay => &["DDA002"],
        SurveyOutcome::FirmwareControl => &["DDA004"],
        SurveyOutcome::OldStyle => &["DDA001", "DDA003"],
        SurveyOutcome::LineInterrupts => &["INT001"],
        SurveyOutcome::Disabled
        | SurveyOutcome::NoInterrupts
        | SurveyOutcome::MessageInterrupts => return None,
    })
}

fn findings(run: &RuleRun, id: FunctionId) -> BTreeSet<&'static str> {
    let findings = run.host_findings().iter().chain(run.findings_of(id));
    findings.map(|finding| finding.rule().code).collect()
}

fn codes(decision: &Decision<'_>) -> BTreeSet<&'static str> {
    let blockers = decision.blockers.iter();
    blockers.map(|finding| finding.rule().code).collect()
}

fn list<T: fmt::Display>(items: &BTreeSet<T>) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    if items.is_empty() {
        return "none".to_owned();
    }
    items.join(" ")
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.function {
            write!(f, "{at}: ")?;
        }
        let Self {
            check,
            expected,
            found,
            ..
        } = self;
        write!(f, "{}: expected {expected}, found {found}", check.name())
    }
}
