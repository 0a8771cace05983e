//! Where a captured fact came from.

use serde::{Deserialize, Serialize};

/// A fact that someone reported, with its origin. Never mixed with predictions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Reported<T> {
    /// What was reported.
    pub value: T,
    /// Who reported it.
    pub origin: Origin,
}

/// Who reported a fact, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Origin {
    /// How it was obtained.
    pub method: Method,
    /// File below `source/` that says so, where one was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Line in that file, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// How a fact was obtained.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// A file of the Linux sysfs tree.
    Sysfs,
    /// Text printed by lspci.
    Lspci,
    /// A Linux kernel log.
    KernelLog,
    /// A Windows device property.
    WindowsProperty,
    /// Made by the synthesiser.
    Synthetic,
    /// A name looked up in the id list.
    Name,
    /// A way that this version does not know.
    #[serde(other)]
    Other,
}

/// Which lines of a source hold bytes of a configuration space: `16` bytes a line in a hex
/// dump, any number of bits for a decoded text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct SourceLines {
    /// First byte that the lines hold.
    pub offset: u16,
    /// Number of bytes that they hold.
    pub len: u16,
    /// File below `source/`.
    pub source: String,
    /// Line of the first byte, counted from 1.
    pub line: u32,
    /// Bytes on each line; 0 where all lie on the one line.
    pub bytes_per_line: u16,
}

impl Origin {
    /// An origin without a text behind it.
    pub const fn of(method: Method) -> Self {
        Self {
            method,
            source: None,
            line: None,
        }
    }

    /// A line of an imported text.
    pub fn line(method: Method, source: &str, line: u32) -> Self {
        Self {
            method,
            source: Some(source.to_owned()),
            line: Some(line),
        }
    }
}

impl<T> Reported<T> {
    /// A fact with its origin.
    pub const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

impl SourceLines {
    /// The line that holds the byte at `offset`.
    pub fn line_of(&self, offset: u16) -> Option<u32> {
        let within = offset.checked_sub(self.offset)?;
        if within >= self.len {
            return None;
        }
        let lines = within.checked_div(self.bytes_per_line).unwrap_or(0);
        self.line.checked_add(u32::from(lines))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.source, self.line) {
            (Some(source), Some(line)) => write!(f, "{source}:{line}"),
            (Some(source), None) => f.write_str(source),
            (None, _) => f.write_str(match self.method {
                Method::Sysfs => "sysfs",
                Method::Lspci => "lspci",
                Method::KernelLog => "kernel log",
                Method::WindowsProperty => "Windows property",
                Method::Synthetic => "synthetic",
                Method::Name => "name",
                Method::Other => "unknown origin",
            }),
        }
    }
}
