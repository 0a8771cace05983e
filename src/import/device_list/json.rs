//! The same list as JSON: `pvesh get /nodes/NODE/hardware/pci --output-format json`, and the
//! answer of the API.

use serde_json::Value;

use super::record::Record;
use super::table::record;

/// Whether a text is such a list. Only its beginning tells: the end may be cut.
pub(super) fn is_json(text: &[u8]) -> bool {
    let Some(start) = start(text) else {
        return false;
    };
    let has = |words: &[u8]| start.windows(words.len()).any(|window| window == words);
    has(b"\"iommugroup\"") && has(b"\"vendor\"") && has(b"\"id\"")
}

/// The functions of such a text; `None` where it is none, or broken.
pub(super) fn read(text: &[u8]) -> Option<Vec<Record>> {
    if !is_json(text) {
        return None;
    }
    // A prompt or another list may follow.
    let mut values = serde_json::Deserializer::from_slice(start(text)?).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let list = value.get("data").unwrap_or(&value).as_array()?;
    let text = String::from_utf8_lossy(text);
    let mut records = Vec::new();
    let mut search = 0;
    let mut line = 1;
    for item in list {
        let Some(item) = item.as_object() else {
            continue;
        };
        let members: Vec<(&str, String)> = item
            .iter()
            .filter_map(|(name, value)| match value {
                Value::String(value) => Some((name.as_str(), value.clone())),
                Value::Number(number) => Some((name.as_str(), number.to_string())),
                _ => None,
            })
            .collect();
        let members: Vec<(&str, &str)> = members
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // Where its address stands; the objects come in the order of the text.
        if let Some(&(_, id)) = members.iter().find(|member| member.0 == "id")
            && let Some(rest) = text.get(search..)
            && let Some(found) = rest.find(&format!("\"{id}\""))
        {
            let newlines = rest.get(..found).unwrap_or_default().matches('\n').count();
            line += u32::try_from(newlines).unwrap_or(u32::MAX);
            search += found;
        }
        records.extend(record(&members, line));
    }
    Some(records)
}

/// The text from its first bracket at the start of a line on.
fn start(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n').take(32) {
        if matches!(line.trim_ascii_start().first(), Some(b'[' | b'{')) {
            return text.get(at..);
        }
        at += line.len();
    }
    None
}
