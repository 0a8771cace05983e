//! Address ranges with one convention (inclusive ends) and checked arithmetic.

use std::fmt;

/// A non-empty range of addresses, `start..=last`.
///
/// Both ends are inclusive, so that the whole 64-bit space is expressible.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrRange {
    start: u64,
    last: u64,
}

impl AddrRange {
    /// `start..=last`; `None` where `last < start`.
    pub const fn new(start: u64, last: u64) -> Option<Self> {
        if last < start {
            return None;
        }
        Some(Self { start, last })
    }

    /// `len` addresses from `start`; `None` where empty or past the 64-bit space.
    pub const fn with_len(start: u64, len: u64) -> Option<Self> {
        match len.checked_sub(1) {
            Some(extent) => match start.checked_add(extent) {
                Some(last) => Some(Self { start, last }),
                None => None,
            },
            None => None,
        }
    }

    /// First address.
    pub const fn start(self) -> u64 {
        self.start
    }

    /// Last address.
    pub const fn last(self) -> u64 {
        self.last
    }

    /// Number of addresses; saturates at `u64::MAX` for the whole 64-bit space.
    pub const fn len(self) -> u64 {
        (self.last - self.start).saturating_add(1)
    }

    /// Never: a range holds at least one address.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// Whether `other` lies wholly inside.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.last <= self.last
    }

    /// Whether an address is common to both.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    /// Whether any address is at or above 4 GiB.
    pub const fn needs_64_bits(self) -> bool {
        self.last > u32::MAX as u64
    }
}

impl fmt::Display for AddrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}-{:#x}", self.start, self.last)
    }
}

impl fmt::Debug for AddrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_address_space_are_expressible() {
        let all = AddrRange::new(0, u64::MAX).unwrap();
        assert_eq!(all.len(), u64::MAX);
        assert_eq!(
            AddrRange::with_len(u64::MAX, 1),
            AddrRange::new(u64::MAX, u64::MAX)
        );
        assert_eq!(AddrRange::with_len(u64::MAX, 2), None);
        assert_eq!(AddrRange::with_len(0, 0), None);
        assert_eq!(AddrRange::new(1, 0), None);
    }

    #[test]
    fn touching_ranges_do_not_overlap() {
        let low = AddrRange::new(0, 0xfff).unwrap();
        let high = AddrRange::new(0x1000, 0x1fff).unwrap();
        assert!(!low.overlaps(high));
        assert!(low.overlaps(AddrRange::new(0xfff, 0x1000).unwrap()));
        assert!(AddrRange::new(0, 0x1fff).unwrap().contains(high));
        assert!(!low.needs_64_bits());
        assert!(AddrRange::new(0, 1 << 32).unwrap().needs_64_bits());
    }
}
