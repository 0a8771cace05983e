//! ACPI tables within `assignable.decode/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{FaultItem, FieldItem, RawItem};
use super::hex;
use crate::decode::acpi::dump::{DumpedEntry, DumpedPart, RawRun, Value, dump};
use crate::spec::Kind;

/// One ACPI table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecodedTable {
    /// Its name in the capture: the signature, numbered where several tables share it.
    pub name: String,
    /// Bytes that were captured.
    pub captured_bytes: u32,
    /// The header, then every structure in the order of the table.
    pub structures: Vec<TableStructureItem>,
    /// Bytes at the end that are not shown, of a table whose layout is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out_bytes: u32,
    /// What is wrong with the bytes.
    pub faults: Vec<FaultItem>,
}

/// A structure of a table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TableStructureItem {
    /// What it is.
    pub title: String,
    /// First byte, from the start of the table.
    pub offset: String,
    /// Length in bytes, the structures inside it included.
    pub bytes: u32,
    /// Where it is defined.
    pub reference: String,
    /// Its fields in order of offset.
    pub fields: Vec<TableFieldItem>,
    /// Bytes that no field covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<RawItem>,
    /// The structures inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub structures: Vec<Self>,
}

/// A field of a table structure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TableFieldItem {
    /// Its name.
    pub name: String,
    /// First byte, from the start of the table.
    pub offset: String,
    /// Length in bytes.
    pub bytes: u32,
    /// A number as `0x…`; anything else as hexadecimal bytes.
    pub raw: String,
    /// The value as a reader wants to see it, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its named bits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bits: Vec<FieldItem>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl DecodedTable {
    pub(super) fn of(name: &str, bytes: &[u8]) -> Self {
        let captured_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Some(dumped) = dump(bytes) else {
            return Self {
                name: name.to_owned(),
                captured_bytes,
                structures: Vec::new(),
                left_out_bytes: captured_bytes,
                faults: vec![FaultItem {
                    offset: hex(0, 3),
                    length: captured_bytes,
                    message: "too short for a table's header".to_owned(),
                }],
            };
        };
        let part = |part: &DumpedPart| TableStructureItem::of(part, bytes);
        Self {
            name: name.to_owned(),
            captured_bytes,
            structures: dumped.parts.iter().map(part).collect(),
            left_out_bytes: dumped.left_out,
            faults: dumped.faults.iter().map(FaultItem::of).collect(),
        }
    }
}

impl TableStructureItem {
    fn of(part: &DumpedPart, bytes: &[u8]) -> Self {
        let field = |entry: &DumpedEntry| TableFieldItem::of(entry, bytes);
        let raw = |run: &RawRun| RawItem {
            offset: hex(run.offset, 3),
            bytes: run.to_string(),
        };
        Self {
            title: part.title.to_string(),
            offset: hex(part.offset, 3),
            bytes: part.len,
            reference: part.spec.to_string(),
            fields: part.entries.iter().map(field).collect(),
            raw: part.raw.iter().map(raw).collect(),
            structures: part
                .parts
                .iter()
                .map(|inner| Self::of(inner, bytes))
                .collect(),
        }
    }
}

impl TableFieldItem {
    fn of(entry: &DumpedEntry, bytes: &[u8]) -> Self {
        let plain = matches!(
            entry.value,
            Value::Number {
                kind: Kind::Hex,
                ..
            } | Value::Bytes(_)
        );
        Self {
            name: entry.name.to_owned(),
            offset: hex(entry.offset, 3),
            bytes: entry.len,
            raw: entry.raw_text(bytes),
            value: (!plain).then(|| entry.value.to_string()),
            bits: entry.fields.iter().map(FieldItem::of).collect(),
        }
    }
}
