//! BARs as a description writes them.

use std::str::FromStr;

use crate::decode::config::bar::BarKind;

use super::text::{Expected, number};

/// One BAR: `[N:] io|mem32|mem32p|mem64|mem64p SIZE [@ ADDRESS|unassigned]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Register number, where not the next free one.
    pub register: Option<u8>,
    /// What it asks for.
    pub kind: BarKind,
    /// Size in bytes or ports, a power of two.
    pub size: u64,
    /// Where it lies.
    pub address: BarAddress,
}

/// Where a BAR lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BarAddress {
    /// Where there is room.
    Placed,
    /// Nowhere: the register holds no address.
    Unassigned,
    /// Here, whether possible or not.
    Fixed(u64),
}

impl FromStr for Bar {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        parse_bar(text).ok_or(Expected(
            "a BAR as \"mem64p 16M\": io, mem32, mem32p, mem64 or mem64p, and a power of two",
        ))
    }
}

fn parse_bar(text: &str) -> Option<Bar> {
    let (register, rest) = match text.split_once(':') {
        Some((register, rest)) => (
            Some(
                register
                    .trim()
                    .parse::<u8>()
                    .ok()
                    .filter(|&number| number < 6)?,
            ),
            rest,
        ),
        None => (None, text),
    };
    let mut words = rest.split_whitespace();
    let (kind, smallest) = match words.next()? {
        "io" => (BarKind::Io, 4),
        "mem32" => (
            BarKind::Memory32 {
                prefetchable: false,
            },
            16,
        ),
        "mem32p" => (BarKind::Memory32 { prefetchable: true }, 16),
        "mem64" => (
            BarKind::Memory64 {
                prefetchable: false,
            },
            16,
        ),
        "mem64p" => (BarKind::Memory64 { prefetchable: true }, 16),
        _ => return None,
    };
    let size = number(words.next()?).filter(|size| size.is_power_of_two() && *size >= smallest)?;
    let address = match (words.next(), words.next()) {
        (None, _) => BarAddress::Placed,
        (Some("unassigned"), None) => BarAddress::Unassigned,
        (Some("@"), Some(address)) => BarAddress::Fixed(number(address)?),
        _ => return None,
    };
    words.next().is_none().then_some(Bar {
        register,
        kind,
        size,
        address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_register_kind_size_and_address() {
        assert_eq!(
            "5: mem32 2K @ 0xfe000000".parse(),
            Ok(Bar {
                register: Some(5),
                kind: BarKind::Memory32 {
                    prefetchable: false
                },
                size: 2048,
                address: BarAddress::Fixed(0xfe00_0000),
            })
        );
        for text in [
            "mem64",
            "mem64 3K",
            "io 2",
            "6: io 4",
            "mem64 4K at 1",
            "mem64 4K @ 1 2",
        ] {
            assert!(text.parse::<Bar>().is_err(), "{text:?} was taken as a BAR");
        }
    }
}
