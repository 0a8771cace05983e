//! Where the fields of the table are (ACPI 6.5, 5.2.12).

use super::Controller;
use super::known::{HEAD, KNOWN};
use crate::decode::acpi::layout::{Entry, Part, and, rest};
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

const SPEC: SpecRef = Document::Acpi65.at("5.2.12 Multiple APIC Description Table (MADT)");

pub(super) fn header() -> Part {
    const ENTRIES: [Entry; 2] = [
        Entry::hex("Local Interrupt Controller Address", 0x24, 4),
        Entry::bits("Flags", 0x28, 4, &[Field::flag("PCAT_COMPAT", 0x28, 0)]),
    ];
    header_part("MADT header", 44, SPEC, &ENTRIES)
}

pub(super) fn controller(controller: &Controller) -> Part {
    let span = controller.span;
    match KNOWN.iter().find(|known| known.kind == controller.kind) {
        // The id of a processor object may be text of any length.
        Some(known) if known.kind == 0x07 => {
            let text = Entry::text("ACPI Processor UID String", 16, rest(span, 16));
            Part::new(known.title, span, SPEC, and(known.entries, text))
        }
        Some(known) => Part::new(known.title, span, SPEC, known.entries),
        None => {
            let title = format!("unknown structure (type {:#04x})", controller.kind);
            Part::new(title, span, SPEC, &HEAD[..])
        }
    }
}

/// Bytes that a structure of this type has at least.
pub(super) fn least(kind: u8) -> u16 {
    let known = KNOWN.iter().find(|known| known.kind == kind);
    known.map_or(2, |known| known.least)
}
