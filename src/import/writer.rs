//! Bits into the image, with the line that says so.

use crate::bytes::ConfigImage;
use crate::capture::SourceLines;
use crate::spec::pci::EXPRESS_SIZE;

/// Sets bits and cites their lines.
pub(in crate::import) struct Writer<'a> {
    source: &'a str,
    image: &'a mut ConfigImage,
    cite: &'a mut Vec<SourceLines>,
}

impl<'a> Writer<'a> {
    pub(in crate::import) const fn new(
        source: &'a str,
        image: &'a mut ConfigImage,
        cite: &'a mut Vec<SourceLines>,
    ) -> Self {
        Self {
            source,
            image,
            cite,
        }
    }

    /// Makes `width` bits from bit `bit` of the register at `offset` known. A value that does
    /// not fit was not printed from such a field and sets nothing.
    pub(in crate::import) fn set(
        &mut self,
        line: u32,
        offset: u16,
        bit: u8,
        width: u8,
        value: u64,
    ) {
        let fits = width >= 64 || value >> width == 0;
        let first = u32::from(offset) + u32::from(bit / 8);
        let len = (u32::from(bit % 8) + u32::from(width)).div_ceil(8);
        if !fits || width == 0 || first + len > u32::from(EXPRESS_SIZE) {
            return;
        }
        // The first of two lines that contradict each other counts.
        if self.image.set_bits(offset, bit, width, value).is_ok()
            && let (Ok(first), Ok(len)) = (u16::try_from(first), u16::try_from(len))
        {
            self.note(first, len, line);
        }
    }

    /// One bit.
    pub(in crate::import) fn flag(&mut self, line: u32, offset: u16, bit: u8, value: bool) {
        self.set(line, offset, bit, 1, u64::from(value));
    }

    fn note(&mut self, offset: u16, len: u16, line: u32) {
        if let Some(last) = self.cite.last_mut()
            && last.line == line
            && last.source == self.source
            && offset >= last.offset
            && offset <= last.offset.saturating_add(last.len)
        {
            last.len = last.len.max(offset.saturating_add(len) - last.offset);
            return;
        }
        self.cite.push(SourceLines {
            offset,
            len,
            source: self.source.to_owned(),
            line,
            bytes_per_line: 0,
        });
    }
}
