//! Numbers that name a PCI function: segment, bus, device, function.
//!
//! Notation everywhere is `dddd:bb:dd.f` in lower-case hexadecimal. A segment wider than
//! 16 bits (Linux gives Intel VMD domains numbers from 0x10000) prints with as many digits
//! as it needs.

use std::fmt;
use std::str::FromStr;

/// Segment, bus, device and function: the address of one function within a capture.
///
/// Ordered by segment, then bus, then device, then function. Bus numbers change between
/// boots; across captures use the path of hops instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sbdf {
    /// PCI segment group (Linux: domain).
    pub segment: Segment,
    /// Bus, device and function within the segment.
    pub bdf: Bdf,
}

/// A PCI segment group number. 32 bits, because VMD domains exceed 16.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Segment(pub u32);

/// Bus, device and function: the 16-bit address within a segment
/// (PCI Express Base 6.0, 2.2.4.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bdf(u16);

/// The 16-bit id that a DMA request carries. Usually the BDF of the function, but a bridge
/// or a defective device may send another one: hence a type of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequesterId(pub u16);

/// Text that is no PCI address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrError {
    text: String,
}

impl Segment {
    /// No segment of a machine: devices whose place a source does not tell have addresses here
    /// that are made up.
    pub const UNPLACED: Self = Self(u32::MAX);
}

impl Bdf {
    /// From parts; `None` where the device exceeds 31 or the function 7.
    pub const fn new(bus: u8, device: u8, function: u8) -> Option<Self> {
        if device > 31 || function > 7 {
            return None;
        }
        Some(Self::from_devfn(bus, device << 3 | function))
    }

    /// From a bus and a `device*8 + function` byte; every value is valid.
    pub const fn from_devfn(bus: u8, devfn: u8) -> Self {
        Self((bus as u16) << 8 | devfn as u16)
    }

    /// From the 16 bits as a TLP carries them.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The 16 bits as a TLP carries them.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Bus number.
    pub const fn bus(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// `device*8 + function`; with ARI the whole byte is the function number.
    pub const fn devfn(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Device number, 0 to 31.
    pub const fn device(self) -> u8 {
        self.devfn() >> 3
    }

    /// Function number, 0 to 7.
    pub const fn function(self) -> u8 {
        self.devfn() & 7
    }
}

impl Sbdf {
    /// A function in the given segment.
    pub const fn new(segment: Segment, bdf: Bdf) -> Self {
        Self { segment, bdf }
    }

    /// Bus number.
    pub const fn bus(self) -> u8 {
        self.bdf.bus()
    }

    /// `dddd:bb:dd.f`, as the kernel writes nearly all of them: read without looking for the
    /// signs, because large captures name a function in many places.
    fn of_kernel(text: &[u8]) -> Option<Self> {
        let [a, b, c, d, b':', e, f, b':', g, h, b'.', i] = *text else {
            return None;
        };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u32, |number, &digit| {
                Some(number << 4 | char::from(digit).to_digit(16)?)
            })
        };
        let part = |digits: &[u8]| u8::try_from(number(digits)?).ok();
        Some(Self {
            segment: Segment(number(&[a, b, c, d])?),
            bdf: Bdf::new(part(&[e, f])?, part(&[g, h])?, part(&[i])?)?,
        })
    }

    /// The same address with `-` for `:`: usable as a file name on every platform
    /// (`0000-41-00.0`).
    pub fn file_name(self) -> String {
        self.to_string().replace(':', "-")
    }

    /// Parses [`Self::file_name`]'s form.
    pub fn from_file_name(name: &str) -> Result<Self, AddrError> {
        if name.contains(':') {
            return Err(AddrError::new(name));
        }
        name.replace('-', ":").parse()
    }
}

impl AddrError {
    fn new(text: &str) -> Self {
        Self {
            text: text.chars().take(64).collect(),
        }
    }
}

/// One to `max` hexadecimal digits, nothing else (no sign, no `0x`).
fn hex(text: &str, max: usize) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= max;
    (digits && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
}

impl FromStr for Bdf {
    type Err = AddrError;

    /// `bb:dd.f`, hexadecimal, one or two digits for bus and device.
    fn from_str(s: &str) -> Result<Self, AddrError> {
        let parse = || {
            let (bus, rest) = s.split_once(':')?;
            let (device, function) = rest.split_once('.')?;
            Self::new(
                u8::try_from(hex(bus, 2)?).ok()?,
                u8::try_from(hex(device, 2)?).ok()?,
                u8::try_from(hex(function, 1)?).ok()?,
            )
        };
        parse().ok_or_else(|| AddrError::new(s))
    }
}

impl FromStr for Sbdf {
    type Err = AddrError;

    /// `bb:dd.f` (segment 0) or `dddd:bb:dd.f` with up to eight digits of segment.
    fn from_str(s: &str) -> Result<Self, AddrError> {
        if let Some(at) = Self::of_kernel(s.as_bytes()) {
            return Ok(at);
        }
        let error = || AddrError::new(s);
        let (segment, rest) = match s.split_once(':') {
            Some((segment, rest)) if rest.contains(':') => (segment, rest),
            _ => ("0", s),
        };
        let segment = Segment(hex(segment, 8).ok_or_else(error)?);
        let bdf = rest.parse().map_err(|_| error())?;
        Ok(Self { segment, bdf })
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bus, device, function) = (self.bus(), self.device(), self.function());
        write!(f, "{bus:02x}:{device:02x}.{function}")
    }
}

impl fmt::Display for RequesterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Bdf::from_bits(self.0).fmt(f)
    }
}

impl fmt::Display for Sbdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.bdf)
    }
}

macro_rules! debug_as_display {
    ($($ty:ty),*) => {$(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
debug_as_display!(Segment, Bdf, RequesterId, Sbdf);

impl fmt::Display for AddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a PCI address (dddd:bb:dd.f)", self.text)
    }
}

impl std::error::Error for AddrError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bdf_prints_and_parses_back() {
        for bits in 0..=u16::MAX {
            let bdf = Bdf::from_bits(bits);
            assert_eq!(bdf.to_string().parse(), Ok(bdf));
            assert_eq!(Bdf::new(bdf.bus(), bdf.device(), bdf.function()), Some(bdf));
        }
    }

    #[test]
    fn segments_of_every_width_print_and_parse_back() {
        for segment in [0, 1, 0xffff, 0x10000, 0xffff_ffff] {
            let at = Sbdf::new(Segment(segment), Bdf::from_devfn(0xe0, 0x30));
            assert_eq!(at.to_string().parse(), Ok(at));
            assert_eq!(Sbdf::from_file_name(&at.file_name()), Ok(at));
        }
        assert_eq!(
            "41:00.0".parse(),
            Ok("0000:41:00.0".parse::<Sbdf>().unwrap())
        );
        assert_eq!(
            "0:1f.7".parse(),
            Ok("0000:00:1f.7".parse::<Sbdf>().unwrap())
        );
    }

    #[test]
    fn what_is_no_address_is_an_error_and_never_another_address() {
        for text in [
            "",
            ":",
            "00:00",
            "00:20.0",
            "00:00.8",
            "100:00.0",
            "+0:00.0",
            "00:00.0 ",
            "g:0.0",
            "123456789:00:00.0",
            "1:2:3:4.0",
            "0x0:00:00.0",
            "00:00.00",
        ] {
            assert!(
                text.parse::<Sbdf>().is_err(),
                "{text:?} was taken as an address"
            );
        }
        assert!(Sbdf::from_file_name("0000:00-00.0").is_err());
    }
}
