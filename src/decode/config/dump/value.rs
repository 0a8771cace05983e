//! How captured values read.

use std::fmt;

use super::{DumpedField, Part, PartialBits, RawBytes};
use crate::spec::Kind;

impl fmt::Display for Part {
    /// `type 0 header`, `MSI-X`, `unknown (0x3f)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(Some(layout)) => write!(f, "{layout} header"),
            Self::Header(None) => f.write_str("header"),
            Self::Capability(id) => id.fmt(f),
        }
    }
}

impl fmt::Display for DumpedField {
    /// The value by its kind; `?` where it was not captured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(raw) = self.raw else {
            return f.write_str("?");
        };
        let digits = |bits: u8| usize::from(bits.div_ceil(4));
        match self.kind {
            Kind::Flag => f.write_str(if raw == 0 { "-" } else { "+" }),
            Kind::Number => write!(f, "{raw}"),
            Kind::Hex => write!(f, "{raw:#0width$x}", width = 2 + digits(self.width())),
            Kind::Address => {
                let address = u128::from(raw) << self.low;
                write!(f, "{address:#0width$x}", width = 2 + digits(self.high + 1))
            }
            Kind::Count if raw == 0 => write!(f, "{}", 1_u128 << self.width()),
            Kind::Count => write!(f, "{raw}"),
            Kind::Code(names) => match names.iter().find(|(code, _)| *code == raw) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "unknown ({raw:#x})"),
            },
            Kind::PowerOf2(base, unit) => power(f, base, raw, unit),
            Kind::PowerSet(base, unit) => {
                let mut separator = "";
                for bit in (0..64).filter(|bit| raw >> bit & 1 != 0) {
                    f.write_str(separator)?;
                    power(f, base, bit, unit)?;
                    separator = ", ";
                }
                if separator.is_empty() {
                    f.write_str("none")
                } else {
                    Ok(())
                }
            }
        }
    }
}

/// `base * 2^log` of a unit; bytes in the largest binary multiple that divides them.
fn power(f: &mut fmt::Formatter<'_>, base: u64, log: u64, unit: &str) -> fmt::Result {
    const MULTIPLES: [&str; 9] = [
        "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB",
    ];
    let value = match u32::try_from(log) {
        Ok(log @ 0..=63) => u128::from(base) << log,
        _ => return write!(f, "{base} * 2^{log} {unit}"),
    };
    if unit != "bytes" || value == 0 {
        return write!(f, "{value} {unit}");
    }
    let steps = (value.trailing_zeros() / 10).min(8);
    let name = MULTIPLES.get(steps as usize).copied().unwrap_or(unit);
    write!(f, "{} {name}", value >> (10 * steps))
}

impl fmt::Display for PartialBits {
    /// Hexadecimal without prefix, two digits for each byte; `?` for a digit of which any bit
    /// is unknown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for digit in (0..2 * u32::from(self.bytes)).rev() {
            let (value, known) = (
                self.value >> (4 * digit) & 0xf,
                self.known >> (4 * digit) & 0xf,
            );
            if known == 0xf {
                write!(f, "{value:x}")?;
            } else {
                f.write_str("?")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for RawBytes {
    /// The bytes in order, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for byte in &self.bytes {
            write!(f, "{separator}{byte}")?;
            separator = " ";
        }
        Ok(())
    }
}
