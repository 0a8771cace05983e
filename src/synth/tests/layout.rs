//! Addresses: disjoint, inside the windows above, and the same in registers and facts.

use proptest::prelude::*;

use super::decoded;
use crate::addr::Sbdf;
use crate::capture::Capture;
use crate::decode::config::bar::{BarKind, BarSlot, bars};
use crate::decode::config::bridge::BridgeWindows;
use crate::range::AddrRange;
use crate::spec::pci::HeaderType;
use crate::synth::synthesise;

/// A random tree of bridges and endpoints, as a description.
fn devices() -> impl Strategy<Value = String> {
    let bar = prop_oneof![
        Just("mem32"),
        Just("mem32p"),
        Just("mem64"),
        Just("mem64p"),
        Just("io")
    ];
    let bar = (bar, 2_u32..36).prop_map(|(kind, log)| {
        let log = if kind == "io" {
            log.clamp(2, 8)
        } else {
            log.max(4)
        };
        let log = if kind.starts_with("mem32") {
            log.min(31)
        } else {
            log
        };
        format!("\"{kind} 0x{:x}\"", 1_u64 << log)
    });
    let leaf = (prop::collection::vec(bar, 0..3), any::<bool>()).prop_map(|(bars, rom)| {
        let rom = if rom { ", rom = \"64K\"" } else { "" };
        format!("{{ bars = [{}], msix = false{rom} }}", bars.join(", "))
    });
    let leaf = (leaf, 1..4_u8)
        .prop_map(|(leaf, copies)| leaf.replace("{ bars", &format!("{{ repeat = {copies}, bars")));
    leaf.prop_recursive(4, 24, 4, |inner| {
        let kinds = prop_oneof![
            Just("root-port"),
            Just("upstream-port"),
            Just("pci-bridge"),
            Just("cardbus-bridge"),
            Just("pcie-to-pci")
        ];
        (kinds, prop::collection::vec(inner, 0..4)).prop_map(|(kind, inner)| {
            format!("{{ kind = \"{kind}\", device = [{}] }}", inner.join(", "))
        })
    })
}

/// Everything that resources say a function owns, with what kind it is.
fn owned(capture: &Capture) -> Vec<(Sbdf, bool, AddrRange)> {
    let mut owned = Vec::new();
    for (&at, record) in &capture.functions {
        for resource in &record.properties.resources {
            let resource = &resource.value;
            if resource.index < 13 && !resource.unassigned {
                let range = AddrRange::with_len(resource.start, resource.len.unwrap()).unwrap();
                owned.push((at, resource.flags.unwrap() & 0x100 != 0, range));
            }
        }
    }
    owned
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_two_resources_overlap_and_all_lie_in_the_windows_above(list in prop::collection::vec(devices(), 1..4)) {
        let Ok(capture) = synthesise(&format!("[[root]]\ndevice = [{}]", list.join(", "))) else {
            // Too many functions below one link.
            return Ok(());
        };
        let mut owned = owned(&capture);
        owned.sort_by_key(|&(at, io, range)| (io, range.start(), at));
        for pair in owned.windows(2) {
            prop_assert!(pair[0].1 != pair[1].1 || !pair[0].2.overlaps(pair[1].2), "{pair:?}");
        }
        for &(at, io, range) in &owned {
            let parent = &capture.functions[&at].properties.parent.as_ref().unwrap().value;
            let Ok(parent) = parent.parse::<Sbdf>() else { continue };
            let bridge = &capture.functions[&parent];
            let inside = bridge.properties.resources.iter().any(|window| {
                let window = &window.value;
                window.index >= 13
                    && (window.flags.unwrap() & 0x100 != 0) == io
                    && AddrRange::with_len(window.start, window.len.unwrap()).unwrap().contains(range)
            });
            prop_assert!(inside, "{at} {range} outside {parent}");
        }
    }

    #[test]
    fn registers_hold_the_addresses_and_windows_that_are_reported(list in prop::collection::vec(devices(), 1..4)) {
        let Ok(capture) = synthesise(&format!("[[root]]\ndevice = [{}]", list.join(", "))) else {
            return Ok(());
        };
        for (at, record) in &capture.functions {
            let image = &record.config;
            let layout = decoded(image).header.layout.unwrap();
            let slots = bars(image, layout);
            let windows = BridgeWindows::decode(image);
            for resource in &record.properties.resources {
                let resource = &resource.value;
                let range = AddrRange::with_len(resource.start, resource.len.unwrap());
                match resource.index {
                    index @ 0..6 => {
                        let address = match slots[usize::from(index)] {
                            BarSlot::Bar { kind, address, malformed: false } => {
                                prop_assert_eq!(kind == BarKind::Io, resource.flags.unwrap() & 0x100 != 0);
                                address
                            }
                            BarSlot::Zero => 0,
                            slot => panic!("{at} {slot:?}"),
                        };
                        prop_assert_eq!(address, resource.start);
                    }
                    6 => prop_assert_eq!(u64::from(image.u32(0x30).unwrap()), resource.start),
                    _ if layout != HeaderType::BRIDGE => {}
                    13 => prop_assert_eq!(windows.io.present().map(|window| window.range), range),
                    14 => prop_assert_eq!(windows.memory.present().map(|window| window.range), range),
                    15 => prop_assert_eq!(windows.prefetchable.present().map(|window| window.range), range),
                    index => panic!("{at} has resource {index}"),
                }
            }
        }
    }
}
