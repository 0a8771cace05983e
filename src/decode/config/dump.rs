//! Every captured byte of the header and the capabilities, with its name: the neutral model
//! behind `decode`. No judgement, and no prose beyond the specifications' names.

mod value;

use super::structure::certain_length;
use super::{CapEntry, CapabilityId, ConfigSpace, header_registers, structure_of};
use crate::bytes::{ConfigImage, Window};
use crate::spec::pci::{self, HeaderType};
use crate::spec::{Document, Field, Kind, Register, SpecRef};

/// Most bytes, list header included, that are shown of a capability whose layout is not known.
pub const RAW_LIMIT: u16 = 64;

/// A structure of configuration space: its registers, and its bytes that no register covers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DumpedStructure {
    /// What it is; its `Display` is the title.
    pub part: Part,
    /// First byte, from the start of the space.
    pub offset: u16,
    /// Version from the list header; only extended capabilities have one.
    pub version: Option<u8>,
    /// Where it is defined, if its layout is known.
    pub spec: Option<SpecRef>,
    /// Its registers in order of offset, the list header first.
    pub registers: Vec<DumpedRegister>,
    /// Captured bytes of it that no register covers, in order of offset: reserved bytes, a
    /// vendor's own, or all behind the list header where the layout is not known.
    pub raw: Vec<RawBytes>,
}

/// Which structure it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The header, with its layout where captured.
    Header(Option<HeaderType>),
    /// A capability of either list.
    Capability(CapabilityId),
}

/// A register as captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DumpedRegister {
    /// The specification's (short) name.
    pub name: &'static str,
    /// First byte, from the start of the space.
    pub offset: u16,
    /// Length in bytes: 1, 2, 4 or 8.
    pub bytes: u8,
    /// All its bits; its `Display` is hexadecimal, with `?` for digits not captured.
    pub value: PartialBits,
    /// Its fields, lowest bit first. Empty where the register is one number.
    pub fields: Vec<DumpedField>,
}

/// A field as captured. Its `Display` is the value as a reader wants to see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DumpedField {
    /// The specification's name.
    pub name: &'static str,
    /// Lowest bit, counted from bit 0 of the register.
    pub low: u8,
    /// Highest bit, counted from bit 0 of the register.
    pub high: u8,
    /// The bits as a number; `None` where one of them was not captured.
    pub raw: Option<u64>,
    /// How the number is meant.
    pub kind: Kind,
}

/// Bits of which some may be unknown; unknown ones are zero in `value`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartialBits {
    /// The known bits.
    pub value: u64,
    /// Which bits are known.
    pub known: u64,
    /// How many bytes there are, 1 to 8.
    pub bytes: u8,
}

/// Consecutive bytes without a name. Its `Display` is hexadecimal, `??` for unknown bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawBytes {
    /// First byte, from the start of the space.
    pub offset: u16,
    /// The bytes.
    pub bytes: Vec<PartialBits>,
}

/// The header, then every capability in list order.
pub fn dump(image: &ConfigImage, space: &ConfigSpace) -> Vec<DumpedStructure> {
    let mut offsets: Vec<u16> = space
        .capabilities
        .iter()
        .map(|entry| entry.offset)
        .collect();
    offsets.sort_unstable();
    let mut structures = vec![header(image, space.header.layout, &offsets)];
    for &entry in &space.capabilities {
        structures.push(capability(image, entry, &offsets));
    }
    structures
}

impl DumpedRegister {
    /// Known bits that are set and belong to no field: reserved ones, or newer than this
    /// crate. 0 for a register without fields.
    pub fn unnamed_bits(&self) -> u64 {
        if self.fields.is_empty() {
            return 0;
        }
        let named = self
            .fields
            .iter()
            .fold(0, |mask, field| mask | field.mask());
        self.value.value & !named
    }
}

impl DumpedField {
    /// Number of bits.
    pub const fn width(&self) -> u8 {
        self.high - self.low + 1
    }

    /// The field's bits within its register.
    pub const fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.width()) << self.low
    }
}

impl PartialBits {
    /// The number, where every bit is known.
    pub const fn complete(self) -> Option<u64> {
        let all = u64::MAX >> (64 - 8 * self.bytes as u32);
        if self.known == all {
            Some(self.value)
        } else {
            None
        }
    }

    fn read(image: &ConfigImage, offset: u16, bytes: u8) -> Self {
        let at = usize::from(offset);
        let (mut value, mut known) = (0, 0);
        for index in (0..usize::from(bytes)).rev() {
            let byte = image.bytes().get(at + index).copied();
            let mask = match image.known_mask() {
                None => byte.map(|_| 0xff),
                Some(mask) => mask.get(at + index).copied(),
            };
            let mask = mask.unwrap_or(0);
            value = value << 8 | u64::from(byte.unwrap_or(0) & mask);
            known = known << 8 | u64::from(mask);
        }
        Self {
            value,
            known,
            bytes,
        }
    }
}

fn header(
    image: &ConfigImage,
    layout: Option<HeaderType>,
    capabilities: &[u16],
) -> DumpedStructure {
    let registers = header_registers(image);
    let end = registers
        .iter()
        .map(|register| register.offset + u16::from(register.bytes))
        .fold(pci::HEADER_SIZE, u16::max);
    let first_capability = capabilities.first().copied().unwrap_or(end);
    DumpedStructure {
        part: Part::Header(layout),
        offset: 0,
        version: None,
        spec: Some(Document::Pcie60.at("7.5.1 PCI-Compatible Configuration Registers")),
        raw: raw(image, 0, end.min(first_capability), &registers),
        registers: registers
            .iter()
            .map(|register| dump_register(image.window(0), register))
            .collect(),
    }
}

fn capability(image: &ConfigImage, entry: CapEntry, offsets: &[u16]) -> DumpedStructure {
    let window = image.window(entry.offset);
    let structure = structure_of(entry.id);
    let (list_header, space_end) = match entry.id {
        CapabilityId::Standard(_) => (STANDARD_HEADER, pci::CONVENTIONAL_SIZE),
        CapabilityId::Extended(_) => (EXTENDED_HEADER, pci::EXPRESS_SIZE),
    };
    let mut registers = vec![list_header];
    registers.extend(
        structure
            .into_iter()
            .flat_map(|structure| (structure.registers)(window)),
    );
    // What lies behind the end of the space belongs to something else.
    registers.retain(|register| {
        u32::from(entry.offset) + u32::from(register.offset) + u32::from(register.bytes)
            <= u32::from(space_end)
    });
    let length = structure.map_or(RAW_LIMIT, |_| certain_length(image, entry));
    let next = offsets.partition_point(|&offset| offset <= entry.offset);
    let end = offsets
        .get(next)
        .copied()
        .unwrap_or(space_end)
        .min(space_end)
        .min(entry.offset.saturating_add(length));
    DumpedStructure {
        part: Part::Capability(entry.id),
        offset: entry.offset,
        version: matches!(entry.id, CapabilityId::Extended(_)).then_some(entry.version),
        spec: structure.map(|structure| structure.spec),
        raw: raw(image, entry.offset, end, &registers),
        registers: registers
            .iter()
            .map(|register| dump_register(window, register))
            .collect(),
    }
}

const STANDARD_HEADER: Register = Register::new(
    "Capability Header",
    0x00,
    2,
    &[
        Field::hex("Capability ID", 0x00, 0, 8),
        Field::hex("Next Capability Pointer", 0x00, 8, 8),
    ],
);
const EXTENDED_HEADER: Register = Register::new(
    "Extended Capability Header",
    0x00,
    4,
    &[
        Field::hex("Extended Capability ID", 0x00, 0, 16),
        Field::number("Capability Version", 0x00, 16, 4),
        Field::hex("Next Capability Offset", 0x00, 20, 12),
    ],
);

fn dump_register(window: Window<'_>, register: &Register) -> DumpedRegister {
    let offset = window.base().saturating_add(register.offset);
    let dump_field = |field: Field| {
        let low = 8 * field.offset.saturating_sub(register.offset) + u16::from(field.bit);
        let low = u8::try_from(low).unwrap_or(u8::MAX);
        DumpedField {
            name: field.name,
            low,
            high: low.saturating_add(field.width.saturating_sub(1)),
            raw: window.field(field),
            kind: field.kind,
        }
    };
    DumpedRegister {
        name: register.name,
        offset,
        bytes: register.bytes,
        value: PartialBits::read(window.image(), offset, register.bytes),
        fields: register.placed_fields().map(dump_field).collect(),
    }
}

/// The captured bytes of `start..end` that no register covers.
fn raw(image: &ConfigImage, start: u16, end: u16, registers: &[Register]) -> Vec<RawBytes> {
    let end = end.min(image.extent());
    let mut runs = Vec::new();
    let mut at = start;
    for register in registers {
        let from = start.saturating_add(register.offset);
        runs.push((at, from.min(end)));
        at = at.max(from.saturating_add(register.bytes.into()));
    }
    runs.push((at, end));
    runs.into_iter()
        .filter(|(from, to)| from < to)
        .map(|(from, to)| RawBytes {
            offset: from,
            bytes: (from..to)
                .map(|at| PartialBits::read(image, at, 1))
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
