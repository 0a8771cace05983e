//! Bounds of the importers, beside those of the capture format.

/// Bytes of an input that is given in memory.
pub(crate) const MAX_BYTES: u64 = 128 << 20;
/// Unpacked bytes of one input, all layers and members together.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;
/// Archives within archives.
pub(crate) const MAX_NESTING: u32 = 4;
/// Memory for the files of a tree.
pub(crate) const MAX_TREE: u64 = 64 << 20;
/// Names of a folder or archive that are looked at.
pub(crate) const MAX_NAMES: usize = 2_000_000;
/// Files outside of a tree that are opened to see whether they are of use.
pub(crate) const MAX_OTHER_FILES: usize = 10_000;
/// Bytes that are read to see what a file is.
pub(crate) const HEAD: u64 = 64 << 10;
/// Memory of the dictionary that an xz file may ask for, in KiB. `xz -9` asks for 64 MiB.
pub(crate) const MAX_DICTIONARY_KIB: u32 = 72 << 10;
/// Bytes of an attribute: sysfs has none longer than a page.
pub(crate) const MAX_ATTRIBUTE: u64 = 16 << 10;
/// Bytes of a name stored outside of its header in a tar archive.
pub(crate) const MAX_LONG_NAME: u64 = 64 << 10;
/// ACPI tables of one input. Hosts with a hundred exist.
pub(crate) const MAX_TABLES: usize = 1024;
/// Bytes of a text of which only the content is of use, so that a longer one is not kept.
pub(crate) const MAX_KEPT_TEXT: usize = 1 << 20;
