//! Naming devices: by address, location path, instance id, vendor and device, or class.

use std::fmt;
use std::str::FromStr;

use crate::addr::{Sbdf, Segment};
use crate::host::{FunctionId, Host};
use crate::topology::{LocationPath, Topology};

/// What a user typed to name one or more devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// One function.
    Address(Sbdf),
    /// One function, by its place.
    Location(LocationPath),
    /// One function, by its Windows instance id.
    InstanceId(String),
    /// Every function with these ids.
    Ids {
        /// Vendor id.
        vendor: u16,
        /// Device id; `None` for any.
        device: Option<u16>,
    },
    /// Every function of a class: its base, sub-class and programming interface as far as
    /// given.
    Class {
        /// The given bytes, highest first, as a number.
        code: u32,
        /// Number of bytes given, 1 to 3.
        bytes: u8,
    },
}

/// Text that names no device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SelectorError;

/// Words for the classes that people assign most.
const CLASS_WORDS: &[(&str, u32, u8)] = &[
    ("storage", 0x01, 1),
    ("nvme", 0x01_0802, 3),
    ("sata", 0x0106, 2),
    ("network", 0x02, 1),
    ("nic", 0x02, 1),
    ("ethernet", 0x0200, 2),
    ("display", 0x03, 1),
    ("gpu", 0x03, 1),
    ("vga", 0x0300, 2),
    ("audio", 0x0403, 2),
    ("usb", 0x0c03, 2),
    ("accelerator", 0x12, 1),
];

impl Selector {
    /// The functions that it names, by address.
    pub fn matches(&self, host: &Host<'_>, topology: &Topology) -> Vec<FunctionId> {
        let address = match self {
            Self::Address(at) => placed(host, *at),
            _ => None,
        };
        host.iter()
            .filter(|&(id, function)| match self {
                Self::Address(_) => Some(id) == address,
                Self::Location(path) => LocationPath::of(host, topology, id).as_ref() == Some(path),
                Self::InstanceId(wanted) => function.reported.windows.values().any(|property| {
                    let value = property.value.as_str();
                    value.is_some_and(|value| is_same_node(value, wanted))
                }),
                Self::Ids { vendor, device } => {
                    function.identity.vendor == Some(*vendor)
                        && device.is_none_or(|device| function.identity.device == Some(device))
                }
                Self::Class { code, bytes } => function
                    .identity
                    .class
                    .is_some_and(|class| class.0 >> (8 * (3 - u32::from(*bytes))) == *code),
            })
            .map(|(id, _)| id)
            .collect()
    }
}

/// The function at an address. Those whose place no source tells are found without their segment,
/// which is made up, as long as no function of segment 0 has the address.
fn placed(host: &Host<'_>, at: Sbdf) -> Option<FunctionId> {
    host.find(at).or_else(|| {
        (at.segment == Segment(0))
            .then(|| host.find(Sbdf::new(Segment::UNPLACED, at.bdf)))
            .flatten()
    })
}

/// Whether two instance ids name the same device: a dismounted one has the enumerator `PCIP`
/// in place of `PCI`, and keeps the rest.
fn is_same_node(one: &str, other: &str) -> bool {
    let tail = |id: &str| {
        let (enumerator, tail) = id.split_once('\\')?;
        let known = ["PCI", "PCIP"]
            .iter()
            .any(|k| enumerator.eq_ignore_ascii_case(k));
        known.then(|| tail.to_ascii_uppercase())
    };
    match (tail(one), tail(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// A form that is read as the same selector.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(at) => at.fmt(f),
            Self::Location(path) => path.fmt(f),
            Self::InstanceId(id) => f.write_str(id),
            Self::Ids {
                vendor,
                device: Some(device),
            } => write!(f, "{vendor:04x}:{device:04x}"),
            Self::Ids {
                vendor,
                device: None,
            } => write!(f, "{vendor:04x}:*"),
            Self::Class { code, bytes } => {
                write!(f, "class:{code:0width$x}", width = 2 * usize::from(*bytes))
            }
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if let Ok(at) = text.parse() {
            return Ok(Self::Address(at));
        }
        if let Ok(path) = text.parse() {
            return Ok(Self::Location(path));
        }
        let upper = text.to_ascii_uppercase();
        if upper.starts_with("PCI\\") || upper.starts_with("PCIP\\") {
            return Ok(Self::InstanceId(text.to_owned()));
        }
        if let Some((_, code, bytes)) = CLASS_WORDS
            .iter()
            .find(|(word, ..)| word.eq_ignore_ascii_case(text))
        {
            return Ok(Self::Class {
                code: *code,
                bytes: *bytes,
            });
        }
        let hex = |digits: &str, len: usize| {
            let valid = digits.len() == len && digits.bytes().all(|b| b.is_ascii_hexdigit());
            valid
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let id = |digits: &str| hex(digits, 4).and_then(|id| u16::try_from(id).ok());
        if let Some(class) = text.strip_prefix("class:") {
            let bytes = u8::try_from(class.len() / 2).map_err(|_| SelectorError)?;
            let code = hex(class, class.len()).filter(|_| matches!(class.len(), 2 | 4 | 6));
            return code
                .map(|code| Self::Class { code, bytes })
                .ok_or(SelectorError);
        }
        if let Some((vendor, device)) = text.split_once(':')
            && let Some(vendor) = id(vendor)
        {
            return match device {
                "" | "*" => Ok(Self::Ids {
                    vendor,
                    device: None,
                }),
                _ => id(device)
                    .map(|device| Self::Ids {
                        vendor,
                        device: Some(device),
                    })
                    .ok_or(SelectorError),
            };
        }
        Err(SelectorError)
    }
}

impl std::fmt::Display for SelectorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "expected an address (0000:41:00.0), a location path (PCIROOT(0)#PCI(0100)), an \
             instance id (PCI\\VEN_…), ids (144d:a820, 10de:*), or a class (gpu, nvme, \
             network, class:0108)",
        )
    }
}

impl std::error::Error for SelectorError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dismounted_device_is_found_by_either_instance_id() {
        let pci = r"PCI\VEN_144D&DEV_A820\4&368722DD&0&0010";
        assert!(is_same_node(
            pci,
            r"pcip\ven_144d&dev_a820\4&368722dd&0&0010"
        ));
        assert!(!is_same_node(
            pci,
            r"PCI\VEN_144D&DEV_A820\4&368722DD&0&0018"
        ));
        assert!(!is_same_node("PCI", "PCI"));
        assert!(!is_same_node(r"USB\X", r"USB\X"));
    }

    #[test]
    fn a_made_up_address_is_found_without_its_segment() {
        let capture = crate::testing::Machine::new()
            .with("ffffffff:01:00.0", crate::testing::Dev::endpoint())
            .with("ffffffff:02:00.0", crate::testing::Dev::endpoint())
            .with("0000:02:00.0", crate::testing::Dev::endpoint());
        capture.facts(|facts| {
            let (host, topology) = (facts.host, facts.topology);
            let found = |text: &str| -> Vec<String> {
                let selector: Selector = text.parse().unwrap();
                let found = selector.matches(host, topology).into_iter();
                found.map(|id| host.function(id).at.to_string()).collect()
            };
            assert_eq!(found("01:00.0"), ["ffffffff:01:00.0"]);
            assert_eq!(found("02:00.0"), ["0000:02:00.0"]);
            assert!(found("0001:01:00.0").is_empty());
        });
    }

    #[test]
    fn every_notation_is_told_apart() {
        let parse = |text: &str| text.parse::<Selector>();
        assert_eq!(
            parse("41:00.0"),
            Ok(Selector::Address("0000:41:00.0".parse().unwrap()))
        );
        assert!(matches!(
            parse("PCIROOT(40)#PCI(0200)"),
            Ok(Selector::Location(_))
        ));
        assert!(matches!(
            parse(r"PCI\VEN_144D&DEV_A820\4&1"),
            Ok(Selector::InstanceId(_))
        ));
        assert_eq!(
            parse("144d:a820"),
            Ok(Selector::Ids {
                vendor: 0x144d,
                device: Some(0xa820)
            })
        );
        assert_eq!(
            parse("10de:*"),
            Ok(Selector::Ids {
                vendor: 0x10de,
                device: None
            })
        );
        assert_eq!(
            parse("NVMe"),
            Ok(Selector::Class {
                code: 0x01_0802,
                bytes: 3
            })
        );
        assert_eq!(
            parse("class:0108"),
            Ok(Selector::Class {
                code: 0x0108,
                bytes: 2
            })
        );
        for text in [
            "0000:41:00.0",
            "PCIROOT(40)#PCI(0200)",
            "144d:a820",
            "10de:*",
            "class:0108",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text, "reads as it prints");
        }
        for text in ["", "41", "144d:a82", "class:", "class:010", "gpus"] {
            assert_eq!(parse(text), Err(SelectorError), "{text}");
        }
    }
}
