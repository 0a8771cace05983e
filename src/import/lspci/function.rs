//! One function while its lines are being read.

use super::detail::{Detail, Range, Region, detail};
use super::header::Header;
use super::named;
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::capture::{
    FunctionProperties, FunctionRecord, Method, Origin, Reported, Resource, SourceLines,
};
use crate::import::diagnostic::DiagnosticKind;
use crate::import::text::printable;
use crate::spec::pci::EXPRESS_SIZE;

/// Kind bits of Linux' resource flags (include/linux/ioport.h).
const FLAG_IO: u64 = 0x100;
const FLAG_MEMORY: u64 = 0x200;
const FLAG_PREFETCHABLE: u64 = 0x2000;
const FLAG_64_BIT: u64 = 0x10_0000;
/// Index of the expansion ROM among the resources.
const ROM: u8 = 6;

/// A function between its first line and the next one's.
pub(super) struct Pending {
    pub(super) at: Sbdf,
    /// The line before was a hex line.
    pub(super) in_hex: bool,
    properties: FunctionProperties,
    bytes: Vec<u8>,
    /// One mask byte for each byte; `None` while all are known.
    known: Option<Vec<u8>>,
    runs: Vec<Run>,
    /// Indentation of the function's own lines; those of its capabilities are deeper.
    indent: Option<usize>,
    /// Lines of capabilities have begun.
    in_capabilities: bool,
    /// Number of the next BAR where the text does not number them.
    next_bar: u8,
    /// Its first line.
    pub(super) line: u32,
}

/// Hex lines in sequence.
#[derive(Clone, Copy)]
struct Run {
    offset: u16,
    len: u16,
    line: u32,
}

impl Pending {
    /// A function that is named and nothing more.
    pub(super) fn named(at: Sbdf, line: u32) -> Self {
        Self {
            at,
            in_hex: false,
            properties: FunctionProperties::default(),
            bytes: Vec::new(),
            known: None,
            runs: Vec::new(),
            indent: None,
            in_capabilities: false,
            next_bar: 0,
            line,
        }
    }

    pub(super) fn new(header: &Header<'_>, source: &str, line: u32) -> Self {
        let origin = Origin::line(Method::Lspci, source, line);
        let mut properties = FunctionProperties {
            name: Some(Reported::new(printable(header.name), origin.clone())),
            ..FunctionProperties::default()
        };
        if let Some((vendor, device)) = header.ids {
            properties.vendor = Some(Reported::new(vendor, origin.clone()));
            properties.device = Some(Reported::new(device, origin.clone()));
        } else if let Some((vendor, device)) = named::ids(header.description()) {
            let origin = Origin::line(Method::Name, source, line);
            properties.vendor = Some(Reported::new(vendor, origin.clone()));
            properties.device = device.map(|device| Reported::new(device, origin));
        }
        properties.revision = header
            .revision
            .map(|revision| Reported::new(revision, origin.clone()));
        match (header.class, header.prog_if) {
            (Some(class), Some(interface)) => {
                let class = u32::from(class) << 8 | u32::from(interface);
                properties.class = Some(Reported::new(class, origin));
            }
            (Some(class), None) => properties.base_class = Some(Reported::new(class, origin)),
            (None, _) => {}
        }
        Self {
            properties,
            ..Self::named(header.at, line)
        }
    }

    /// The group that a listing puts it in.
    pub(super) fn grouped(&mut self, group: u32, source: &str, line: u32) {
        let origin = Origin::line(Method::Lspci, source, line);
        set(&mut self.properties.iommu_group, group, origin);
    }

    /// What else a listing says of it.
    pub(super) fn listed(&mut self, unit: Option<String>, reset: bool, source: &str, line: u32) {
        let origin = Origin::line(Method::Lspci, source, line);
        if let Some(unit) = unit {
            set(&mut self.properties.iommu_unit, unit, origin.clone());
        }
        if reset {
            set(&mut self.properties.reset_offered, true, origin);
        }
    }

    /// Number of separate runs of hex lines.
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Takes over the bytes of a hex line. Bytes known before stay; the first one that differs
    /// is returned.
    pub(super) fn add(&mut self, offset: u16, bytes: &[u8], line: u32) -> Option<DiagnosticKind> {
        self.in_hex = true;
        let start = usize::from(offset);
        // The common case: one line after the other.
        if start == self.bytes.len() && start + bytes.len() <= usize::from(EXPRESS_SIZE) {
            self.bytes.extend_from_slice(bytes);
            if let Some(known) = &mut self.known {
                known.resize(self.bytes.len(), 0xff);
            }
            self.note(offset, bytes.len(), line);
            return None;
        }
        let mut conflict = None;
        let mut new = 0;
        for (at, &byte) in (start..usize::from(EXPRESS_SIZE)).zip(bytes) {
            match self.byte(at) {
                None => {
                    self.set(at, byte);
                    new += 1;
                }
                Some(kept) if kept != byte && conflict.is_none() => {
                    conflict = Some(DiagnosticKind::HexConflict {
                        function: self.at,
                        offset: u16::try_from(at).unwrap_or(EXPRESS_SIZE),
                        kept,
                        other: byte,
                    });
                }
                Some(_) => {}
            }
        }
        if new > 0 {
            self.note(offset, bytes.len(), line);
        }
        conflict
    }

    /// Takes the rest of the hex line before, which a message had cut. `None` where it cannot
    /// be that.
    pub(super) fn join(&mut self, bytes: &[u8], line: u32) -> Option<Option<DiagnosticKind>> {
        let last = self.runs.last()?;
        let end = last.offset.checked_add(last.len)?;
        let missing = usize::from(16 - end % 16) % 16;
        (bytes.len() == missing).then(|| self.add(end, bytes, line))
    }

    fn byte(&self, at: usize) -> Option<u8> {
        let byte = *self.bytes.get(at)?;
        match &self.known {
            Some(known) if *known.get(at)? == 0 => None,
            _ => Some(byte),
        }
    }

    fn set(&mut self, at: usize, byte: u8) {
        if at >= self.bytes.len() {
            let extent = self.bytes.len();
            self.bytes.resize(at + 1, 0);
            if at > extent || self.known.is_some() {
                self.known
                    .get_or_insert_with(|| vec![0xff; extent])
                    .resize(at + 1, 0);
            }
        }
        if let Some(slot) = self.bytes.get_mut(at) {
            *slot = byte;
        }
        if let Some(slot) = self.known.as_mut().and_then(|known| known.get_mut(at)) {
            *slot = 0xff;
        }
    }

    fn note(&mut self, offset: u16, len: usize, line: u32) {
        let len = u16::try_from(len).unwrap_or(16);
        if let Some(run) = self.runs.last_mut()
            && run.len % 16 == 0
            && run.offset.checked_add(run.len) == Some(offset)
            && run.line.checked_add(u32::from(run.len / 16)) == Some(line)
        {
            run.len += len;
        } else {
            self.runs.push(Run { offset, len, line });
        }
    }

    /// Takes over what a line below the first one says in words.
    pub(super) fn detail(&mut self, indent: usize, content: &[u8], source: &str, line: u32) {
        self.in_hex = false;
        if content.is_empty() {
            return;
        }
        let Some(detail) = detail(content) else {
            return;
        };
        // Not by any line: what a mail wrapped of the first one stands at the margin.
        let own = *self.indent.get_or_insert(indent);
        if indent > own {
            return;
        }
        let origin = Origin::line(Method::Lspci, source, line);
        let facts = &mut self.properties;
        match detail {
            Detail::Capability => self.in_capabilities = true,
            Detail::AccessDenied => set(&mut facts.access_denied, true, origin),
            Detail::Subsystem(vendor, device) => {
                set(&mut facts.subsystem_vendor, vendor, origin.clone());
                set(&mut facts.subsystem_device, device, origin);
            }
            Detail::Flags {
                numa_node,
                iommu_group,
            } => {
                if let Some(node) = numa_node {
                    set(&mut facts.numa_node, node, origin.clone());
                }
                if let Some(group) = iommu_group {
                    set(&mut facts.iommu_group, group, origin);
                }
            }
            Detail::Identity(class, (vendor, device)) => {
                // Numbers are better than what a name stood for.
                let fact = |value| Some(Reported::new(value, origin.clone()));
                facts.vendor = fact(vendor);
                facts.device = fact(device);
                if facts.class.is_none() {
                    facts.base_class = fact(class);
                }
            }
            Detail::IommuGroup(group) => set(&mut facts.iommu_group, group, origin),
            Detail::NumaNode(node) => set(&mut facts.numa_node, node, origin),
            Detail::Driver(name) => set_text(&mut facts.driver, name, origin),
            Detail::Slot(name) => set_text(&mut facts.slot, name, origin),
            // The same words within SR-IOV stand for the BARs of its functions.
            Detail::Region(_) | Detail::Rom(_) if self.in_capabilities => {}
            Detail::Region(region) => self.region(&region, origin),
            Detail::Rom(range) => self.resource(ROM, range, FLAG_MEMORY, origin),
        }
    }

    fn region(&mut self, region: &Region, origin: Origin) {
        let index = region.index.unwrap_or(self.next_bar);
        if index >= ROM {
            return;
        }
        if region.index.is_none() {
            set(
                &mut self.properties.resource_indices_inferred,
                true,
                origin.clone(),
            );
        }
        self.next_bar = index + 1 + u8::from(region.wide);
        let flags = match region.io {
            true => FLAG_IO,
            false => FLAG_MEMORY,
        };
        let flags = flags
            | if region.prefetchable {
                FLAG_PREFETCHABLE
            } else {
                0
            }
            | if region.wide { FLAG_64_BIT } else { 0 };
        self.resource(index, region.range, flags, origin);
    }

    fn resource(&mut self, index: u8, range: Range, flags: u64, origin: Origin) {
        let resources = &mut self.properties.resources;
        if resources.iter().any(|known| known.value.index == index) {
            return;
        }
        let resource = Resource {
            index,
            start: range.start.unwrap_or(0),
            len: range.len,
            flags: Some(flags),
            unassigned: range.start.is_none(),
        };
        resources.push(Reported::new(resource, origin));
    }

    /// The finished record, with at most `room` runs of lines as evidence.
    pub(super) fn finish(self, source: &str, room: usize) -> FunctionRecord {
        let mut properties = self.properties;
        properties.config_lines = self
            .runs
            .iter()
            .take(room)
            .map(|run| SourceLines {
                offset: run.offset,
                len: run.len,
                source: source.to_owned(),
                line: run.line,
                bytes_per_line: 16,
            })
            .collect();
        let config = match self.known {
            None => ConfigImage::from_bytes(self.bytes),
            Some(known) => ConfigImage::from_masked(self.bytes, known),
        };
        FunctionRecord { config, properties }
    }
}

/// The first line that says something counts.
fn set<T>(slot: &mut Option<Reported<T>>, value: T, origin: Origin) {
    slot.get_or_insert(Reported::new(value, origin));
}

fn set_text(slot: &mut Option<Reported<String>>, text: &[u8], origin: Origin) {
    let text = printable(text);
    if !text.is_empty() {
        set(slot, text, origin);
    }
}
