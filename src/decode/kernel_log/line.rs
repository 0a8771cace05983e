//! What stands before a message, and what the message is about.

use crate::addr::{Sbdf, Segment};

/// One message.
pub(super) struct Message<'l> {
    pub(super) subject: Subject<'l>,
    /// What it says, without leading spaces.
    pub(super) text: &'l str,
}

/// What a message is about, by the words before its first colon.
pub(super) enum Subject<'l> {
    /// `pci 0000:00:1c.0:`; `driver` is the driver's name, or `pci` where there was none.
    Function { driver: &'l str, at: Sbdf },
    /// `pci_bus 0000:00:`.
    Bus { segment: Segment, bus: u8 },
    /// None of these.
    None,
}

/// Words before the subject that are looked through, where the line begins with something that
/// is not known.
const MAX_WORDS: usize = 12;

/// The message of a line; `None` for an empty one.
pub(super) fn message(line: &str) -> Option<Message<'_>> {
    let text = undecorated(line);
    if text.is_empty() {
        return None;
    }
    Some(subject(text).unwrap_or(Message {
        subject: Subject::None,
        text,
    }))
}

/// A line without quotes, level, time, thread, host and `kernel:`.
pub(super) fn undecorated(line: &str) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t', '>', '|']).trim_end();
    // `Jan 05 08:40:49 host kernel: `; what follows may have a time of its own.
    if let Some((before, after)) = behind_facility(rest)
        && before
            .chars()
            .next_back()
            .is_none_or(|c| c == ' ' || c == '\t')
    {
        rest = after.trim_start();
    }
    loop {
        let Some(after) = syslog(rest)
            .or_else(|| level(rest))
            .or_else(|| record(rest))
            .or_else(|| bracket(rest))
            .or_else(|| stamp(rest))
        else {
            return rest;
        };
        rest = after.trim_start();
    }
}

/// What stands before and behind `kernel: `, which is looked for where a time and a host's name
/// leave off.
fn behind_facility(line: &str) -> Option<(&str, &str)> {
    const FACILITY: &str = "kernel: ";
    const MAX_BEFORE: usize = 120;
    let head = line.as_bytes();
    let head = head.get(..MAX_BEFORE + FACILITY.len()).unwrap_or(head);
    let at = memchr::memmem::find(head, FACILITY.as_bytes())?;
    Some((line.get(..at)?, line.get(at + FACILITY.len()..)?))
}

/// `<6>1 2026-03-01T10:00:00Z host kernel - - - ` (RFC 5424, 6).
fn syslog(text: &str) -> Option<&str> {
    let mut rest = level(text)?.strip_prefix("1 ")?;
    let mut fields = ["", "", "", "", ""];
    for field in &mut fields {
        (*field, rest) = rest.split_once(' ')?;
    }
    let [_, _, application, ..] = fields;
    let after = match rest.strip_prefix('[') {
        Some(data) => data.split_once(']')?.1,
        None => rest.strip_prefix('-')?,
    };
    (application == "kernel").then_some(after)
}

/// `6,339,5140900,-;`, with which a record of /dev/kmsg begins (Linux
/// Documentation/ABI/testing/dev-kmsg).
fn record(text: &str) -> Option<&str> {
    let (fields, after) = text.split_at_checked(text.bytes().take(48).position(|b| b == b';')?)?;
    let fields: Vec<&str> = fields.split(',').collect();
    let number =
        |field: &&str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    let [level, sequence, time, _, ..] = fields.as_slice() else {
        return None;
    };
    [level, sequence, time]
        .into_iter()
        .all(number)
        .then_some(())?;
    after.strip_prefix(';')
}

/// `<6>`, or `kern  :info  : ` of `dmesg -x`.
fn level(text: &str) -> Option<&str> {
    if let Some((level, after)) = text.strip_prefix('<')?.split_once('>')
        && level.len() <= 3
        && level.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(after);
    }
    None
}

/// `[    0.632345]`, `[    1.599926 <    0.260579>]`, `[Fri May 22 09:34:57 2026]`, `[     T0]`.
fn bracket(text: &str) -> Option<&str> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let words = inside.trim();
    let digits = words.bytes().any(|byte| byte.is_ascii_digit());
    let seconds = || {
        words
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' ' | b'<' | b'>' | b'+'))
    };
    let clock = || words.matches(':').count() == 2 && words.contains(' ');
    let thread = || {
        words
            .strip_prefix(['T', 'C'])
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    (inside.len() <= 48 && digits && (seconds() || clock() || thread())).then_some(after)
}

/// `2024-12-17 14:39:28,478 DEBUG:`, and the facility of `dmesg -x`.
fn stamp(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("kern ") {
        let (level, after) = rest.trim_start().strip_prefix(':')?.split_once(':')?;
        return (level.len() <= 8).then_some(after);
    }
    let (word, after) = text.split_once([' ', '\t'])?;
    let starts = |shape: &[u8]| {
        let bytes = word.as_bytes();
        bytes.len() >= shape.len()
            && shape.iter().zip(bytes).all(|(&shape, &byte)| match shape {
                b'9' => byte.is_ascii_digit(),
                other => other == byte,
            })
    };
    let label = matches!(word, "DEBUG:" | "INFO:" | "NOTICE:" | "WARNING:" | "ERROR:");
    (label || starts(b"9999-99-99") || starts(b"99:99:99")).then_some(after)
}

/// The function or bus that a message is about, and what it says of it.
fn subject(text: &str) -> Option<Message<'_>> {
    let mut rest = text;
    let mut before = "";
    for _ in 0..MAX_WORDS {
        let (word, after) = rest.split_once(' ')?;
        if let Some(name) = word.strip_suffix(':')
            && let Some(subject) = named(before, name)
        {
            let text = after.trim_start();
            return Some(Message { subject, text });
        }
        if !word.is_empty() {
            before = word;
        }
        rest = after;
    }
    None
}

fn named<'l>(before: &'l str, name: &str) -> Option<Subject<'l>> {
    if before == "pci_bus" {
        let (segment, bus) = name.split_once(':')?;
        let (segment, bus) = (hex(segment, 4..=8)?, hex(bus, 2..=2)?);
        return Some(Subject::Bus {
            segment: Segment(u32::try_from(segment).ok()?),
            bus: u8::try_from(bus).ok()?,
        });
    }
    let is_driver = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let driver =
        before.starts_with(|c: char| c.is_ascii_alphabetic()) && before.bytes().all(is_driver);
    let at = function(name).filter(|_| driver)?;
    Some(Subject::Function { driver: before, at })
}

/// An address exactly as the kernel writes it.
pub(super) fn function(name: &str) -> Option<Sbdf> {
    let shape = (12..=16).contains(&name.len()) && name.bytes().rev().nth(1) == Some(b'.');
    let at: Sbdf = shape.then(|| name.parse().ok())??;
    // Nearly all are in segments of four digits, where the places of the signs tell.
    let plain = matches!(
        name.as_bytes(),
        [_, _, _, _, b':', _, _, b':', _, _, b'.', _]
    ) && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    (plain || at.to_string() == name).then_some(at)
}

/// Hexadecimal digits and nothing else.
pub(super) fn hex(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let plain =
        length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

/// `0x1f` with any number of digits up to 16.
pub(super) fn prefixed(number: &str) -> Option<u64> {
    hex(number.strip_prefix("0x")?, 1..=16)
}

/// The digits at the start of a text, as a number with nothing but a separator behind.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let ended = rest.is_empty() || rest.starts_with([' ', ',', ';', ')', ']']);
    (ended && digits.len() <= 9)
        .then(|| digits.parse().ok())
        .flatten()
}
