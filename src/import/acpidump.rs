//! ACPI tables: the texts that `acpidump` and `iasl -d` print, and single raw tables.
//!
//! Each table is a heading, `DMAR @ 0x000000007AFF5000`, and rows of up to 16 bytes behind
//! their offset. The text at the end of a row is not read. A decode of iasl ends with such rows
//! below a heading of its own; what it says of them above is not read.

use std::collections::BTreeMap;

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use super::limits::MAX_TABLES;
use crate::capture::limits::MAX_TABLE;
use crate::capture::table_name;

/// Bytes of the header that tables share (ACPI 6.5, 5.2.6).
const HEADER: usize = 36;
/// Bytes of one row.
const ROW: usize = 16;

/// Reads every table of a text. A table that is cut is kept up to its last contiguous byte.
pub(super) fn read(text: &[u8], diagnostics: &mut Diagnostics) -> BTreeMap<String, Vec<u8>> {
    let mut tables = BTreeMap::new();
    let mut current: Option<Open<'_>> = None;
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let line = content(line);
        if let Some(signature) = heading(line) {
            if let Some(open) = current.take() {
                open.close(&mut tables, diagnostics);
            }
            if tables.len() >= MAX_TABLES {
                let limit = MAX_TABLES;
                diagnostics.at(Place::Line(number), DiagnosticKind::TooManyTables { limit });
                return tables;
            }
            current = Some(Open::new(number, signature));
        } else if let (Some(open), Some((offset, bytes))) = (&mut current, row(line)) {
            open.push(offset, &bytes);
        }
    }
    if let Some(open) = current {
        open.close(&mut tables, diagnostics);
    }
    tables
}

/// Whether lines hold a heading with the first row of its table behind it.
pub(super) fn is_dump(text: &[u8]) -> bool {
    let mut lines = text
        .split(|&byte| byte == b'\n')
        .map(content)
        .filter(|line| !line.is_empty());
    let mut headed = false;
    lines.any(|line| {
        let first = headed && matches!(row(line), Some((0, _)));
        headed = heading(line).is_some();
        first
    })
}

/// Tables that are read for what is wrong with them, checksum included.
const EXAMINED: &[&str] = &[
    "APIC", "DMAR", "FACP", "HPET", "IORT", "IVRS", "MCFG", "VIOT",
];

/// The signature of bytes that are one whole table: its length, and a right checksum unless it
/// is one of the tables that are examined for such faults.
pub(super) fn whole_table(bytes: &[u8]) -> Option<String> {
    let whole = bytes.len() >= HEADER && claimed(bytes) == Some(bytes.len());
    let sum = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    signature(bytes).filter(|name| whole && (sum == 0 || EXAMINED.contains(&name.as_str())))
}

/// The signature of bytes that are one table, whole or damaged: a table that is examined for
/// faults is read as far as it goes, if only its header is that of a table.
pub(super) fn raw_table(bytes: &[u8]) -> Option<String> {
    let headed = || {
        let length = claimed(bytes)?;
        // OEM id, OEM table id and creator id are text (ACPI 6.5, table 5.4).
        let mut ids = [bytes.get(10..24)?, bytes.get(28..32)?]
            .into_iter()
            .flatten();
        let text = ids.all(|byte| matches!(byte, 0 | b' '..=b'~'));
        let plausible = text && length >= HEADER && length as u64 <= MAX_TABLE;
        let examined = |name: &String| EXAMINED.contains(&name.as_str());
        signature(bytes).filter(|name| bytes.len() >= HEADER && plausible && examined(name))
    };
    whole_table(bytes).or_else(headed)
}

/// What is wrong with the length of a table of its own.
pub(super) fn cut(name: &str, bytes: &[u8]) -> Option<DiagnosticKind> {
    let length = claimed(bytes).filter(|&length| length > bytes.len())?;
    Some(DiagnosticKind::TableCut {
        table: name.to_owned(),
        bytes: bytes.len(),
        length: Some(length),
    })
}

/// A table whose rows are being read.
struct Open<'t> {
    /// Line of its heading, from 1.
    line: u32,
    heading: &'t [u8],
    bytes: Vec<u8>,
    /// A row was missing: nothing behind it can be used.
    gap: bool,
}

impl<'t> Open<'t> {
    const fn new(line: u32, heading: &'t [u8]) -> Self {
        Self {
            line,
            heading,
            bytes: Vec::new(),
            gap: false,
        }
    }

    fn push(&mut self, offset: usize, bytes: &[u8]) {
        let room = (self.bytes.len() + bytes.len()) as u64 <= MAX_TABLE;
        self.gap |= offset != self.bytes.len() || !room;
        if !self.gap {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn close(mut self, tables: &mut BTreeMap<String, Vec<u8>>, diagnostics: &mut Diagnostics) {
        let place = Place::Line(self.line);
        let said = String::from_utf8_lossy(self.heading).into_owned();
        let name = signature(&self.bytes).unwrap_or_else(|| said.clone());
        // The heading of iasl does not name the table.
        if name != said && !said.is_empty() {
            let is = name.clone();
            diagnostics.at(place, DiagnosticKind::TableSignature { said, is });
        }
        // What a short last row has in its text may look like bytes.
        let length = claimed(&self.bytes).filter(|&length| length >= HEADER || name == "FACS");
        if let Some(length) = length {
            self.bytes.truncate(length);
        }
        let bytes = self.bytes.len();
        if self.gap || bytes == 0 || length.is_some_and(|length| length > bytes) {
            let table = name.clone();
            diagnostics.at(
                place,
                DiagnosticKind::TableCut {
                    table,
                    bytes,
                    length,
                },
            );
        }
        if bytes > 0 && !name.is_empty() {
            tables.insert(table_name(tables, &name), self.bytes);
        }
    }
}

/// A line without its end, indentation and marks of a quotation.
fn content(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii();
    while let Some(rest) = line.strip_prefix(b">") {
        line = rest.trim_ascii_start();
    }
    line
}

/// Whether a text begins as a decode of iasl does: with the first field of a table.
pub(super) fn is_iasl_decode(text: &[u8]) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n').map(content);
    lines.any(|line| {
        let field = line.strip_prefix(b"[000h 0000 ").unwrap_or_default();
        let value = field.windows(14).any(|part| part == b" Signature : \"");
        value && field.len() < 120
    })
}

/// The signature of `DMAR @ 0x000000007AFF5000`; none for `Raw Table Data: Length 168 (0xA8)`.
fn heading(line: &[u8]) -> Option<&[u8]> {
    if line.starts_with(b"Raw Table Data: Length ") {
        return Some(b"");
    }
    let (signature, rest) = line.split_at_checked(4)?;
    let address = rest.strip_prefix(b" @ 0x")?;
    let digits = matches!(address.len(), 1..=16) && address.iter().all(u8::is_ascii_hexdigit);
    (digits && signature.iter().all(is_plain)).then_some(signature)
}

/// Offset and bytes of `0010: 43 70 75 50 …  CpuP…`, where there is at least one byte.
fn row(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    let colon = line.iter().take(9).position(|&byte| byte == b':')?;
    let (digits, mut rest) = (line.get(..colon)?, line.get(colon + 1..)?);
    if digits.len() < 4 {
        return None;
    }
    let offset = number(digits)?;
    let mut bytes = Vec::with_capacity(ROW);
    while bytes.len() < ROW
        && let [b' ', high, low, behind @ ..] = rest
        && matches!(behind, [] | [b' ', ..])
        && let Some(byte) = number(&[*high, *low])
    {
        bytes.push(u8::try_from(byte).ok()?);
        rest = behind;
    }
    (!bytes.is_empty()).then_some((offset, bytes))
}

/// A hexadecimal number.
fn number(digits: &[u8]) -> Option<usize> {
    let hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| hex)?;
    usize::from_str_radix(digits, 16).ok()
}

/// The signature that a table begins with, as the name of a member.
fn signature(bytes: &[u8]) -> Option<String> {
    // The root pointer has no header of this kind (ACPI 6.5, 5.2.5.3).
    if bytes.starts_with(b"RSD PTR ") {
        return Some("RSDP".to_owned());
    }
    let signature = bytes.get(..4)?;
    let plain = signature.iter().all(is_plain);
    plain.then(|| String::from_utf8_lossy(signature).into_owned())
}

const fn is_plain(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'!')
}

/// The length that a table gives itself.
fn claimed(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(4..8).filter(|_| !bytes.starts_with(b"RSD "))?;
    usize::try_from(u32::from_le_bytes(*length.first_chunk()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `DMAR`, 48 bytes long as it says, in the layout of the tool.
    const DMAR: &str = "DMAR @ 0x000000007AFF5000\n\
        \x20   0000: 44 4D 41 52 30 00 00 00 01 00 41 42 43 44 45 46  DMAR0.....ABCDEF\n\
        \x20   0010: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  ................\n\
        \x20   0020: 26 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00  &...............\n\n";

    fn tables(text: &str) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let mut diagnostics = Diagnostics::new("t");
        let tables = read(text.as_bytes(), &mut diagnostics);
        let remarks = diagnostics.into_vec();
        (tables, remarks.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_table_is_read_whatever_stands_before_its_lines() {
        let (plain, remarks) = tables(DMAR);
        assert_eq!(remarks, [""; 0]);
        assert_eq!(plain["DMAR"].len(), 48);
        assert_eq!(plain["DMAR"][..10], *b"DMAR0\0\0\0\x01\0");
        assert_eq!(plain["DMAR"][0x1f..0x22], [0x0f, 0x26, 0x01]);
        for text in [
            DMAR.replace('\n', "\r\n"),
            DMAR.replace('\n', "\n> "),
            DMAR.replace('\n', "\n\t"),
            DMAR.to_lowercase().replace("dmar ", "DMAR "),
        ] {
            assert!(is_dump(text.as_bytes()), "{text}");
            assert_eq!(tables(&text), (plain.clone(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn the_raw_data_below_a_decode_of_iasl_is_a_table() {
        let rows = DMAR.split_once('\n').unwrap().1;
        let rows = rows
            .replace("  DMAR0", "  // DMAR0")
            .replace("  &", "  // &");
        let text = format!(
            "[000h 0000   4]                    Signature : \"DMAR\"    [DMA Remapping table]\n\
             [004h 0004   4]                 Table Length : 00000030\n\n\
             Raw Table Data: Length 48 (0x30)\n\n{rows}"
        );
        assert!(is_iasl_decode(text.as_bytes()) && !is_iasl_decode(DMAR.as_bytes()));
        assert_eq!(tables(&text), (tables(DMAR).0, Vec::new()));
        let without = text.split_once("Raw").unwrap().0;
        assert!(tables(without).0.is_empty());
    }

    #[test]
    fn a_second_table_of_a_signature_gets_a_number() {
        let (tables, _) = tables(&DMAR.repeat(2));
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["DMAR", "DMAR2"]);
    }

    #[test]
    fn a_cut_table_is_kept_up_to_its_last_contiguous_byte() {
        let cut = DMAR.split("    0020").next().unwrap();
        let (kept, remarks) = tables(cut);
        assert_eq!(kept["DMAR"].len(), 32);
        assert_eq!(
            remarks,
            ["t:1: table DMAR: 32 bytes of 48; the rest is missing"]
        );
        let without_middle: String = DMAR
            .lines()
            .filter(|l| !l.contains("0010:"))
            .fold(String::new(), |text, line| text + line + "\n");
        let (kept, remarks) = tables(&without_middle);
        assert_eq!(kept["DMAR"].len(), 16);
        assert_eq!(remarks.len(), 1);
    }

    #[test]
    fn the_bytes_of_a_table_overrule_its_heading() {
        let (tables, remarks) = tables(&DMAR.replace("DMAR @", "IVRS @"));
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["DMAR"]);
        assert_eq!(
            remarks,
            ["t:1: headed 'IVRS', but the bytes say DMAR; used that"]
        );
    }

    #[test]
    fn a_text_that_looks_like_bytes_is_not_taken_for_bytes() {
        // The last row has one byte; "AB" is its text in a paste that lost its spaces.
        let facs = "FACS @ 0x0\n  0000: 46 41 43 53 09 00 00 00 AB AB\n";
        assert_eq!(tables(facs).0["FACS"], b"FACS\x09\0\0\0\xab");
        let short = "RSDP @ 0xf7240\n  0000: 52 53 44 20 50 54 52 20  20 20\n";
        assert_eq!(tables(short).0["RSDP"], b"RSD PTR ");
    }

    #[test]
    fn a_heading_alone_is_no_dump() {
        assert!(!is_dump(b"DMAR @ 0x7aff5000\nand nothing else\n"));
        assert!(!is_dump(b"00:01.0 PCI bridge: x\n00: 86 80\n"));
    }

    #[test]
    fn a_raw_table_needs_its_length_and_unless_it_is_examined_its_checksum() {
        let mut bytes = crate::testing::dmar(1, &[]);
        assert_eq!(whole_table(&bytes).as_deref(), Some("DMAR"));
        assert_eq!(whole_table(&bytes[..47]), None);
        bytes[40] ^= 1;
        assert_eq!(whole_table(&bytes).as_deref(), Some("DMAR"));
        bytes[..4].copy_from_slice(b"OEM1");
        assert_eq!(whole_table(&bytes), None);
        let log = b"DMAR: Host address width 39\nDMAR: DRHD base: 0x000000fed90000 flags: 0x0\n";
        assert_eq!(whole_table(log), None);
        assert_eq!(raw_table(log), None);
    }

    #[test]
    fn a_table_that_is_cut_is_read_as_far_as_it_goes() {
        let whole = crate::testing::dmar(1, &[0; 16]);
        assert_eq!(raw_table(&whole).as_deref(), Some("DMAR"));
        assert_eq!(cut("DMAR", &whole), None);
        for length in 36..whole.len() {
            let bytes = &whole[..length];
            assert_eq!(raw_table(bytes).as_deref(), Some("DMAR"), "{length}");
            let DiagnosticKind::TableCut { bytes, .. } = cut("DMAR", bytes).unwrap() else {
                panic!("another kind");
            };
            assert_eq!(bytes, length);
        }
        // Without its header nothing tells that it is a table.
        assert_eq!(raw_table(&whole[..35]), None);
        let mut longer = whole;
        longer.push(0);
        assert_eq!(raw_table(&longer).as_deref(), Some("DMAR"));
    }
}
