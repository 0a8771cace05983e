//! Predicted IOMMU groups, what forces them, and how they compare with what the kernel reported.

mod comparison;
mod exposures;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::analysis::groups::{
    AcsControl, FuturePlace, Groups, Join, Model, Outside, Prediction, Settings, UsedQuirk,
};
use crate::analysis::kernel::Kernel;
use crate::analysis::viability::Viability;
use crate::analysis::{Fact, Missing, Tri};
use crate::host::FunctionId;
use crate::report::isolation;
use crate::report::wording::{count, fit, safe, wrap};
use crate::report::{Layout, Report};

/// The groups as text.
pub fn groups(report: &Report<'_>, layout: Layout, prediction: &Prediction) -> String {
    let mut page = Page {
        out: String::new(),
        report,
        layout,
        prediction,
    };
    page.head();
    for (index, (_, members)) in prediction.groups.iter().enumerate() {
        page.group(index, members);
    }
    page.outside();
    page.future();
    page.quirks();
    exposures::write(&mut page);
    comparison::write(&mut page);
    page.out
}

/// The text under construction.
struct Page<'a> {
    out: String,
    report: &'a Report<'a>,
    layout: Layout,
    prediction: &'a Prediction,
}

/// How many addresses a list names before it only counts.
const NAMED: usize = 8;

impl Page<'_> {
    fn at(&self, id: FunctionId) -> String {
        self.report.facts.host.function(id).at.to_string()
    }

    /// A line that may be longer than the page is wide.
    fn line(&mut self, indent: usize, text: &str) {
        let width = self.layout.width.saturating_sub(indent).max(20);
        for line in wrap(text, width) {
            let _ = writeln!(self.out, "{:indent$}{line}", "");
        }
    }

    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.out, "\n{}", self.layout.palette.heading(text));
    }

    /// Addresses in words: `a, b and c`, cut where there are many.
    fn list(&self, ids: &[FunctionId]) -> String {
        let mut names: Vec<String> = ids.iter().take(NAMED).map(|&id| self.at(id)).collect();
        let more = ids.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        match names.split_last() {
            None => "none".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }

    /// For whom the prediction is made.
    fn head(&mut self) {
        let Settings {
            kernel,
            control,
            parameters,
            model,
            ..
        } = &self.prediction.settings;
        let own = Kernel::of(self.report.facts.host);
        let rules = match (model, own.release) {
            (Model::Rework2025, _) => {
                format!("the unmerged rules of 2025 on the quirks of Linux {kernel}")
            }
            (Model::Mainline, Some(release)) if own_series(&release) == Some(*kernel) => {
                format!("Linux {kernel} (the capture is of {})", safe(&release))
            }
            (Model::Mainline, Some(release)) => {
                format!(
                    "Linux {kernel}, although the capture is of {}",
                    safe(&release)
                )
            }
            (Model::Mainline, None) => {
                format!("Linux {kernel}; the capture does not name its kernel")
            }
        };
        let control = match control {
            AcsControl::AsCaptured => "as captured",
            AcsControl::AsEnabled => "as the kernel sets it when an IOMMU is active",
        };
        self.line(0, &format!("Predicted for {rules}; ACS control {control}."));
        if let Some(word) = &parameters.remapping_off {
            let word = safe(word);
            self.line(0, &format!(
                "The kernel is started with {word}: there are no groups. `--parameters \"\"` predicts without it."
            ));
        }
        for part in &parameters.unread {
            let part = safe(part);
            self.line(
                0,
                &format!("Not understood on the command line, and left out: {part}"),
            );
        }
        self.out.push('\n');
    }

    fn group(&mut self, index: usize, members: &[FunctionId]) {
        let heading = self.layout.palette.heading(format!("group {index}"));
        let _ = writeln!(self.out, "{heading}");
        for &id in members {
            let function = self.report.facts.host.function(id);
            let kind = self.report.facts.topology.kind(id);
            let name = safe(&self.report.names.call(function));
            let head = format!("  {}  {kind}", function.at);
            let room = self.layout.width.saturating_sub(head.chars().count() + 2);
            let name = if room < 8 {
                String::new()
            } else {
                fit(&name, room)
            };
            let name = self.layout.palette.dim(name.trim_end());
            let _ = writeln!(self.out, "{head}  {name}");
            if let Some(reason) = reason(self.report, &self.prediction.groups, id) {
                self.line(6, &reason);
            }
            let missing = self.prediction.groups.missing(id);
            if !self.prediction.groups.is_definite(id) {
                let text = format!("not settled: it depends on {}", self.missing(missing));
                self.line(6, &text);
            }
        }
        self.viability(members);
    }

    fn missing(&self, missing: &[Missing]) -> String {
        let mut by_fact: Vec<(Fact, Vec<FunctionId>)> = Vec::new();
        for missing in missing {
            let known = by_fact.iter_mut().find(|(fact, _)| *fact == missing.fact);
            match known {
                Some((_, of)) => of.extend(missing.of),
                None => by_fact.push((missing.fact, missing.of.into_iter().collect())),
            }
        }
        let text = |(fact, of): (Fact, Vec<FunctionId>)| {
            let what = fact.describe();
            match of.is_empty() {
                true => what.to_owned(),
                false => format!("{what}, of {}", self.list(&of)),
            }
        };
        by_fact.into_iter().map(text).collect::<Vec<_>>().join("; ")
    }

    /// What VFIO says of the group.
    fn viability(&mut self, members: &[FunctionId]) {
        let facts = self.report.facts;
        let viability = Viability::of(
            facts.host,
            facts.topology,
            &facts.iommu,
            members.iter().copied(),
        );
        if members.len() == viability.may_stay.len() {
            return;
        }
        let mut notes = Vec::new();
        if !viability.held.is_empty() {
            let held: Vec<_> = viability
                .held
                .iter()
                .take(NAMED)
                .map(|&id| {
                    let driver = facts.host.function(id).reported.driver.as_ref();
                    let driver = driver.map_or("", |driver| driver.value.as_str());
                    format!("{} ({})", self.at(id), safe(driver))
                })
                .collect();
            let more = viability.held.len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            notes.push(format!(
                "to detach from their drivers: {}{more}",
                held.join(", ")
            ));
        }
        if members.len() > 1 && !viability.may_stay.is_empty() {
            notes.push(format!("may stay: {}", self.list(&viability.may_stay)));
        }
        if !viability.reserved.is_empty() {
            notes.push(format!(
                "refused even then: the firmware reserves memory for {}",
                self.list(&viability.reserved)
            ));
        }
        if facts.interrupt_remapping.vfio_refuses() == Some(true) {
            notes.push("refused even then: interrupts are not remapped".to_owned());
        }
        if !notes.is_empty() {
            self.line(2, &format!("VFIO: {}", notes.join("; ")));
        }
    }

    fn outside(&mut self) {
        let mut by_reason: BTreeMap<Outside, Vec<FunctionId>> = BTreeMap::new();
        for (id, _) in self.report.facts.host.iter() {
            if let Some(reason) = self.prediction.groups.outside(id) {
                by_reason.entry(reason).or_default().push(id);
            }
        }
        if by_reason.is_empty() {
            return;
        }
        let _ = writeln!(self.out, "{}", self.layout.palette.heading("in no group"));
        for (reason, ids) in by_reason {
            let addresses: Vec<_> = ids.iter().map(|&id| self.at(id)).collect();
            self.line(
                2,
                &format!("{}: {}", reason.describe(), addresses.join(" ")),
            );
        }
    }

    fn future(&mut self) {
        if self.prediction.future.is_empty() || !self.layout.all {
            return;
        }
        self.heading("VIRTUAL FUNCTIONS NOT ENABLED YET");
        for future in &self.prediction.future {
            let place = match future.place {
                FuturePlace::Alone => "each into a group of its own".to_owned(),
                FuturePlace::With(_, bridge) => {
                    let hop = self
                        .prediction
                        .groups
                        .obstacle(self.report.facts.topology, bridge)
                        .unwrap_or(bridge);
                    let why = self.prediction.groups.standing(hop).why;
                    format!(
                        "all into the group of {}: {}",
                        self.at(bridge),
                        isolation::words(&self.at(hop), why)
                    )
                }
                FuturePlace::Open(missing) => {
                    format!("not settled: it depends on {}", self.missing(&[missing]))
                }
            };
            let total = count(future.total.into(), "function", "functions");
            let text = format!("{}, {total}: {place}", self.at(future.physical));
            self.line(2, &text);
        }
    }

    fn quirks(&mut self) {
        if self.prediction.quirks.is_empty() {
            return;
        }
        self.heading("EXCEPTIONS OF THE KERNEL THAT CHANGED A GROUP");
        let mut by_quirk: BTreeMap<_, Vec<&UsedQuirk>> = BTreeMap::new();
        for used in &self.prediction.quirks {
            by_quirk.entry(used.quirk).or_default().push(used);
        }
        for (quirk, used) in by_quirk {
            let ids: Vec<_> = used.iter().map(|used| used.at).collect();
            let text = format!(
                "{}: {} ({})",
                self.list(&ids),
                quirk.describe(),
                quirk.source()
            );
            self.line(2, &text);
        }
        self.line(
            2,
            "An early release of a series may lack an entry that it got later.",
        );
    }
}

fn own_series(release: &str) -> Option<crate::spec::linux::Series> {
    release.parse().ok()
}

/// Why a function shares a group, and which hop and bits force it.
pub(in crate::report) fn reason(
    report: &Report<'_>,
    groups: &Groups,
    id: FunctionId,
) -> Option<String> {
    let topology = report.facts.topology;
    let at = |id: FunctionId| report.facts.host.function(id).at.to_string();
    let words = |id| isolation::words(&at(id), groups.standing(id).why);
    Some(match groups.join(id)? {
        Join::Founder => return None,
        Join::Alias(other) if other == id => return None,
        Join::Alias(other) => format!(
            "with {}: its requests carry the id of {}",
            at(other),
            at(other)
        ),
        Join::Bridge(bridge) => {
            let hop = groups.obstacle(topology, bridge).unwrap_or(bridge);
            format!("with {}: {}", at(bridge), words(hop))
        }
        Join::Sibling(other) => {
            let open = groups.standing(id).isolated != Tri::No;
            let deciding = if open { other } else { id };
            format!("with {} of the same device: {}", at(other), words(deciding))
        }
        Join::MissingBridge => "together because the bridge above them is not captured".to_owned(),
    })
}
