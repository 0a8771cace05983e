//! A view into a configuration space that knows where it starts.

use super::{ConfigImage, Span};
use crate::spec::Field;

/// A structure within a configuration space, read at offsets relative to its start.
///
/// Carries the image, not a sub-slice: positions stay absolute, and a read past the
/// captured bytes is "not known" instead of an error.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    image: &'a ConfigImage,
    base: u16,
}

impl<'a> Window<'a> {
    pub(super) const fn new(image: &'a ConfigImage, base: u16) -> Self {
        Self { image, base }
    }

    /// Offset of the structure from the start of the space.
    pub const fn base(self) -> u16 {
        self.base
    }

    /// The image it lies in.
    pub const fn image(self) -> &'a ConfigImage {
        self.image
    }

    /// The field; `None` where a bit of it is unknown.
    #[inline]
    pub fn field(self, field: Field) -> Option<u64> {
        self.bits(field.offset, field.bit, field.width)
    }

    /// A one-bit field.
    #[inline]
    pub fn flag(self, field: Field) -> Option<bool> {
        self.field(field).map(|value| value != 0)
    }

    /// `width` bits from bit `bit` at `offset` within the structure.
    #[inline]
    pub fn bits(self, offset: u16, bit: u8, width: u8) -> Option<u64> {
        self.image.bits(self.base.checked_add(offset)?, bit, width)
    }

    /// One byte.
    #[inline]
    pub fn u8(self, offset: u16) -> Option<u8> {
        self.image.u8(self.base.checked_add(offset)?)
    }

    /// A little-endian word.
    #[inline]
    pub fn u16(self, offset: u16) -> Option<u16> {
        self.image.u16(self.base.checked_add(offset)?)
    }

    /// A little-endian double word.
    #[inline]
    pub fn u32(self, offset: u16) -> Option<u32> {
        self.image.u32(self.base.checked_add(offset)?)
    }

    /// Where a part of the structure lies in the space.
    pub const fn span(self, offset: u16, len: u16) -> Span {
        Span {
            offset: self.base as u32 + offset as u32,
            len: len as u32,
        }
    }

    /// Where a field lies in the space, in whole bytes.
    pub fn field_span(self, field: Field) -> Span {
        let last_bit = u32::from(field.bit) + u32::from(field.width);
        let first = u32::from(field.bit / 8);
        Span {
            offset: u32::from(self.base) + u32::from(field.offset) + first,
            len: last_bit.div_ceil(8) - first,
        }
    }
}
