//! What the kernel says about one function.

use std::collections::BTreeMap;

use super::Said;
use super::line::{decimal, function};
use super::range::{LoggedRange, buses};
use super::statement::{Class, Identity, Outcome, Place, Statement, identity, statement};
use crate::addr::Sbdf;
use crate::spec::pcie::PortType;

/// Remarks kept about one function.
const MAX_NOTES: usize = 64;
/// Indices of the kernel's resources: expansion ROM, first BAR of virtual functions, windows.
pub(super) const ROM: u8 = 6;
const VIRTUAL: u8 = 7;
const WINDOW_IO: u8 = 13;
const WINDOW_MEMORY: u8 = 14;
const WINDOW_PREFETCHABLE: u8 = 15;

/// What a log says about one function. The last statement stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoggedFunction {
    /// Vendor and device id.
    pub ids: Option<Said<(u16, u16)>>,
    /// Header layout: header type without its bit 7.
    pub layout: Option<Said<u8>>,
    /// Class code, `0xBBSSPP`.
    pub class: Option<Said<u32>>,
    /// `0xBBSS`, where the log does not say the programming interface (before Linux 3.5).
    pub base_class: Option<Said<u16>>,
    /// What kind of PCI Express function it is, in the kernel's words (from Linux 6.9 on).
    pub kind: Option<Said<String>>,
    /// BARs (0 to 5), ROM (6), BARs of virtual functions (7 to 12), bridge windows (13 to 15).
    pub resources: BTreeMap<u8, Said<LoggedRange>>,
    /// Resources whose type was read from the register, as opposed to set by the kernel.
    pub read_from_register: BTreeMap<u8, Said<LoggedRange>>,
    /// Secondary and subordinate bus of a bridge.
    pub buses: Option<Said<(u8, u8)>>,
    /// The driver that spoke of it last.
    pub driver: Option<Said<String>>,
    /// IOMMU group; the value is `None` after it was taken out of its group.
    pub group: Option<Said<Option<u32>>>,
    /// The firmware used it as the primary display.
    pub boot_vga: Option<Said<bool>>,
    /// Faults and peculiarities, in order.
    pub notes: Vec<Said<Note>>,
}

/// A message about trouble or a peculiarity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// The kernel's words.
    pub text: String,
}

/// What a remark is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NoteKind {
    /// The kernel isolates a port by other means than its ACS capability
    /// (drivers/pci/quirks.c).
    AcsWorkaround,
    /// A resource found no place.
    NotAssigned,
    /// A range cannot be claimed or reserved: something else has it.
    NotClaimed,
    /// Refused to VFIO because of reserved memory (RMRR).
    RmrrRefused,
    /// A reset did not end well.
    ResetTrouble,
    /// The function does not come back from a power state, or does not answer.
    NoAnswer,
    /// The expansion ROM cannot be read.
    RomInvalid,
    /// VFIO hides a capability from the guest.
    CapabilityHidden,
    /// The IOMMU blocked a transfer of the function.
    DmaFault,
    /// AER reported an error.
    BusError,
}

/// Words that a remark contains, and what it is about.
const NOTES: &[(&str, NoteKind)] = &[
    ("ACS workaround enabled", NoteKind::AcsWorkaround),
    ("RMRR requirement", NoteKind::RmrrRefused),
    ("failed to assign", NoteKind::NotAssigned),
    ("can't claim", NoteKind::NotClaimed),
    ("can't reserve", NoteKind::NotClaimed),
    ("after FLR; waiting", NoteKind::ResetTrouble),
    ("after FLR; giving up", NoteKind::ResetTrouble),
    ("reset; giving up", NoteKind::ResetTrouble),
    ("reset recovery - restoring", NoteKind::ResetTrouble),
    (
        "timed out waiting for pending transaction",
        NoteKind::ResetTrouble,
    ),
    ("Unable to change power state", NoteKind::NoAnswer),
    ("Refused to change power state", NoteKind::NoAnswer),
    ("device inaccessible", NoteKind::NoAnswer),
    ("Invalid PCI ROM", NoteKind::RomInvalid),
    ("vfio_ecap_init: hiding", NoteKind::CapabilityHidden),
    ("IO_PAGE_FAULT", NoteKind::DmaFault),
    ("Request device [", NoteKind::DmaFault),
    ("PCIe Bus Error", NoteKind::BusError),
];

/// Whether a message proves that the function exists.
pub(super) fn introduces(text: &str) -> bool {
    identity(text).is_some()
        || text.starts_with("Adding to iommu group ")
        || text.starts_with("PCI bridge to [bus ")
        || text.starts_with("reg 0x")
}

/// `iommu: Adding device 0000:00:00.0 to group 0`, before Linux 5.2, as a message of today.
pub(super) fn old_group(text: &str) -> Option<(String, Sbdf)> {
    let text = text.strip_prefix("iommu: ")?;
    let (verb, group) = match text.split_once(" device ")? {
        ("Adding", rest) => ("Adding to", rest.split_once(" to group ")?),
        ("Removing", rest) => ("Removing from", rest.split_once(" from group ")?),
        _ => return None,
    };
    Some((
        format!("{verb} iommu group {}", group.1),
        function(group.0)?,
    ))
}

/// The function whose transfer the IOMMU blocked: `DMAR: [DMA Read] Request device [01:00.0] fault
/// addr …`, which goes without the segment, and `AMD-Vi: Event logged [IO_PAGE_FAULT
/// device=0000:01:00.0 …`, before Linux 5.13 without it, too.
pub(super) fn faulting(text: &str) -> Option<Sbdf> {
    let (_, rest) = match text.starts_with("DMAR: ") {
        true => text.split_once("Request device [")?,
        false => text
            .strip_prefix("AMD-Vi: ")?
            .split_once("IO_PAGE_FAULT device=")?,
    };
    let end = rest.find([' ', ']'])?;
    let name = rest.get(..end)?;
    name.parse().ok()
}

impl LoggedFunction {
    /// Takes a message over.
    pub(super) fn message(&mut self, line: u32, driver: &str, text: &str) {
        if driver != "pci"
            && self
                .driver
                .as_ref()
                .is_none_or(|known| known.value != driver)
        {
            self.driver = Some(Said::new(driver.to_owned(), line));
        }
        if let Some(identity) = identity(text) {
            self.identity(line, &identity);
        } else if let Some(group) = text.strip_prefix("Adding to iommu group ") {
            if let Some(group) = decimal(group) {
                self.group = Some(Said::new(Some(group), line));
            }
        } else if text.starts_with("Removing from iommu group ") {
            self.group = Some(Said::new(None, line));
        } else if let Some(range) = text
            .strip_prefix("PCI bridge to ")
            .or_else(|| text.strip_prefix("CardBus bridge to "))
        {
            self.buses = buses(range)
                .map(|range| Said::new(range, line))
                .or(self.buses);
        } else if text.starts_with("vgaarb: setting as boot ") {
            self.boot_vga = Some(Said::new(true, line));
        } else {
            self.resource(line, text);
        }
        self.note(line, text);
    }

    /// Keeps a remark about trouble.
    pub(super) fn note(&mut self, line: u32, text: &str) {
        if let Some(&(_, kind)) = NOTES.iter().find(|(words, _)| text.contains(words))
            && self.notes.len() < MAX_NOTES
        {
            let text: String = text.chars().take(200).collect();
            self.notes.push(Said::new(Note { kind, text }, line));
        }
    }

    fn identity(&mut self, line: u32, identity: &Identity<'_>) {
        // No function answers like this.
        if identity.layout == 0x7f {
            return;
        }
        // A function that comes again, after a hot plug or a rescan, starts anew.
        *self = Self {
            driver: self.driver.take(),
            notes: std::mem::take(&mut self.notes),
            boot_vga: self.boot_vga,
            ids: Some(Said::new(identity.ids, line)),
            layout: Some(Said::new(identity.layout, line)),
            ..Self::default()
        };
        match identity.class {
            Class::Full(class) => self.class = Some(Said::new(class, line)),
            Class::Base(class) => self.base_class = Some(Said::new(class, line)),
        }
        self.kind = identity.kind.map(|kind| Said::new(kind.to_owned(), line));
    }

    fn resource(&mut self, line: u32, text: &str) {
        // What the kernel knows of old IDE controllers stands in no register.
        let quirk = text.strip_prefix("legacy IDE quirk: ");
        let Some(statement) = statement(quirk.unwrap_or(text)) else {
            return;
        };
        let Statement {
            place,
            range,
            outcome,
        } = statement;
        let Some(index) = self.index(place, range) else {
            return;
        };
        let said = Said::new(range, line);
        match outcome {
            Outcome::Read if quirk.is_none() => {
                self.read_from_register.insert(index, said);
                self.resources.insert(index, placed(said));
            }
            Outcome::Read | Outcome::Has => {
                self.resources.insert(index, placed(said));
                self.settled(index);
            }
            Outcome::Failed => {
                // The size counts; a window that found no place is closed.
                let mut said = said;
                said.value.start = None;
                match index {
                    WINDOW_IO..=WINDOW_PREFETCHABLE => _ = self.resources.remove(&index),
                    _ => _ = self.resources.insert(index, said),
                }
            }
            Outcome::Other => {}
        }
    }

    /// What could not be claimed and got another place is no trouble any more.
    fn settled(&mut self, index: u8) {
        let bar = format!("BAR {index}");
        self.notes.retain(|note| {
            let text = note.value.text.strip_prefix("can't claim ");
            let text = text.and_then(|text| text.strip_prefix(&bar));
            text.is_none_or(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
    }

    /// The kernel's number for a resource.
    fn index(&self, place: Place, range: LoggedRange) -> Option<u8> {
        let bridge = self.layout.is_some_and(|layout| layout.value == 1) || self.buses.is_some();
        let window = || match (range.io, range.prefetchable) {
            (true, _) => WINDOW_IO,
            (false, true) => WINDOW_PREFETCHABLE,
            (false, false) => WINDOW_MEMORY,
        };
        match place {
            Place::Register(register @ 0x10..=0x24) if register % 4 == 0 => {
                u8::try_from((register - 0x10) / 4).ok()
            }
            // The ROM of a bridge has another place than that of a device.
            Place::Register(0x30 | 0x38) => Some(ROM),
            Place::Register(_) => None,
            Place::Bar(index @ 0..=ROM) => Some(index),
            // What bridges have behind their ROM are windows; their numbers depend on how the
            // kernel was built.
            Place::Bar(7..=15) | Place::Window if bridge => Some(window()),
            Place::Bar(index @ VIRTUAL..WINDOW_IO) => Some(index),
            Place::Bar(_) | Place::Window => None,
            Place::Virtual(index @ 0..=5) => Some(VIRTUAL + index),
            Place::Virtual(_) => None,
        }
    }
}

/// A BAR that reads as zero has no address.
fn placed(mut said: Said<LoggedRange>) -> Said<LoggedRange> {
    said.value.start = said.value.start.filter(|&start| start != 0);
    said
}

impl LoggedFunction {
    /// Device/Port Type as far as the kernel named it: `Some(None)` for a function without
    /// PCI Express.
    pub fn port_type(words: &str) -> Option<Option<PortType>> {
        Some(Some(match words {
            "PCIe Endpoint" => PortType::ENDPOINT,
            "PCIe Legacy Endpoint" => PortType::LEGACY_ENDPOINT,
            "PCIe Root Port" => PortType::ROOT_PORT,
            "PCIe Switch Upstream Port" => PortType::UPSTREAM_PORT,
            "PCIe Switch Downstream Port" => PortType::DOWNSTREAM_PORT,
            "PCIe to PCI/PCI-X bridge" => PortType::PCIE_TO_PCI,
            "PCI/PCI-X to PCIe bridge" => PortType::PCI_TO_PCIE,
            "PCIe Root Complex Integrated Endpoint" => PortType::RC_ENDPOINT,
            "PCIe Root Complex Event Collector" => PortType::RC_EVENT_COLLECTOR,
            "conventional PCI endpoint" | "conventional PCI bridge" => return Some(None),
            _ => return None,
        }))
    }
}
