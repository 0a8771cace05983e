//! BARs of small devices.

use super::*;
use crate::testing::{Dev, Machine, at, reported};

fn with<R>(device: Dev, ask: impl FnOnce(&Function<'_>) -> R) -> R {
    Machine::with_device(device).facts(|facts| {
        let id = facts.host.find(at("01:00.0")).unwrap();
        ask(facts.host.function(id))
    })
}

/// One BAR, which must be the same alone and among all.
fn bar(device: Dev, index: u8) -> BarDemand {
    with(device, |function| {
        let alone = super::bar(function, index).unwrap();
        let bars = bars(function).unwrap();
        let among = bars.iter().find(|bar| bar.index == index);
        assert_eq!(among, Some(&alone));
        alone
    })
}

fn exact(len: u64, from: SizeSource) -> Size {
    Size::Exact { len, from }
}

#[test]
fn a_reported_size_is_exact() {
    let bar = bar(Dev::endpoint(), 0);
    assert_eq!(bar.size, exact(0x4000, SizeSource::Reported));
    assert_eq!(bar.address, Some(0xfe00_0000));
    assert_eq!(
        bar.kind,
        BarKind::Memory64 {
            prefetchable: false
        }
    );
}

#[test]
fn an_address_bounds_the_size_from_above() {
    let bounded = |register| bar(Dev::endpoint().bar(2, register), 2).size;
    assert_eq!(
        bounded(0xfe12_3000),
        Size::Bounded {
            min: 16,
            max: Some(0x1000)
        }
    );
    assert_eq!(
        bounded(0x0000_e001),
        Size::Bounded {
            min: 4,
            max: Some(0x2000)
        }
    );
    assert_eq!(bounded(0x0000_0008).most(), None);
}

#[test]
fn a_resizable_bar_has_its_current_size() {
    // One BAR: control at +8 names BAR 2, size code 14 = 16 GiB (PCIe 6.0, 7.8.6.3).
    let control = (2_u32 | 1 << 5 | 14 << 8).to_le_bytes();
    let body = [[0xf0, 0xff, 0x07, 0x00], control].concat();
    let device = Dev::endpoint()
        .bar(2, 0x0000_000c)
        .bar(3, 0x40)
        .extended(0x15, &body);
    assert_eq!(
        bar(device, 2).size,
        exact(16 << 30, SizeSource::ResizableBar)
    );
}

#[test]
fn a_fixed_bar_has_the_size_of_its_entry() {
    // One entry of 3 further words for BAR 2, enabled: base and offset both 64 bits wide
    // (PCIe 6.0, 7.8.5.3).
    let words: [u32; 5] = [
        4 | 2 << 4 | 1 << 31,
        0xf000_0002, // base, wide
        0x000f_fffe, // largest offset, wide
        0x0000_0040, // base, upper half
        0x0000_0001, // largest offset, upper half
    ];
    let body: Vec<u8> = [1, 0]
        .into_iter()
        .chain(words.iter().flat_map(|word| word.to_le_bytes()))
        .collect();
    let device = Dev::endpoint()
        .bar(2, 0xf000_000c)
        .bar(3, 0x40)
        .standard(0x14, &body);
    assert_eq!(
        bar(device, 2).size,
        exact(0x1_0010_0000, SizeSource::EnhancedAllocation)
    );
}

#[test]
fn reported_bars_of_a_virtual_function_stand_in_for_its_registers() {
    let device = Dev::virtual_function()
        .report(|p| p.resources.clear())
        .resource(0, 0xe000_0000, 0x1_0000, 0x14_220c);
    let bar = bar(device, 0);
    assert_eq!(bar.kind, BarKind::Memory64 { prefetchable: true });
    assert_eq!(bar.size.exact(), Some(0x1_0000));
}

#[test]
fn a_bar_named_twice_counts_once() {
    let device = Dev::endpoint().report(|p| {
        let again = p.resources[0].clone();
        p.resources.push(again);
    });
    let memory = with(device, |function| demand(function).unwrap().memory());
    assert_eq!(memory.exact(), Some(0x4000));
}

#[test]
fn sums_keep_kinds_apart() {
    let device = Dev::endpoint()
        .bar(2, 0xe000_0008)
        .resource(2, 0xe000_0000, 1 << 20, 0x4_2208)
        .bar(3, 0xd001)
        .resource(3, 0xd000, 0x20, 0x4_0101);
    let sum = with(device, |function| demand(function).unwrap());
    assert_eq!(sum.memory64.exact(), Some(0x4000));
    assert_eq!(sum.memory32.exact(), Some(1 << 20));
    assert_eq!(sum.prefetchable.exact(), Some(1 << 20));
    assert_eq!(sum.io.exact(), Some(0x20));
    assert_eq!(sum.memory().exact(), Some((1 << 20) + 0x4000));
    assert_eq!(sum.io_bars.to_string(), "BAR 3");
    assert!(!sum.is_incomplete());
}

#[test]
fn an_unknown_size_makes_the_sum_a_range() {
    let sum = with(Dev::endpoint().bar(2, 0xa000_0000), |f| demand(f).unwrap());
    assert!(sum.is_incomplete());
    assert_eq!(sum.memory32.least, 16);
    assert_eq!(sum.memory32.most, Some(0x2000_0000));
    assert_eq!(sum.memory32.exceeds(0x1000_0000), None);
    assert_eq!(sum.memory32.exceeds(0x2000_0000), Some(false));
    assert_eq!(sum.memory32.exceeds(8), Some(true));
}

#[test]
fn sums_do_not_overflow() {
    let huge = |device: Dev, index| device.resource(index, 0, u64::MAX, 0x14_0204);
    let device = huge(huge(huge(Dev::endpoint(), 0), 2), 4);
    let sum = with(device, |function| demand(function).unwrap());
    assert_eq!(sum.memory64.least, u64::MAX);
}

#[test]
fn microsofts_survey_counts_each_range_a_byte_short() {
    // OSH3's card: 256 MiB and 128 KiB come to 257 MB.
    let device = Dev::endpoint()
        .bar(0, 0)
        .bar(2, 0xe000_0000)
        .resource(2, 0xe000_0000, 256 << 20, 0x4_0200)
        .bar(3, 0xf000_0000)
        .resource(3, 0xf000_0000, 128 << 10, 0x4_0200);
    assert_eq!(with(device, survey_dda_megabytes), Some(257));
    let unknown = Dev::endpoint().bar(0, 0xe000_0000);
    assert_eq!(with(unknown, survey_dda_megabytes), None);
}

#[test]
fn without_registers_and_reports_nothing_is_known() {
    assert_eq!(with(Dev::endpoint().unread(), bars), None);
    let rom = Dev::endpoint().unread().report(|p| {
        p.resources.push(reported(Resource {
            index: 6,
            start: 0,
            len: Some(0x1000),
            flags: None,
            unassigned: false,
        }));
    });
    assert_eq!(with(rom, bars), None);
}

#[test]
fn sets_of_bars_print_as_a_list() {
    let device = Dev::endpoint()
        .report(|p| p.resources.clear())
        .bar(2, 0xe000_0000)
        .bar(4, 0xf000_0000);
    let sum = with(device, |function| demand(function).unwrap());
    assert_eq!(sum.unsized_bars.to_string(), "BARs 0, 2 and 4");
}
