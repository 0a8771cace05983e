//! Bytes in the notation of the tools that other programs read: `lspci -xxxx` and `acpidump`.

use std::fmt::Write as _;

use crate::addr::Segment;
use crate::host::{Function, FunctionId, Host};
use crate::names::Names;
use crate::report::safe;

/// Bytes of one row.
const ROW: usize = 16;

/// Configuration spaces as text, and what could not be in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HexDump {
    /// One paragraph for each function, as `lspci -F` reads it.
    pub text: String,
    /// One line for each function that is left out or cut, and why.
    pub left_out: Vec<String>,
}

/// The configuration spaces of functions. A byte of which any bit is unknown is never printed:
/// the notation cannot say so. A space that is known in part is cut to a size that tools know
/// (64 bytes and so on), or left out.
pub fn functions(host: &Host<'_>, names: &Names, functions: &[FunctionId]) -> HexDump {
    let mut dump = HexDump::default();
    let functions = || functions.iter().map(|&id| host.function(id));
    let domains = functions().any(|function| function.at.segment != Segment(0));
    for function in functions() {
        let extent = usize::from(function.config.extent());
        let Some(size) = known_size(function) else {
            let known = function.config.known_bits();
            let at = function.at;
            dump.left_out.push(format!(
                "{at}: left out: {known} bits are known, but not the first 64 bytes in full"
            ));
            continue;
        };
        if size < extent {
            let at = function.at;
            dump.left_out.push(format!(
                "{at}: cut to {size} bytes: not all of the {extent} captured are known in full"
            ));
        }
        if domains {
            let _ = write!(dump.text, "{}", function.at);
        } else {
            let _ = write!(dump.text, "{}", function.at.bdf);
        }
        let _ = writeln!(dump.text, " {}", safe(&title(function, names)));
        let bytes = function.config.bytes().get(..size).unwrap_or_default();
        rows(&mut dump.text, bytes, |text, at| {
            let _ = write!(text, "{at:02x}:");
        });
        dump.text.push('\n');
    }
    dump
}

/// The largest size of a configuration space, all of whose bytes are known.
fn known_size(function: &Function<'_>) -> Option<usize> {
    let sizes = [4096, 256, 128, 64].into_iter();
    let known = |&size: &u16| function.config.knows(0, size);
    sizes.filter(known).map(usize::from).next()
}

/// `Host bridge: Intel … (rev 02)`, as far as it is known.
fn title(function: &Function<'_>, names: &Names) -> String {
    let mut title = names.call(function);
    if let Some(revision) = function.identity.revision.filter(|&revision| revision != 0) {
        let _ = write!(title, " (rev {revision:02x})");
    }
    title
}

/// A table as `acpidump` prints it; the address in memory, which is not known, is zero.
pub fn table(name: &str, bytes: &[u8]) -> String {
    // Tables of one signature are numbered in a capture, but not in this notation.
    let signature = name.get(..4).unwrap_or(name);
    let mut text = format!("{signature} @ 0x0000000000000000\n");
    for (index, row) in bytes.chunks(ROW).enumerate() {
        let _ = write!(text, "    {:04X}: ", ROW * index);
        for byte in row {
            let _ = write!(text, "{byte:02X} ");
        }
        let _ = write!(text, "{:width$} ", "", width = 3 * (ROW - row.len()));
        let printable = |&byte: &u8| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        };
        text.extend(row.iter().map(printable));
        text.push('\n');
    }
    text.push('\n');
    text
}

fn rows(text: &mut String, bytes: &[u8], head: impl Fn(&mut String, usize)) {
    for (index, row) in bytes.chunks(ROW).enumerate() {
        head(text, ROW * index);
        for byte in row {
            let _ = write!(text, " {byte:02x}");
        }
        text.push('\n');
    }
}
