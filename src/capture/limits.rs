//! Bounds for everything that is read: a dump may be made to hurt.
//!
//! They are far above what a real machine needs (a host of a thousand functions makes about
//! ten megabytes) and keep the memory of one run below 300 MB whatever the input.

/// Members of one capture or archive.
pub(crate) const MAX_MEMBERS: usize = 200_000;

/// Functions of one machine. The largest real hosts have some thousands.
pub(crate) const MAX_FUNCTIONS: usize = 16_384;

/// Bytes kept from all inputs together.
pub(crate) const MAX_TOTAL: u64 = 96 << 20;

/// Bytes of one source text.
pub(crate) const MAX_SOURCE: u64 = 64 << 20;

/// Bytes of one ACPI table. DSDTs of a megabyte exist.
pub(crate) const MAX_TABLE: u64 = 16 << 20;

/// Bytes of one member about the host, e.g. its log.
pub(crate) const MAX_HOST: u64 = 32 << 20;

/// Bytes of one `properties.json`. Parsed JSON may take eighty times the room of its text.
pub(crate) const MAX_PROPERTIES: u64 = 1 << 20;

/// Bytes of one configuration space that are read: enough to see that it is too long.
pub(crate) const MAX_CONFIG: u64 = 64 << 10;

/// Bytes of Vital Product Data: its address register has 15 bits.
pub(crate) const MAX_VPD: u64 = 32 << 10;

/// Levels of folders.
pub(crate) const MAX_DEPTH: usize = 12;

/// Unpacked bytes from which on the ratio to the packed bytes is looked at.
pub(crate) const RATIO_FROM: u64 = 16 << 20;

/// Unpacked bytes for each packed byte, at most. Trees of small text files reach 120.
pub(crate) const MAX_RATIO: u64 = 400;

/// Bytes of the central directory of a zip file.
pub(crate) const MAX_ZIP_DIRECTORY: u64 = 32 << 20;

/// Conflicts that are kept one by one.
pub(crate) const MAX_CONFLICTS: usize = 10_000;

/// Whether so many bytes from so few are an attack.
pub(crate) const fn is_bomb(packed: u64, unpacked: u64) -> bool {
    unpacked > RATIO_FROM && unpacked / MAX_RATIO > packed
}
