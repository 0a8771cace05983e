//! What changed about one function.

use std::collections::BTreeSet;

use super::pairs::{Companion, Matching, Pair};
use super::{Found, Side, Subject, What, WindowKind};
use crate::analysis::resources::{self, BarDemand};
use crate::analysis::sriov::enabled_vfs;
use crate::bytes::Observed;
use crate::decode::config::bridge::BridgeWindows;
use crate::decode::config::ext::acs::PartialFlags;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::range::AddrRange;
use crate::rules::{Finding, Gap};
use crate::spec::pci::HeaderType;
use crate::topology::FunctionKind;
use crate::verdict::{Decision, Verdict, is_candidate};

pub(super) fn compare(
    before: Side<'_>,
    after: Side<'_>,
    policies: &[Policy],
    matching: &Matching,
    pair: Pair,
    found: &mut Found,
) {
    let subject = Subject::Both(pair.before, pair.after);
    let mut about = Comparison {
        before,
        after,
        pair,
        subject,
        found,
    };
    let told = about.verdicts(policies);
    about.acs();
    about.group(matching);
    about.reserved();
    about.unit();
    about.findings(&told);
    about.bars();
    about.windows();
    about.facts();
}

struct Comparison<'a, 'f> {
    before: Side<'a>,
    after: Side<'a>,
    pair: Pair,
    subject: Subject,
    found: &'f mut Found,
}

impl Comparison<'_, '_> {
    fn add(&mut self, what: What) {
        self.found.add(self.subject, what);
    }

    /// Verdicts. Returns the codes that were told with them.
    fn verdicts(&mut self, policies: &[Policy]) -> BTreeSet<&'static str> {
        let (before, after, pair) = (self.before, self.after, self.pair);
        let mut told: BTreeSet<&'static str> = BTreeSet::new();
        if !is_candidate(before.facts, pair.before) && !is_candidate(after.facts, pair.after) {
            return told;
        }
        for &policy in policies {
            let old = Decision::of(before.run, policy, pair.before);
            let new = Decision::of(after.run, policy, pair.after);
            if old.verdict == new.verdict {
                continue;
            }
            let (was, is) = (deciding(&old), deciding(&new));
            // What was missing and still is has not gone, whatever decides now.
            let still = everything(&new);
            let gained = codes(is.difference(&was));
            let lost = codes(was.difference(&still));
            told.extend(gained.iter().chain(&lost));
            self.add(What::Verdict {
                policy,
                before: old.verdict,
                after: new.verdict,
                gained,
                lost,
            });
        }
        told
    }

    /// Findings that came or went, but for those that a changed verdict has told.
    fn findings(&mut self, told: &BTreeSet<&'static str>) {
        let (before, after, pair) = (self.before, self.after, self.pair);
        let codes = |side: Side<'_>, id: FunctionId| -> BTreeSet<&'static str> {
            let findings = side.run.findings_of(id).iter();
            findings.map(|finding| finding.rule().code).collect()
        };
        let (old, new) = (codes(before, pair.before), codes(after, pair.after));
        let other = |a: &BTreeSet<&'static str>, b: &BTreeSet<&'static str>| -> Vec<&'static str> {
            let codes = a.difference(b).copied();
            codes.filter(|code| !told.contains(code)).collect()
        };
        let (come, gone) = (other(&new, &old), other(&old, &new));
        if !come.is_empty() || !gone.is_empty() {
            self.add(What::Findings { come, gone });
        }
    }

    fn acs(&mut self) {
        let hops = (
            self.before.facts.acs.hop(self.pair.before),
            self.after.facts.acs.hop(self.pair.after),
        );
        let registers = [
            (false, hops.0.capability, hops.1.capability),
            (true, hops.0.control, hops.1.control),
        ];
        for (control, old, new) in registers {
            let (before, after) = match (old, new) {
                (Observed::Present(old), Observed::Present(new)) => {
                    let known = old.known & new.known;
                    (Some(old.set & known), Some(new.set & known))
                }
                (Observed::Present(PartialFlags { set, .. }), Observed::Absent) => {
                    (Some(set), None)
                }
                (Observed::Absent, Observed::Present(PartialFlags { set, .. })) => {
                    (None, Some(set))
                }
                (Observed::Absent, Observed::Absent) => continue,
                _ => {
                    self.not_compared(old, new);
                    continue;
                }
            };
            // A capability that came or went says it all.
            let told = control && before.is_none() != after.is_none();
            if before != after && !told {
                self.add(What::Acs {
                    control,
                    before,
                    after,
                });
            }
        }
    }

    fn not_compared(&mut self, old: Observed<PartialFlags>, new: Observed<PartialFlags>) {
        if old.is_definite() != new.is_definite() {
            self.found.not_compared += 1;
        }
    }

    /// Members of its group, as predicted; only where both captures settle it.
    fn group(&mut self, matching: &Matching) {
        let (before, after, pair) = (self.before, self.after, self.pair);
        if !before.groups.is_definite(pair.before) || !after.groups.is_definite(pair.after) {
            return;
        }
        let grouped = (
            before.groups.group(pair.before).is_some(),
            after.groups.group(pair.after).is_some(),
        );
        if grouped != (true, true) {
            if grouped.0 != grouped.1 {
                let word = |grouped: bool| grouped.then(|| "has one".to_owned());
                self.add(What::Fact {
                    name: "IOMMU group",
                    before: word(grouped.0),
                    after: word(grouped.1),
                });
            }
            return;
        }
        let old = before.groups.companions(pair.before);
        let new = after.groups.companions(pair.after);
        let left: Vec<Companion> = old
            .iter()
            .filter(|&&id| matching.after(id).is_none_or(|other| !holds(new, other)))
            .map(|&id| Companion::Before(id))
            .collect();
        let joined: Vec<Companion> = new
            .iter()
            .filter(|&&id| matching.before(id).is_none_or(|other| !holds(old, other)))
            .map(|&id| Companion::After(id))
            .collect();
        if !left.is_empty() || !joined.is_empty() {
            self.add(What::Group { left, joined });
        }
    }

    fn reserved(&mut self) {
        let regions = |side: Side<'_>, id: FunctionId| -> BTreeSet<AddrRange> {
            let facts = side.facts;
            let regions = facts.iommu.reserved(facts.host, facts.topology, id);
            regions.map(|region| region.range).collect()
        };
        let captured = |side: Side<'_>| !side.facts.iommu.tables().is_empty();
        if captured(self.before) != captured(self.after) {
            return;
        }
        let old = regions(self.before, self.pair.before);
        let new = regions(self.after, self.pair.after);
        if old != new {
            self.add(What::Reserved {
                gone: old.difference(&new).copied().collect(),
                come: new.difference(&old).copied().collect(),
            });
        }
    }

    fn unit(&mut self) {
        let unit = |side: Side<'_>, id: FunctionId| {
            let iommu = &side.facts.iommu;
            let owner = iommu.owner(id)?;
            iommu.units().get(owner.unit).map(|unit| unit.base)
        };
        if self.before.facts.iommu.tables().is_empty() || self.after.facts.iommu.tables().is_empty()
        {
            return;
        }
        let before = unit(self.before, self.pair.before);
        let after = unit(self.after, self.pair.after);
        if before != after {
            self.add(What::Unit { before, after });
        }
    }

    fn bars(&mut self) {
        let bars = |side: Side<'_>, id: FunctionId| resources::bars(side.facts.host.function(id));
        let (old, new) = (
            bars(self.before, self.pair.before),
            bars(self.after, self.pair.after),
        );
        let (Some(old), Some(new)) = (old, new) else {
            if old.is_some() != new.is_some() {
                self.found.not_compared += 1;
            }
            return;
        };
        for index in 0..6 {
            let one = |bars: resources::Bars| bars.iter().find(|bar| bar.index == index).copied();
            let (before, after) = (one(old), one(new));
            let same_kind = match (before, after) {
                (None, None) => continue,
                (Some(old), Some(new)) => old.kind == new.kind && same_size(old, new),
                _ => false,
            };
            let address = |bar: Option<BarDemand>| bar.and_then(|bar| bar.address);
            if same_kind && address(before) == address(after) {
                continue;
            }
            self.add(What::Bar {
                index,
                before,
                after,
                address_only: same_kind,
            });
        }
    }

    fn windows(&mut self) {
        let windows = |side: Side<'_>, id: FunctionId| {
            let function = side.facts.host.function(id);
            (function.layout() == Some(HeaderType::BRIDGE))
                .then(|| BridgeWindows::decode(function.config))
        };
        let (Some(old), Some(new)) = (
            windows(self.before, self.pair.before),
            windows(self.after, self.pair.after),
        ) else {
            return;
        };
        let windows = [
            (WindowKind::Io, old.io, new.io),
            (WindowKind::Memory, old.memory, new.memory),
            (WindowKind::Prefetchable, old.prefetchable, new.prefetchable),
        ];
        for (window, old, new) in windows {
            if !old.is_definite() || !new.is_definite() {
                self.found.not_compared += usize::from(old.is_definite() != new.is_definite());
                continue;
            }
            let range = |window: Observed<crate::decode::config::bridge::BridgeWindow>| {
                window.present().map(|window| window.range)
            };
            let (before, after) = (range(old), range(new));
            if before != after {
                self.add(What::Window {
                    window,
                    before,
                    after,
                });
            }
        }
    }

    /// Further facts that decide about assignment, or that somebody would look for.
    fn facts(&mut self) {
        let old = self.before.facts.host.function(self.pair.before);
        let new = self.after.facts.host.function(self.pair.after);
        let profiles = (
            self.before.facts.profile(self.pair.before),
            self.after.facts.profile(self.pair.after),
        );
        let text = |fact: &Option<crate::capture::Reported<String>>| {
            fact.as_ref().map(|fact| fact.value.clone())
        };
        let kinds = (
            self.before.facts.topology.kind(self.pair.before),
            self.after.facts.topology.kind(self.pair.after),
        );
        let known = |text: Option<String>| text.map_or(Known::No, |text| Known::Yes(Some(text)));
        let vectors = |vectors: Observed<u16>| match vectors {
            Observed::Present(vectors) => Known::Yes(Some(vectors.to_string())),
            Observed::Absent => Known::Yes(None),
            Observed::NotCaptured | Observed::Malformed(_) => Known::No,
        };
        let flag = |flag: Option<bool>| match flag {
            Some(flag) => Known::Yes(flag.then(|| "yes".to_owned())),
            None => Known::No,
        };
        let subsystem = |ids: Option<(u16, u16)>| {
            known(ids.map(|(vendor, device)| format!("{vendor:04x}:{device:04x}")))
        };
        let revision = |revision: Option<u8>| known(revision.map(|number| format!("{number:02x}")));
        let node = |node: &Option<crate::capture::Reported<u32>>| {
            known(node.as_ref().map(|node| node.value.to_string()))
        };
        let kind = |kind: FunctionKind| match kind {
            FunctionKind::Unknown | FunctionKind::UnknownBridge => Known::No,
            kind => Known::Yes(Some(kind.name().to_owned())),
        };
        let facts = [
            ("kind", kind(kinds.0), kind(kinds.1)),
            (
                "subsystem",
                subsystem(old.identity.subsystem),
                subsystem(new.identity.subsystem),
            ),
            (
                "revision",
                revision(old.identity.revision),
                revision(new.identity.revision),
            ),
            (
                "driver",
                known(text(&old.reported.driver)),
                known(text(&new.reported.driver)),
            ),
            (
                "virtual functions enabled",
                vectors(enabled_vfs(old)),
                vectors(enabled_vfs(new)),
            ),
            (
                "MSI vectors",
                vectors(old.interrupts.msi),
                vectors(new.interrupts.msi),
            ),
            (
                "MSI-X vectors",
                vectors(old.interrupts.msix),
                vectors(new.interrupts.msix),
            ),
            (
                "function level reset",
                flag(profiles.0.resets.function_level()),
                flag(profiles.1.resets.function_level()),
            ),
            (
                "NUMA node",
                node(&old.reported.numa_node),
                node(&new.reported.numa_node),
            ),
            (
                "power state",
                known(text(&old.reported.power_state)),
                known(text(&new.reported.power_state)),
            ),
        ];
        for (name, old, new) in facts {
            match (old, new) {
                (Known::Yes(before), Known::Yes(after)) if before != after => {
                    self.add(What::Fact {
                        name,
                        before,
                        after,
                    });
                }
                (Known::Yes(_), Known::Yes(_)) | (Known::No, Known::No) => {}
                _ => self.found.not_compared += 1,
            }
        }
    }
}

/// A fact as far as a capture holds it.
enum Known {
    Yes(Option<String>),
    No,
}

/// A code, and whether it stands for missing evidence.
type Reason = (&'static str, bool);

/// What decides a verdict.
fn deciding(decision: &Decision<'_>) -> BTreeSet<Reason> {
    match decision.verdict {
        Verdict::Assignable => BTreeSet::new(),
        Verdict::AssignableWithConditions => findings(&decision.conditions).collect(),
        Verdict::Undetermined => gaps(&decision.gaps).collect(),
        Verdict::NotAssignable => findings(&decision.blockers).collect(),
    }
}

/// Everything that stands behind a verdict, deciding or not.
fn everything(decision: &Decision<'_>) -> BTreeSet<Reason> {
    findings(&decision.blockers)
        .chain(findings(&decision.conditions))
        .chain(gaps(&decision.gaps))
        .chain(gaps(&decision.open_conditions))
        .collect()
}

fn findings(list: &[&Finding]) -> impl Iterator<Item = Reason> {
    list.iter().map(|finding| (finding.rule().code, false))
}

fn gaps(list: &[&Gap]) -> impl Iterator<Item = Reason> {
    list.iter().map(|gap| (gap.rule.code, true))
}

fn codes<'a>(reasons: impl Iterator<Item = &'a Reason>) -> Vec<&'static str> {
    let mut codes: Vec<_> = reasons.map(|reason| reason.0).collect();
    codes.dedup();
    codes
}

/// Equal, or not known well enough to differ.
fn same_size(old: BarDemand, new: BarDemand) -> bool {
    match (old.size.exact(), new.size.exact()) {
        (Some(old), Some(new)) => old == new,
        _ => true,
    }
}

fn holds(members: &[FunctionId], id: FunctionId) -> bool {
    members.binary_search(&id).is_ok()
}
