//! Capabilities back to bytes: written field by field, or as they were decoded.

use super::dump::{DumpedStructure, PartialBits};
use crate::spec::pci::CapId;
use crate::spec::pcie::ExtCapId;
use crate::spec::{Field, Register};

/// A capability while it is written. The next pointer is zero: it belongs to the list.
///
/// ```
/// use assignable::decode::config::Encoder;
/// use assignable::decode::config::cap::msix;
/// use assignable::spec::pci::CapId;
///
/// let bytes = Encoder::standard(CapId::MSI_X)
///     .set(msix::TABLE_SIZE, 7)
///     .set(msix::PBA_OFFSET, 0x2000 >> 3)
///     .finish(12);
/// assert_eq!(bytes, [0x11, 0, 7, 0, 0, 0, 0, 0, 0, 0x20, 0, 0]);
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// A standard capability.
    pub fn standard(id: CapId) -> Self {
        Self {
            bytes: vec![id.0, 0],
        }
    }

    /// An extended capability of a version, 0 to 15.
    pub fn extended(id: ExtCapId, version: u8) -> Self {
        let [low, high] = id.0.to_le_bytes();
        Self {
            bytes: vec![low, high, version & 0xf, 0],
        }
    }

    /// Sets the bits of a field; it counts as the bits it has, so that 256 in a field of eight
    /// bits is written as 0, as [`crate::spec::Kind::Count`] has it.
    #[must_use]
    pub fn set(mut self, field: Field, value: u64) -> Self {
        let bit = 8 * usize::from(field.offset) + usize::from(field.bit);
        put(&mut self.bytes, bit, field.width.into(), value);
        self
    }

    /// Sets or clears a field of one bit.
    #[must_use]
    pub fn flag(self, field: Field, on: bool) -> Self {
        self.set(field, on.into())
    }

    /// Sets a whole register.
    #[must_use]
    pub fn register(mut self, register: Register, value: u64) -> Self {
        let bit = 8 * usize::from(register.offset);
        put(&mut self.bytes, bit, 8 * usize::from(register.bytes), value);
        self
    }

    /// Appends bytes that have no layout of their own.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Its bytes, as many as given: registers behind that are left out, and reserved ones
    /// before it are zero.
    pub fn finish(mut self, length: usize) -> Vec<u8> {
        self.bytes.resize(length, 0);
        self.bytes
    }
}

/// A structure as it was decoded, back to the bytes it came from: its named fields, bits and
/// bytes without a name, nothing else. `None` where a bit of it was not captured.
pub fn encode(structure: &DumpedStructure) -> Option<Vec<u8>> {
    let start = usize::from(structure.offset);
    let mut bytes = Vec::new();
    for register in &structure.registers {
        let at = 8 * (usize::from(register.offset) - start);
        let width = 8 * usize::from(register.bytes);
        let whole = register.value.complete()?;
        if register.fields.is_empty() {
            put(&mut bytes, at, width, whole);
            continue;
        }
        put(&mut bytes, at, width, register.unnamed_bits());
        for field in &register.fields {
            let low = at + usize::from(field.low);
            put(&mut bytes, low, field.width().into(), field.raw?);
        }
    }
    for run in &structure.raw {
        let at = usize::from(run.offset) - start;
        for (index, byte) in run.bytes.iter().enumerate() {
            let value = PartialBits::complete(*byte)?;
            put(&mut bytes, 8 * (at + index), 8, value);
        }
    }
    Some(bytes)
}

/// Writes `width` bits from bit `bit` on; the bytes grow as far as needed.
fn put(bytes: &mut Vec<u8>, bit: usize, width: usize, value: u64) {
    let end = (bit + width).div_ceil(8);
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    for index in 0..width.min(64) {
        let (at, mask) = ((bit + index) / 8, 1 << ((bit + index) % 8));
        if let Some(byte) = bytes.get_mut(at) {
            match value >> index & 1 {
                0 => *byte &= !mask,
                _ => *byte |= mask,
            }
        }
    }
}

#[cfg(test)]
mod tests;
