//! JSON of PowerShell: property lists, device lists, rows of WMI classes, and the document of
//! the PowerShell collector.

use serde_json::{Map, Value};

use super::builder::Builder;
use crate::capture::{Collector, HyperV, Privileges, WindowsHost};
use crate::import::acpidump;

/// Value of `format` in the document of the PowerShell collector.
pub(super) const FORMAT: &str = "assignable-windows-export";

/// Words of which one makes a JSON text an export from Windows.
const MARKERS: &[&str] = &[
    "\"InstanceId\"",
    "\"InstanceID\"",
    "\"PNPDeviceID\"",
    "\"DeviceID\"",
    "\"KeyName\"",
    "\"Antecedent\"",
    "\"__RELPATH\"",
    "\"IovSupport\"",
    "\"AutomaticStopAction\"",
    "\"InstancePath\"",
    FORMAT,
];

/// Whether a text is such JSON, by its beginning.
pub(super) fn is_json(head: &str) -> bool {
    head.trim_start().starts_with(['{', '[']) && MARKERS.iter().any(|marker| head.contains(marker))
}

/// Reads a text: one value, or several behind one another. The error says where the text is
/// broken; the whole objects before and behind that are used all the same.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), String> {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    match values {
        Ok(values) => {
            values.iter().for_each(|value| walk(value, builder));
            Ok(())
        }
        Err(error) => {
            for object in whole_objects(text) {
                if let Ok(value) = serde_json::from_str(object) {
                    walk(&value, builder);
                }
            }
            Err(error.to_string())
        }
    }
}

/// The objects within the outermost list, or behind one another, that are there from the first
/// to the last brace.
fn whole_objects(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    let mut objects = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    objects.extend(text.get(start..=at));
                }
            }
            _ => {}
        }
    }
    objects
}

fn walk(value: &Value, builder: &mut Builder) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, builder)),
        Value::Object(object) if object.get("format").is_some_and(|name| name == FORMAT) => {
            document(object, builder);
        }
        Value::Object(object) => {
            // What ConvertTo-Json makes of a list in the pipeline.
            let list = object.get("value").filter(|value| value.is_array());
            match (list, object.contains_key("Count")) {
                (Some(list), true) => walk(list, builder),
                _ => builder.record(object, None, 0),
            }
        }
        _ => {}
    }
}

/// The document of the PowerShell collector.
fn document(object: &Map<String, Value>, builder: &mut Builder) {
    let manifest = &mut builder.capture.manifest;
    manifest.os = Some("windows".to_owned());
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    manifest.os_release = text("os_release");
    manifest.time = text("time");
    manifest.privileges = match object.get("elevated").and_then(Value::as_bool) {
        Some(true) => Some(Privileges::Full),
        Some(false) => Some(Privileges::User),
        None => None,
    };
    if let Some(platform) = object.get("platform").and_then(Value::as_object) {
        let texts = platform
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        manifest.platform.extend(texts);
    }
    let program = object.get("collector").cloned().unwrap_or_default();
    let collector: Result<Collector, _> = serde_json::from_value(program);
    manifest.collector = collector.ok();
    for (member, into) in [("windows", true), ("hyperv", false)] {
        let Some(value) = object.get(member).filter(|value| value.is_object()) else {
            continue;
        };
        let read = match into {
            true => serde_json::from_value::<WindowsHost>(value.clone())
                .map(|windows| builder.windows = windows),
            false => serde_json::from_value::<HyperV>(value.clone())
                .map(|hyperv| builder.hyperv = hyperv),
        };
        if let Err(error) = read {
            builder.failure(member, &error.to_string());
        }
    }
    for member in ["memory", "ports", "devices", "allocations"] {
        if let Some(Value::Array(items)) = object.get(member) {
            for item in items {
                if let Value::Object(record) = item {
                    builder.record(record, None, 0);
                }
            }
        }
    }
    builder.all_properties = true;
    tables(object.get("tables"), builder);
    for failure in list(object.get("failures")) {
        let part = |name: &str| {
            failure
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or("unknown")
        };
        builder.failure(part("what"), part("why"));
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Tables are a list of hexadecimal texts; the signature is in the table.
fn tables(value: Option<&Value>, builder: &mut Builder) {
    for table in list(value) {
        let bytes = table.as_str().and_then(unhex);
        let name = bytes.as_deref().and_then(acpidump::whole_table);
        match (name, bytes) {
            (Some(name), Some(bytes)) if builder.tables.len() < 1024 => {
                let known = builder.tables.values().any(|known| *known == bytes);
                if !known {
                    let name = crate::capture::table_name(&builder.tables, &name);
                    builder.tables.insert(name, bytes);
                }
            }
            _ => builder.failure("ACPI table", "its length or checksum is wrong"),
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| {
        let value = digit(pair[0])? << 4 | digit(pair[1])?;
        u8::try_from(value).ok()
    };
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
