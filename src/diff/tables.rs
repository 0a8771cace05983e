//! What changed in the firmware's tables, structure by structure and field by field.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Found, Side, Subject, What};
use crate::decode::acpi::dump::{DumpedPart, dump};

/// How a table changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TableChange {
    /// The second capture does not have it, though it has tables.
    Removed,
    /// The first capture does not have it, though it has tables.
    Added,
    /// Its fields differ.
    Fields(Vec<FieldChange>),
    /// Bytes differ that have no name.
    Bytes {
        /// First offset that differs.
        offset: usize,
        /// Length before and after.
        lengths: (usize, usize),
    },
}

/// One difference between the fields of two tables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// The structure and the field: `RMRR: Base Address`.
    pub name: String,
    /// Before; `None` = the structure is new.
    pub before: Option<String>,
    /// After; `None` = the structure is gone.
    pub after: Option<String>,
}

/// Most differences told of one table.
const MOST: usize = 200;

pub(super) fn compare(before: Side<'_>, after: Side<'_>, found: &mut Found) {
    let old = &before.facts.host.capture().tables;
    let new = &after.facts.host.capture().tables;
    if old.is_empty() || new.is_empty() {
        found.not_compared += old.len() + new.len();
        return;
    }
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let change = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => contents(old, new),
            (Some(_), None) => TableChange::Removed,
            (None, _) => TableChange::Added,
        };
        let name = name.clone();
        found.add(Subject::Host, What::Table { name, change });
    }
}

/// A structure with its fields, those of the structures inside it included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Block {
    title: String,
    fields: Vec<(String, String)>,
}

fn contents(old: &[u8], new: &[u8]) -> TableChange {
    let changes = match (blocks(old), blocks(new)) {
        (Some(old), Some(new)) => fields(&old, &new),
        _ => Vec::new(),
    };
    if !changes.is_empty() {
        return TableChange::Fields(changes);
    }
    let offset = old
        .iter()
        .zip(new)
        .take_while(|(old, new)| old == new)
        .count();
    TableChange::Bytes {
        offset,
        lengths: (old.len(), new.len()),
    }
}

fn blocks(bytes: &[u8]) -> Option<Vec<Block>> {
    let table = dump(bytes)?;
    let mut blocks = Vec::new();
    for part in &table.parts {
        let mut block = Block {
            title: part.title.to_string(),
            fields: Vec::new(),
        };
        gather(part, "", &mut block.fields);
        blocks.push(block);
    }
    Some(blocks)
}

/// Fields of a structure; of a table that nothing stays the same in, length and checksum say
/// nothing.
fn gather(part: &DumpedPart, prefix: &str, fields: &mut Vec<(String, String)>) {
    for entry in &part.entries {
        if matches!(
            entry.name,
            "Checksum" | "Length" | "Table Length" | "Structure Length"
        ) {
            continue;
        }
        fields.push((format!("{prefix}{}", entry.name), entry.value.to_string()));
    }
    for raw in &part.raw {
        let text: Vec<String> = raw.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        fields.push((format!("{prefix}bytes"), text.join(" ")));
    }
    for (index, inner) in part.parts.iter().enumerate() {
        let title = format!("{prefix}{} {}, ", inner.title, index);
        gather(inner, &title, fields);
    }
}

fn fields(old: &[Block], new: &[Block]) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for operation in capture_diff_slices(Algorithm::Patience, old, new) {
        let (old, new) = match operation {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => (
                old.get(operation.old_range()).unwrap_or_default(),
                new.get(operation.new_range()).unwrap_or_default(),
            ),
        };
        replaced(old, new, &mut changes);
        if changes.len() > MOST {
            changes.truncate(MOST);
            break;
        }
    }
    changes
}

/// Structures that stand for others: those of the same kind are compared in order.
fn replaced(old: &[Block], new: &[Block], changes: &mut Vec<FieldChange>) {
    let mut waiting: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
    for block in new.iter().rev() {
        waiting.entry(&block.title).or_default().push(block);
    }
    for block in old {
        match waiting.get_mut(block.title.as_str()).and_then(Vec::pop) {
            Some(other) => one_by_one(block, other, changes),
            None => changes.push(FieldChange {
                name: block.title.clone(),
                before: Some(summary(block)),
                after: None,
            }),
        }
    }
    for block in new {
        let left = waiting.get(block.title.as_str()).into_iter().flatten();
        if left.into_iter().any(|other| std::ptr::eq(*other, block)) {
            changes.push(FieldChange {
                name: block.title.clone(),
                before: None,
                after: Some(summary(block)),
            });
        }
    }
}

fn one_by_one(old: &Block, new: &Block, changes: &mut Vec<FieldChange>) {
    let mut values: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for (name, value) in &old.fields {
        values.entry(name).or_default().0.get_or_insert(value);
    }
    for (name, value) in &new.fields {
        values.entry(name).or_default().1.get_or_insert(value);
    }
    for (name, (before, after)) in values {
        if before != after {
            changes.push(FieldChange {
                name: format!("{}: {name}", old.title),
                before: before.map(str::to_owned),
                after: after.map(str::to_owned),
            });
        }
    }
}

/// The first fields of a structure, to tell it by.
fn summary(block: &Block) -> String {
    const FEW: usize = 6;
    let fields = block.fields.iter().take(FEW);
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    fields.join(", ")
}
