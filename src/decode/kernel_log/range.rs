//! Address ranges as the kernel prints them (lib/vsprintf.c, `resource_string`).

use super::line::{hex, prefixed};

/// A range between brackets: `[mem 0xfe000000-0xfe00ffff 64bit pref]`, `[io  size 0x1000]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoggedRange {
    /// First address or port; `None` where only the size is said, and for a BAR that reads as
    /// zero.
    pub start: Option<u64>,
    /// Number of bytes or ports.
    pub len: u64,
    /// Ports, not memory.
    pub io: bool,
    /// A 64-bit register, where it is said.
    pub wide: bool,
    /// Prefetchable.
    pub prefetchable: bool,
}

impl LoggedRange {
    /// The range that a text begins with, and what follows it.
    pub(super) fn parse(text: &str) -> Option<(Self, &str)> {
        let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
        let mut words = inside.split_ascii_whitespace();
        let io = match words.next()? {
            "mem" => false,
            "io" => true,
            _ => return None,
        };
        let place = words.next()?;
        let (start, len) = match place {
            "size" => (None, prefixed(words.next()?)?),
            place => {
                let (start, last) = place.split_once('-')?;
                let (start, last) = (prefixed(start)?, prefixed(last)?);
                // A window that is closed has its end before its start.
                let len = last
                    .checked_sub(start)
                    .and_then(|extent| extent.checked_add(1));
                (Some(start), len.unwrap_or(0))
            }
        };
        let mut range = Self {
            start,
            len,
            io,
            wide: false,
            prefetchable: false,
        };
        for word in words {
            match word {
                "64bit" => range.wide = true,
                "pref" => range.prefetchable = true,
                "disabled" => range.len = 0,
                _ => {}
            }
        }
        Some((range, after))
    }

    /// `32bit mmio pref: [0xf0000000-0xf3ffffff]`, `io port: [0xf140-0xf147]`, as Linux 2.6.32
    /// and its relatives print it.
    pub(super) fn parse_old(text: &str) -> Option<Self> {
        let (kind, range) = text.split_once(": [")?;
        let (start, last) = range.strip_suffix(']')?.split_once('-')?;
        let (start, last) = (prefixed(start)?, prefixed(last)?);
        let mut words = kind.split(' ');
        let (io, wide) = match (words.next()?, words.next()?) {
            ("io", "port") => (true, false),
            ("32bit", "mmio") => (false, false),
            ("64bit", "mmio") => (false, true),
            _ => return None,
        };
        Some(Self {
            start: Some(start),
            len: last.checked_sub(start)?.checked_add(1)?,
            io,
            wide,
            prefetchable: words.next() == Some("pref"),
        })
    }
}

/// `[bus 01-02]` or `[bus 01]`.
pub(super) fn buses(text: &str) -> Option<(u8, u8)> {
    let (range, _) = text.strip_prefix("[bus ")?.split_once(']')?;
    let number = |digits: &str| u8::try_from(hex(digits, 2..=2)?).ok();
    match range.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => number(range).map(|bus| (bus, bus)),
    }
}
