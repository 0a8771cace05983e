//! What terminals, editors, mails and web pages add to every line of a text: colours, line
//! numbers, bars, bullets, `&gt;`. Taken off before a text is read; no line is added or dropped,
//! so that what is cited can be found.

mod tags;

use memchr::{memchr, memmem};

use super::diagnostic::Decoration;
use super::lspci;
use crate::addr::Sbdf;

/// Bytes that are looked at for something to take off: what is around every line is in the first.
const LOOKED_AT: usize = 256 << 10;
/// Lines that are looked at before anything is taken off all lines.
const SAMPLE: usize = 40;
/// Fewest numbered or barred lines that count.
const FEWEST: usize = 6;

/// Takes one kind off; `None` where there is none of it.
type Step = fn(&[u8]) -> Option<Vec<u8>>;

/// The text without decorations, and what was taken off.
pub(super) fn plain(text: Vec<u8>) -> (Vec<u8>, Vec<Decoration>) {
    let steps: [(Decoration, Step); 7] = [
        (Decoration::Escapes, without_escapes),
        (Decoration::CarriageReturns, with_line_feeds),
        (Decoration::Marks, without_marks),
        (Decoration::Entities, without_entities),
        (Decoration::Bars, without_bars),
        (Decoration::LineNumbers, without_numbers),
        (Decoration::Bullets, without_bullets),
    ];
    let mut text = text;
    let mut found = Vec::new();
    for (decoration, step) in steps {
        if let Some(changed) = step(&text) {
            text = changed;
            found.push(decoration);
        }
    }
    (text, found)
}

fn looked_at(text: &[u8]) -> &[u8] {
    text.get(..LOOKED_AT).unwrap_or(text)
}

/// Control sequences (ECMA-48, 5.4): `ESC [`, parameters, a final letter. Of others `ESC` and
/// the character behind it go.
fn without_escapes(text: &[u8]) -> Option<Vec<u8>> {
    memchr(0x1b, looked_at(text))?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(0x1b, rest) {
        out.extend_from_slice(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
        let length = match rest.first() {
            Some(b'[') => {
                let mut inside = rest.get(1..)?.iter().take(64);
                inside
                    .position(|byte| !matches!(byte, 0x20..=0x3f))
                    .map_or(1, |end| end + 2)
            }
            Some(b'\n') | None => 0,
            Some(_) => 1,
        };
        rest = rest.get(length.min(rest.len())..)?;
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn with_line_feeds(text: &[u8]) -> Option<Vec<u8>> {
    if memchr(b'\n', looked_at(text)).is_some() {
        return None;
    }
    memchr(b'\r', looked_at(text))?;
    let feed = |&byte: &u8| if byte == b'\r' { b'\n' } else { byte };
    Some(text.iter().map(feed).collect())
}

/// `[COLOR=#000080]IOMMU group 1`, `<pre>00:00.0 Host bridge`, and at the end of a line.
fn without_marks(text: &[u8]) -> Option<Vec<u8>> {
    let ends: [&[u8]; 3] = [b"[/", b"</", b"<br"];
    let head = looked_at(text);
    ends.iter().find(|end| memmem::find(head, end).is_some())?;
    Some(each_line(text, tags::without))
}

/// What stands for one character in HTML, and that character.
const ENTITIES: &[(&[u8], u8)] = &[
    (b"&gt;", b'>'),
    (b"&lt;", b'<'),
    (b"&amp;", b'&'),
    (b"&quot;", b'"'),
    (b"&#39;", b'\''),
    (b"&apos;", b'\''),
    (b"&nbsp;", b' '),
    (b"&#160;", b' '),
    (b"\xc2\xa0", b' '),
];

fn without_entities(text: &[u8]) -> Option<Vec<u8>> {
    let first = |text: &[u8]| memchr::memchr2(b'&', 0xc2, text);
    let known = |text: &[u8]| ENTITIES.iter().find(|known| text.starts_with(known.0));
    let head = looked_at(text);
    // Names have `&` of their own.
    let sure: [&[u8]; 4] = [b"&gt;", b"&lt;", b"&nbsp;", b"\xc2\xa0"];
    sure.iter()
        .find(|mark| memmem::find(head, mark).is_some())?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = first(rest) {
        out.extend_from_slice(rest.get(..at)?);
        rest = rest.get(at..)?;
        let (byte, length) = match known(rest) {
            Some((mark, byte)) => (*byte, mark.len()),
            None => (*rest.first()?, 1),
        };
        out.push(byte);
        rest = rest.get(length..)?;
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// The first lines that are not empty.
fn sample(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| byte == b'\n');
    lines
        .filter(|line| !line.trim_ascii().is_empty())
        .take(SAMPLE)
}

/// Each line as `change` leaves it.
fn each_line(text: &[u8], change: impl Fn(&[u8]) -> &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(change(line));
    }
    out
}

/// `| 00:00.0 Host bridge`: one bar, and no cells as in a table.
fn without_bars(text: &[u8]) -> Option<Vec<u8>> {
    fn behind(line: &[u8]) -> Option<&[u8]> {
        let line = line.trim_ascii_start();
        let rest = line
            .strip_prefix(b"|")
            .or_else(|| line.strip_prefix("│".as_bytes()))?;
        Some(rest.strip_prefix(b" ").unwrap_or(rest))
    }
    let mut count = 0;
    for line in sample(text) {
        let rest = behind(line)?;
        if rest.trim_ascii_end().ends_with(b"|") {
            return None;
        }
        count += 1;
    }
    (count >= FEWEST).then(|| each_line(text, |line| behind(line).unwrap_or(line)))
}

/// A line's number, the separator behind it, and the rest.
fn numbered(line: &[u8]) -> Option<(u64, u8, &[u8])> {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .take(9)
        .position(|byte| !byte.is_ascii_digit())?;
    let number = std::str::from_utf8(line.get(..end)?).ok()?.parse().ok()?;
    let rest = line.get(end..)?;
    let (&separator, rest) = rest.split_first()?;
    let rest = match separator {
        b'\t' | b':' | b' ' => rest,
        b'.' | b')' | b'|' => rest.strip_prefix(b" ")?,
        _ => return None,
    };
    Some((number, separator, rest))
}

fn begins_with_address(line: &[u8]) -> bool {
    let end = line.iter().position(u8::is_ascii_whitespace);
    let word = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<Sbdf>().is_ok())
}

/// Numbers that count the lines, and not the groups of a listing or the devices of a bus.
fn without_numbers(text: &[u8]) -> Option<Vec<u8>> {
    let mut count = 0;
    let mut last: Option<(u64, u8)> = None;
    let mut first = 0;
    let (mut headers, mut details, mut columns) = (0, 0, false);
    for line in sample(text) {
        let (number, separator, rest) = numbered(line)?;
        match last {
            None => first = number,
            Some(last) if last != (number.checked_sub(1)?, separator) => return None,
            Some(_) => {}
        }
        last = Some((number, separator));
        // `02:00.0 VGA compatible controller` counts nothing.
        if separator == b':' && lspci::is_header(line) {
            return None;
        }
        match lspci::is_header(rest) || begins_with_address(rest) {
            true => headers += 1,
            false => details += 1,
        }
        columns |= rest.contains(&b'\t') && !rest.starts_with(b"\t");
        count += 1;
    }
    let (_, separator) = last?;
    let lines_alone = details > 0 && separator != b' ' || details > headers;
    let all_headers = details == 0 && first == 1 && !columns && matches!(separator, b'\t' | b':');
    if count < FEWEST || !(lines_alone || all_headers) {
        return None;
    }
    Some(each_line(text, |line| match numbered(line) {
        Some((_, found, rest)) if found == separator => rest,
        _ => line,
    }))
}

/// `- 00:00.0 Host bridge`, `* IOMMU Group 1:`.
fn without_bullets(text: &[u8]) -> Option<Vec<u8>> {
    fn behind(line: &[u8]) -> Option<&[u8]> {
        let start = line.trim_ascii_start();
        let rest = [&b"- "[..], b"* ", b"+ ", "• ".as_bytes()]
            .iter()
            .find_map(|bullet| start.strip_prefix(*bullet))?;
        lspci::is_header(rest).then_some(rest)
    }
    sample(text).find_map(behind)?;
    Some(each_line(text, |line| behind(line).unwrap_or(line)))
}

#[cfg(test)]
mod tests;
