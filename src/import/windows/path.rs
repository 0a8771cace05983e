//! Paths of hops, to recognise a device where bus numbers differ.

use std::collections::BTreeMap;

use crate::addr::{Sbdf, Segment};
use crate::capture::{DeviceNode, FunctionRecord};
use crate::spec::windows;

/// A root bus, and device and function of each hop below it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Hops {
    pub(super) root: u8,
    pub(super) hops: Vec<(u8, u8)>,
}

/// Bridges above one another, at most: there are no more buses.
const MAX_HOPS: usize = 256;

impl Hops {
    /// `PCIROOT(40)#PCI(0200)#PCI(0000)`; items without leading zeros occur.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let upper = text.trim().to_ascii_uppercase();
        let mut items = upper.split('#');
        let number = |item: &str, service: &str| {
            let digits = item.strip_prefix(service)?.strip_prefix('(')?;
            let digits = digits.strip_suffix(')')?;
            (1..=4)
                .contains(&digits.len())
                .then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let root = u8::try_from(number(items.next()?, "PCIROOT")?).ok()?;
        let hops: Vec<_> = items
            .take(MAX_HOPS)
            .map(|item| {
                let [device, function] = number(item, "PCI")?.to_be_bytes();
                Some((device, function))
            })
            .collect::<Option<_>>()?;
        (!hops.is_empty()).then_some(Self { root, hops })
    }

    /// The path of the bridge above; `None` on a root bus.
    pub(super) fn above(&self) -> Option<Self> {
        let hops = self.hops.get(..self.hops.len().checked_sub(1)?)?;
        (!hops.is_empty()).then(|| Self {
            root: self.root,
            hops: hops.to_vec(),
        })
    }
}

/// The path that Windows reports for a node: the first that begins with the root bus.
pub(super) fn windows_path(node: &DeviceNode) -> Option<Hops> {
    node.list(windows::LOCATION_PATHS).find_map(Hops::parse)
}

/// The paths of captured functions: by the bridges that sysfs reports, else by the secondary
/// bus numbers of the bridges. Only those whose way to a root bus is captured; of segment 0,
/// because how Windows names the root buses of others is not known.
pub(super) fn paths_of(functions: &BTreeMap<Sbdf, FunctionRecord>) -> BTreeMap<Sbdf, Hops> {
    let in_segment = functions.iter().filter(|(at, _)| at.segment == Segment(0));
    let bridges: BTreeMap<u8, Sbdf> = in_segment
        .clone()
        .filter_map(|(at, record)| {
            let layout = record.config.u8(0x0e)? & 0x7f;
            let secondary = record.config.u8(0x19)?;
            (layout == 1 && secondary != 0 && secondary != at.bus()).then_some((secondary, *at))
        })
        .collect();
    let parent = |at: Sbdf| -> Option<Option<Sbdf>> {
        let reported = functions.get(&at)?.properties.parent.as_ref();
        match reported.map(|fact| fact.value.as_str()) {
            Some("") => Some(None),
            Some(text) => Some(Some(text.parse().ok()?)),
            None => match bridges.get(&at.bus()) {
                Some(bridge) => Some(Some(*bridge)),
                // A bus without a bridge is a root bus if it has what only such a bus has.
                None => (at.bus() == 0).then_some(None),
            },
        }
    };
    let mut paths = BTreeMap::new();
    for (&at, _) in in_segment {
        let mut hops = Vec::new();
        let mut here = at;
        loop {
            hops.push((here.bdf.device(), here.bdf.function()));
            match parent(here) {
                Some(Some(above)) if hops.len() < MAX_HOPS => here = above,
                Some(None) => {
                    hops.reverse();
                    let root = here.bus();
                    paths.insert(at, Hops { root, hops });
                    break;
                }
                _ => break,
            }
        }
    }
    paths
}
