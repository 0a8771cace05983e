//! JSON of an unknown shape: numbers and truth values stay, and texts that are ids or paths of
//! the bus.

use serde_json::Value;

use super::names::Names;

/// What stands for a text that was taken out.
const REDACTED: &str = "(redacted)";

/// Replaces what may be private, and says whether there was any.
pub(super) fn redact(value: &mut Value, names: &Names) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => {
            let clean = text_of(text, names);
            let changed = clean != *text;
            *text = clean;
            changed
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| redact(item, names) | any),
        Value::Object(map) => {
            let mut changed = false;
            for (key, mut item) in std::mem::take(map) {
                changed |= redact(&mut item, names);
                let clean = if is_property_key(&key) {
                    key.clone()
                } else {
                    text_of(&key, names)
                };
                changed |= clean != key;
                // Different names may have become one.
                let free = (2..).map(|number| format!("{clean} {number}"));
                let name = std::iter::once(clean.clone())
                    .chain(free)
                    .find(|name| !map.contains_key(name));
                map.insert(name.unwrap_or_default(), item);
            }
            changed
        }
    }
}

/// A Windows property key: `{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31`.
pub(super) fn is_property_key(key: &str) -> bool {
    key.strip_prefix('{')
        .and_then(|key| key.split_once("} "))
        .is_some_and(|(guid, number)| {
            guid.len() == 36
                && guid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
                && number.len() <= 5
                && number.bytes().all(|b| b.is_ascii_digit())
        })
}

/// A text that is understood, or what stands for it.
pub(super) fn text_of(text: &str, names: &Names) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    // `PCI\VEN_144D&DEV_A820&…\0025385B81B0`: the last part may be a serial number.
    if let Some((id, last)) = text.rsplit_once('\\')
        && is_plain(id)
    {
        return match is_place(last) {
            true => text.to_owned(),
            false => format!("{id}\\{}", names.serial(last).unwrap_or(REDACTED)),
        };
    }
    REDACTED.to_owned()
}

/// `4&368722DD&0&0010`: the last part of an instance id that the PCI driver made of the place,
/// so that no serial number is in it.
pub(super) fn is_place(last: &str) -> bool {
    let hex = |part: &str, len: usize| {
        (1..=len).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match last.split('&').collect::<Vec<_>>()[..] {
        [depth, hash, zero, hops] => hex(depth, 2) && hex(hash, 8) && hex(zero, 2) && hex(hops, 16),
        _ => false,
    }
}

/// Numbers, short words, ids of the bus, location paths, names of ACPI objects, property keys.
fn is_plain(text: &str) -> bool {
    // More digits than a name has, and it may be a serial number.
    let word = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let number = text.len() <= 10 && digits == text.len();
        let hex = text.strip_prefix("0x").is_some_and(|hex| hex.len() <= 16);
        text.len() <= 24
            && (digits <= 4 || number || hex)
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let id_word = |text: &str| {
        text.len() <= 15 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let id = |text: &str| {
        let mut parts = text.split(['\\', '&', '#', '(', ')', '.', ' ', '{', '}', '-']);
        parts.all(id_word)
    };
    let bus = [
        "PCIROOT(",
        "ACPI(",
        "PCI\\VEN_",
        "PCIP\\VEN_",
        "PCI\\CC_",
        "ACPI\\",
        "PCI bus ",
        "\\_SB",
    ];
    let starts = bus.iter().find(|start| text.starts_with(**start));
    match starts {
        Some(&("PCI\\VEN_" | "PCIP\\VEN_" | "PCI\\CC_" | "ACPI\\")) => {
            text.matches('\\').count() == 1 && id(text)
        }
        Some(_) => id(text) || text.starts_with("PCI bus "),
        None => word(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(text: &str) -> String {
        text_of(text, &Names::default())
    }

    #[test]
    fn ids_and_paths_of_the_bus_stay() {
        for text in [
            "PCIROOT(0)#PCI(0200)#PCI(0000)",
            "ACPI(_SB_)#ACPI(PC00)#ACPI(RP05)",
            "PCI\\VEN_144D&DEV_A820&SUBSYS_AA0A144D&REV_00",
            "stornvme",
            "0x1f",
            "PCI bus 65, device 0, function 0",
            "PCIP\\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\\4&368722DD&0&0010",
        ] {
            assert_eq!(alone(text), text);
        }
    }

    #[test]
    fn serial_numbers_and_prose_go() {
        assert_eq!(
            alone("PCI\\VEN_8086&DEV_1533&REV_03\\A0369FFFFF123456_00"),
            "PCI\\VEN_8086&DEV_1533&REV_03\\(redacted)"
        );
        for text in [
            "Jane's laptop",
            "001B21AABBCC",
            "S4EWNX0N123456",
            "C:\\Users\\jane",
            "a@b",
        ] {
            assert_eq!(alone(text), REDACTED, "{text}");
        }
        let mut value = serde_json::json!({"a": [1, true, "Jane Doe"], "b": null});
        assert!(redact(&mut value, &Names::default()));
        assert_eq!(
            value,
            serde_json::json!({"a": [1, true, REDACTED], "b": null})
        );
    }
}
