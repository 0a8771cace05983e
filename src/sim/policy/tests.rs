//! The worked examples, and machines whose firmware and kernel really placed their BARs.

use super::linux::{self, Sizing, WindowSize};
use super::qemu::{Chipset, Machine, Vendor};
use super::testing::{card, device, h100};
use super::tree::{Bridge, Part, Slot};
use super::{GIB, MIB, ovmf, seabios};
use crate::range::AddrRange;
use crate::sim::bars::DeviceBars;

const TIB: u64 = 1024 * GIB;

fn slots(device: &DeviceBars) -> Vec<Slot> {
    vec![Slot::device(device.sized.clone())]
}

/// A root port as QEMU makes it, with its own 4 KiB BAR.
fn root_port(device: &DeviceBars) -> Slot {
    Slot::port(
        super::testing::device(&[("mem32", 4096)]).sized,
        slots(device),
    )
}

fn range(start: u64, last: u64) -> AddrRange {
    AddrRange::new(start, last).unwrap()
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
        let port = Slot {
            bars: Vec::new(),
            rom: 0,
            bridge: Some(Bridge {
                hot_plug: false,
                wide: true,
                below: slots(&prefetchable(sizes)),
            }),
        };
        let ports = vec![port; count];
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

/// The devices of the lab machines: `(device number, BARs)` of each root port.
fn lab(cards: &[DeviceBars]) -> Vec<Slot> {
    let mut slots: Vec<Slot> = cards.iter().map(root_port).collect();
    // The AHCI controller: register 5.
    let mut ahci = device(&[("mem32", 4096)]);
    ahci.sized[0].index = 5;
    slots.push(Slot::device(ahci.sized));
    slots
}

/// What an `ivshmem` of the lab has.
fn shared_memory(gib: u64) -> DeviceBars {
    let mut device = device(&[("mem32", 256), ("mem64p", gib * GIB)]);
    device.sized[1].index = 2;
    device
}

/// The seven cards of the lab machine `bigbar`.
fn bigbar() -> Vec<Slot> {
    let mut gpu = device(&[("mem32", 4096), ("mem64p", 16 << 10)]);
    (gpu.sized[0].index, gpu.sized[1].index) = (1, 4);
    let nvme = device(&[("mem64", 16 << 10), ("mem64p", 256 * MIB)]);
    let mut vga = device(&[("mem32p", 256 * MIB), ("mem32", 4096)]);
    vga.sized[1].index = 2;
    let mut slots = lab(&[
        shared_memory(1),
        shared_memory(4),
        shared_memory(16),
        shared_memory(64),
        gpu,
        nvme,
        vga,
    ]);
    // The VGA card has an option ROM of 64 KiB.
    if let Some(bridge) = &mut slots[6].bridge {
        bridge.below[0].rom = 64 << 10;
    }
    slots
}

/// A TCG guest calls itself AMD.
fn lab_machine(address_bits: u8, hole64: u64) -> Machine {
    Machine {
        chipset: Chipset::Q35,
        ram: GIB,
        address_bits,
        vendor: Vendor::Amd,
        mmio64_hint_mib: None,
        hole64: Some(hole64),
    }
}

/// Lab capture `bigbar-intel-ovmf`: where OVMF 2022.11 put everything.
#[test]
fn ovmf_places_the_lab_machine_as_the_real_firmware_did() {
    let layout = ovmf::lay_out(&bigbar(), &lab_machine(46, 512 * GIB));
    assert_eq!(layout.unplaced, []);
    let at = |path: &[usize], part| layout.find(path, part);
    for (slot, memory, prefetchable, own) in [
        (0, (0xd0c0_0000, 0xd0df_ffff), 0x3810_0000_0000, 0xd0e1_7000),
        (1, (0xd0a0_0000, 0xd0bf_ffff), 0x3818_0000_0000, 0xd0e1_6000),
        (2, (0xd080_0000, 0xd09f_ffff), 0x3820_0000_0000, 0xd0e1_5000),
        (3, (0xd060_0000, 0xd07f_ffff), 0x3800_0000_0000, 0xd0e1_4000),
        (4, (0xd040_0000, 0xd05f_ffff), 0x3828_0000_0000, 0xd0e1_3000),
        (5, (0xd020_0000, 0xd03f_ffff), 0x3830_0000_0000, 0xd0e1_2000),
        (6, (0xc000_0000, 0xd00f_ffff), 0x3838_0000_0000, 0xd0e1_1000),
    ] {
        assert_eq!(at(&[slot], Part::Memory), Some(range(memory.0, memory.1)));
        let window = at(&[slot], Part::Prefetchable).unwrap();
        assert_eq!(window.start(), prefetchable, "port {slot}");
        let expected = if slot == 3 { 64 * GIB } else { 32 * GIB };
        assert_eq!(window.len(), expected, "port {slot}");
        assert_eq!(
            at(&[slot], Part::Bar(0)).unwrap().start(),
            own,
            "port {slot}"
        );
    }
    assert_eq!(at(&[7], Part::Bar(5)).unwrap().start(), 0xd0e1_0000);
    assert_eq!(at(&[3, 0], Part::Bar(2)).unwrap().start(), 0x3800_0000_0000);
    assert_eq!(at(&[6, 0], Part::Bar(0)).unwrap().start(), 0xc000_0000);
    assert_eq!(at(&[6, 0], Part::Bar(2)).unwrap().start(), 0xd000_0000);
    assert_eq!(at(&[4, 0], Part::Bar(4)).unwrap().start(), 0x3828_0000_0000);
}

/// Lab capture `bigbarok-intel`: SeaBIOS 1.16.3 with 40 address bits.
#[test]
fn seabios_places_the_lab_machine_as_the_real_firmware_did() {
    let cards = [1, 4, 16, 32].map(shared_memory);
    let machine = lab_machine(40, 256 * GIB);
    let boot = seabios::lay_out(&lab(&cards), &machine, seabios::Release::V1_16);
    assert!(!boot.panics);
    assert_eq!(boot.layout.unplaced, []);
    for (slot, memory, prefetchable, own) in [
        (0, 0xfe80_0000, 0xf5_0000_0000, 0xfea0_0000),
        (1, 0xfe60_0000, 0xf4_0000_0000, 0xfea0_1000),
        (2, 0xfe40_0000, 0xf0_0000_0000, 0xfea0_2000),
        (3, 0xfe20_0000, 0xe8_0000_0000, 0xfea0_3000),
    ] {
        let start = |path: &[usize], part| boot.layout.find(path, part).map(AddrRange::start);
        assert_eq!(start(&[slot], Part::Memory), Some(memory));
        assert_eq!(start(&[slot], Part::Prefetchable), Some(prefetchable));
        assert_eq!(start(&[slot], Part::Bar(0)), Some(own));
        assert_eq!(start(&[slot, 0], Part::Bar(2)), Some(prefetchable));
    }
    let ahci = boot.layout.find(&[4], Part::Bar(5)).unwrap();
    assert_eq!(ahci.start(), 0xfea0_4000);
}

/// Lab captures `bigbar-intel` and `bigbar-amd`: with 46 address bits SeaBIOS 1.16.3 rounds
/// the base up, and all but the largest BAR lie beyond what the processor can address. The
/// kernel's log shows the addresses that the firmware had programmed.
#[test]
fn seabios_puts_bars_beyond_the_address_width_as_the_real_firmware_did() {
    let machine = lab_machine(46, 512 * GIB);
    let boot = seabios::lay_out(&bigbar(), &machine, seabios::Release::V1_16);
    assert!(!boot.panics);
    let largest = boot.layout.find(&[3], Part::Prefetchable);
    assert_eq!(largest, Some(range(0x3ff0_0000_0000, 0x3fff_ffff_ffff)));
    let beyond: Vec<_> = boot
        .layout
        .unplaced
        .iter()
        .map(|unplaced| (unplaced.item.path.as_slice(), unplaced.size))
        .collect();
    assert_eq!(
        beyond,
        [
            (&[2][..], 16 * GIB),
            (&[1][..], 4 * GIB),
            (&[0][..], GIB),
            (&[5][..], 256 * MIB),
            (&[4][..], 2 * MIB),
        ]
    );
    let vga = boot.layout.find(&[6], Part::Prefetchable);
    assert_eq!(vga, Some(range(0xe000_0000, 0xefff_ffff)));
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
