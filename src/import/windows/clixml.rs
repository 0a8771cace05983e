//! Objects that PowerShell wrote with `Export-Clixml` (Microsoft, PowerShell Remoting Protocol,
//! 2.2.5 serialization).

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

use super::builder::Builder;
use super::pnputil::{Lines, resolved};

/// Elements within one another, at most.
const MAX_DEPTH: usize = 64;

/// Whether a text is such XML, by its beginning.
pub(super) fn is_xml(head: &str) -> bool {
    head.trim_start().starts_with('<')
        && head.contains("<Objs")
        && head.contains("schemas.microsoft.com/powershell")
}

/// An element that is being read, with what was read within it.
#[derive(Default)]
struct Open {
    tag: Vec<u8>,
    name: Option<String>,
    text: String,
    line: u32,
    members: Map<String, Value>,
    items: Option<Vec<Value>>,
    /// The value of an enumeration.
    value: Option<Value>,
}

/// Reads a text as far as it is well formed; the error says where it is not.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), (u64, String)> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines::new(text);
    let mut open: Vec<Open> = Vec::new();
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        match event {
            Ok(Event::Start(start)) => {
                open.push(Open::of(&start, lines.at(at)));
                if open.len() > MAX_DEPTH {
                    return Err((at, "elements nested too deeply".to_owned()));
                }
            }
            Ok(Event::Empty(start)) => {
                open.push(Open::of(&start, lines.at(at)));
                close(&mut open, builder);
            }
            Ok(Event::Text(words)) => {
                let words = words.decode().map_err(|error| (at, error.to_string()))?;
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&words);
                }
            }
            Ok(Event::GeneralRef(entity)) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&resolved(&entity));
                }
            }
            Ok(Event::End(_)) => close(&mut open, builder),
            Ok(Event::Eof) if open.is_empty() => return Ok(()),
            Ok(Event::Eof) => return Err((at, "the text ends within an element".to_owned())),
            Ok(_) => {}
            Err(error) => return Err((reader.error_position(), error.to_string())),
        }
    }
}

impl Open {
    fn of(start: &BytesStart<'_>, line: u32) -> Self {
        let mut attributes = start.attributes().flatten();
        let name = attributes.find(|attribute| attribute.key.local_name().as_ref() == b"N");
        let name = name.and_then(|name| name.normalized_value(XmlVersion::Implicit1_0).ok());
        Self {
            tag: start.local_name().as_ref().to_vec(),
            name: name.map(|name| unescaped(&name)),
            line,
            ..Self::default()
        }
    }

    /// What it stands for within the element around it.
    fn finish(self) -> Value {
        let text = unescaped(&self.text);
        match self.tag.as_slice() {
            b"Obj" => match (self.items, self.value) {
                (Some(items), _) => Value::Array(items),
                (None, Some(value)) if self.members.is_empty() => value,
                (None, _) => Value::Object(self.members),
            },
            b"B" => Value::Bool(text.trim().eq_ignore_ascii_case("true")),
            b"Nil" => Value::Null,
            b"I32" | b"I64" | b"I16" | b"SB" => number(text.trim().parse::<i64>().ok(), text),
            b"U32" | b"U64" | b"U16" | b"By" => number(text.trim().parse::<u64>().ok(), text),
            _ => Value::String(text),
        }
    }
}

fn number(number: Option<impl Into<Value>>, text: String) -> Value {
    number.map_or(Value::String(text), Into::into)
}

/// Ends the innermost element: hands what it is to the one around it.
fn close(open: &mut Vec<Open>, builder: &mut Builder) {
    let Some(mut done) = open.pop() else { return };
    let Some(around) = open.last_mut() else {
        return;
    };
    match done.tag.as_slice() {
        // Type names, and references to objects that were written before.
        b"TN" | b"T" | b"TNRef" | b"ToString" | b"Ref" => {}
        b"Props" | b"MS" | b"DCT" => around.members.append(&mut done.members),
        b"LST" | b"IE" | b"STK" | b"QUE" => {
            around.items = Some(done.items.take().unwrap_or_default());
        }
        b"En" => {
            let key = done.members.remove("Key");
            let value = done.members.remove("Value");
            if let (Some(Value::String(key)), Some(value)) = (key, value) {
                around.members.insert(key, value);
            }
        }
        _ => {
            let (name, line) = (done.name.take(), done.line);
            let value = done.finish();
            match (around.tag.as_slice(), name) {
                (b"Objs", _) => hand_on(&value, line, builder),
                (_, Some(name)) => {
                    around.members.insert(name, value);
                }
                (b"LST" | b"IE" | b"STK" | b"QUE", None) => {
                    around.items.get_or_insert_default().push(value);
                }
                (_, None) => around.value = Some(value),
            }
        }
    }
}

/// Objects are records; a list holds several.
fn hand_on(value: &Value, line: u32, builder: &mut Builder) {
    match value {
        Value::Object(record) => builder.record(record, None, line),
        Value::Array(items) => {
            for item in items {
                if let Value::Object(record) = item {
                    builder.record(record, None, line);
                }
            }
        }
        _ => {}
    }
}

/// Characters are escaped as `_x000A_`, by their UTF-16 units.
fn unescaped(text: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        units.extend(before.encode_utf16());
        let code = escape
            .get(2..6)
            .filter(|_| escape.as_bytes().get(6) == Some(&b'_'))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match (code, escape.get(7..)) {
            (Some(code), Some(after)) => {
                units.push(code);
                rest = after;
            }
            _ => {
                units.extend("_x".encode_utf16());
                rest = escape.get(2..).unwrap_or_default();
            }
        }
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_read_by_their_units() {
        assert_eq!(unescaped("a_x000A_b"), "a\nb");
        assert_eq!(unescaped("_xD83D__xDE00_"), "\u{1f600}");
        assert_eq!(unescaped("_x005F_x0041_"), "_x0041_");
        assert_eq!(unescaped("_x12_ _xyzyz_ _x"), "_x12_ _xyzyz_ _x");
        assert_eq!(unescaped("é_x0041_"), "éA");
    }
}
