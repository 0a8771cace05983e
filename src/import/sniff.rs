//! What bytes are, by their content. Names are never asked.

use std::fmt;

use super::text::{utf16_without_mark, without_mark};
use super::windows::Export;
use super::{acpidump, device_list, kernel_log, lspci, markup};

/// What a part of use is, other than a tree or a capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A text of lspci.
    Lspci,
    /// A list of devices in another form.
    DeviceList,
    /// A text of acpidump, or of iasl with raw table data.
    TableDump,
    /// The log of a Linux kernel.
    KernelLog,
    /// One ACPI table as it is.
    Table,
    /// XML of libvirt or hwloc.
    Markup,
    /// One configuration space as it is.
    Config,
    /// An export from Windows.
    Windows(Export),
}

/// What an input looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Looks {
    /// No bytes at all.
    Empty,
    /// Compressed with gzip (RFC 1952).
    Gzip,
    /// Compressed with xz.
    Xz,
    /// Compressed with bzip2.
    Bzip2,
    /// A zip file.
    Zip,
    /// A tar archive.
    Tar,
    /// Some text.
    Text,
    /// A text in UTF-16.
    Utf16,
    /// An ACPI table, by its header.
    AcpiTable,
    /// A JPEG image.
    Jpeg,
    /// A PNG image.
    Png,
    /// A GIF image.
    Gif,
    /// A PDF document.
    Pdf,
    /// An ELF program.
    Elf,
    /// A Windows program.
    Exe,
    /// A 7z archive.
    SevenZip,
    /// A RAR archive.
    Rar,
    /// Compressed with zstd.
    Zstd,
    /// A Windows event log.
    EventLog,
    /// None of these.
    Binary,
}

/// Signatures at the start of a file.
const SIGNATURES: &[(&[u8], Looks)] = &[
    (b"\x1f\x8b", Looks::Gzip),
    (b"\xfd7zXZ\0", Looks::Xz),
    (b"PK\x03\x04", Looks::Zip),
    (b"PK\x05\x06", Looks::Zip),
    (b"\xff\xfe", Looks::Utf16),
    (b"\xfe\xff", Looks::Utf16),
    (b"\xff\xd8\xff", Looks::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Looks::Png),
    (b"GIF8", Looks::Gif),
    (b"%PDF-", Looks::Pdf),
    (b"\x7fELF", Looks::Elf),
    (b"7z\xbc\xaf\x27\x1c", Looks::SevenZip),
    (b"Rar!\x1a\x07", Looks::Rar),
    (b"\x28\xb5\x2f\xfd", Looks::Zstd),
    (b"ElfFile\0", Looks::EventLog),
];

/// What a file is, by its first bytes (512 at least, where it has them).
pub(crate) fn looks(head: &[u8]) -> Looks {
    if head.is_empty() {
        return Looks::Empty;
    }
    for (signature, looks) in SIGNATURES {
        if head.starts_with(signature) {
            return *looks;
        }
    }
    if is_bzip2(head) {
        Looks::Bzip2
    } else if is_tar(head) {
        Looks::Tar
    } else if is_text(head) {
        Looks::Text
    } else if head.starts_with(b"MZ") {
        Looks::Exe
    } else if is_acpi_table(head) {
        Looks::AcpiTable
    } else if utf16_without_mark(head).is_some() {
        Looks::Utf16
    } else {
        Looks::Binary
    }
}

/// What the first lines of a text are, odd bytes or not. `None` where they are of no use.
pub(super) fn text_kind(head: &[u8]) -> Option<Kind> {
    let head = without_mark(head);
    let mut lines = head.split(|&byte| byte == b'\n');
    if lines.any(lspci::is_header) {
        Some(Kind::Lspci)
    } else if markup::is_markup(head) {
        Some(Kind::Markup)
    } else if acpidump::is_dump(head) || acpidump::is_iasl_decode(head) {
        Some(Kind::TableDump)
    } else if device_list::is_list(head) {
        Some(Kind::DeviceList)
    } else if kernel_log::is_log(head) {
        Some(Kind::KernelLog)
    } else {
        Export::of(head).map(Kind::Windows)
    }
}

/// `BZh`, the block size, and the mark of the first block or of the end.
fn is_bzip2(head: &[u8]) -> bool {
    matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
        if rest.starts_with(b"\x31\x41\x59\x26\x53\x59") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90"))
}

/// A tar header is known by its checksum, which old archives without `ustar` have too.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.first_chunk::<512>() else {
        return head.get(257..262) == Some(b"ustar");
    };
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte }))
        .sum();
    let digits = header.get(148..156).unwrap_or_default();
    let digits: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
    let stored = std::str::from_utf8(&digits)
        .ok()
        .and_then(|d| u64::from_str_radix(d, 8).ok());
    header.first() != Some(&0) && stored == Some(sum)
}

/// No NUL, and hardly any control characters.
fn is_text(head: &[u8]) -> bool {
    let odd = |&byte: &u8| u8::from(matches!(byte, 1..=8 | 14..=26 | 28..=31 | 127));
    // Counted in bytes, which the compiler does for many of them at once.
    let parts = head.chunks(usize::from(u8::MAX));
    let odd: usize = parts
        .map(|part| usize::from(part.iter().map(odd).sum::<u8>()))
        .sum();
    !head.contains(&0) && odd * 20 <= head.len()
}

/// Four printable characters, and a plausible length (ACPI 6.5, 5.2.6).
fn is_acpi_table(head: &[u8]) -> bool {
    let letters = |bytes: &[u8]| {
        bytes
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'!'))
    };
    let Some((signature, rest)) = head.split_first_chunk::<4>() else {
        return false;
    };
    let Some(length) = rest.first_chunk::<4>() else {
        return false;
    };
    letters(signature) && (36..1 << 24).contains(&u32::from_le_bytes(*length))
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::Gzip => "gzip data",
            Self::Xz => "xz data",
            Self::Bzip2 => "bzip2 data",
            Self::Zip => "a zip file",
            Self::Tar => "a tar archive",
            Self::Text => "a text without PCI functions, ACPI tables or kernel messages",
            Self::Utf16 => "a UTF-16 text without PCI functions, ACPI tables or kernel messages",
            Self::AcpiTable => "an ACPI table with a wrong length or checksum",
            Self::Jpeg => "a JPEG image",
            Self::Png => "a PNG image",
            Self::Gif => "a GIF image",
            Self::Pdf => "a PDF document",
            Self::Elf => "an ELF program",
            Self::Exe => "a Windows program",
            Self::SevenZip => "a 7z archive, which is not supported",
            Self::Rar => "a RAR archive, which is not supported",
            Self::Zstd => "zstd data",
            Self::EventLog => "a Windows event log",
            Self::Binary => "binary data",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_what_a_file_is() {
        for (head, expected) in [
            (&b""[..], Looks::Empty),
            (b"\x1f\x8b\x08\0", Looks::Gzip),
            (b"BZh91AY&SY", Looks::Bzip2),
            (b"BZh9 is no bzip2", Looks::Text),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Looks::Jpeg),
            (b"\xff\xfe0\0", Looks::Utf16),
            (b"I\0S\0A\0 \0b\0r\0i\0d\0g\0e\0", Looks::Utf16),
            (b"\0I\0S\0A\0 \0b\0r\0i\0d\0g\0e", Looks::Utf16),
            (b"00:1f.0 ISA bridge\n", Looks::Text),
            (b"Schr\xf6der\r\n\x1b[0m", Looks::Text),
            (b"DMAR\x88\0\0\0\x01", Looks::AcpiTable),
            (b"MZ\x90\0\x03\0", Looks::Exe),
            (b"\x01\x02\x03\x04", Looks::Binary),
            (b"a\0b", Looks::Binary),
        ] {
            assert_eq!(looks(head), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_tar_header_is_known_by_its_checksum() {
        let mut header = tar::Header::new_old();
        header.set_path("sys/devices").unwrap();
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        assert_eq!(looks(header.as_bytes()), Looks::Tar);
        let mut bytes = *header.as_bytes();
        bytes[0] ^= 1;
        assert_eq!(looks(&bytes), Looks::Binary);
        assert_eq!(looks(&[0; 512]), Looks::Binary);
    }
}
