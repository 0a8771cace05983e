//! `decode`: every field of configuration spaces and ACPI tables, or their bytes.

use assignable::capture::Capture;
use assignable::decode::acpi::Table;
use assignable::host::{FunctionId, Host};
use assignable::report::{self, json};
use assignable::topology::Topology;

use super::analysis::select;
use crate::cli::args::{Decoding, Format, Global, Inputs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn decode(
    global: &Global,
    inputs: &Inputs,
    decoding: &Decoding,
) -> Result<Exit, Failure> {
    if decoding.hex && global.format == Format::Json {
        let message = "--hex prints text; JSON has the bytes without it";
        return Err(Failure::Usage(message.to_owned()));
    }
    let capture = load::capture(global, &inputs.inputs)?;
    let host = Host::from_capture(&capture);
    let everything = decoding.device.is_empty() && decoding.table.is_empty();
    let devices: Vec<FunctionId> = if everything {
        host.iter().map(|(id, _)| id).collect()
    } else {
        select(&host, &Topology::of(&host), &decoding.device)?
    };
    let tables = tables(&capture, &decoding.table, everything)?;
    if decoding.hex {
        return hex(global, &host, &devices, &tables);
    }
    match global.format {
        Format::Json => output::json(&json::v1::decode(&host, &devices, &tables))?,
        _ => {
            let names = load::names(global)?;
            let layout = output::layout(global, true);
            let functions = devices
                .iter()
                .map(|&id| report::decode(&host, &names, layout, id, decoding.offsets));
            let tables = tables
                .iter()
                .map(|(name, bytes)| report::table(layout, name, bytes, decoding.offsets));
            let pages: Vec<_> = functions.chain(tables).collect();
            output::text(&pages.join("\n"))?;
        }
    }
    Ok(Exit::Answered)
}

/// The tables asked for, by name. Of all tables, those that have a decoder.
fn tables<'c>(
    capture: &'c Capture,
    wanted: &[String],
    everything: bool,
) -> Result<Vec<(&'c str, &'c [u8])>, Failure> {
    let named = |name: &str, asked: &str| {
        // The tables that people call by another name than their signature.
        let asked = match asked.to_ascii_uppercase().as_str() {
            "MADT" => "APIC".to_owned(),
            "FADT" => "FACP".to_owned(),
            other => other.to_owned(),
        };
        let number = name.strip_prefix(asked.as_str());
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    for asked in wanted {
        if !capture.tables.keys().any(|name| named(name, asked)) {
            let names: Vec<_> = capture.tables.keys().map(String::as_str).collect();
            let there = match names.as_slice() {
                [] => "it has no ACPI tables".to_owned(),
                names => format!("it has {}", names.join(", ")),
            };
            let asked = report::safe(asked);
            let message = format!("the capture has no table {asked}; {there}");
            return Err(Failure::Usage(message));
        }
    }
    let found = capture.tables.iter().filter(|(name, bytes)| {
        (everything && Table::has_decoder(bytes)) || wanted.iter().any(|asked| named(name, asked))
    });
    Ok(found
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect())
}

/// Bytes for other tools. What is not known in full is left out and named on standard error.
fn hex(
    global: &Global,
    host: &Host<'_>,
    devices: &[FunctionId],
    tables: &[(&str, &[u8])],
) -> Result<Exit, Failure> {
    let names = load::names(global)?;
    let dump = report::hex::functions(host, &names, devices);
    for line in &dump.left_out {
        output::error(line);
    }
    // Neither tool reads the other's text, so that one text has one kind, unless asked.
    let tables = if devices.is_empty() { tables } else { &[] };
    let tables = tables
        .iter()
        .map(|(name, bytes)| report::hex::table(name, bytes));
    let text: String = std::iter::once(dump.text).chain(tables).collect();
    output::text(&text)?;
    Ok(Exit::Answered)
}
