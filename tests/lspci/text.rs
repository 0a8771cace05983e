//! What `lspci -vvv` prints, cut into functions, capabilities and labelled lines.

use std::collections::BTreeMap;

/// One function.
#[derive(Default, Debug)]
pub(crate) struct Printed {
    /// The address as printed.
    pub(crate) at: String,
    /// What stands outside capabilities.
    pub(crate) header: Block,
    /// The capabilities in the order printed.
    pub(crate) capabilities: Vec<Capability>,
}

/// One capability.
#[derive(Default, Debug)]
pub(crate) struct Capability {
    pub(crate) offset: u16,
    pub(crate) version: Option<u8>,
    /// What stands behind the brackets.
    pub(crate) title: String,
    pub(crate) body: Block,
}

/// Lines by what stands before their colon. Lines without it belong to the line before.
pub(crate) type Block = BTreeMap<String, String>;

pub(crate) fn functions(text: &str, labels: &[&str]) -> Vec<Printed> {
    let mut functions: Vec<Printed> = Vec::new();
    let mut label = String::new();
    let mut channel = String::new();
    for line in text.lines() {
        if let Some(at) = address(line) {
            label.clear();
            channel.clear();
            functions.push(Printed {
                at: at.to_owned(),
                ..Printed::default()
            });
            continue;
        }
        let (Some(function), Some(rest)) = (functions.last_mut(), line.strip_prefix('\t')) else {
            continue;
        };
        if let Some(capability) = capability(rest) {
            label.clear();
            channel.clear();
            function.capabilities.push(capability);
            continue;
        }
        let inside = rest.starts_with('\t');
        if !inside {
            label.clear();
            channel.clear();
        }
        let block = match function.capabilities.last_mut() {
            Some(capability) if inside => &mut capability.body,
            _ => &mut function.header,
        };
        let mut rest = rest.trim();
        // The lines of a virtual channel have the labels of those of the port.
        if let Some((number, behind)) = rest.split_once(':')
            && numbered(number, "VC")
        {
            channel = format!("{number} ");
            rest = behind.trim();
        }
        // A label may stand in the middle of a line, too: `SltCtl: …`, `AtomicOpsCap: …`.
        let known = labels.iter().find(|known| {
            rest.strip_prefix(*known)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        let text = match (known, rest.split_once(':')) {
            (Some(known), _) => {
                label = format!("{channel}{known}");
                rest.get(known.len() + 1..).unwrap_or_default()
            }
            (None, Some((word, behind)))
                if (!word.contains(' ')
                    || numbered(word, "Region ")
                    || numbered(word, "BAR ")
                    || numbered(word, "Link Control ")
                    || numbered(word, "Link Config "))
                    && behind.starts_with([' ', '\t']) =>
            {
                label = format!("{channel}{word}");
                behind
            }
            _ => rest,
        };
        let entry = block.entry(label.clone()).or_default();
        entry.push(' ');
        entry.push_str(text.trim());
    }
    functions
}

/// `VC0`, `Region 5`.
fn numbered(word: &str, before: &str) -> bool {
    let number = word.strip_prefix(before);
    number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
}

/// `00:1f.0` or `0000:00:1f.0` at the start of a line.
fn address(line: &str) -> Option<&str> {
    let (at, _) = line.split_once(' ')?;
    let (rest, function) = at.rsplit_once('.')?;
    let hex = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digit = matches!(function.as_bytes(), [b'0'..=b'7']);
    (digit && rest.contains(':') && rest.split(':').all(hex)).then_some(at)
}

/// `Capabilities: [148 v1] Title`.
fn capability(line: &str) -> Option<Capability> {
    let (place, title) = line.strip_prefix("Capabilities: [")?.split_once("] ")?;
    let (offset, version) = match place.split_once(" v") {
        Some((offset, version)) => (offset, Some(u8::from_str_radix(version, 16).ok()?)),
        None => (place, None),
    };
    Some(Capability {
        offset: u16::from_str_radix(offset, 16).ok()?,
        version,
        title: title.trim().to_owned(),
        body: Block::new(),
    })
}

/// Words that end in `+` or `-`, with their sign.
pub(crate) fn flags(text: &str) -> Vec<(String, bool)> {
    // D1 and D2 occur twice: as states, and as states that can wake.
    let text = match text.split_once("PME(") {
        Some((before, wake)) => {
            let wake = wake.replace("D1", "PME:D1").replace("D2", "PME:D2");
            format!("{before} PME({wake}")
        }
        None => text.to_owned(),
    };
    let mut found = Vec::new();
    for word in text.split([' ', '\t', ',', ';']) {
        let word = word.trim_matches(')');
        let Some(name) = word.strip_suffix(['+', '-']) else {
            continue;
        };
        if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        found.push((name.to_owned(), word.ends_with('+')));
    }
    found
}
