//! Machines of the lab, whose firmware and kernel really placed their BARs.

use super::qemu::{Chipset, Machine, Vendor};
use super::testing::{device, root_port};
use super::tree::{Part, Slot};
use super::{GIB, MIB, ovmf, seabios};
use crate::range::AddrRange;
use crate::sim::bars::DeviceBars;

fn range(start: u64, last: u64) -> AddrRange {
    AddrRange::new(start, last).unwrap()
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
