//! Windows of addresses with what lies in them, for the terminal and as SVG.

use crate::host::Host;
use crate::range::AddrRange;
use crate::sim::guest::GuestStudy;
use crate::sim::policy::tree::{Part, TreeLayout};

/// Some windows with what lies in them.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Its title.
    pub(crate) title: String,
    /// The windows, lowest first.
    pub(crate) windows: Vec<PictureWindow>,
}

/// One window.
#[derive(Clone, Debug)]
pub(crate) struct PictureWindow {
    /// Its name.
    pub(crate) name: String,
    /// The addresses.
    pub(crate) range: AddrRange,
    /// What lies in it, by address.
    pub(crate) blocks: Vec<Block>,
}

/// Something with an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Block {
    /// Its addresses.
    pub(crate) range: AddrRange,
    /// Index of the device, for letter and colour.
    pub(crate) device: usize,
    /// What it is.
    pub(crate) label: String,
}

impl Picture {
    /// The gaps of a Hyper-V guest.
    pub(crate) fn hyperv(host: &Host<'_>, study: &GuestStudy) -> Self {
        let layout = &study.hyperv;
        let window = |name: &str, range: Option<AddrRange>| {
            let range = range?;
            let mut blocks: Vec<Block> = layout
                .devices
                .iter()
                .flat_map(|device| {
                    device.bars.iter().map(|&(bar, range)| Block {
                        range,
                        device: device.device,
                        label: label(host, study, device.device, &format!("BAR {bar}")),
                    })
                })
                .filter(|block| range.contains(block.range))
                .collect();
            blocks.sort();
            Some(PictureWindow {
                name: name.to_owned(),
                range,
                blocks,
            })
        };
        let windows = [
            window("low gap", layout.low),
            window("high gap", layout.high),
        ];
        Self {
            title: "Hyper-V guest".to_owned(),
            windows: windows.into_iter().flatten().collect(),
        }
    }

    /// The windows of a QEMU guest.
    pub(crate) fn tree(
        title: &str,
        host: &Host<'_>,
        study: &GuestStudy,
        layout: &TreeLayout,
    ) -> Self {
        let windows = layout
            .windows
            .iter()
            .filter_map(|window| {
                let range = window.range?;
                let blocks = layout
                    .placed
                    .iter()
                    .filter(|placed| range.contains(placed.range))
                    .filter_map(|placed| {
                        let Part::Bar(bar) = placed.item.part else {
                            return None;
                        };
                        let [device, rest @ ..] = placed.item.path.as_slice() else {
                            return None;
                        };
                        // The root port's own BAR says nothing about the device.
                        (!rest.is_empty()).then(|| Block {
                            range: placed.range,
                            device: *device,
                            label: label(host, study, *device, &format!("BAR {bar}")),
                        })
                    })
                    .collect();
                Some(PictureWindow {
                    name: window.name.to_owned(),
                    range,
                    blocks,
                })
            })
            .collect();
        Self {
            title: title.to_owned(),
            windows,
        }
    }
}

impl PictureWindow {
    /// The part of the window worth drawing: up to the end of what lies in it, with a little
    /// of what is free behind.
    pub(crate) fn drawn(&self) -> AddrRange {
        let Some(last) = self.blocks.iter().map(|block| block.range.last()).max() else {
            return self.range;
        };
        let used = last - self.range.start();
        let end = last.saturating_add(used / 4).min(self.range.last());
        AddrRange::new(self.range.start(), end).unwrap_or(self.range)
    }
}

fn label(host: &Host<'_>, study: &GuestStudy, device: usize, part: &str) -> String {
    match study.devices.get(device) {
        Some(&id) => format!("{} {part}", host.function(id).at),
        None => part.to_owned(),
    }
}
