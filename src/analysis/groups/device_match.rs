//! How kernel parameters name PCI devices (Linux drivers/pci/pci.c, `pci_dev_str_match`).

use std::str::FromStr;

use crate::addr::{Bdf, Sbdf, Segment};
use crate::host::{FunctionId, Host};
use crate::topology::Topology;

/// Which devices a parameter is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeviceMatch {
    /// `[domain:]bus:dev.fn[/dev.fn]*`: from a function down to the device.
    Path {
        /// Where the path begins.
        start: Sbdf,
        /// Device and function of each further step; the last is the device.
        steps: Vec<(u8, u8)>,
    },
    /// `pci:vendor:device[:subvendor:subdevice]`, 0 standing for any.
    Ids {
        /// Vendor and device.
        device: (u16, u16),
        /// Subsystem vendor and device.
        subsystem: (u16, u16),
    },
}

impl DeviceMatch {
    /// Whether a function is meant; `None` where its ids are not captured.
    pub(super) fn matches(
        &self,
        host: &Host<'_>,
        topology: &Topology,
        id: FunctionId,
    ) -> Option<bool> {
        match self {
            Self::Path { start, steps } => {
                let mut hop = id;
                for &(device, number) in steps.iter().rev() {
                    let bdf = host.function(hop).at.bdf;
                    if (bdf.device(), bdf.function()) != (device, number) {
                        return Some(false);
                    }
                    let Some(above) = topology.parent(hop) else {
                        return Some(false);
                    };
                    hop = above;
                }
                Some(host.function(hop).at == *start)
            }
            Self::Ids { device, subsystem } => {
                let identity = &host.function(id).identity;
                let fits = |wanted: u16, own: u16| wanted == 0 || wanted == own;
                if !fits(device.0, identity.vendor?) || !fits(device.1, identity.device?) {
                    return Some(false);
                }
                if *subsystem == (0, 0) {
                    return Some(true);
                }
                let (vendor, number) = identity.subsystem.unwrap_or((0, 0));
                Some(fits(subsystem.0, vendor) && fits(subsystem.1, number))
            }
        }
    }
}

impl FromStr for DeviceMatch {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(ids) = text.strip_prefix("pci:") {
            let numbers: Result<Vec<u16>, _> = ids
                .split(':')
                .map(|digits| u16::from_str_radix(digits, 16))
                .collect();
            return match numbers.map_err(drop)?[..] {
                [vendor, device] => Ok(Self::Ids {
                    device: (vendor, device),
                    subsystem: (0, 0),
                }),
                [vendor, device, subvendor, subdevice] => Ok(Self::Ids {
                    device: (vendor, device),
                    subsystem: (subvendor, subdevice),
                }),
                _ => Err(()),
            };
        }
        let mut parts = text.split('/');
        let start = parts.next().and_then(address).ok_or(())?;
        let steps = parts.map(step).collect::<Option<_>>().ok_or(())?;
        Ok(Self::Path { start, steps })
    }
}

/// `[domain:]bus:dev.fn`.
fn address(text: &str) -> Option<Sbdf> {
    let (before, step_text) = text.rsplit_once(':')?;
    let (segment, bus) = match before.split_once(':') {
        Some((segment, bus)) => (u32::from_str_radix(segment, 16).ok()?, bus),
        None => (0, before),
    };
    let bus = u8::from_str_radix(bus, 16).ok()?;
    let (device, function) = step(step_text)?;
    Some(Sbdf::new(
        Segment(segment),
        Bdf::new(bus, device, function)?,
    ))
}

/// `dev.fn`.
fn step(text: &str) -> Option<(u8, u8)> {
    let (device, function) = text.split_once('.')?;
    let hex = |digits| u8::from_str_radix(digits, 16).ok();
    let (device, function) = (hex(device)?, hex(function)?);
    Bdf::new(0, device, function).map(|_| (device, function))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dev, Machine, find};

    fn matching(text: &str) -> Vec<String> {
        let machine = Machine::with_port()
            .with("01:00.0", Dev::endpoint().ids(0x10de, 0x1b80))
            .with("00:02.0", Dev::endpoint().ids(0x10de, 0x1b81));
        let wanted: DeviceMatch = text.parse().unwrap();
        machine.facts(|facts| {
            let all = facts
                .host
                .iter()
                .filter(|&(id, _)| wanted.matches(facts.host, facts.topology, id) == Some(true));
            all.map(|(_, function)| function.at.to_string()).collect()
        })
    }

    #[test]
    fn a_path_ends_at_the_device() {
        assert_eq!(matching("00:01.0"), ["0000:00:01.0"]);
        assert_eq!(matching("0000:00:01.0/00.0"), ["0000:01:00.0"]);
        assert_eq!(matching("1:00:01.0"), [""; 0]);
        assert_eq!(matching("00:02.0/00.0"), [""; 0]);
    }

    #[test]
    fn ids_match_with_zero_for_any() {
        assert_eq!(matching("pci:10de:1b80"), ["0000:01:00.0"]);
        assert_eq!(matching("pci:10de:0"), ["0000:00:02.0", "0000:01:00.0"]);
        assert_eq!(matching("pci:10de:0:1af4:1"), [""; 0]);
    }

    #[test]
    fn what_the_kernel_would_reject_is_an_error() {
        for text in [
            "",
            "01.0",
            "00:20.0",
            "00:01.8",
            "pci:10de",
            "pci:10de:1:2",
            "00:01.0/",
        ] {
            assert_eq!(text.parse::<DeviceMatch>(), Err(()), "{text}");
        }
    }

    #[test]
    fn unknown_ids_leave_it_open() {
        let machine = Machine::with_device(Dev::endpoint().cut(0));
        let wanted: DeviceMatch = "pci:10de:0".parse().unwrap();
        machine.facts(|facts| {
            let id = find(facts, "01:00.0");
            assert_eq!(wanted.matches(facts.host, facts.topology, id), None);
        });
    }
}
