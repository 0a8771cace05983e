//! Configuration spaces that are put together from the lines of a text.

use std::collections::BTreeMap;

use super::builder::Builder;
use crate::addr::{Bdf, Sbdf, Segment};
use crate::bytes::ConfigImage;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{FunctionRecord, SourceLines};
use crate::spec::pci::EXPRESS_SIZE;

/// The spaces of one text.
#[derive(Default)]
pub(super) struct Spaces {
    functions: BTreeMap<Sbdf, Space>,
}

#[derive(Default)]
struct Space {
    bytes: Vec<u8>,
    known: Vec<u8>,
    lines: Vec<SourceLines>,
}

impl Spaces {
    /// Makes a function known, even without bytes.
    pub(super) fn touch(&mut self, at: Sbdf) -> bool {
        if self.functions.len() >= MAX_FUNCTIONS && !self.functions.contains_key(&at) {
            return false;
        }
        self.functions.entry(at).or_default();
        true
    }

    /// Bytes of a function's space; the first value of a byte stands.
    pub(super) fn put(&mut self, at: Sbdf, offset: u16, new: &[u8], line: Option<(&str, u32)>) {
        let end = usize::from(offset) + new.len();
        if end > usize::from(EXPRESS_SIZE) || !self.touch(at) {
            return;
        }
        let Some(space) = self.functions.get_mut(&at) else {
            return;
        };
        if space.bytes.len() < end {
            space.bytes.resize(end, 0);
            space.known.resize(end, 0);
        }
        let places = space.bytes.iter_mut().zip(&mut space.known);
        for ((byte, known), new) in places.skip(usize::from(offset)).zip(new) {
            if *known == 0 {
                (*byte, *known) = (*new, 0xff);
            }
        }
        if let (Some((source, line)), Ok(len)) = (line, u16::try_from(new.len())) {
            space.lines.push(SourceLines {
                offset,
                len,
                source: source.to_owned(),
                line,
                bytes_per_line: 0,
            });
        }
    }

    /// Hands the functions over.
    pub(super) fn finish(self, builder: &mut Builder) {
        for (at, space) in self.functions {
            let mut record = FunctionRecord {
                config: ConfigImage::from_masked(space.bytes, space.known),
                ..FunctionRecord::default()
            };
            record.properties.config_lines = space.lines;
            builder.capture.functions.insert(at, record);
        }
    }
}

/// An address of numbers that a text has in any order.
pub(super) fn address(segment: u32, bus: u32, device: u32, function: u32) -> Option<Sbdf> {
    let part = |number: u32| u8::try_from(number).ok();
    let bdf = Bdf::new(part(bus)?, part(device)?, part(function)?)?;
    Some(Sbdf::new(Segment(segment), bdf))
}
