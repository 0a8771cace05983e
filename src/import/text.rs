//! Texts of unknown encoding.

use std::borrow::Cow;

/// Longest text taken over as a fact.
const MAX_FACT: usize = 400;

/// A short text as UTF-8: as it is, else read as Latin-1. Control characters are dropped.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii();
    let bytes = bytes.get(..MAX_FACT).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // A cut may fall within a character.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default())
        }
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    text.chars()
        .filter(|character| !character.is_control())
        .collect()
}

/// The lines of a text without the full hex lines of lspci, which nearly all of a dump consists
/// of and which say nothing in words: an offset and sixteen bytes.
pub(crate) fn worded_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let mut text = rest?;
        while let Some(length) = hex_row(text) {
            text = text.get(length..).unwrap_or_default();
        }
        let end = memchr::memchr(b'\n', text);
        rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len()))
    })
}

/// Length of the line at the start of a text if it has the shape of a full hex line: two or
/// three characters, a colon, and sixteen times two characters with a space before them.
fn hex_row(text: &[u8]) -> Option<usize> {
    const BYTES: usize = 48;
    let start = match text {
        [_, _, b':', ..] => 3,
        [_, _, _, b':', ..] => 4,
        _ => return None,
    };
    let (row, rest) = text.get(start..)?.split_first_chunk::<BYTES>()?;
    let spaced = || row.as_chunks::<3>().0.iter().all(|group| group[0] == b' ');
    (rest.first() == Some(&b'\n') && spaced()).then_some(start + BYTES + 1)
}

/// A text as UTF-8; other bytes become replacement characters.
pub(crate) fn lossy(text: &[u8]) -> Cow<'_, str> {
    // Nearly all texts are sound, and the check alone is many times faster.
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(text),
    }
}

/// Four hexadecimal digits and nothing else.
pub(crate) fn hex16(digits: &str) -> Option<u16> {
    let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// The order of bytes in a UTF-16 text whose mark is missing, by its first bytes: of a text in
/// Latin letters every other byte is zero.
pub(crate) fn utf16_without_mark(head: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let (pairs, _) = head.get(..512.min(head.len()))?.as_chunks::<2>();
    let letter = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..);
    let little = pairs
        .iter()
        .filter(|pair| pair[1] == 0 && letter(pair[0]))
        .count();
    let big = pairs
        .iter()
        .filter(|pair| pair[0] == 0 && letter(pair[1]))
        .count();
    let most = |count: usize| pairs.len() >= 8 && count * 10 >= pairs.len() * 9;
    match (most(little), most(big)) {
        (true, _) => Some(u16::from_le_bytes),
        (_, true) => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// The text without a byte order mark, and converted where that, or every other byte, says
/// UTF-16. `true` with a text that was converted.
pub(crate) fn decoded(bytes: Vec<u8>) -> (Vec<u8>, bool) {
    let units = |combine: fn([u8; 2]) -> u16, mark: usize| -> Vec<u8> {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = pairs.iter().skip(mark).map(|&pair| combine(pair));
        let mut text = String::with_capacity(pairs.len());
        text.extend(
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
        text.into_bytes()
    };
    if bytes.starts_with(&[0xff, 0xfe]) {
        (units(u16::from_le_bytes, 1), true)
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        (units(u16::from_be_bytes, 1), true)
    } else if let Some(combine) = utf16_without_mark(&bytes) {
        (units(combine, 0), true)
    } else {
        (bytes, false)
    }
}

/// A text without the mark that some editors put before UTF-8.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_and_utf_8_become_the_same_text() {
        assert_eq!(printable("Schr\u{f6}der".as_bytes()), "Schröder");
        assert_eq!(printable(b"Schr\xf6der"), "Schröder");
        assert_eq!(printable(b"  a\x1b[31mb\0 \t"), "a[31mb");
        assert_eq!(printable("é".repeat(300).as_bytes()).chars().count(), 200);
        let odd = format!("x{}", "é".repeat(300));
        assert_eq!(printable(odd.as_bytes()).chars().count(), 200);
    }

    #[test]
    fn utf_16_is_converted_in_both_orders() {
        let little: Vec<u8> = "\u{feff}00:1f\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "\u{feff}00:1f\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decoded(little), (b"00:1f\n".to_vec(), true));
        assert_eq!(decoded(big), (b"00:1f\n".to_vec(), true));
        assert_eq!(decoded(b"00:1f".to_vec()), (b"00:1f".to_vec(), false));
        assert_eq!(without_mark(b"\xef\xbb\xbf00"), b"00");
    }
}
