//! Vital Product Data in words, for text and JSON.

use crate::decode::vpd::{Body, Format, Keyword};

/// The title of a resource, as lspci has it.
pub(super) fn title(body: &Body) -> String {
    match body {
        Body::Identifier(_) => "Product Name".to_owned(),
        Body::ReadOnly(_) => "Read-only fields".to_owned(),
        Body::ReadWrite(_) => "Read/write fields".to_owned(),
        Body::End => "End".to_owned(),
        Body::Unknown { tag } if tag & 0x80 != 0 => {
            format!("Unknown large resource type {:02x}", tag & 0x7f)
        }
        Body::Unknown { tag } => format!("Unknown small resource type {:02x}", tag >> 3),
    }
}

/// Two characters; what is no letter and no digit as its number.
pub(super) fn name(keyword: &Keyword) -> String {
    text(&keyword.name)
}

/// The data of a keyword as a reader wants to see them.
pub(super) fn value(keyword: &Keyword) -> String {
    let spare = keyword.data.len().saturating_sub(1);
    match (keyword.format(), keyword.checksum) {
        (Format::Text, _) => text(&keyword.data),
        (Format::Free, _) => format!("{} byte(s) free", keyword.data.len()),
        (Format::Reserved, Some(0)) => format!("checksum good, {spare} byte(s) reserved"),
        (Format::Reserved, Some(_)) => format!("checksum bad, {spare} byte(s) reserved"),
        (Format::Reserved, None) => "no checksum".to_owned(),
        (Format::Binary, _) => {
            let bytes = keyword.data.iter();
            let bytes: Vec<_> = bytes.map(|byte| format!("{byte:02x}")).collect();
            bytes.join(" ")
        }
    }
}

/// Characters; others by their number, and a zero at the end left out, as lspci does it.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            byte => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}
