//! The worked examples.

use super::linux::{self, Sizing, WindowSize};
use super::qemu::{Machine, Vendor};
use super::testing::{card, device, h100, root_port};
use super::tree::{Bridge, Part, Slot};
use super::{GIB, MIB, ovmf, seabios};
use crate::range::AddrRange;
use crate::sim::bars::DeviceBars;

const TIB: u64 = 1024 * GIB;

fn slots(device: &DeviceBars) -> Vec<Slot> {
    vec![Slot::device(device.sized.clone())]
}

/// A port without BARs of its own and without room for hot plug.
fn below_port(device: &DeviceBars) -> Slot {
    Slot {
        bridge: Some(Bridge {
            hot_plug: false,
            wide: true,
            below: slots(device),
        }),
        ..Slot::default()
    }
}

/// Only the prefetchable part of a card.
fn prefetchable(sizes: &[u64]) -> DeviceBars {
    let bars: Vec<_> = sizes.iter().map(|&size| ("mem64p", size)).collect();
    device(&bars)
}

#[test]
fn e1_one_window_with_one_device_behind_it() {
    // Children, then size and alignment by each rule.
    type Window = (u64, u64);
    let rows: [(&[u64], Window, Window, Window); 6] = [
        (
            &[256 * MIB, 32 * MIB],
            (384 * MIB, 128 * MIB),
            (288 * MIB, 256 * MIB),
            (512 * MIB, 256 * MIB),
        ),
        (
            &[8 * GIB, 32 * MIB],
            (12 * GIB, 4 * GIB),
            (8 * GIB + 32 * MIB, 8 * GIB),
            (16 * GIB, 8 * GIB),
        ),
        (
            &[32 * GIB, 32 * MIB],
            (48 * GIB, 16 * GIB),
            (32 * GIB + 32 * MIB, 32 * GIB),
            (64 * GIB, 32 * GIB),
        ),
        (
            &[64 * GIB, 32 * MIB],
            (96 * GIB, 32 * GIB),
            (64 * GIB + 32 * MIB, 64 * GIB),
            (128 * GIB, 64 * GIB),
        ),
        (
            &[128 * GIB, 32 * MIB, 16 * MIB],
            (192 * GIB, 64 * GIB),
            (128 * GIB + 48 * MIB, 128 * GIB),
            (256 * GIB, 128 * GIB),
        ),
        (
            &[256 * GIB, 32 * MIB, 16 * MIB],
            (384 * GIB, 128 * GIB),
            (256 * GIB + 48 * MIB, 256 * GIB),
            (512 * GIB, 256 * GIB),
        ),
    ];
    for (sizes, halved, head, doubled) in rows {
        let below = slots(&prefetchable(sizes));
        let linux = |sizing| {
            let window = linux::bridge_windows(&below, true, sizing).prefetchable;
            window.map(|window| (window.size, window.align))
        };
        assert_eq!(linux(Sizing::From6_1), Some(halved), "{sizes:?}");
        assert_eq!(linux(Sizing::From7_2), Some(head), "{sizes:?}");
        assert_eq!(ovmf::bridge_windows(&below)[1], Some(head), "{sizes:?}");
        assert_eq!(
            seabios::bridge_windows(&below)[1],
            Some(doubled),
            "{sizes:?}"
        );
        if sizes[0] <= 128 * GIB {
            assert_eq!(linux(Sizing::Before6_1), Some(halved), "{sizes:?}");
        }
    }
}

#[test]
fn e1_kernels_before_6_1_switch_a_bar_of_256_gib_off() {
    let below = slots(&prefetchable(&[256 * GIB, 32 * MIB]));
    let sizes = linux::bridge_windows(&below, true, Sizing::Before6_1);
    assert_eq!(sizes.disabled, [256 * GIB]);
    assert_eq!(sizes.prefetchable.unwrap().align, 32 * MIB);
}

/// The column of Linux 7.2 was read from its source, not seen on a machine: there a window
/// larger than its alignment is counted without the gap behind it, so that such a parent can
/// be too small for its children.
#[test]
fn e2_equal_ports_below_a_switch() {
    type Window = (u64, u64);
    let rows: [(usize, &[u64], Window, Window, Window); 4] = [
        (
            2,
            &[256 * MIB, 32 * MIB],
            (768 * MIB, 128 * MIB),
            (576 * MIB, 256 * MIB),
            (800 * MIB, 256 * MIB),
        ),
        (
            2,
            &[32 * GIB, 32 * MIB],
            (96 * GIB, 16 * GIB),
            (64 * GIB + 64 * MIB, 32 * GIB),
            (96 * GIB + 32 * MIB, 32 * GIB),
        ),
        (
            4,
            &[64 * GIB, 32 * MIB],
            (384 * GIB, 32 * GIB),
            (256 * GIB + 128 * MIB, 64 * GIB),
            (448 * GIB + 32 * MIB, 64 * GIB),
        ),
        (
            8,
            &[128 * GIB, 32 * MIB, 16 * MIB],
            (1536 * GIB, 64 * GIB),
            (1024 * GIB + 384 * MIB, 128 * GIB),
            (1920 * GIB + 48 * MIB, 128 * GIB),
        ),
    ];
    for (count, sizes, halved, head, edk2) in rows {
        let ports = vec![below_port(&prefetchable(sizes)); count];
        let linux = |sizing| {
            let window = linux::bridge_windows(&ports, true, sizing).prefetchable;
            window.map(|window| (window.size, window.align))
        };
        assert_eq!(linux(Sizing::From6_1), Some(halved), "{count} x {sizes:?}");
        assert_eq!(linux(Sizing::From7_2), Some(head), "{count} x {sizes:?}");
        assert_eq!(
            ovmf::bridge_windows(&ports)[1],
            Some(edk2),
            "{count} x {sizes:?}"
        );
    }
}

fn guest(ram_gib: u64, address_bits: u8, vendor: Vendor, hint_mib: Option<u64>) -> Machine {
    Machine {
        ram: ram_gib * GIB,
        address_bits,
        vendor,
        mmio64_hint_mib: hint_mib,
        ..Machine::default()
    }
}

#[test]
fn ovmfs_aperture_by_ram_width_and_hint() {
    use Vendor::{Amd, Intel};
    for (ram, bits, vendor, hint, base, size) in [
        (8, 40, Intel, None, 32 * GIB, 32 * GIB),
        (64, 40, Intel, None, 96 * GIB, 32 * GIB),
        (64, 39, Intel, None, 448 * GIB, 64 * GIB),
        (64, 40, Amd, None, 896 * GIB, 128 * GIB),
        (64, 46, Intel, None, 56 * TIB, 8 * TIB),
        (64, 48, Intel, None, 112 * TIB, 16 * TIB),
        (64, 40, Intel, Some(262_144), 256 * GIB, 256 * GIB),
        (64, 40, Intel, Some(131_120), 128 * GIB, 129 * GIB),
        (512, 39, Intel, None, 544 * GIB, 32 * GIB),
    ] {
        let aperture = ovmf::aperture(&guest(ram, bits, vendor, hint));
        assert_eq!(
            aperture,
            AddrRange::with_len(base, size),
            "{ram} GiB, {bits} bits, {hint:?}"
        );
    }
    assert_eq!(ovmf::aperture(&guest(8, 46, Intel, Some(0))), None);
    let malformed = guest(8, 40, Intel, Some(0x100_0001));
    assert_eq!(
        ovmf::aperture(&malformed),
        ovmf::aperture(&guest(8, 40, Intel, None))
    );
}

#[test]
fn e3_one_h100_on_a_root_port() {
    use Vendor::{Amd, Intel};
    let lay_out = |machine: Machine| ovmf::lay_out(&[root_port(&h100())], &machine);
    for (bits, vendor) in [(40, Intel), (39, Intel), (40, Amd)] {
        let layout = lay_out(guest(64, bits, vendor, None));
        assert_eq!(layout.unplaced.len(), 1, "{bits} bits");
        assert_eq!(layout.unplaced[0].size, 128 * GIB + 48 * MIB);
    }
    let short = lay_out(guest(64, 40, Amd, None)).unplaced.remove(0);
    assert_eq!(
        short.size - short.available,
        48 * MIB,
        "rejected for 48 MiB"
    );
    let layout = lay_out(guest(64, 46, Intel, None));
    assert!(layout.fits());
    let bar = |layout: &super::tree::TreeLayout, bar| {
        layout.find(&[0, 0], Part::Bar(bar)).map(AddrRange::start)
    };
    assert_eq!(bar(&layout, 2), Some(0x3800_0000_0000));
    assert_eq!(bar(&layout, 4), Some(0x3820_0000_0000));
    let by_hand = lay_out(guest(64, 40, Intel, Some(262_144)));
    assert_eq!(bar(&by_hand, 2), Some(256 * GIB));
    let tightest = lay_out(guest(64, 40, Intel, Some(131_120)));
    assert_eq!(bar(&tightest, 2), Some(128 * GIB));
    assert!(!lay_out(guest(64, 40, Intel, Some(131_072))).fits());
}

/// The other ports' room for hot plug is 1 GiB each, and 976 MiB are left.
#[test]
fn e3_another_hot_plug_port_makes_the_tightest_hint_too_small() {
    let machine = guest(64, 40, Vendor::Intel, Some(131_120));
    let empty = DeviceBars::default();
    let layout = ovmf::lay_out(&[root_port(&h100()), root_port(&empty)], &machine);
    assert!(!layout.fits());
}

#[test]
fn e4_eight_h100_on_eight_root_ports() {
    let ports = vec![root_port(&h100()); 8];
    assert!(ovmf::lay_out(&ports, &guest(64, 46, Vendor::Intel, None)).fits());
    let by_hand = Machine {
        address_bits: 42,
        ..guest(1024, 42, Vendor::Intel, Some(2_097_152))
    };
    // 42 bits are trusted, but the dynamic window is not larger than the hint.
    assert_eq!(
        ovmf::aperture(&by_hand),
        AddrRange::with_len(2 * TIB, 2 * TIB)
    );
    let layout = ovmf::lay_out(&ports, &by_hand);
    assert!(layout.fits());
    let first = layout.find(&[0, 0], Part::Bar(2)).unwrap();
    let last = layout.find(&[7, 0], Part::Bar(2)).unwrap();
    assert_eq!(last.start() - first.start(), 7 * 256 * GIB);
}

#[test]
fn e5_two_cards_with_resizable_bars() {
    let cards = |count: usize, large: u64, hint| {
        let ports = vec![root_port(&card(large)); count];
        ovmf::lay_out(&ports, &guest(64, 40, Vendor::Intel, hint))
    };
    assert_eq!(cards(2, 32 * GIB, None).unplaced.len(), 2);
    assert!(!cards(1, 32 * GIB, None).fits());
    assert_eq!(cards(2, 32 * GIB, Some(65_536)).unplaced.len(), 1);
    assert!(cards(2, 32 * GIB, Some(131_072)).fits());
    let small = cards(2, 256 * MIB, None);
    assert!(small.fits());
    assert!(
        small
            .placed
            .iter()
            .all(|placed| placed.range.last() < 128 * GIB)
    );
}

#[test]
fn e6_four_m60() {
    let cards = |large: u64, hint| {
        let ports = vec![root_port(&card(large)); 4];
        ovmf::lay_out(&ports, &guest(64, 40, Vendor::Intel, hint)).fits()
    };
    assert!(cards(256 * MIB, None), "graphics mode");
    assert!(!cards(8 * GIB, None), "compute mode");
    assert!(cards(8 * GIB, Some(65_536)));
    // 288 MiB each at a stride of 512 MiB, 16 MiB each below 4 GiB; and 8 GiB at a stride of 16.
    let windows = |large: u64| ovmf::bridge_windows(&vec![below_port(&card(large)); 4]);
    assert_eq!(
        windows(256 * MIB),
        [Some((64 * MIB, 16 * MIB)), Some((1824 * MIB, 256 * MIB)),]
    );
    assert_eq!(windows(8 * GIB)[1], Some((56 * GIB + 32 * MIB, 8 * GIB)));
    let ports = vec![root_port(&card(256 * MIB)); 4];
    let boot = seabios::lay_out(
        &ports,
        &guest(64, 40, Vendor::Intel, None),
        seabios::Release::V1_17,
    );
    assert!(!boot.panics && boot.layout.fits());
}

#[test]
fn e7_a_hole_beyond_the_address_width_stops_qemu() {
    let machine = Machine {
        hole64: Some(TIB),
        ..guest(64, 40, Vendor::Intel, None)
    };
    // RAM above 4 GiB ends at 66 GiB.
    assert_eq!(machine.ram_end(), 66 * GIB);
    let refused = machine.check().unwrap_err();
    assert_eq!(refused.last, 66 * GIB + TIB - 1);
    let wider = Machine {
        address_bits: 41,
        ..machine
    };
    assert_eq!(wider.check(), Ok(()));
}

#[test]
fn e9_a_large_bar_without_prefetching_stays_below_4_gib_everywhere() {
    // Arc A750: 16 MiB 64-bit without prefetching, 256 MiB with.
    let arc = device(&[("mem64", 16 * MIB), ("mem64p", 256 * MIB)]);
    let machine = guest(8, 40, Vendor::Intel, None);
    let low = |range: Option<AddrRange>| range.is_some_and(|range| range.last() < 4 * GIB);
    let ovmf = ovmf::lay_out(&[root_port(&arc)], &machine);
    assert!(low(ovmf.find(&[0, 0], Part::Bar(0))));
    assert!(!low(ovmf.find(&[0, 0], Part::Bar(2))));
    let seabios = seabios::lay_out(&[root_port(&arc)], &machine, seabios::Release::V1_17).layout;
    assert!(low(seabios.find(&[0, 0], Part::Bar(0))));
    assert!(!low(seabios.find(&[0, 0], Part::Bar(2))));
    let linux = linux::bridge_windows(&slots(&arc), true, Sizing::From6_1);
    assert_eq!(
        linux.memory,
        Some(WindowSize {
            size: 16 * MIB,
            align: 16 * MIB
        })
    );
}

#[test]
fn a_guest_without_room_below_4_gib_does_not_boot_with_seabios() {
    let ports = vec![root_port(&device(&[("mem32", 512 * MIB)])); 2];
    let machine = guest(4, 40, Vendor::Intel, None);
    let boot = seabios::lay_out(&ports, &machine, seabios::Release::V1_17);
    assert!(boot.panics);
    assert!(!boot.layout.fits());
}

#[test]
fn kernels_are_told_apart_by_their_release() {
    for (release, sizing) in [
        ("5.10.0-28-amd64", Some(Sizing::Before6_1)),
        ("6.0.12", Some(Sizing::Before6_1)),
        ("6.1.0-56-amd64", Some(Sizing::From6_1)),
        ("6.12.95+deb12-amd64", Some(Sizing::From6_1)),
        ("7.1.0", Some(Sizing::From6_1)),
        ("7.2.12", Some(Sizing::From7_2)),
        ("8.0", Some(Sizing::From7_2)),
        ("linux", None),
        ("", None),
    ] {
        assert_eq!(Sizing::of_release(release), sizing, "{release}");
    }
}
