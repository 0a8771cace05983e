use super::*;
use crate::spec::pcie::PortType;
use crate::testing::{Dev, Machine, find};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;
const PREF64: u64 = 0x14_220c;

const LOG: &str = "\
[    1.0] pci_bus 0000:00: root bus resource [io  0x0000-0x0cf7 window]
[    1.0] pci_bus 0000:00: root bus resource [mem 0x000a0000-0x000bffff window]
[    1.0] pci_bus 0000:00: root bus resource [mem 0xc0000000-0xfebfffff window]
[    1.0] pci_bus 0000:00: root bus resource [mem 0x4000000000-0x4fffffffff window]
";

/// A 64-bit prefetchable window in a bridge's header.
fn with_window(port: Dev, start: u64, len: u64) -> Dev {
    let last = start + len - 1;
    let low = |address: u64| u16::try_from(address >> 16 & 0xfff0).unwrap() | 1;
    let high = |address: u64| u32::try_from(address >> 32).unwrap();
    port.poke(0x24, &low(start).to_le_bytes())
        .poke(0x26, &low(last).to_le_bytes())
        .poke(0x28, &high(start).to_le_bytes())
        .poke(0x2c, &high(last).to_le_bytes())
        // Memory: fe000000-fe0fffff.
        .poke(0x20, &[0x00, 0xfe, 0x00, 0xfe])
}

/// A card with a 64-bit prefetchable BAR 2.
fn card(start: u64, len: u64) -> Dev {
    let [.., high] = [0, u32::try_from(start >> 32).unwrap()];
    Dev::endpoint()
        .bar(2, 0xc)
        .bar(3, high)
        .resource(2, start, len, PREF64)
}

fn machine() -> Machine {
    let port = Dev::port(PortType::ROOT_PORT, 1, 1);
    Machine::new()
        .with("00:01.0", with_window(port, 0x40_0000_0000, 512 * MIB))
        .with("01:00.0", card(0x40_0000_0000, 256 * MIB))
        .with_log(LOG)
}

fn wish(space: &Machine, size: u64) -> Fit {
    space.facts(|facts| {
        let device = find(facts, "01:00.0");
        let space = HostSpace::of(facts.host, facts.topology);
        let wish = Wish {
            below: facts.topology.parent(device),
            replaces: Some(device),
            bars: vec![SizedBar {
                index: 2,
                kind: BarKind::Memory64 { prefetchable: true },
                size,
            }],
            vf_bars: Vec::new(),
        };
        fit(facts.host, facts.topology, &space, &wish)
    })
}

#[test]
fn windows_come_from_the_log_or_else_from_iomem() {
    let windows = |machine: &Machine| machine.facts(|facts| host_windows(facts.host));
    let from_log = windows(&machine());
    assert_eq!(from_log.len(), 2, "legacy VGA memory is left out");
    assert_eq!(from_log[1].range.start(), 0x40_0000_0000);
    let mut machine = Machine::new();
    let iomem = "000a0000-000bffff : PCI Bus 0000:00\n\
                 c0000000-febfffff : PCI Bus 0000:00\n  \
                   fe000000-fe0fffff : PCI Bus 0000:01\n";
    let files = &mut machine.capture.host;
    files.insert("iomem".to_owned(), iomem.as_bytes().to_vec());
    let from_iomem = windows(&machine);
    assert_eq!(from_iomem.len(), 1);
    assert_eq!(from_iomem[0].source, WindowSource::Iomem);
    let blind = b"00000000-00000000 : PCI Bus 0000:00\n".to_vec();
    machine.capture.host.insert("iomem".to_owned(), blind);
    assert_eq!(windows(&machine), [], "without privilege nothing is known");
}

#[test]
fn slack_is_what_nothing_below_uses() {
    machine().facts(|facts| {
        let space = HostSpace::of(facts.host, facts.topology);
        let port = find(facts, "00:01.0");
        let window = space.bridge(port, WindowKind::Prefetchable).unwrap();
        assert_eq!((window.free, window.largest), (256 * MIB, 256 * MIB));
        assert_eq!(space.overlaps, []);
        assert_eq!(space.outside, []);
        assert_eq!(space.unplaced, []);
    });
}

#[test]
fn a_larger_bar_fits_where_the_port_has_no_other_user() {
    assert!(matches!(wish(&machine(), 32 * GIB), Fit::Room(_)));
    let Fit::No(no) = wish(&machine(), 128 * GIB) else {
        panic!("64 GiB do not hold 128");
    };
    assert_eq!(no.bridge, None, "the root bus is too small");
    assert_eq!(no.shortfall.needed, 128 * GIB);
}

#[test]
fn a_window_with_another_user_cannot_grow() {
    let shared = machine().with("01:00.1", card(0x40_1000_0000, 128 * MIB));
    let Fit::No(no) = wish(&shared, GIB) else {
        panic!("the window has another user");
    };
    assert!(no.bridge.is_some());
    assert_eq!(no.shortfall.free, 384 * MIB);
    assert!(matches!(wish(&shared, 256 * MIB), Fit::Room(_)));
}

#[test]
fn without_the_root_buses_windows_the_answer_is_open() {
    let mut machine = machine();
    machine.capture.host.clear();
    assert_eq!(wish(&machine, GIB), Fit::Unknown);
}

#[test]
fn overlaps_and_what_no_bridge_forwards_are_found() {
    let overlapping = machine().with("01:00.1", card(0x40_0800_0000, 128 * MIB));
    overlapping.facts(|facts| {
        let space = HostSpace::of(facts.host, facts.topology);
        // BAR 0 of both lies at fe000000, and BAR 2 inside the neighbour's.
        assert_eq!(space.overlaps.len(), 2);
    });
    let outside = machine().with("01:00.1", card(0x50_0000_0000, 128 * MIB));
    outside.facts(|facts| {
        let space = HostSpace::of(facts.host, facts.topology);
        assert_eq!(space.outside.len(), 1);
        assert_eq!(space.outside[0].range.start(), 0x50_0000_0000);
    });
}
