//! Changes between two captures in words, for every format.

use std::fmt::Write as _;

use crate::analysis::resources::BarDemand;
use crate::diff::{
    Change, Companion, Consequence, Difference, FieldChange, How, Subject, TableChange, What,
};
use crate::host::FunctionId;
use crate::report::Report;
use crate::report::wording::{count, safe, size, verdict_words};

/// Two reports and what differs.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The first machine.
    pub before: &'a Report<'a>,
    /// The second machine.
    pub after: &'a Report<'a>,
    /// What differs.
    pub difference: &'a Difference,
}

impl Comparison<'_> {
    /// What a change is about: address and name, or the machine.
    pub(super) fn subject(&self, subject: Subject) -> String {
        match subject {
            Subject::Host => "the machine".to_owned(),
            Subject::Before(id) => called(self.before, id),
            Subject::After(id) => called(self.after, id),
            Subject::Both(before, after) => {
                let old = self.before.facts.host.function(before).at;
                let new = self.after.facts.host.function(after).at;
                let mut text = called(self.after, after);
                if old != new {
                    let _ = write!(text, " (was {old})");
                }
                text
            }
        }
    }

    /// A change as one line or, of a table, a line for each field.
    pub(super) fn lines(&self, change: &Change) -> Vec<String> {
        match &change.what {
            What::Verdict {
                policy,
                before,
                after,
                gained,
                lost,
            } => {
                let mut text = format!(
                    "{policy}: {} → {}",
                    verdict_words(*before),
                    verdict_words(*after)
                );
                let mut because = Vec::new();
                if !gained.is_empty() {
                    because.push(format!("now {}", gained.join(" ")));
                }
                if !lost.is_empty() {
                    because.push(format!("no longer {}", lost.join(" ")));
                }
                if !because.is_empty() {
                    let _ = write!(text, " ({})", because.join("; "));
                }
                vec![text]
            }
            What::Removed => vec!["removed".to_owned()],
            What::Added => vec!["added".to_owned()],
            What::Replaced => {
                let old = change.subject.sides().0;
                let old = old.map(|id| called(self.before, id)).unwrap_or_default();
                vec![format!("takes the place of {old}")]
            }
            What::Moved { how, along } => {
                let mut text = format!("moved{}", self.place(change.subject));
                let known = match how {
                    How::Place => "",
                    How::Serial => "; known again by its serial number",
                    How::Ids => "; known again by its ids",
                    How::Order => "; known again by its ids, which several cards share",
                };
                text.push_str(known);
                if *along > 0 {
                    let _ = write!(
                        text,
                        "; {} moved along",
                        count(*along, "function", "functions")
                    );
                }
                vec![text]
            }
            What::Group { left, joined } => {
                let mut text = "IOMMU group:".to_owned();
                if !joined.is_empty() {
                    let _ = write!(text, " now with {}", self.companions(joined));
                }
                if !left.is_empty() {
                    let comma = if joined.is_empty() { "" } else { "," };
                    let _ = write!(text, "{comma} no longer with {}", self.companions(left));
                }
                vec![text]
            }
            What::Acs {
                control,
                before,
                after,
            } => {
                let name = if *control {
                    "ACS services switched on"
                } else {
                    "ACS services"
                };
                let word = |flags: &Option<_>| match flags {
                    Some(flags) => format!("{flags}"),
                    None => "no ACS".to_owned(),
                };
                vec![format!("{name}: {} → {}", word(before), word(after))]
            }
            What::Reserved { gone, come } => {
                let list = |ranges: &[_]| {
                    let ranges: Vec<String> = ranges
                        .iter()
                        .map(|range: &crate::range::AddrRange| range.to_string())
                        .collect();
                    ranges.join(", ")
                };
                let mut lines = Vec::new();
                if !come.is_empty() {
                    lines.push(format!("memory now reserved for it: {}", list(come)));
                }
                if !gone.is_empty() {
                    lines.push(format!("memory no longer reserved for it: {}", list(gone)));
                }
                lines
            }
            What::Unit { before, after } => {
                let word = |base: &Option<u64>| match base {
                    Some(base) => format!("{base:#x}"),
                    None => "none".to_owned(),
                };
                vec![format!(
                    "remapping unit: {} → {}",
                    word(before),
                    word(after)
                )]
            }
            What::Bar {
                index,
                before,
                after,
                ..
            } => vec![format!("BAR {index}: {} → {}", bar(*before), bar(*after))],
            What::Window {
                window,
                before,
                after,
            } => {
                let word = |range: &Option<crate::range::AddrRange>| match range {
                    Some(range) => format!("{range} ({})", size(range.len())),
                    None => "closed".to_owned(),
                };
                vec![format!(
                    "{}: {} → {}",
                    window.name(),
                    word(before),
                    word(after)
                )]
            }
            What::Findings { come, gone } => {
                let mut text = Vec::new();
                if !come.is_empty() {
                    text.push(format!("new {}", come.join(" ")));
                }
                if !gone.is_empty() {
                    text.push(format!("gone {}", gone.join(" ")));
                }
                vec![format!("findings: {}", text.join("; "))]
            }
            What::Fact {
                name,
                before,
                after,
            } => vec![values(name, before.as_deref(), after.as_deref())],
            What::Platform {
                name,
                before,
                after,
            } => vec![values(&safe(name), before.as_deref(), after.as_deref())],
            What::Table { name, change } => table(&safe(name), change),
            What::Renumbered { functions, buses } => {
                const FEW: usize = 8;
                let mut list: Vec<String> = buses
                    .iter()
                    .take(FEW)
                    .map(|(old, new)| format!("{old:02x} → {new:02x}"))
                    .collect();
                if buses.len() > FEW {
                    list.push(format!("{} more", buses.len() - FEW));
                }
                vec![format!(
                    "renumbered: {} at the same place on another bus ({})",
                    count(*functions, "function", "functions"),
                    list.join(", ")
                )]
            }
        }
    }

    /// From where to where a card moved.
    fn place(&self, subject: Subject) -> String {
        let path = |report: &Report<'_>, id: FunctionId| {
            crate::topology::LocationPath::of(report.facts.host, report.facts.topology, id)
        };
        let Subject::Both(before, after) = subject else {
            return String::new();
        };
        match (path(self.before, before), path(self.after, after)) {
            (Some(old), Some(new)) => format!(" from {old} to {new}"),
            _ => String::new(),
        }
    }

    fn companions(&self, list: &[Companion]) -> String {
        const FEW: usize = 6;
        let mut names: Vec<String> = list
            .iter()
            .take(FEW)
            .map(|companion| match *companion {
                Companion::Before(id) => self.before.facts.host.function(id).at.to_string(),
                Companion::After(id) => self.after.facts.host.function(id).at.to_string(),
            })
            .collect();
        if list.len() > FEW {
            names.push(format!("and {} more", list.len() - FEW));
        }
        names.join(" ")
    }

    /// How many changes there are of each consequence, as a sentence.
    pub(super) fn summary(&self) -> String {
        let changes = &self.difference.changes;
        if changes.is_empty() {
            return "Nothing differs in meaning.".to_owned();
        }
        if let [only] = changes.as_slice()
            && matches!(only.what, What::Renumbered { .. })
        {
            return "Only bus numbers differ.".to_owned();
        }
        let number = |wanted: Consequence| {
            let found = changes.iter();
            found
                .filter(|change| change.what.consequence() == wanted)
                .count()
        };
        let parts = [
            (Consequence::Verdict, "verdict", "verdicts"),
            (Consequence::Devices, "device", "devices"),
            (
                Consequence::Isolation,
                "change of isolation",
                "changes of isolation",
            ),
            (
                Consequence::Memory,
                "change of address space",
                "changes of address space",
            ),
            (
                Consequence::Platform,
                "change of firmware or system",
                "changes of firmware or system",
            ),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .map(|(consequence, one, many)| (number(consequence), one, many))
            .filter(|(number, _, _)| *number > 0)
            .map(|(number, one, many)| count(number, one, many))
            .collect();
        format!("Changed: {}.", parts.join(", "))
    }

    /// What could not be compared, as a sentence.
    pub(super) fn not_compared(&self) -> Option<String> {
        let number = self.difference.not_compared;
        (number > 0).then(|| {
            format!(
                "{} could not be compared, because only one of the captures holds them.",
                count(number, "fact", "facts")
            )
        })
    }
}

/// The heading of what has a consequence.
pub(super) const fn heading(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Verdict => "Verdicts",
        Consequence::Devices => "Devices",
        Consequence::Isolation => "Isolation and firmware's claims",
        Consequence::Memory => "Address space",
        Consequence::Platform => "Firmware and system",
        Consequence::Cosmetic => "Numbers",
    }
}

fn called(report: &Report<'_>, id: FunctionId) -> String {
    let function = report.facts.host.function(id);
    format!("{} {}", function.at, safe(&report.names.call(function)))
}

fn values(name: &str, before: Option<&str>, after: Option<&str>) -> String {
    let word = |value: Option<&str>| value.map_or_else(|| "none".to_owned(), safe);
    format!("{name}: {} → {}", word(before), word(after))
}

fn bar(bar: Option<BarDemand>) -> String {
    let Some(bar) = bar else {
        return "none".to_owned();
    };
    let mut text = bar.kind.to_string();
    match bar.size.exact() {
        Some(len) => {
            let _ = write!(text, ", {}", size(len));
        }
        None => text.push_str(", size not captured"),
    }
    match bar.address {
        Some(address) => {
            let _ = write!(text, " at {address:#x}");
        }
        None => text.push_str(", no address"),
    }
    text
}

fn table(name: &str, change: &TableChange) -> Vec<String> {
    match change {
        TableChange::Removed => vec![format!("table {name} is gone")],
        TableChange::Added => vec![format!("table {name} is new")],
        TableChange::Bytes { offset, lengths } => vec![format!(
            "table {name}: bytes differ from {offset:#x} on ({} and {} bytes)",
            lengths.0, lengths.1
        )],
        TableChange::Fields(fields) => fields.iter().map(|field| one_field(name, field)).collect(),
    }
}

fn one_field(table: &str, field: &FieldChange) -> String {
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => {
            format!(
                "{table}, {}: {} → {}",
                field.name,
                safe(before),
                safe(after)
            )
        }
        (None, after) => format!(
            "{table}: new {}: {}",
            field.name,
            safe(after.as_deref().unwrap_or_default())
        ),
        (Some(before), None) => format!("{table}: {} is gone: {}", field.name, safe(before)),
    }
}
