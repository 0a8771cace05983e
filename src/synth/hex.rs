//! A capture as the hex text that `lspci -n -xxxx` prints and `lspci -F` reads.

use std::fmt::Write as _;

use crate::addr::Sbdf;
use crate::capture::{Capture, FunctionRecord};
use crate::decode::config::ConfigSpace;

/// A function whose space has unknown bits: the text has no way to say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{function} has bits that are not known; a hex dump would show them as zero")]
pub struct UnknownBits {
    /// The function.
    pub function: Sbdf,
}

/// The text: one line that names the function, then sixteen bytes a line.
///
/// A function of which nothing is known has its name only.
pub fn lspci_text(capture: &Capture) -> Result<String, UnknownBits> {
    let mut text = String::new();
    for (&at, record) in &capture.functions {
        if record.config.known_mask().is_some() {
            return Err(UnknownBits { function: at });
        }
        // Writing to a String cannot fail.
        let _ = function(&mut text, at, record);
    }
    Ok(text)
}

fn function(text: &mut String, at: Sbdf, record: &FunctionRecord) -> std::fmt::Result {
    let header = ConfigSpace::decode(&record.config).value.header;
    let properties = &record.properties;
    let reported =
        |fact: &Option<crate::capture::Reported<u16>>| fact.as_ref().map(|fact| fact.value);
    let class = properties
        .class
        .as_ref()
        .map(|class| class.value >> 8)
        .or_else(|| header.class.map(|class| u32::from(class.base_and_sub())));
    let vendor = reported(&properties.vendor)
        .or(header.vendor)
        .unwrap_or(0xffff);
    let device = reported(&properties.device)
        .or(header.device)
        .unwrap_or(0xffff);
    write!(
        text,
        "{at} {:04x}: {vendor:04x}:{device:04x}",
        class.unwrap_or(0xffff)
    )?;
    if let Some(revision) = header.revision.filter(|&revision| revision != 0) {
        write!(text, " (rev {revision:02x})")?;
    }
    text.push('\n');
    for (line, bytes) in record.config.bytes().chunks(16).enumerate() {
        write!(text, "{:02x}:", line * 16)?;
        for byte in bytes {
            write!(text, " {byte:02x}")?;
        }
        text.push('\n');
    }
    text.push('\n');
    Ok(())
}
