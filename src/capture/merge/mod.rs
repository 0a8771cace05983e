//! Two captures of one machine become one.

mod facts;
mod windows;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::limits::{MAX_CONFLICTS, MAX_HOST};
use super::{Capture, Conflict, Manifest, Privileges, names};
use crate::addr::Sbdf;

impl Capture {
    /// Takes over everything that `other` knows about the same machine.
    ///
    /// Functions are joined by address, configuration spaces bit by bit. Where both disagree,
    /// what was here stays and the difference is listed in the manifest's `conflicts`.
    pub fn merge(&mut self, mut other: Self) {
        let mut conflicts = std::mem::take(&mut self.manifest.conflicts);
        conflicts.append(&mut other.manifest.conflicts);
        self.merge_sources(&mut other);
        for (at, record) in other.functions {
            match self.functions.entry(at) {
                Entry::Vacant(slot) => _ = slot.insert(record),
                Entry::Occupied(mut slot) => {
                    slot.get_mut().merge(at, record, &mut conflicts);
                }
            }
        }
        merge_vpd(&mut self.vpd, other.vpd, &mut conflicts);
        merge_tables(&mut self.tables, other.tables, &mut conflicts);
        merge_log(&mut self.host, &mut other.host);
        windows::merge_host(&mut self.host, &mut other.host);
        merge_files("host", &mut self.host, other.host, &mut conflicts);
        merge_files("member", &mut self.unknown, other.unknown, &mut conflicts);
        windows::merge_nodes(&mut self.devnodes, other.devnodes, &mut conflicts);
        self.manifest.merge(other.manifest, &mut conflicts);
        conflicts.truncate(MAX_CONFLICTS);
        self.manifest.conflicts = conflicts;
    }

    /// Source texts of the same name and different content get another name, everywhere.
    fn merge_sources(&mut self, other: &mut Self) {
        for (name, text) in std::mem::take(&mut other.sources) {
            if self.sources.get(&name) == Some(&text) {
                continue;
            }
            let unique = names::unique_name(&name, |name| self.has_source(name));
            if unique != name {
                for record in other.functions.values_mut() {
                    record.properties.rename_source(&name, &unique);
                }
                windows::rename_source(&mut other.devnodes, &name, &unique);
            }
            self.sources.insert(unique, text);
        }
    }

    /// Whether a source of that name exists, case aside.
    pub(crate) fn has_source(&self, name: &str) -> bool {
        self.sources.contains_key(name)
            || self
                .sources
                .keys()
                .any(|taken| taken.eq_ignore_ascii_case(name))
    }
}

impl Manifest {
    fn merge(&mut self, other: Self, conflicts: &mut Vec<Conflict>) {
        // One machine may have been captured under two systems.
        let same_system = self.os.is_none() || other.os.is_none() || self.os == other.os;
        if same_system {
            for (fact, kept, other) in [
                ("os", &mut self.os, other.os),
                ("os_release", &mut self.os_release, other.os_release),
            ] {
                merge_text(fact, kept, other, conflicts);
            }
        }
        for (key, value) in other.platform {
            let mut slot = self.platform.remove(&key);
            merge_text(&key, &mut slot, Some(value), conflicts);
            self.platform.extend(slot.map(|value| (key, value)));
        }
        self.privileges = match (self.privileges, other.privileges) {
            (Some(Privileges::Full), _) | (_, Some(Privileges::Full)) => Some(Privileges::Full),
            (mine, theirs) => mine.or(theirs),
        };
        self.collector = self.collector.take().or(other.collector);
        self.time = self.time.take().or(other.time);
        for (option, value) in other.request {
            self.request.entry(option).or_insert(value);
        }
        for failure in other.failures {
            if !self.failures.contains(&failure) && self.failures.len() < MAX_CONFLICTS {
                self.failures.push(failure);
            }
        }
        match (&mut self.redaction, other.redaction) {
            (Some(mine), Some(theirs)) => mine.changed.extend(theirs.changed),
            (mine @ None, theirs) => *mine = theirs,
            _ => {}
        }
        for (key, value) in other.other {
            self.other.entry(key).or_insert(value);
        }
    }
}

fn merge_text(
    fact: &str,
    slot: &mut Option<String>,
    other: Option<String>,
    conflicts: &mut Vec<Conflict>,
) {
    match (&*slot, other) {
        (None, other) => *slot = other,
        (Some(kept), Some(other)) if *kept != other => conflicts.push(Conflict {
            function: None,
            fact: fact.to_owned(),
            kept: kept.clone(),
            other,
        }),
        _ => {}
    }
}

/// What was here stays.
fn merge_vpd(
    to: &mut BTreeMap<Sbdf, Vec<u8>>,
    from: BTreeMap<Sbdf, Vec<u8>>,
    conflicts: &mut Vec<Conflict>,
) {
    for (at, bytes) in from {
        match to.entry(at) {
            Entry::Vacant(slot) => _ = slot.insert(bytes),
            Entry::Occupied(kept) if *kept.get() != bytes => conflicts.push(Conflict {
                function: Some(at.to_string()),
                ..sizes("vpd", kept.get(), &bytes)
            }),
            Entry::Occupied(_) => {}
        }
    }
}

/// Equal tables are one. A different one with the same name gets a number; that is a conflict
/// unless a machine may have several of the kind.
fn merge_tables(
    to: &mut BTreeMap<String, Vec<u8>>,
    from: BTreeMap<String, Vec<u8>>,
    conflicts: &mut Vec<Conflict>,
) {
    for (name, bytes) in from {
        let signature: String = name.chars().take(4).collect();
        if to
            .iter()
            .any(|(known, b)| known.starts_with(&signature) && *b == bytes)
        {
            continue;
        }
        let several = matches!(signature.as_str(), "SSDT" | "PSDT") || signature.starts_with("OEM");
        if let (false, Some(kept)) = (several, to.get(&name)) {
            conflicts.push(sizes(&format!("table {name}"), kept, &bytes));
        }
        to.insert(table_name(to, &name), bytes);
    }
}

/// `name`, or its signature with the lowest free number.
pub(crate) fn table_name(tables: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    if !tables.contains_key(name) {
        return name.to_owned();
    }
    let signature: String = name.chars().take(4).collect();
    (2_u32..)
        .map(|number| format!("{signature}{number}"))
        .find(|candidate| !tables.contains_key(candidate))
        .unwrap_or(signature)
}

/// A second kernel log follows the first: they may be of different boots. One that the first
/// begins or ends with adds nothing.
fn merge_log(to: &mut BTreeMap<String, Vec<u8>>, from: &mut BTreeMap<String, Vec<u8>>) {
    const LOG: &str = "log.txt";
    let (Some(kept), Some(log)) = (to.get_mut(LOG), from.get(LOG)) else {
        return;
    };
    let known = kept.starts_with(log) || kept.ends_with(log);
    if !known && (kept.len() + log.len()) as u64 >= MAX_HOST {
        return;
    }
    if !known {
        if kept.last().is_some_and(|&byte| byte != b'\n') {
            kept.push(b'\n');
        }
        kept.extend_from_slice(log);
    }
    from.remove(LOG);
}

fn merge_files(
    kind: &str,
    to: &mut BTreeMap<String, Vec<u8>>,
    from: BTreeMap<String, Vec<u8>>,
    conflicts: &mut Vec<Conflict>,
) {
    for (name, bytes) in from {
        match to.get(&name) {
            None => _ = to.insert(name, bytes),
            Some(kept) if *kept != bytes => {
                conflicts.push(sizes(&format!("{kind} {name}"), kept, &bytes));
            }
            Some(_) => {}
        }
    }
}

fn sizes(fact: &str, kept: &[u8], other: &[u8]) -> Conflict {
    Conflict {
        function: None,
        fact: fact.to_owned(),
        kept: format!("{} bytes", kept.len()),
        other: format!("{} other bytes", other.len()),
    }
}

#[cfg(test)]
mod tests;
