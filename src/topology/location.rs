//! Windows' location path: the hops from the root, without bus numbers.

use std::fmt;
use std::str::FromStr;

use super::{Node, Topology};
use crate::host::{Function, FunctionId, Host};
use crate::spec::windows;

/// A location path such as `PCIROOT(40)#PCI(0200)#PCI(0000)`: the base bus of the host
/// bridge in hexadecimal, then device and function of each bridge and of the function.
///
/// Bus numbers below the root do not occur, so the path survives renumbering; the DDA
/// cmdlets take it (Microsoft, driver documentation, "locationpath registry subkey").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocationPath {
    root: u8,
    hops: Vec<(u8, u8)>,
}

/// Text that is no location path of a PCI function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocationPathError;

impl LocationPath {
    /// The path of a function: from the tree, else as Windows reported it. `None` where a
    /// bridge above it is not captured and Windows said nothing, and for virtual functions,
    /// which have no place of their own in the tree.
    pub fn of(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Option<Self> {
        if host.function(id).is_virtual() {
            return None;
        }
        Self::in_tree(host, topology, id).or_else(|| Self::reported(host.function(id)))
    }

    /// The path that Windows reported: the first of the list that begins with the root bus.
    pub fn reported(function: &Function<'_>) -> Option<Self> {
        function
            .windows_list(windows::LOCATION_PATHS)
            .find_map(|path| path.parse().ok())
    }

    /// The path that the tree gives; `None` where a bridge above is not captured.
    pub fn in_tree(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Option<Self> {
        let Node::RootBus { bus, .. } = topology.top(id) else {
            return None;
        };
        let mut hops: Vec<_> = topology
            .upstream(id)
            .map(|hop| {
                let bdf = host.function(hop).at.bdf;
                (bdf.device(), bdf.function())
            })
            .collect();
        hops.reverse();
        Some(Self { root: bus, hops })
    }

    /// Base bus of the host bridge.
    pub const fn root(&self) -> u8 {
        self.root
    }

    /// Device and function of each hop, from the root down.
    pub fn hops(&self) -> &[(u8, u8)] {
        &self.hops
    }
}

impl fmt::Display for LocationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PCIROOT({:X})", self.root)?;
        for (device, function) in &self.hops {
            write!(f, "#PCI({device:02X}{function:02X})")?;
        }
        Ok(())
    }
}

impl FromStr for LocationPath {
    type Err = LocationPathError;

    /// Accepts either case and, as old documents print it, items without leading zeros.
    fn from_str(text: &str) -> Result<Self, LocationPathError> {
        let upper = text.trim().to_ascii_uppercase();
        let mut items = upper.split('#');
        let number = |item: &str, service: &str| {
            let digits = item
                .strip_prefix(service)?
                .strip_prefix('(')?
                .strip_suffix(')')?;
            let valid = (1..=4).contains(&digits.len());
            valid
                .then(|| u16::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let root = items.next().and_then(|item| number(item, "PCIROOT"));
        let root = root
            .and_then(|bus| u8::try_from(bus).ok())
            .ok_or(LocationPathError)?;
        let hops = items
            .map(|item| {
                let [device, function] = number(item, "PCI")?.to_be_bytes();
                (device < 32 && function < 8).then_some((device, function))
            })
            .collect::<Option<Vec<_>>>()
            .filter(|hops| !hops.is_empty())
            .ok_or(LocationPathError)?;
        Ok(Self { root, hops })
    }
}

impl fmt::Display for LocationPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a location path of a PCI function (PCIROOT(0)#PCI(0100)#PCI(0000))")
    }
}

impl std::error::Error for LocationPathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_paths_print_and_parse_back() {
        // Microsoft's DDA posts and deployment pages.
        for text in [
            "PCIROOT(40)#PCI(0200)#PCI(0000)",
            "PCIROOT(0)#PCI(0300)#PCI(0000)#PCI(0800)#PCI(0000)",
            "PCIROOT(80)#PCI(1400)",
            "PCIROOT(0)#PCI(1C00)#PCI(1D02)",
        ] {
            let path: LocationPath = text.parse().unwrap();
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn items_without_leading_zeros_are_numbers_all_the_same() {
        let path: LocationPath = "pciroot(0)#pci(102)".parse().unwrap();
        assert_eq!(path.to_string(), "PCIROOT(0)#PCI(0102)");
    }

    #[test]
    fn what_is_no_pci_path_is_refused() {
        for text in [
            "",
            "PCIROOT(0)",
            "PCIROOT(100)#PCI(0000)",
            "PCI(0000)",
            "PCIROOT(0)#USB(1)",
            "PCIROOT(0)#PCI(2000)",
            "PCIROOT(0)#PCI(0008)",
            "PCIROOT(0)#PCI(0000)x",
        ] {
            assert_eq!(
                text.parse::<LocationPath>(),
                Err(LocationPathError),
                "{text}"
            );
        }
    }
}
