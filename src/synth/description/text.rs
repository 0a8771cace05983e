//! Values that a description writes as short texts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::addr::Sbdf;
use crate::range::AddrRange;
use crate::spec::pci::ClassCode;
use crate::synth::kind::class_by_name;

use super::bar::Bar;

/// Vendor and device id, `vvvv:dddd` in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ids {
    /// Vendor.
    pub vendor: u16,
    /// Device.
    pub device: u16,
}

/// A class by name (`nvme`) or by four or six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Class(pub ClassCode);

/// Device and function, `dd.f` in hexadecimal; function 0 where left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position(
    /// `device*8 + function`.
    pub u8,
);

/// A full address, `dddd:bb:dd.f`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address(pub Sbdf);

/// A number up to 64 bits: an integer, `0x…`, or decimal with a binary suffix K, M, G or T.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Number(pub u64);

/// The window of a bridge: `closed` or `FIRST-LAST`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// Base above limit.
    Closed,
    /// These addresses.
    Open(AddrRange),
}

/// Bytes of a configuration space: `0x40` or `0x40-0x4f`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteRange {
    /// First offset.
    pub first: u16,
    /// Last offset.
    pub last: u16,
}

/// Bytes in hexadecimal; blanks do not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HexBytes(pub Vec<u8>);

/// What a text should have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expected(pub(super) &'static str);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

fn hex(text: &str, digits: usize) -> Option<u64> {
    let fits = !text.is_empty() && text.len() <= digits;
    (fits && text.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

fn hex16(text: &str) -> Option<u16> {
    hex(text, 4).and_then(|value| u16::try_from(value).ok())
}

pub(super) fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return hex(digits, 16);
    }
    let (digits, shift) = match text.char_indices().last()? {
        (at, 'K') => (text.get(..at)?, 10),
        (at, 'M') => (text.get(..at)?, 20),
        (at, 'G') => (text.get(..at)?, 30),
        (at, 'T') => (text.get(..at)?, 40),
        _ => (text, 0),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

impl FromStr for Ids {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        text.split_once(':')
            .and_then(|(vendor, device)| {
                Some(Self {
                    vendor: hex16(vendor)?,
                    device: hex16(device)?,
                })
            })
            .ok_or(Expected("ids as \"vvvv:dddd\""))
    }
}

impl FromStr for Class {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let digits = || {
            let value = u32::try_from(hex(text, 6)?).ok()?;
            match text.len() {
                4 => Some(value << 8),
                6 => Some(value),
                _ => None,
            }
        };
        class_by_name(text)
            .or_else(|| digits().map(ClassCode))
            .map(Self)
            .ok_or(Expected(
                "a class by name or as four or six hexadecimal digits",
            ))
    }
}

impl FromStr for Position {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let (device, function) = text.split_once('.').unwrap_or((text, "0"));
        hex(device, 2)
            .zip(hex(function, 1))
            .filter(|&(device, function)| device < 32 && function < 8)
            .and_then(|(device, function)| u8::try_from(device << 3 | function).ok())
            .map(Self)
            .ok_or(Expected("a device and function number as \"dd.f\""))
    }
}

impl FromStr for Address {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        text.parse()
            .map(Self)
            .map_err(|_| Expected("an address as \"dddd:bb:dd.f\""))
    }
}

impl FromStr for Number {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        number(text)
            .map(Self)
            .ok_or(Expected("a number as \"0x1000\" or \"16K\""))
    }
}

impl FromStr for Window {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text == "closed" {
            return Ok(Self::Closed);
        }
        text.split_once('-')
            .and_then(|(first, last)| AddrRange::new(number(first)?, number(last)?))
            .map(Self::Open)
            .ok_or(Expected("a window as \"closed\" or \"0x…-0x…\""))
    }
}

impl FromStr for ByteRange {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let offset = |text: &str| number(text).and_then(|offset| u16::try_from(offset).ok());
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        offset(first)
            .zip(offset(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| Self { first, last })
            .ok_or(Expected("bytes as \"0x40\" or \"0x40-0x4f\""))
    }
}

impl FromStr for HexBytes {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let error = Expected("bytes in hexadecimal");
        let digits: Vec<u8> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        if !digits.len().is_multiple_of(2) {
            return Err(error);
        }
        digits
            .chunks(2)
            .map(|pair| {
                std::str::from_utf8(pair)
                    .ok()
                    .and_then(|pair| hex(pair, 2))
                    .and_then(|value| u8::try_from(value).ok())
            })
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(error)
    }
}

macro_rules! deserialize_text {
    ($($ty:ty),*) => {$(
        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
deserialize_text!(
    Ids, Class, Position, Address, Bar, Window, ByteRange, HexBytes
);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a number as 4096, \"0x1000\" or \"16K\""
        )]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(from)? {
            Form::Number(value) => Ok(Self(value)),
            Form::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_and_never_wrap() {
        assert_eq!("16K".parse(), Ok(Number(0x4000)));
        assert_eq!("0xffffffffffffffff".parse(), Ok(Number(u64::MAX)));
        assert_eq!("8388608T".parse(), Ok(Number(1 << 63)));
        for text in ["16777216T", "", "K", "-1", "+1", "1 K", "0x", "0x1_0"] {
            assert!(
                text.parse::<Number>().is_err(),
                "{text:?} was taken as a number"
            );
        }
    }

    #[test]
    fn classes_have_names_and_numbers() {
        assert_eq!("nvme".parse(), Ok(Class(ClassCode(0x01_08_02))));
        assert_eq!("0300".parse(), Ok(Class(ClassCode(0x03_00_00))));
        assert_eq!("0c0320".parse(), Ok(Class(ClassCode(0x0c_03_20))));
        assert!("300".parse::<Class>().is_err());
    }

    #[test]
    fn positions_are_hexadecimal() {
        assert_eq!("1f.7".parse(), Ok(Position(0xff)));
        assert_eq!("10".parse(), Ok(Position(0x80)));
        assert!("20.0".parse::<Position>().is_err());
        assert!("00.8".parse::<Position>().is_err());
    }
}
