//! What the registers of a capability have in common when printed: a label, flags, and words
//! followed by a number.

use super::text::{Capability, Statement};
use crate::import::writer::Writer;

/// A capability whose body is turned back.
pub(super) struct Body<'a, 'w, 'i> {
    /// Offset of the capability in the configuration space.
    pub(super) base: u16,
    /// Its version, where the text has one: with `-vv` from version 3.1 on.
    pub(super) version: Option<u64>,
    /// Its lines.
    pub(super) capability: &'a Capability<'a>,
    /// Where the bits go.
    pub(super) writer: &'w mut Writer<'i>,
}

/// Names of one-bit fields with their bit.
pub(super) type Flags = &'static [(&'static str, u8)];

impl Body<'_, '_, '_> {
    /// The statement that starts with a label.
    pub(super) fn find(&self, label: &str) -> Option<&Statement> {
        self.capability
            .body
            .iter()
            .find(|statement| statement.text.starts_with(label))
    }

    /// Sets the flags of the statement with that label, at an offset within the capability.
    pub(super) fn flags(&mut self, label: &str, offset: u16, names: Flags) {
        let capability = self.capability;
        let found = capability
            .body
            .iter()
            .find(|statement| statement.text.starts_with(label));
        if let Some(statement) = found {
            set_flags(
                self.writer,
                statement,
                self.base.saturating_add(offset),
                names,
            );
        }
    }

    /// Sets one field at an offset within the capability.
    pub(super) fn set(&mut self, line: u32, offset: u16, bit: u8, width: u8, value: u64) {
        self.writer
            .set(line, self.base.saturating_add(offset), bit, width, value);
    }

    /// A number behind `key` in the statement with that label.
    pub(super) fn number(
        &mut self,
        label: &str,
        key: &str,
        radix: u32,
        field: (u16, u8, u8),
        convert: impl Fn(u64) -> Option<u64>,
    ) {
        let found = self.find(label).and_then(|statement| {
            let value = number(behind(&statement.text, key)?, radix)?;
            Some((statement.line(), convert(value)?))
        });
        if let Some((line, value)) = found {
            let (offset, bit, width) = field;
            self.set(line, offset, bit, width, value);
        }
    }

    /// One of several words behind `key` in the statement with that label.
    pub(super) fn word(
        &mut self,
        label: &str,
        key: &str,
        field: (u16, u8, u8),
        words: &[(&str, u64)],
    ) {
        let found = self.find(label).and_then(|statement| {
            let rest = behind(&statement.text, key)?;
            let word = until(rest, &[',', ';', ':']);
            // A wrapped line may have put the rest of a longer word on the next one.
            let after = rest.trim_start().strip_prefix(word)?;
            let wrapped = after.trim_start_matches(' ').starts_with('\n');
            let longer = |(other, _): &(&str, u64)| {
                let more = other.strip_prefix(word);
                more.is_some_and(|more| more.starts_with(' '))
            };
            if wrapped && words.iter().any(longer) {
                return None;
            }
            Some((statement.line(), code(word, words)?))
        });
        if let Some((line, value)) = found {
            let (offset, bit, width) = field;
            self.set(line, offset, bit, width, value);
        }
    }
}

/// Sets the flags of a statement in the register at `offset`. A name that is there twice with
/// both values sets nothing.
pub(super) fn set_flags(
    writer: &mut Writer<'_>,
    statement: &Statement,
    offset: u16,
    names: &[(&str, u8)],
) {
    for &(name, bit) in names {
        let mut found = statement.flags().filter(|(found, ..)| *found == name);
        if let Some((_, value, line)) = found.next()
            && found.all(|(_, other, _)| other == value)
        {
            writer.flag(line, offset, bit, value);
        }
    }
}

/// The text behind a key that starts a word.
pub(super) fn behind<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let starts = before.is_none_or(|before| !before.is_alphanumeric());
        starts.then(|| text.get(at + key.len()..)).flatten()
    })
}

/// The text up to one of these characters or the end of the line, without spaces around it.
pub(super) fn until<'a>(text: &'a str, ends: &[char]) -> &'a str {
    let line = text.split('\n').next().unwrap_or_default();
    line.split(ends).next().unwrap_or_default().trim()
}

/// The number at the start of a text.
pub(super) fn number(text: &str, radix: u32) -> Option<u64> {
    let digits = digits(text, radix);
    u64::from_str_radix(digits, radix).ok()
}

/// The digits at the start of a text.
pub(super) fn digits(text: &str, radix: u32) -> &str {
    let text = text.trim_start();
    let end = text.find(|character: char| !character.is_digit(radix));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A hexadecimal number of exactly so many digits.
pub(super) fn hex(text: &str, count: usize) -> Option<u64> {
    let digits = digits(text, 16);
    if digits.len() != count {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// The code of a word.
pub(super) fn code(text: &str, words: &[(&str, u64)]) -> Option<u64> {
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|&(_, code)| code)
}

/// The binary logarithm of a power of two.
pub(super) fn log2(value: u64) -> Option<u64> {
    value
        .is_power_of_two()
        .then(|| u64::from(value.trailing_zeros()))
}
