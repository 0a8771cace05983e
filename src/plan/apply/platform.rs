//! What the firmware describes and leaves to the operating system.

use super::windows::{boot_with_iommu, drop_reasons};
use super::{ChangeError, fact, with_tree};
use crate::addr::Sbdf;
use crate::capture::Capture;
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::acpi::dmar::{Body, Dmar};
use crate::decode::acpi::ivrs::Ivrs;
use crate::iommu::{Iommu, TableKind};
use crate::spec::windows::{self, iov_reason};

/// Removes the memory that the firmware reserves for a function from the tables and from what
/// was reported.
pub(super) fn drop_reserved(capture: &mut Capture, at: Sbdf) -> Result<(), ChangeError> {
    // A table that reserves memory for a bridge reserves it for everything below.
    let spans: Vec<(TableKind, u32)> = with_tree(capture, |host, topology| {
        let iommu = Iommu::of(host, topology);
        let Some(id) = host.find(at) else {
            return Vec::new();
        };
        let regions = iommu.reserved(host, topology, id);
        let spans = regions.map(|region| (region.table, region.span.offset));
        spans.collect()
    });
    let offsets = |wanted: TableKind| -> Vec<u32> {
        let of_kind = spans.iter().filter(|(kind, _)| *kind == wanted);
        of_kind.map(|&(_, offset)| offset).collect()
    };
    let dmar = offsets(TableKind::Dmar);
    for (name, bytes) in &mut capture.tables {
        if !dmar.is_empty() && name.starts_with("DMAR") {
            let mut table = Dmar::decode(bytes).ok_or(ChangeError::Table("DMAR"))?.value;
            table.structures.retain(|structure| {
                let reserved = matches!(structure.body, Body::Rmrr(_));
                !reserved || !dmar.contains(&structure.span.offset)
            });
            *bytes = table.encode();
        }
    }
    let ivrs = offsets(TableKind::Ivrs);
    for (name, bytes) in &mut capture.tables {
        if !ivrs.is_empty() && name.starts_with("IVRS") {
            Ivrs::decode(bytes).ok_or(ChangeError::Table("IVRS"))?;
            *bytes = without_blocks(bytes, &ivrs);
        }
    }
    let record = capture.function(at);
    if let Some(regions) = &mut record.properties.reserved_regions {
        let mut left = regions.value.clone();
        left.retain(|region| !region.contains("direct"));
        *regions = fact(left);
    }
    if record
        .properties
        .windows
        .contains_key(windows::RESERVED_MEMORY.key)
    {
        let key = windows::RESERVED_MEMORY.key.to_owned();
        record.properties.windows.insert(key, fact(false.into()));
    }
    Ok(())
}

/// The table without the blocks at these offsets; length and checksum follow.
fn without_blocks(bytes: &[u8], offsets: &[u32]) -> Vec<u8> {
    let mut left: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let offset = u32::try_from(at).unwrap_or(u32::MAX);
        let length = bytes
            .get(at + 2..at + 4)
            .and_then(|length| length.try_into().ok())
            .map_or(0, u16::from_le_bytes);
        if offsets.contains(&offset) && length > 0 {
            at += usize::from(length);
            continue;
        }
        left.extend(bytes.get(at));
        at += 1;
    }
    let length = u32::try_from(left.len()).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = left.get_mut(4..8) {
        place.copy_from_slice(&length);
    }
    if let Some(checksum) = left.get_mut(9) {
        *checksum = 0;
    }
    let sum = left.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if let Some(checksum) = left.get_mut(9) {
        *checksum = 0_u8.wrapping_sub(sum);
    }
    left
}

/// Describes an IOMMU where no table does, and lets the kernel use it. Returns what is taken
/// for granted.
pub(super) fn iommu_on(capture: &mut Capture) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let described = ["DMAR", "IVRS", "VIOT", "IORT"]
        .into_iter()
        .any(|name| capture.tables.keys().any(|key| key.starts_with(name)));
    if described {
        // Interrupt remapping and the opt-out are flags of the table.
        for (name, bytes) in &mut capture.tables {
            if name.starts_with("DMAR")
                && let Some(decoded) = Dmar::decode(bytes)
            {
                let mut table = decoded.value;
                table.flags |= 1;
                *bytes = table.encode();
            }
        }
    } else {
        notes.push(
            "the firmware is taken to describe one remapping unit for all devices, with interrupt \
             remapping",
        );
        if let Some(table) = table(capture) {
            capture.tables.insert("DMAR".to_owned(), table.encode());
        }
    }
    let line = capture.host.entry("cmdline".to_owned()).or_default();
    let text = String::from_utf8_lossy(line).into_owned();
    let off = |word: &&str| !word.starts_with("intel_iommu=") && !word.starts_with("amd_iommu=");
    let mut words: Vec<&str> = text
        .split_ascii_whitespace()
        .filter(off)
        .filter(|word| !matches!(*word, "iommu=off" | "nointremap" | "noapic"))
        .filter(|word| !word.starts_with("intremap="))
        .collect();
    words.push("intel_iommu=on");
    *line = format!("{}\n", words.join(" ")).into_bytes();
    boot_with_iommu(capture);
    drop_reasons(capture, &iov_reason::IOMMU);
    notes
}

/// Adds the option of VFIO's module to the command line.
pub(super) fn allow_unsafe_interrupts(capture: &mut Capture) {
    let line = capture.host.entry("cmdline".to_owned()).or_default();
    let text = String::from_utf8_lossy(line).into_owned();
    let words = text.trim();
    *line = format!("{words} vfio_iommu_type1.allow_unsafe_interrupts=1\n").into_bytes();
}

/// Puts remapping units for every device and every I/O APIC in the place of those of a DMAR
/// table. Everything else that the table says stays. Returns what is taken for granted.
pub(super) fn complete_table(capture: &mut Capture) -> Result<&'static str, ChangeError> {
    let names: Vec<String> = capture.tables.keys().cloned().collect();
    let names: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with("DMAR"))
        .collect();
    if names.is_empty() {
        return Err(ChangeError::Table("DMAR"));
    }
    let mut complete = table(capture).ok_or(ChangeError::Table("DMAR"))?;
    for name in names {
        let old = capture.tables.remove(name);
        let Some(old) = old.and_then(|bytes| Dmar::decode(&bytes)) else {
            continue;
        };
        let rest = old.value.structures.into_iter();
        complete.structures.extend(
            rest.filter(|other| !matches!(other.body, Body::Drhd(_) | Body::Unknown { .. })),
        );
        complete.host_address_width = old.value.host_address_width;
    }
    capture.tables.insert("DMAR".to_owned(), complete.encode());
    drop_reasons(capture, &[iov_reason::TABLES]);
    Ok("no setting does this: it takes firmware whose table is complete, which may not exist")
}

/// The PCI segments of a capture that a table can name.
fn segments(capture: &Capture) -> Vec<u16> {
    let segments: std::collections::BTreeSet<_> =
        capture.functions.keys().map(|at| at.segment).collect();
    segments
        .into_iter()
        .filter_map(|segment| u16::try_from(segment.0).ok())
        .collect()
}

/// A DMAR with one unit for all devices of each segment, and every I/O APIC of the MADT in the
/// scope of the first (VT-d, 8.1 and 8.3).
fn table(capture: &Capture) -> Option<Dmar> {
    let mut bytes = b"DMAR".to_vec();
    bytes.extend([0; 32]);
    bytes.extend([46, 1]);
    bytes.extend([0; 10]);
    for (base, segment) in (0xfed9_0000_u64..).step_by(0x1000).zip(segments(capture)) {
        bytes.extend([0, 0, 16, 0, 1, 0]);
        bytes.extend(segment.to_le_bytes());
        bytes.extend(base.to_le_bytes());
    }
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = bytes.get_mut(4..8) {
        place.copy_from_slice(&length);
    }
    let mut table = Dmar::decode(&bytes)?.value;
    let io_apics: Vec<u8> = with_tree(capture, |host, _| {
        let tables = host.acpi().madt();
        let apics = tables.flat_map(|(_, madt)| madt.io_apics().map(|(apic, _)| apic.id));
        apics.collect()
    });
    if let Some(first) = table.structures.first_mut()
        && let Body::Drhd(unit) = &mut first.body
    {
        let span = first.span;
        let scope = |id| DeviceScope {
            kind: ScopeType::IOAPIC,
            flags: 0,
            reserved: 0,
            enumeration_id: id,
            // Where chipsets put the I/O APIC's requester id; nothing hangs on it here.
            start_bus: 0,
            path: vec![(0x1e, 7)],
            span,
        };
        unit.scopes = io_apics.into_iter().map(scope).collect();
    }
    Some(table)
}

/// The firmware grants what operating systems ask of it: in the kernel's log, and in what
/// Windows reported.
pub(super) fn native_pcie(capture: &mut Capture) {
    drop_reasons(capture, &[iov_reason::NATIVE_CONTROL]);
    const GRANTED: &str =
        "_OSC: OS now controls [PCIeHotplug SHPCHotplug PME AER PCIeCapability LTR]";
    if let Some(log) = capture.host.get_mut("log.txt") {
        let text = String::from_utf8_lossy(log).into_owned();
        let lines: Vec<String> = text
            .split('\n')
            .map(|line| match line.find("_OSC") {
                Some(at) if !line.contains("OS supports") => {
                    format!("{}{GRANTED}", line.get(..at).unwrap_or_default())
                }
                _ => line.to_owned(),
            })
            .collect();
        *log = lines.join("\n").into_bytes();
    }
    // Types 5 and 13 are Express functions that Windows treats as conventional ones; what they
    // would be otherwise follows from their registers.
    for record in capture.functions.values_mut() {
        let key = windows::DEVICE_TYPE.key;
        let reported = record.properties.windows.get(key);
        let value = reported.and_then(|reported| reported.value.as_u64());
        let express = match value {
            Some(5) => 2_u32,
            Some(13) => 8,
            _ => continue,
        };
        record
            .properties
            .windows
            .insert(key.to_owned(), fact(express.into()));
        record
            .properties
            .windows
            .remove(windows::ACS_UP_HIERARCHY.key);
    }
}
