//! Taking out of a capture what identifies people and machines.
//!
//! By an allow-list: what is known to be harmless stays, everything else goes, also what no
//! version of this program has heard of. Configuration space keeps its header and the
//! structures that are understood; texts keep the lines that are understood, with names,
//! addresses and numbers that may identify somebody replaced.
//!
//! A redacted capture answers as the original does; [`compare`] proves it for one capture.

mod compare;
mod config;
mod host;
mod names;
mod properties;
mod sources;
mod values;
mod vpd;
mod windows;
mod words;

pub use compare::{Difference, compare};

use std::fmt;

use crate::addr::Sbdf;
use crate::capture::{Capture, Conflict, Failure, Manifest, Redaction};
use names::Names;

/// Something that was taken out or replaced.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// The member of the capture, e.g. `pci/0000-41-00.0/config`.
    pub member: String,
    /// What about it, without the private value itself.
    pub what: String,
}

/// A redacted capture, and how it came about.
#[derive(Debug)]
pub struct Redacted {
    /// The capture without what was private.
    pub capture: Capture,
    /// What was changed, in the order of the members.
    pub changes: Vec<Change>,
    names: Names,
}

/// Redacts a capture.
pub fn redact(capture: &Capture) -> Redacted {
    let mut changes = Changes::default();
    let mut names = Names::of(capture);
    let mut redacted = Capture {
        manifest: manifest(&capture.manifest, &names, &mut changes),
        ..Capture::default()
    };
    for (&at, record) in &capture.functions {
        let kept = redacted.function(at);
        kept.config = config::redact(at, &record.config, &record.properties, &mut changes);
        kept.properties = properties::redact(at, &record.properties, &mut names, &mut changes);
    }
    for (&at, bytes) in &capture.vpd {
        let kept = vpd::redact(at, bytes, &mut changes);
        redacted.vpd.insert(at, kept);
    }
    for (name, table) in &capture.tables {
        if host::keeps_table(name) {
            redacted.tables.insert(name.clone(), table.clone());
        } else {
            changes.add(
                &format!("acpi/{name}"),
                "left out: a table that decides nothing",
            );
        }
    }
    host::redact(capture, &mut redacted, &names, &mut changes);
    if let Some(nodes) = &capture.devnodes {
        redacted.devnodes = Some(windows::redact_nodes(nodes, &mut names));
        changes.add(
            "pnp/devnodes.json",
            "texts replaced but for ids and paths of the bus",
        );
    }
    sources::redact(capture, &mut redacted, &names, &mut changes);
    // The names of what is not understood are not understood either.
    if let unknown @ 1.. = capture.unknown.len() {
        let what = format!("{unknown} members unknown to this version left out");
        changes.add("manifest.json", what);
    }
    let mut changes = changes.0;
    changes.sort();
    changes.dedup();
    let changed = changes.iter().map(ToString::to_string).collect();
    let before = capture.manifest.redaction.clone();
    let mut mark = before.unwrap_or(Redaction {
        changed: Vec::new(),
    });
    mark.changed.extend::<Vec<String>>(changed);
    mark.changed.sort();
    mark.changed.dedup();
    redacted.manifest.redaction = Some(mark);
    Redacted {
        capture: redacted,
        changes,
        names,
    }
}

/// The manifest with its own facts; what this version does not know is left out.
fn manifest(manifest: &Manifest, names: &Names, changes: &mut Changes) -> Manifest {
    const MEMBER: &str = "manifest.json";
    let mut scrub = |text: &str| {
        let clean = words::scrub(&names.apply(text));
        if clean != text {
            changes.add(MEMBER, "names and numbers in texts replaced");
        }
        clean
    };
    let failures = manifest.failures.iter().map(|failure| Failure {
        what: scrub(&failure.what),
        why: scrub(&failure.why),
    });
    let failures = failures.collect();
    let conflicts = manifest.conflicts.iter().map(|conflict| Conflict {
        function: conflict.function.clone(),
        fact: conflict.fact.clone(),
        kept: scrub(&conflict.kept),
        other: scrub(&conflict.other),
    });
    let conflicts = conflicts.collect();
    let shared = |key: &str| host::PLATFORM.contains(&key);
    let platform = manifest.platform.iter().filter(|(key, _)| shared(key));
    let platform = platform.map(|(key, value)| (key.clone(), scrub(value)));
    let platform: std::collections::BTreeMap<_, _> = platform.collect();
    if platform.len() < manifest.platform.len() {
        changes.add(
            MEMBER,
            "identity of the machine left out beyond vendor, model and firmware",
        );
    }
    if !manifest.other.is_empty() {
        changes.add(MEMBER, "keys unknown to this version left out");
    }
    Manifest {
        collector: manifest.collector.clone(),
        os: manifest.os.clone(),
        os_release: manifest.os_release.clone(),
        platform,
        privileges: manifest.privileges,
        time: manifest.time.clone(),
        request: manifest
            .request
            .iter()
            .filter(|(option, _)| matches!(option.as_str(), "root" | "wake" | "vpd"))
            .map(|(option, value)| (option.clone(), words::scrub(value)))
            .collect(),
        failures,
        conflicts,
        ..Manifest::default()
    }
}

/// What was changed so far.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, member: &str, what: impl Into<String>) {
        self.0.push(Change {
            member: member.to_owned(),
            what: what.into(),
        });
    }

    fn of(&mut self, at: Sbdf, file: &str, what: impl Into<String>) {
        self.add(&format!("pci/{}/{file}", at.file_name()), what);
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.what)
    }
}

#[cfg(test)]
mod tests;
