//! Texts in which a label stands before or above its value: `pnputil` without `/format xml`,
//! and what Device Manager copies from its Details page.

use serde_json::Value;

use super::builder::{Builder, is_instance_id, plain_key};
use super::key::{property_key, property_type};
use crate::spec::windows;

/// Whether a text names a PCI device and has labels of properties.
pub(super) fn is_labelled(head: &str) -> bool {
    let mut device = false;
    let mut label = false;
    for line in head.lines() {
        let id = device_in(line);
        device |= id.is_some();
        // Windows translates the labels, but not the ids behind them.
        label |= Label::of(line).is_some() || id.is_some_and(|id| follows_label(line, id));
        if device && label {
            return true;
        }
    }
    false
}

/// Whether all of a line before an id is a label: `Instanz-ID:   PCI\\VEN_…`.
fn follows_label(line: &str, id: &str) -> bool {
    let label = line.split_once(id).map_or("", |(label, _)| label.trim());
    let words = label.strip_suffix(':').unwrap_or_default();
    !words.is_empty() && words.split_whitespace().count() <= 4 && !words.contains(':')
}

/// A label with what follows on its line.
struct Label<'l> {
    key: String,
    kind: Option<u32>,
    rest: &'l str,
}

impl<'l> Label<'l> {
    fn of(line: &'l str) -> Option<Self> {
        let trimmed = line.trim();
        // `DEVPKEY_Device_Parent [String]:` or `{fmtid}[8] [String]:` or `Parent:`.
        let (label, rest) = match trimmed.rsplit_once("]:") {
            Some((label, rest)) => (label, rest),
            None => match trimmed
                .find(": ")
                .or_else(|| trimmed.strip_suffix(':').map(str::len))
            {
                Some(colon) => (trimmed.get(..colon)?, trimmed.get(colon + 1..)?),
                None => (trimmed, ""),
            },
        };
        let (name, kind) = match label.rsplit_once(['[', '(']) {
            _ if property_key(label).is_some() => (label, None),
            Some((name, kind)) if property_type(kind).is_some() && !name.trim().is_empty() => {
                (name, property_type(kind))
            }
            _ => (label, None),
        };
        let key = property_key(name).or_else(|| {
            let known = plain_key(name)?;
            // A lone word may be anything; a phrase of Device Manager is none.
            (label.len() < trimmed.len() || name.contains(' ')).then(|| known.to_owned())
        })?;
        Some(Self {
            key,
            kind,
            rest: rest.trim(),
        })
    }
}

/// The instance id in a line that introduces a device.
fn device_in(line: &str) -> Option<&str> {
    let start = ["PCI\\", "PCIP\\", "pci\\", "pcip\\"]
        .iter()
        .filter_map(|prefix| line.find(prefix))
        .min()?;
    let id = line.get(start..)?;
    let end = id.find([' ', '\t', '"', ',', ';', ')']).unwrap_or(id.len());
    let id = id.get(..end)?.trim_end_matches(['.', '\r']);
    // Hardware ids have no instance.
    (id.matches('\\').count() == 2 && is_instance_id(id)).then_some(id)
}

/// Reads a text: the values below a label belong to it.
pub(super) fn read(text: &str, builder: &mut Builder) {
    let mut device: Option<String> = None;
    let mut open: Option<(String, Option<u32>, u32, Vec<String>)> = None;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let label = Label::of(line);
        let heading = label
            .as_ref()
            .is_none_or(|label| label.key == windows::INSTANCE_ID.key);
        let parent = label
            .as_ref()
            .is_some_and(|label| label.key == windows::PARENT.key);
        let introduces = line.contains(": ") || line.trim_start().starts_with("Device ");
        let inside = matches!(&open, Some((key, ..)) if *key != windows::INSTANCE_ID.key);
        if let Some(id) = device_in(line)
            && !parent
            && heading
            && (introduces || !inside)
        {
            flush(&mut open, device.as_deref(), builder);
            device = Some(id.to_owned());
            let _ = builder.node(id);
            continue;
        }
        if let Some(label) = label {
            flush(&mut open, device.as_deref(), builder);
            let mut values = Vec::new();
            if !label.rest.is_empty() {
                values.push(label.rest.to_owned());
            }
            open = Some((label.key, label.kind, number, values));
            continue;
        }
        let value = line.trim();
        match &mut open {
            Some((.., values)) if !value.is_empty() && values.len() < 256 => {
                // Another label, one that is not known, ends the values.
                if value.ends_with(':') {
                    flush(&mut open, device.as_deref(), builder);
                } else {
                    values.push(value.to_owned());
                }
            }
            _ => flush(&mut open, device.as_deref(), builder),
        }
    }
    flush(&mut open, device.as_deref(), builder);
}

fn flush(
    open: &mut Option<(String, Option<u32>, u32, Vec<String>)>,
    device: Option<&str>,
    builder: &mut Builder,
) {
    let (Some((key, kind, line, values)), Some(device)) = (open.take(), device) else {
        return;
    };
    let value = match values.as_slice() {
        [] => return,
        [one] => scalar(one, kind),
        several => Value::from(several.to_vec()),
    };
    builder.property(device, &key, value, kind, line);
}

/// A single value. Device Manager prints numbers as eight hexadecimal digits, pnputil as
/// `0x00000003 (3)`.
fn scalar(text: &str, kind: Option<u32>) -> Value {
    let text = text.trim();
    let is_text = kind == Some(18) || kind == Some(0x2012);
    if !is_text && text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Value::from(format!("0x{}", text.to_ascii_lowercase()));
    }
    if let Some((number, _)) = text.split_once(" (")
        && number.starts_with("0x")
        && !is_text
    {
        return Value::from(number);
    }
    Value::from(text)
}
