//! The fields in the text that `iasl -d` prints of a data table.

/// One printed field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fact {
    /// First byte; of a bit field, that of the field it belongs to.
    pub(crate) offset: u32,
    /// Length in bytes.
    pub(crate) len: u32,
    /// Its name.
    pub(crate) name: String,
    /// The value behind the colon, without the remark in brackets.
    pub(crate) value: String,
    /// It is one of the bits of the field before.
    pub(crate) bit: bool,
}

/// Every field, in order. Two spellings exist: `[024h 0036   1]` and `[024h 0036 001h]`.
pub(crate) fn facts(text: &str) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut last: Option<(u32, u32)> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("Raw Table Data") {
            break;
        }
        if let Some(mut fact) = field(line) {
            // The bytes may begin on the next line.
            if fact.value == "\\" {
                let next = lines.next().unwrap_or_default();
                fact.value = next.trim().trim_end_matches('\\').trim().to_owned();
            }
            last = Some((fact.offset, fact.len));
            // A heading of a structure inside: its fields follow on their own lines.
            if !fact.value.is_empty() {
                facts.push(fact);
            }
        } else if let (Some((offset, len)), Some((name, value))) = (last, line.split_once(" : ")) {
            let indented = line.starts_with(' ');
            if indented && !value.contains(' ') {
                facts.push(Fact {
                    offset,
                    len,
                    name: name.trim().to_owned(),
                    value: value.trim().to_owned(),
                    bit: true,
                });
            }
        }
    }
    facts
}

fn field(line: &str) -> Option<Fact> {
    let (place, rest) = line.strip_prefix('[')?.split_once(']')?;
    let mut words = place.split_whitespace();
    let offset = u32::from_str_radix(words.next()?.strip_suffix('h')?, 16).ok()?;
    let _decimal = words.next()?;
    let len = words.next()?;
    let len = match len.strip_suffix('h') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => len.parse().ok()?,
    };
    let (name, value) = rest.split_once(" : ")?;
    let name = name.trim().trim_end_matches("(decoded below)").trim();
    let value = value.trim();
    let value = match value
        .strip_prefix('"')
        .and_then(|text| text.rsplit_once('"'))
    {
        Some((text, _)) => format!("\"{text}\""),
        None => value.split(" [").next()?.split(" /*").next()?.to_owned(),
    };
    let value = if value.starts_with('[') {
        ""
    } else {
        value.trim()
    };
    Some(Fact {
        offset,
        len,
        name: name.to_owned(),
        value: value.to_owned(),
        bit: false,
    })
}
