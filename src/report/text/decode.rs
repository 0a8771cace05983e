//! Every field of a configuration space as text.

use std::fmt::Write as _;

use crate::bytes::Decoded;
use crate::decode::config::dump::{DumpedField, DumpedRegister, DumpedStructure, dump};
use crate::decode::vpd::{Body, Vpd};
use crate::host::FunctionId;
use crate::host::{Function, Host};
use crate::names::Names;
use crate::report::Layout;
use crate::report::vpd;
use crate::report::wording::{safe, wrap};
use crate::spec::Kind;

/// The decoded configuration space of a function. With `offsets`, each field has a line of its
/// own with its place and raw value.
pub fn decode(
    host: &Host<'_>,
    names: &Names,
    layout: Layout,
    id: FunctionId,
    offsets: bool,
) -> String {
    let mut out = String::new();
    let function = host.function(id);
    let mut title = format!("{} {}", function.at, safe(&names.call(function)));
    if let (Some(vendor), Some(device)) = (function.identity.vendor, function.identity.device) {
        let _ = write!(title, " [{vendor:04x}:{device:04x}]");
    }
    let _ = writeln!(out, "{}", layout.palette.heading(title));
    let _ = writeln!(out, "  {}", layout.palette.dim(captured(function)));
    let dumped = match function.config.is_empty() {
        true => Vec::new(),
        false => dump(function.config, &function.space),
    };
    for structure in dumped {
        show(&mut out, layout, &structure, offsets);
    }
    for fault in &function.faults {
        let _ = writeln!(out, "  {} {fault}", layout.palette.bad("fault:"));
    }
    if let Some(bytes) = host.capture().vpd.get(&function.at) {
        product_data(&mut out, layout, bytes, offsets);
    }
    out
}

/// What the maker wrote about the device.
fn product_data(out: &mut String, layout: Layout, bytes: &[u8], offsets: bool) {
    let Decoded { value, faults } = Vpd::decode(bytes);
    let title = format!("[vpd] Vital Product Data, {} bytes", bytes.len());
    let _ = write!(out, "  {}", layout.palette.accent(title));
    if offsets {
        let _ = write!(out, "  {}", layout.palette.dim(crate::decode::vpd::SPEC));
    }
    out.push('\n');
    for resource in &value.resources {
        let at = resource.span.offset;
        let title = vpd::title(&resource.body);
        let (name, keywords) = match &resource.body {
            Body::Identifier(name) => (vpd::text(name), &[][..]),
            Body::ReadOnly(keywords) | Body::ReadWrite(keywords) => {
                (String::new(), keywords.as_slice())
            }
            Body::End | Body::Unknown { .. } => (String::new(), &[][..]),
        };
        let line = format!("      +{at:03x} {title:<36} {name}");
        let _ = writeln!(out, "{}", line.trim_end());
        for keyword in keywords {
            let place = match offsets {
                true => format!("+{:03x} ", keyword.span.offset),
                false => String::new(),
            };
            let title = keyword.title().unwrap_or("Unknown");
            let (name, value) = (vpd::name(keyword), vpd::value(keyword));
            let line = format!("             {place}[{name}] {title}: {value}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    for fault in &faults {
        let _ = writeln!(out, "  {} {fault}", layout.palette.bad("fault:"));
    }
}

/// How much of the space there is.
fn captured(function: &Function<'_>) -> String {
    let config = function.config;
    let mut text = match config.extent() {
        0 => "nothing captured".to_owned(),
        bytes => format!("{bytes} bytes captured"),
    };
    if config.known_mask().is_some() {
        let _ = write!(text, ", {} bits of them known", config.known_bits());
    }
    if let Some(size) = config.size() {
        let _ = write!(text, " of a space of {size}");
    }
    text
}

fn show(out: &mut String, layout: Layout, structure: &DumpedStructure, offsets: bool) {
    let mut title = format!("[{:02x}", structure.offset);
    if let Some(version) = structure.version {
        let _ = write!(title, " v{version}");
    }
    let _ = write!(title, "] {}", structure.part);
    let _ = write!(out, "  {}", layout.palette.accent(title));
    if let Some(spec) = structure.spec.filter(|_| offsets) {
        let _ = write!(out, "  {}", layout.palette.dim(spec));
    }
    out.push('\n');
    for register in &structure.registers {
        let _ = writeln!(
            out,
            "      +{:03x} {:<36} {}",
            register.offset, register.name, register.value
        );
        if offsets {
            fields(out, register);
        } else {
            summary(out, layout, register);
        }
    }
    for raw in &structure.raw {
        let text = raw.to_string();
        for (index, line) in wrap(&text, 48).iter().enumerate() {
            let at = usize::from(raw.offset) + 16 * index;
            let _ = writeln!(out, "      +{at:03x} {}", layout.palette.dim(line));
        }
    }
}

/// One line for each field.
fn fields(out: &mut String, register: &DumpedRegister) {
    for field in &register.fields {
        let place = if field.high == field.low {
            format!("[{}]", field.low)
        } else {
            format!("[{}:{}]", field.high, field.low)
        };
        let raw = field
            .raw
            .map_or_else(|| "?".to_owned(), |raw| format!("{raw:#x}"));
        let _ = writeln!(
            out,
            "             {place:>8} {:<44} {raw:>10}  {field}",
            field.name
        );
    }
    if register.unnamed_bits() != 0 {
        let _ = writeln!(
            out,
            "             reserved bits set: {:#x}",
            register.unnamed_bits()
        );
    }
}

/// All fields of a register on as few lines as fit.
fn summary(out: &mut String, layout: Layout, register: &DumpedRegister) {
    let words: Vec<String> = register.fields.iter().map(word).collect();
    let text = words.join(", ");
    for line in wrap(&text, layout.width.saturating_sub(13)) {
        let _ = writeln!(out, "             {}", layout.palette.dim(line));
    }
}

/// `Name+`, `Name-`, or `Name value`.
fn word(field: &DumpedField) -> String {
    match field.kind {
        Kind::Flag => format!("{}{field}", field.name),
        _ => format!("{} {field}", field.name),
    }
}
