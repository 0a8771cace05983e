//! Values of device properties (Windows SDK, devpropdef.h).

use serde_json::Value;

/// `DEVPROP_TYPEMOD_ARRAY`: values of fixed size behind one another.
const ARRAY: u32 = 0x1000;
/// `DEVPROP_TYPEMOD_LIST`: texts that end in NUL behind one another, and a NUL.
const LIST: u32 = 0x2000;

/// The value of a property. What is shorter than its type, or of a type that is no number or
/// text, is a text of hexadecimal digits.
pub(super) fn decode(kind: u32, bytes: &[u8]) -> Value {
    let decoded = match kind {
        // EMPTY, NULL
        0 | 1 => Some(Value::Null),
        kind if kind == LIST | 0x12 => Some(Value::from(texts(bytes))),
        // Bytes in a row stay digits.
        kind if kind == ARRAY | 0x03 => None,
        kind if kind & ARRAY != 0 => array(kind & !ARRAY, bytes),
        kind => one(kind, bytes),
    };
    decoded.unwrap_or_else(|| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Value::from(digits)
    })
}

fn one(kind: u32, bytes: &[u8]) -> Option<Value> {
    let signed = |size: usize| {
        let value = unsigned(bytes, size)?;
        let unused = 64 - 8 * u32::try_from(size).ok()?;
        Some(Value::from((value << unused).cast_signed() >> unused))
    };
    Some(match kind {
        0x02 => signed(1)?,
        0x03 => Value::from(unsigned(bytes, 1)?),
        0x04 => signed(2)?,
        0x05 => Value::from(unsigned(bytes, 2)?),
        0x06 => signed(4)?,
        // UINT32, ERROR, NTSTATUS
        0x07 | 0x17 | 0x18 => Value::from(unsigned(bytes, 4)?),
        0x08 => signed(8)?,
        // UINT64, FILETIME
        0x09 | 0x10 => Value::from(unsigned(bytes, 8)?),
        0x0d => Value::from(guid(bytes)?),
        0x11 => Value::from(unsigned(bytes, 1)? != 0),
        // STRING, SECURITY_DESCRIPTOR_STRING, STRING_INDIRECT
        0x12 | 0x14 | 0x19 => Value::from(texts(bytes).into_iter().next().unwrap_or_default()),
        _ => return None,
    })
}

fn array(kind: u32, bytes: &[u8]) -> Option<Value> {
    let size = match kind {
        0x02 | 0x03 | 0x11 => 1,
        0x04 | 0x05 => 2,
        0x06 | 0x07 | 0x17 | 0x18 => 4,
        0x08 | 0x09 | 0x10 => 8,
        0x0d => 16,
        _ => return None,
    };
    let items: Option<Vec<Value>> = bytes.chunks(size).map(|part| one(kind, part)).collect();
    items.map(Value::from)
}

fn unsigned(bytes: &[u8], size: usize) -> Option<u64> {
    let bytes = bytes.get(..size)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
    )
}

/// Texts in UTF-16 up to the empty one.
fn texts(bytes: &[u8]) -> Vec<String> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
    units
        .split(|&unit| unit == 0)
        .take_while(|text| !text.is_empty())
        .map(String::from_utf16_lossy)
        .collect()
}

/// `{4D36E97B-E325-11CE-BFC1-08002BE10318}`: three numbers and eight bytes.
fn guid(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(..16)?;
    let (first, second) = (unsigned(bytes, 4)?, unsigned(bytes.get(4..)?, 2)?);
    let third = unsigned(bytes.get(6..)?, 2)?;
    let rest: String = bytes
        .get(8..)?
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let (fourth, fifth) = rest.split_at(4);
    Some(format!(
        "{{{first:08X}-{second:04X}-{third:04X}-{fourth}-{fifth}}}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn every_type_that_devices_have_is_read() {
        // Type numbers of devpropdef.h; a BOOLEAN is one byte, FFh for true.
        for (kind, bytes, value) in [
            (0x07, vec![2, 0, 0, 0], json!(2)),
            (0x06, vec![0xff, 0xff, 0xff, 0xff], json!(-1)),
            (0x09, vec![0, 0, 0, 0, 1, 0, 0, 0], json!(1_u64 << 32)),
            (0x11, vec![0xff], json!(true)),
            (0x11, vec![0], json!(false)),
            (0x12, utf16("PCI\0"), json!("PCI")),
            (
                0x2012,
                utf16("PCIROOT(0)#PCI(0100)\0ACPI(_SB_)\0\0"),
                json!(["PCIROOT(0)#PCI(0100)", "ACPI(_SB_)"]),
            ),
            (0x2012, utf16("\0\0"), json!([])),
            (0x1003, vec![1, 0xab], json!("01ab")),
            (0x1007, vec![1, 0, 0, 0, 2, 0, 0, 0], json!([1, 2])),
            (0, vec![], Value::Null),
            (0x07, vec![2], json!("02")),
            (0xfff, vec![7], json!("07")),
        ] {
            assert_eq!(decode(kind, &bytes), value, "type {kind:#x}");
        }
    }

    #[test]
    fn a_guid_prints_as_windows_prints_it() {
        // The class of storage controllers, {4D36E97B-E325-11CE-BFC1-08002BE10318}.
        let bytes = [
            0x7b, 0xe9, 0x36, 0x4d, 0x25, 0xe3, 0xce, 0x11, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1,
            0x03, 0x18,
        ];
        let text = "{4D36E97B-E325-11CE-BFC1-08002BE10318}";
        assert_eq!(decode(0x0d, &bytes), json!(text));
    }
}
