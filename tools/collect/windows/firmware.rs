//! ACPI tables: through the firmware-table interface, and those that the registry holds.

use std::collections::BTreeSet;
use std::ptr::null_mut;

use windows_sys::Win32::System::Registry::REG_BINARY;
use windows_sys::Win32::System::SystemInformation as sys;

use super::registry::Key;
use super::{MAX_BYTES, last_error};

/// `ACPI`, as a provider of firmware tables.
const ACPI: u32 = u32::from_be_bytes(*b"ACPI");

/// Every table with its header.
pub(super) fn tables() -> Result<Vec<Vec<u8>>, String> {
    // SAFETY: without a buffer the function gives the size that it needs.
    let size = unsafe { sys::EnumSystemFirmwareTables(ACPI, null_mut(), 0) };
    if size == 0 {
        return Err(last_error("EnumSystemFirmwareTables"));
    }
    let mut names = vec![0_u8; size.min(MAX_BYTES) as usize];
    let room = u32::try_from(names.len()).unwrap_or(0);
    // SAFETY: the buffer has the length that is given.
    let filled = unsafe { sys::EnumSystemFirmwareTables(ACPI, names.as_mut_ptr(), room) };
    names.truncate(filled.min(room) as usize);
    let (ids, _) = names.as_chunks::<4>();
    let mut seen = BTreeSet::new();
    let mut tables: Vec<Vec<u8>> = Vec::new();
    for id in ids {
        if seen.insert(*id) {
            tables.extend(firmware_table(u32::from_le_bytes(*id)));
        }
    }
    // Several SSDTs share a signature: the registry holds the others.
    for signature in [
        "SSDT", "SSD1", "SSD2", "SSD3", "SSD4", "SSD5", "SSD6", "SSD7",
    ] {
        registry_tables(&format!(r"HARDWARE\ACPI\{signature}"), 0, &mut tables);
    }
    Ok(tables)
}

fn firmware_table(id: u32) -> Option<Vec<u8>> {
    // SAFETY: without a buffer the function gives the size that it needs.
    let size = unsafe { sys::GetSystemFirmwareTable(ACPI, id, null_mut(), 0) };
    if size == 0 || size > MAX_BYTES {
        return None;
    }
    let mut table = vec![0_u8; size as usize];
    // SAFETY: the buffer has the size that is given.
    let filled = unsafe { sys::GetSystemFirmwareTable(ACPI, id, table.as_mut_ptr(), size) };
    table.truncate(filled.min(size) as usize);
    (!table.is_empty()).then_some(table)
}

/// The copies of tables below a key: OEM id, table id and revision are keys of their own.
fn registry_tables(path: &str, depth: u32, tables: &mut Vec<Vec<u8>>) {
    let Ok(Some(key)) = Key::open(path) else {
        return;
    };
    if depth >= 5 {
        return;
    }
    if let Ok(Some(value)) = key.value("00000000")
        && value.kind == REG_BINARY
    {
        tables.push(value.bytes);
    }
    for index in 0..256 {
        let Some(child) = key.child(index) else { break };
        registry_tables(&format!(r"{path}\{child}"), depth + 1, tables);
    }
}
