//! `assignable.decode/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use super::table::DecodedTable;
use super::vpd::VpdItem;
use crate::bytes::Fault;
use crate::decode::config::dump::{DumpedField, DumpedRegister, DumpedStructure, RawBytes, dump};
use crate::host::{FunctionId, Host};

/// Every field of configuration spaces and ACPI tables.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Decode {
    /// Always `assignable.decode/1`.
    pub schema: String,
    /// The functions asked for, by address.
    pub functions: Vec<DecodedFunction>,
    /// The ACPI tables asked for, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<DecodedTable>,
}

/// One function's configuration space.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecodedFunction {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Bytes that were captured.
    pub captured_bytes: u16,
    /// Bits of them that are known.
    pub known_bits: u32,
    /// Size of the whole space, where the source knew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space_bytes: Option<u16>,
    /// The header, then every capability in list order.
    pub structures: Vec<StructureItem>,
    /// What is wrong with the bytes.
    pub faults: Vec<FaultItem>,
    /// Vital Product Data, where they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpd: Option<VpdItem>,
}

/// The header or a capability.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StructureItem {
    /// Its name, or its number where it has none.
    pub title: String,
    /// First byte, from the start of the space.
    pub offset: String,
    /// Version; extended capabilities only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    /// Where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its registers.
    pub registers: Vec<RegisterItem>,
    /// Bytes that no register covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<RawItem>,
}

/// One register.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RegisterItem {
    /// Its name.
    pub name: String,
    /// First byte, from the start of the space.
    pub offset: String,
    /// Length in bytes.
    pub bytes: u8,
    /// All its bits, `?` for digits that were not captured.
    pub value: String,
    /// Its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldItem>,
}

/// One field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FieldItem {
    /// Its name.
    pub name: String,
    /// Lowest and highest bit within the register.
    pub bits: [u8; 2],
    /// The number; absent where a bit of it was not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The value as a reader wants to see it.
    pub value: String,
}

/// Bytes without a name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RawItem {
    /// First byte, from the start of the space or table.
    pub offset: String,
    /// Hexadecimal, `??` for bytes that were not captured.
    pub bytes: String,
}

/// Something wrong with the bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FaultItem {
    /// First byte concerned, from the start of the space or table.
    pub offset: String,
    /// Number of bytes concerned.
    pub length: u32,
    /// What is wrong, as a sentence.
    pub message: String,
}

/// The decoded spaces, and tables by name and bytes, as a document.
pub fn decode(host: &Host<'_>, functions: &[FunctionId], tables: &[(&str, &[u8])]) -> Decode {
    Decode {
        schema: "assignable.decode/1".to_owned(),
        functions: functions
            .iter()
            .map(|&id| DecodedFunction::of(host, id))
            .collect(),
        tables: tables
            .iter()
            .map(|(name, bytes)| DecodedTable::of(name, bytes))
            .collect(),
    }
}

impl DecodedFunction {
    fn of(host: &Host<'_>, id: FunctionId) -> Self {
        let function = host.function(id);
        let structures = if function.config.is_empty() {
            Vec::new()
        } else {
            dump(function.config, &function.space)
        };
        Self {
            address: function.at.to_string(),
            captured_bytes: function.config.extent(),
            known_bits: function.config.known_bits(),
            space_bytes: function.config.size(),
            structures: structures.iter().map(StructureItem::of).collect(),
            faults: function.faults.iter().map(FaultItem::of).collect(),
            vpd: host
                .capture()
                .vpd
                .get(&function.at)
                .map(|bytes| VpdItem::of(bytes)),
        }
    }
}

impl StructureItem {
    fn of(structure: &DumpedStructure) -> Self {
        Self {
            title: structure.part.to_string(),
            offset: hex(structure.offset, 3),
            version: structure.version,
            reference: structure.spec.map(|spec| spec.to_string()),
            registers: structure.registers.iter().map(RegisterItem::of).collect(),
            raw: structure.raw.iter().map(RawItem::of).collect(),
        }
    }
}

impl RegisterItem {
    fn of(register: &DumpedRegister) -> Self {
        Self {
            name: register.name.to_owned(),
            offset: hex(register.offset, 3),
            bytes: register.bytes,
            value: register.value.to_string(),
            fields: register.fields.iter().map(FieldItem::of).collect(),
        }
    }
}

impl FaultItem {
    pub(super) fn of(fault: &Fault) -> Self {
        Self {
            offset: hex(fault.span.offset, 3),
            length: fault.span.len,
            message: fault.to_string(),
        }
    }
}

impl FieldItem {
    pub(super) fn of(field: &DumpedField) -> Self {
        Self {
            name: field.name.to_owned(),
            bits: [field.low, field.high],
            raw: field.raw.map(|raw| hex(raw, 1)),
            value: field.to_string(),
        }
    }
}

impl RawItem {
    fn of(raw: &RawBytes) -> Self {
        Self {
            offset: hex(raw.offset, 3),
            bytes: raw.to_string(),
        }
    }
}
