//! A configuration space of which some bits are known.

use super::Window;
use crate::spec::{Field, pci};

/// The configuration space of one function as a sparse image: bytes and a mask of the bits
/// that are known.
///
/// Every source fills the same image: a raw read knows whole bytes, a decoded text single
/// bits. Reads go through the mask; a bit that is not known is never read as zero.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ConfigImage {
    bytes: Vec<u8>,
    /// One mask byte for each byte; `None` means that all of `bytes` is known.
    known: Option<Vec<u8>>,
    size: Option<u16>,
}

/// Two sources that disagree about a bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BitConflict {
    /// Offset of the byte.
    pub offset: u16,
    /// The byte as it was, and as the other source says.
    pub bytes: (u8, u8),
    /// Bits known to both that differ.
    pub differing: u8,
}

impl ConfigImage {
    /// Nothing is known.
    pub const fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            known: None,
            size: None,
        }
    }

    /// All bytes are known. Bytes past 4096 are dropped: no function has them.
    pub fn from_bytes(mut bytes: Vec<u8>) -> Self {
        bytes.truncate(usize::from(pci::EXPRESS_SIZE));
        Self {
            bytes,
            known: None,
            size: None,
        }
    }

    /// Bytes with a mask of known bits; the shorter of the two decides the extent.
    pub fn from_masked(mut bytes: Vec<u8>, mut known: Vec<u8>) -> Self {
        let extent = bytes
            .len()
            .min(known.len())
            .min(usize::from(pci::EXPRESS_SIZE));
        bytes.truncate(extent);
        known.truncate(extent);
        for (byte, mask) in bytes.iter_mut().zip(&known) {
            *byte &= mask;
        }
        let mut image = Self {
            bytes,
            known: Some(known),
            size: None,
        };
        image.normalise();
        image
    }

    /// States the size of the whole space (64, 256, 4096), which may exceed what was read.
    #[must_use]
    pub const fn with_size(mut self, size: Option<u16>) -> Self {
        self.size = size;
        self
    }

    /// Size of the whole space in bytes, where the source knew it.
    pub const fn size(&self) -> Option<u16> {
        self.size
    }

    /// The captured bytes, unknown bits zero. Only together with [`Self::known_mask`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The mask of known bits; `None` means that all of [`Self::bytes`] is known.
    pub fn known_mask(&self) -> Option<&[u8]> {
        self.known.as_deref()
    }

    /// Offset behind the last captured byte.
    pub fn extent(&self) -> u16 {
        u16::try_from(self.bytes.len()).unwrap_or(pci::EXPRESS_SIZE)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether every bit of `offset..offset + len` is known.
    pub fn knows(&self, offset: u16, len: u16) -> bool {
        let (start, end) = (usize::from(offset), usize::from(offset) + usize::from(len));
        match &self.known {
            None => end <= self.bytes.len(),
            Some(mask) => mask
                .get(start..end)
                .is_some_and(|bits| bits.iter().all(|&bit| bit == 0xff)),
        }
    }

    /// A view from `offset` on.
    pub const fn window(&self, offset: u16) -> Window<'_> {
        Window::new(self, offset)
    }

    /// The field at its offset from the start of the space; `None` where a bit is unknown.
    pub fn field(&self, field: Field) -> Option<u64> {
        self.bits(field.offset, field.bit, field.width)
    }

    /// One byte; `None` where a bit of it is unknown.
    #[inline]
    pub fn u8(&self, offset: u16) -> Option<u8> {
        let at = usize::from(offset);
        let byte = *self.bytes.get(at)?;
        match &self.known {
            Some(mask) if *mask.get(at)? != 0xff => None,
            _ => Some(byte),
        }
    }

    /// A little-endian word; `None` where a bit of it is unknown.
    #[inline]
    pub fn u16(&self, offset: u16) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    /// A little-endian double word; `None` where a bit of it is unknown.
    #[inline]
    pub fn u32(&self, offset: u16) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    #[inline]
    fn array<const N: usize>(&self, offset: u16) -> Option<[u8; N]> {
        let at = usize::from(offset);
        let bytes = self.bytes.get(at..at + N)?;
        if let Some(mask) = &self.known
            && !mask.get(at..at + N)?.iter().all(|&bit| bit == 0xff)
        {
            return None;
        }
        bytes.try_into().ok()
    }

    /// `width` bits (1 to 64) from bit `bit` of the little-endian number at `offset`.
    #[inline]
    pub fn bits(&self, offset: u16, bit: u8, width: u8) -> Option<u64> {
        let first = usize::from(offset) + usize::from(bit / 8);
        let shift = bit % 8;
        // Nearly every read: all bytes are known, and eight of them are there.
        if self.known.is_none()
            && (1..=64 - shift).contains(&width)
            && let Some(word) = self.bytes.get(first..).and_then(<[u8]>::first_chunk)
        {
            let wanted = u64::MAX >> (64 - width);
            return Some(u64::from_le_bytes(*word) >> shift & wanted);
        }
        self.masked_bits(first, shift.into(), width)
    }

    /// The same where bits may not be known, or at the end of what was captured.
    fn masked_bits(&self, first: usize, shift: u32, width: u8) -> Option<u64> {
        let count = (shift + u32::from(width)).div_ceil(8) as usize;
        let bytes = self.bytes.get(first..first + count)?;
        let known = match &self.known {
            None => None,
            Some(known) => Some(known.get(first..first + count)?),
        };
        // Nearly every field lies within 8 bytes, where machine words do.
        if count <= 8 {
            let wanted = u64::MAX >> 64_u32.saturating_sub(width.into()).min(63) << shift;
            if known.is_some_and(|known| little_endian_word(known) & wanted != wanted) {
                return None;
            }
            return Some((little_endian_word(bytes) & wanted) >> shift);
        }
        let wanted = mask_of(width) << shift;
        if known.is_some_and(|known| little_endian(known) & wanted != wanted) {
            return None;
        }
        u64::try_from((little_endian(bytes) & wanted) >> shift).ok()
    }

    /// Makes `width` bits known. A conflict with bits known before leaves those as they were.
    pub fn set_bits(
        &mut self,
        offset: u16,
        bit: u8,
        width: u8,
        value: u64,
    ) -> Result<(), BitConflict> {
        let first = usize::from(offset) + usize::from(bit / 8);
        let shift = u32::from(bit % 8);
        let count = (shift + u32::from(width)).div_ceil(8) as usize;
        let mask = mask_of(width) << shift;
        let value = (u128::from(value) << shift) & mask;
        if first + count > usize::from(pci::EXPRESS_SIZE) {
            return Ok(());
        }
        let mut result = Ok(());
        for index in 0..count {
            let byte_mask = byte(mask, index);
            if let Err(conflict) = self.set_byte(first + index, byte_mask, byte(value, index)) {
                result = Err(conflict);
            }
        }
        self.normalise();
        result
    }

    /// Takes over every bit that `other` knows; bits that disagree stay as they were and
    /// are returned.
    pub fn merge(&mut self, other: &Self) -> Vec<BitConflict> {
        let mut conflicts = Vec::new();
        for (at, &value) in other.bytes.iter().enumerate() {
            let mask = match &other.known {
                None => 0xff,
                Some(known) => known.get(at).copied().unwrap_or(0),
            };
            if mask != 0
                && let Err(conflict) = self.set_byte(at, mask, value)
            {
                conflicts.push(conflict);
            }
        }
        self.size = self.size.max(other.size);
        self.normalise();
        conflicts
    }

    /// Number of bits known.
    pub fn known_bits(&self) -> u32 {
        match &self.known {
            None => u32::from(self.extent()) * 8,
            Some(mask) => mask.iter().map(|bits| bits.count_ones()).sum(),
        }
    }

    fn set_byte(&mut self, at: usize, mask: u8, value: u8) -> Result<(), BitConflict> {
        if at >= self.bytes.len() {
            let extent = self.bytes.len();
            self.known
                .get_or_insert_with(|| vec![0xff; extent])
                .resize(at + 1, 0);
            self.bytes.resize(at + 1, 0);
        }
        let before = match &self.known {
            None => 0xff,
            Some(known) => known.get(at).copied().unwrap_or(0),
        };
        let Some(byte) = self.bytes.get_mut(at) else {
            return Ok(());
        };
        let differing = (*byte ^ value) & mask & before;
        let conflict = BitConflict {
            offset: u16::try_from(at).unwrap_or(u16::MAX),
            bytes: (*byte, value),
            differing,
        };
        let new = mask & !before;
        *byte = (*byte & !new) | (value & new);
        if let Some(slot) = self.known.as_mut().and_then(|known| known.get_mut(at)) {
            *slot |= mask;
        }
        if differing == 0 {
            Ok(())
        } else {
            Err(conflict)
        }
    }

    /// Keeps one representation of "all known", and no unknown tail.
    fn normalise(&mut self) {
        let Some(known) = &mut self.known else { return };
        let extent = known
            .iter()
            .rposition(|&bits| bits != 0)
            .map_or(0, |last| last + 1);
        known.truncate(extent);
        self.bytes.truncate(extent);
        if known.iter().all(|&bits| bits == 0xff) {
            self.known = None;
        }
    }
}

impl std::fmt::Debug for ConfigImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "ConfigImage({} bytes, {} bits known)",
            self.bytes.len(),
            self.known_bits()
        )
    }
}

fn mask_of(width: u8) -> u128 {
    (1_u128 << width.min(64)) - 1
}

/// Up to 8 bytes as a number.
fn little_endian_word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// Up to 16 bytes as a number.
fn little_endian(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u128::from(byte))
}

fn byte(value: u128, index: usize) -> u8 {
    value.to_le_bytes().get(index).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_is_not_known_is_never_read_as_zero() {
        let image = ConfigImage::from_masked(vec![0xff, 0xff], vec![0xff, 0x0f]);
        assert_eq!(image.u8(0), Some(0xff));
        assert_eq!(image.u8(1), None);
        assert_eq!(image.bits(1, 0, 4), Some(0xf));
        assert_eq!(image.bits(1, 1, 4), None);
        assert_eq!(image.bits(0, 4, 8), Some(0xff));
        assert_eq!(image.u16(0), None);
        assert_eq!(image.u8(2), None);
    }

    #[test]
    fn fields_may_cross_bytes_and_be_64_bits_wide() {
        let image = ConfigImage::from_bytes((0..16).collect());
        assert_eq!(image.bits(0, 0, 64), Some(0x0706_0504_0302_0100));
        assert_eq!(image.bits(0, 4, 64), Some(0x8070_6050_4030_2010));
        assert_eq!(image.bits(0x8, 12, 8), Some(0xa0));
    }

    #[test]
    fn setting_bits_one_by_one_builds_a_fully_known_image() {
        let mut image = ConfigImage::empty();
        for bit in (0..32).rev() {
            assert_eq!(
                image.set_bits(0, bit, 1, u64::from(0x8086_1234_u32 >> bit)),
                Ok(())
            );
        }
        assert_eq!(image, ConfigImage::from_bytes(vec![0x34, 0x12, 0x86, 0x80]));
        assert!(image.knows(0, 4) && !image.knows(0, 5));
    }

    #[test]
    fn a_conflict_keeps_the_first_value_and_names_the_bits() {
        let mut image = ConfigImage::from_bytes(vec![0x10]);
        let conflicts = image.merge(&ConfigImage::from_bytes(vec![0x11, 0x22]));
        assert_eq!(
            conflicts,
            [BitConflict {
                offset: 0,
                bytes: (0x10, 0x11),
                differing: 1
            }]
        );
        assert_eq!(image, ConfigImage::from_bytes(vec![0x10, 0x22]));
    }

    #[test]
    fn no_image_exceeds_the_largest_configuration_space() {
        assert_eq!(ConfigImage::from_bytes(vec![0; 5000]).extent(), 4096);
        let mut image = ConfigImage::empty();
        assert_eq!(image.set_bits(0xfff, 0, 16, 0xffff), Ok(()));
        assert!(image.is_empty());
    }
}
