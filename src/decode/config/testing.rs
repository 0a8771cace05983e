//! What a capability's bytes are shown as.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::dump::dump;
use super::{CapabilityId, ConfigSpace, Structure};
use crate::bytes::ConfigImage;

/// A function that has one capability with these bytes, an Express capability of the port type
/// and width beside it where asked.
pub(super) fn image(structure: &Structure, bytes: &[u8], express: Option<(u8, u8)>) -> ConfigImage {
    let mut space = vec![0; 0x1000];
    space[..2].copy_from_slice(&[0x86, 0x80]);
    space[6] = 0x10;
    let at = match structure.id {
        CapabilityId::Standard(_) => 0x80,
        CapabilityId::Extended(_) => 0x100,
    };
    space[at..at + bytes.len()].copy_from_slice(bytes);
    space[0x34] = if at == 0x80 { 0x80 } else { 0x40 };
    if at == 0x100 {
        let (kind, width) = express.unwrap_or((0, 1));
        space[0x40] = 0x10;
        space[0x42] = kind << 4 | 2;
        space[0x4c] = width << 4 | 1;
        space[0x4d] = width >> 4;
    }
    ConfigImage::from_bytes(space)
}

/// Holds that the structure is as long as its bytes, and that each register or field named has
/// the value given. `Register/Field` names a field of one register.
pub(super) fn shows(structure: &Structure, bytes: &[u8], expected: &[(&str, &str)]) {
    shows_of(structure, bytes, None, expected);
}

/// The same for a port of a type and with a number of lanes.
pub(super) fn shows_of(
    structure: &Structure,
    bytes: &[u8],
    express: Option<(u8, u8)>,
    expected: &[(&str, &str)],
) {
    let image = image(structure, bytes, express);
    let space = ConfigSpace::decode(&image).value;
    let entry = space
        .capabilities
        .iter()
        .find(|entry| entry.id == structure.id)
        .unwrap();
    let window = image.window(entry.offset);
    let length = usize::from(structure.certain_length(window));
    assert_eq!(length, bytes.len(), "length");
    let dumped = dump(&image, &space);
    let shown = dumped
        .iter()
        .find(|shown| shown.offset == entry.offset)
        .unwrap();
    let mut values = Vec::new();
    for register in &shown.registers {
        values.push((register.name.to_owned(), register.value.to_string()));
        for field in &register.fields {
            values.push((
                format!("{}/{}", register.name, field.name),
                field.to_string(),
            ));
            values.push((field.name.to_owned(), field.to_string()));
        }
    }
    for (name, value) in expected {
        let found = values.iter().find(|(found, _)| found == name);
        let Some((_, found)) = found else {
            panic!("{name} is not among {values:#?}")
        };
        assert_eq!(found, value, "{name}");
    }
}
