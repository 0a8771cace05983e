//! Hex lines: `1c0: 86 80 01 00 …`, an offset and up to sixteen bytes.
//!
//! Almost all of a dump is such lines, so they are read by hand, bytes to bytes. Everything
//! else about the text is left to the structured parsers.

/// One hex line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HexLine {
    /// Offset of the first byte from the start of the configuration space.
    pub offset: u16,
    /// The bytes; those past `len` are zero.
    bytes: [u8; 16],
    /// How many there are, 1 to 16.
    len: u8,
    /// Whether something followed that is no byte.
    pub trailing: bool,
}

impl HexLine {
    /// The bytes of the line.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// Value of each hexadecimal digit; 0xff for all other characters.
const DIGIT: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        table[digit as usize] = value;
        table[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    table
};

fn digit(byte: u8) -> u8 {
    // A table of 256 entries holds every byte.
    DIGIT.get(usize::from(byte)).copied().unwrap_or(0xff)
}

/// The line at the start of `text` if it is one as lspci prints it: no indentation, sixteen
/// bytes, a line feed. With it comes its length. Anything else is left to [`line()`].
#[inline]
pub fn full_line(text: &[u8]) -> Option<(HexLine, usize)> {
    const BYTES: usize = 48;
    let digits = match text {
        [_, _, b':', ..] => 2,
        [_, _, _, b':', ..] => 3,
        _ => return None,
    };
    let (head, rest) = text.split_at_checked(digits + 1)?;
    let (body, rest) = rest.split_first_chunk::<BYTES>()?;
    if rest.first() != Some(&b'\n') {
        return None;
    }
    let mut bad = 0;
    let mut offset = 0_u16;
    for &byte in head.get(..digits)? {
        let value = digit(byte);
        bad |= value;
        offset = offset << 4 | u16::from(value & 0xf);
    }
    let mut bytes = [0; 16];
    let mut gaps = 0;
    for (byte, group) in bytes.iter_mut().zip(body.as_chunks::<3>().0) {
        let [space, high, low] = *group;
        let (high, low) = (digit(high), digit(low));
        gaps |= space ^ b' ';
        bad |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    // Digits have values below 16.
    if bad & 0xf0 != 0 || gaps != 0 {
        return None;
    }
    Some((
        HexLine {
            offset,
            bytes,
            len: 16,
            trailing: false,
        },
        digits + 1 + BYTES + 1,
    ))
}

/// A hex line without its line end, quote marks and indentation: an offset of two or three
/// digits, a colon, and at least one byte. What comes after the last byte is not looked at.
pub fn line(text: &[u8]) -> Option<HexLine> {
    let digits = text
        .iter()
        .take(4)
        .take_while(|&&byte| digit(byte) < 16)
        .count();
    if !(2..=3).contains(&digits) || text.get(digits) != Some(&b':') {
        return None;
    }
    let (head, mut rest) = text.split_at_checked(digits)?;
    let offset = head
        .iter()
        .fold(0, |offset, &byte| offset << 4 | u16::from(digit(byte)));
    rest = rest.get(1..)?;
    let mut bytes = [0; 16];
    let mut len = 0_u8;
    while let Some(slot) = bytes.get_mut(usize::from(len)) {
        let Some((byte, after)) = byte(rest) else {
            break;
        };
        *slot = byte;
        len += 1;
        rest = after;
    }
    let trailing = !rest.trim_ascii().is_empty();
    (len > 0).then_some(HexLine {
        offset,
        bytes,
        len,
        trailing,
    })
}

/// Bytes without an offset: what is left of a hex line that a message cut in two.
pub(super) fn rest_of_line(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // The first byte has lost the space before it.
    let mut spaced = Vec::with_capacity(text.len() + 1);
    spaced.push(b' ');
    spaced.extend_from_slice(text.get(..47).unwrap_or(text));
    let mut rest = spaced.as_slice();
    while let Some((byte, after)) = byte(rest) {
        bytes.push(byte);
        rest = after;
    }
    (rest.trim_ascii().is_empty() && !bytes.is_empty() && text.len() < 48).then_some(bytes)
}

/// One byte: spaces, two digits, and then no third one.
fn byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let spaces = text
        .iter()
        .take_while(|&&byte| byte == b' ' || byte == b'\t')
        .count();
    let (&[high, low], rest) = text.get(spaces..)?.split_first_chunk::<2>()?;
    let (high, low) = (digit(high), digit(low));
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (spaces > 0 && high < 16 && low < 16 && ends).then_some((high << 4 | low, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"1c0: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd EE Ff\n";

    #[test]
    fn a_line_as_printed_is_read_whole() {
        let (hex, length) = full_line(LINE).unwrap();
        assert_eq!((hex.offset, length), (0x1c0, LINE.len()));
        let expected: Vec<u8> = (0..16).map(|n| n * 0x11).collect();
        assert_eq!(hex.bytes(), expected);
        let (hex, length) = full_line(&LINE[1..]).unwrap();
        assert_eq!((hex.offset, length), (0xc0, LINE.len() - 1));
    }

    #[test]
    fn both_readers_agree_on_every_line_that_the_fast_one_takes() {
        // Each byte of the line is replaced by each other byte.
        for position in 0..LINE.len() - 1 {
            for value in 0..=u8::MAX {
                let mut text = LINE.to_vec();
                text[position] = value;
                if let Some((fast, length)) = full_line(&text) {
                    assert_eq!(line(&text[..length - 1]), Some(fast), "{position} {value}");
                }
            }
        }
    }

    #[test]
    fn short_lines_hold_only_their_bytes() {
        for (text, offset, bytes) in [
            (&b"00: 86"[..], 0, &[0x86][..]),
            (b"f10: 00 01   ", 0xf10, &[0, 1]),
            (b"00:\t86 80", 0, &[0x86, 0x80]),
            (b"00:  86  80", 0, &[0x86, 0x80]),
        ] {
            let hex = line(text).unwrap();
            assert_eq!(
                (hex.offset, hex.bytes(), hex.trailing),
                (offset, bytes, false)
            );
        }
    }

    #[test]
    fn what_follows_the_bytes_is_noted_and_not_read() {
        for text in [
            &b"00: 86 80 pcilib: sysfs_read_vpd"[..],
            b"00: 86 80 1",
            b"00: 86 80 123",
        ] {
            let hex = line(text).unwrap();
            assert_eq!((hex.bytes(), hex.trailing), (&[0x86, 0x80][..], true));
        }
    }

    #[test]
    fn what_is_no_hex_line_is_none() {
        for text in [
            &b""[..],
            b"00",
            b"00:",
            b"00: ",
            b"00:86 80",
            b"0: 86",
            b"0000: 86",
            b"00:1f.0 ISA",
            b"00: 8680 1234",
            b"xx: 86",
            b"00: g6",
            b"00-86 80",
            b"00 86 80",
        ] {
            assert_eq!(line(text), None, "{}", text.escape_ascii());
            assert_eq!(full_line(text), None);
        }
    }

    #[test]
    fn the_rest_of_a_line_is_bytes_and_nothing_else() {
        assert_eq!(rest_of_line(b"00 01 ff"), Some(vec![0, 1, 0xff]));
        assert_eq!(rest_of_line(b"00 00:1f.0"), None);
        assert_eq!(rest_of_line(b""), None);
        assert_eq!(rest_of_line(b"add 00"), None);
        assert_eq!(
            rest_of_line(&LINE[5..52]).map(|bytes| bytes.len()),
            Some(16)
        );
    }
}
