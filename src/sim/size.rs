//! Amounts of memory as people type them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes: `512M`, `32 GiB`, `33280MB`, `0x20000000`. Units are binary, as in the Hyper-V
/// cmdlets; without one the number is in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes(pub u64);

/// Text that is no amount of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BytesError;

const UNITS: [(char, u32); 4] = [('k', 10), ('m', 20), ('g', 30), ('t', 40)];

impl FromStr for Bytes {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        let lower = text.trim().to_ascii_lowercase();
        if let Some(digits) = lower.strip_prefix("0x") {
            let bytes = u64::from_str_radix(digits, 16).map_err(|_| BytesError)?;
            return Ok(Self(bytes));
        }
        let end = lower
            .find(|ch: char| !ch.is_ascii_digit())
            .unwrap_or(lower.len());
        let (digits, unit) = lower.split_at(end);
        let number: u64 = digits.parse().map_err(|_| BytesError)?;
        let unit = unit.trim_start();
        let shift = match unit {
            "" | "b" => 0,
            _ => {
                let (letter, shift) = UNITS
                    .into_iter()
                    .find(|(letter, _)| unit.starts_with(*letter))
                    .ok_or(BytesError)?;
                if !matches!(unit.strip_prefix(letter), Some("" | "b" | "ib")) {
                    return Err(BytesError);
                }
                shift
            }
        };
        let bytes = number.checked_mul(1 << shift).ok_or(BytesError)?;
        Ok(Self(bytes))
    }
}

/// In the largest unit that comes out even, as it would be read back: `33280M`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, shift) in UNITS.into_iter().rev() {
            if self.0 != 0 && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{}", self.0 >> shift, letter.to_ascii_uppercase());
            }
        }
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an amount of memory: 512M, 32G, 33280M, 0x20000000")
    }
}

impl std::error::Error for BytesError {}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An amount of memory with a binary unit: 512M, 32G, 33280MB.",
            "pattern": "^(0[xX][0-9a-fA-F]+|[0-9]+ *([kKmMgGtT]([iI]?[bB])?|[bB])?)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read() {
        for (text, bytes) in [
            ("512M", 512 << 20),
            ("32 GiB", 32 << 30),
            ("33280Mb", 33280 << 20),
            ("3GB", 3 << 30),
            ("2t", 2 << 40),
            ("4096", 4096),
            ("16 b", 16),
            ("0x1000", 0x1000),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", "M", "12X", "1.5G", "-1", "16777216T", "1GiBs", "0x"] {
            assert_eq!(text.parse::<Bytes>(), Err(BytesError), "{text}");
        }
    }

    #[test]
    fn an_amount_reads_as_it_prints() {
        for bytes in [0, 1, 1023, 1024, 33280 << 20, u64::MAX, 1 << 40] {
            assert_eq!(Bytes(bytes).to_string().parse(), Ok(Bytes(bytes)));
        }
        assert_eq!(Bytes(33280 << 20).to_string(), "33280M");
    }
}
