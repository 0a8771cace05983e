//! Where firmware really put the BARs of the lab's machines, beside where the simulation puts
//! them. The tree that is laid out is the captured one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use assignable::addr::Sbdf;
use assignable::analysis::resources;
use assignable::capture::{Capture, Method, Origin, Reported, Resource};
use assignable::corpus;
use assignable::decode::config::bridge::BridgeWindows;
use assignable::host::{FunctionId, Host};
use assignable::range::AddrRange;
use assignable::sim::bars::DeviceBars;
use assignable::sim::host_space::{self, Fit, HostSpace, WindowKind, Wish};
use assignable::sim::policy::qemu::{Chipset, Machine, Vendor};
use assignable::sim::policy::tree::{Bridge, Part, Slot, TreeLayout};
use assignable::sim::policy::{ovmf, seabios};
use assignable::spec::pci::HeaderType;
use assignable::topology::Topology;

const GIB: u64 = 1 << 30;

/// A captured tree, and the function at each path.
struct Tree {
    slots: Vec<Slot>,
    paths: Vec<(Vec<usize>, FunctionId)>,
}

impl Tree {
    fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let mut roots: Vec<FunctionId> = host
            .iter()
            .filter(|(id, _)| topology.parent(*id).is_none())
            .map(|(id, _)| id)
            .collect();
        roots.sort_unstable();
        let mut paths = Vec::new();
        let slots = level(host, topology, &roots, &[], &mut paths);
        Self { slots, paths }
    }
}

fn level(
    host: &Host<'_>,
    topology: &Topology,
    ids: &[FunctionId],
    above: &[usize],
    paths: &mut Vec<(Vec<usize>, FunctionId)>,
) -> Vec<Slot> {
    let slot = |(index, &id): (usize, &FunctionId)| {
        let mut path = above.to_vec();
        path.push(index);
        let bars = DeviceBars::of(host, id, &[]);
        assert!(bars.is_complete(), "a BAR of unknown size");
        let properties = &host.capture().functions[&host.function(id).at].properties;
        let rom = properties.resources.iter().find(|own| own.value.index == 6);
        let rom = rom.map_or(0, |rom| match rom.value.start {
            // The kernel shows the copy in low memory, of 128 KiB whatever the ROM's size; QEMU's
            // VGA card has one of 64 KiB.
            0xc_0000 => 64 << 10,
            _ => rom.value.len.unwrap_or(0),
        });
        let below = topology.children(id).into_iter();
        let below: Vec<FunctionId> = below
            .filter(|&child| !host.function(child).is_virtual())
            .collect();
        let is_bridge = host.function(id).layout() == Some(HeaderType::BRIDGE);
        let bridge = is_bridge.then(|| Bridge {
            hot_plug: topology.kind(id).is_downstream_port(),
            wide: true,
            below: level(host, topology, &below, &path, paths),
        });
        paths.push((path, id));
        Slot {
            bars: bars.sized,
            rom,
            bridge,
            ..Slot::default()
        }
    };
    ids.iter().enumerate().map(slot).collect()
}

/// Compares every memory BAR of every function and every window of every port; gives the number of
/// BARs, and of those above 4 GiB.
fn compare(name: &str, host: &Host<'_>, tree: &Tree, layout: &TreeLayout) -> (usize, usize) {
    let (mut all, mut high) = (0, 0);
    for (path, id) in &tree.paths {
        let function = host.function(*id);
        let bars = resources::bars(function).unwrap();
        for bar in bars.iter().filter(|bar| bar.kind.is_memory()) {
            let predicted = layout
                .find(path, Part::Bar(bar.index))
                .map(|range| range.start());
            let real = bar.address;
            assert_eq!(predicted, real, "{name}: {} BAR {}", function.at, bar.index);
            all += 1;
            high += usize::from(real.is_some_and(|real| real >= 4 * GIB));
        }
        if function.layout() == Some(HeaderType::BRIDGE) {
            let windows = BridgeWindows::decode(function.config);
            for (part, window) in [
                (Part::Memory, windows.memory),
                (Part::Prefetchable, windows.prefetchable),
            ] {
                let real = window.present().map(|window| window.range);
                let predicted = layout.find(path, part);
                assert_eq!(predicted, real, "{name}: {} {part:?}", function.at);
            }
        }
    }
    (all, high)
}

/// What a line of the kernel's log says of memory: `pci ADDRESS: BAR 2 [mem RANGE …]END`, or of a
/// window of a bridge.
struct LogLine<'a> {
    at: Sbdf,
    part: Part,
    /// Where, or without a place how much.
    range: Result<AddrRange, u64>,
    /// Behind the bracket; empty where the line lists what the firmware had programmed.
    end: &'a str,
}

impl<'a> LogLine<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (_, line) = line.split_once("] pci ")?;
        let (address, rest) = line.split_once(": ")?;
        let (what, rest) = rest.trim_start().split_once(" [mem ")?;
        let (inside, end) = rest.split_once(']')?;
        let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let (first, flags) = match inside.strip_prefix("size ") {
            Some(size) => size.split_once(' ').unwrap_or((size, "")),
            None => inside.split_once(' ').unwrap_or((inside, "")),
        };
        let range = match first.split_once('-') {
            Some((first, last)) => Ok(AddrRange::new(number(first)?, number(last)?)?),
            None => Err(number(first)?),
        };
        let part = match what.strip_prefix("BAR ") {
            Some(bar) => Part::Bar(bar.parse().ok()?),
            None if what == "ROM" => Part::OptionRom,
            None if what == "bridge window" && flags.contains("pref") => Part::Prefetchable,
            None if what == "bridge window" => Part::Memory,
            None => return None,
        };
        Some(Self {
            at: address.parse().ok()?,
            part,
            range,
            end,
        })
    }

    fn len(&self) -> u64 {
        self.range.map_or_else(|size| size, AddrRange::len)
    }
}

/// Where the firmware had put memory when the kernel looked first.
fn as_programmed(log: &str) -> BTreeMap<(Sbdf, Part), AddrRange> {
    let mut first = BTreeMap::new();
    for line in log.lines().filter_map(LogLine::parse) {
        if let (Ok(range), "") = (line.range, line.end) {
            first.entry((line.at, line.part)).or_insert(range);
        }
    }
    first
}

/// The sizes of BARs that the kernel gave up, which sysfs then no longer shows, as it had read
/// them before.
fn with_logged_sizes(capture: &Capture, log: &str) -> Capture {
    let mut capture = capture.clone();
    for ((at, part), range) in as_programmed(log) {
        let Part::Bar(index) = part else {
            continue;
        };
        let resources = &mut capture.function(at).properties.resources;
        if resources.iter().all(|own| own.value.index != index) {
            let resource = Resource {
                index,
                start: 0,
                len: Some(range.len()),
                flags: None,
                unassigned: true,
            };
            let origin = Origin::of(Method::Synthetic);
            resources.push(Reported::new(resource, origin));
            resources.sort_by_key(|own| own.value.index);
        }
    }
    capture
}

fn log_of(capture: &Capture) -> String {
    String::from_utf8_lossy(&capture.host["log.txt"]).into_owned()
}

fn capture_of(name: &str) -> Capture {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    corpus::load_case(&root, name).unwrap().capture
}

fn with_case<T>(name: &str, ask: impl FnOnce(&Capture, &Host<'_>, &Tree) -> T) -> T {
    let capture = capture_of(name);
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let tree = Tree::of(&host, &topology);
    ask(&capture, &host, &tree)
}

/// The lab's guests have 1 GiB, and QEMU without KVM shows them a processor of AMD's.
fn machine(address_bits: u8, hole64: u64) -> Machine {
    Machine {
        chipset: Chipset::Q35,
        ram: GIB,
        address_bits,
        vendor: Vendor::Amd,
        mmio64_hint_mib: None,
        hole64: Some(hole64),
    }
}

#[test]
fn ovmf_2022_11_put_every_bar_where_it_is_predicted() {
    with_case("lab-bigbar-intel-ovmf", |_, host, tree| {
        let layout = ovmf::lay_out(&tree.slots, &machine(46, 512 * GIB));
        assert_eq!(layout.unplaced, []);
        let (all, high) = compare("OVMF", host, tree, &layout);
        assert!(all >= 18 && high >= 6, "{all} BARs, {high} above 4 GiB");
    });
}

#[test]
fn seabios_1_16_put_every_bar_where_it_is_predicted() {
    for name in ["lab-bigbarok-intel", "lab-bigbar-intel-k61"] {
        with_case(name, |_, host, tree| {
            assert_eq!(host_space::address_bits(host), Some(40), "{name}");
            let machine = machine(40, 256 * GIB);
            let boot = seabios::lay_out(&tree.slots, &machine, seabios::Release::V1_16);
            assert!(!boot.panics);
            assert_eq!(boot.layout.unplaced, []);
            let (all, high) = compare(name, host, tree, &boot.layout);
            assert!(all >= 10 && high >= 4, "{all} BARs, {high} above 4 GiB");
        });
    }
}

/// Lays a captured machine out and compares each BAR and window that the kernel's log lists as the
/// firmware had programmed it. What the processor cannot reach has no place in the layout. Gives
/// the numbers of what lies within reach and beyond.
fn compare_with_log(name: &str, hole64: u64) -> (usize, usize) {
    let captured = capture_of(name);
    let log = log_of(&captured);
    let capture = with_logged_sizes(&captured, &log);
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let tree = Tree::of(&host, &topology);
    let bits = host_space::address_bits(&host).unwrap();
    let boot = seabios::lay_out(&tree.slots, &machine(bits, hole64), seabios::Release::V1_16);
    assert!(!boot.panics, "{name}");
    let paths: BTreeMap<Sbdf, &[usize]> = tree
        .paths
        .iter()
        .map(|(path, id)| (host.function(*id).at, path.as_slice()))
        .collect();
    let (mut within, mut beyond) = (0, 0);
    for ((at, part), real) in as_programmed(&log) {
        let predicted = boot.layout.find(paths[&at], part);
        if real.last() >> bits == 0 {
            match part {
                // SeaBIOS counts a page at least.
                Part::Bar(_) => assert_eq!(
                    predicted.map(AddrRange::start),
                    Some(real.start()),
                    "{name}: {at} {part:?}"
                ),
                _ => assert_eq!(predicted, Some(real), "{name}: {at} {part:?}"),
            }
            within += 1;
        } else {
            assert_eq!(predicted, None, "{name}: {at} {part:?} at {real}");
            beyond += 1;
        }
    }
    (within, beyond)
}

/// 46 address bits: SeaBIOS put all but the largest BAR beyond what the processor can address.
#[test]
fn seabios_put_every_bar_of_the_log_where_it_is_predicted_or_out_of_reach() {
    let (within, beyond) = compare_with_log("lab-bigbar-intel", 512 * GIB);
    assert!(
        within >= 24 && beyond == 10,
        "{within} within, {beyond} beyond"
    );
}

/// The other machines of the lab: devices on the root bus, below ports, below switches, with
/// virtual functions, which SeaBIOS leaves to the kernel.
#[test]
fn seabios_put_the_devices_of_small_machines_where_they_are_predicted() {
    let mut all = 0;
    for name in [
        "lab-flat-intel",
        "lab-flat-amd",
        "lab-noacs-intel",
        "lab-sriov-intel",
        "lab-switch2-intel",
        "lab-mfep-intel",
        "lab-mfports-intel",
        "lab-bigbarok-intel",
    ] {
        let (within, beyond) = compare_with_log(name, 256 * GIB);
        assert_eq!(beyond, 0, "{name}");
        all += within;
    }
    assert!(all >= 100, "{all}");
}

/// The kernel then sized windows anew and placed what it could, and says of the rest that there
/// is no space: the same windows are wanted, and the same BARs fit.
#[test]
fn what_the_kernel_found_no_space_for_does_not_fit() {
    let captured = capture_of("lab-bigbar-intel");
    let log = log_of(&captured);
    let capture = with_logged_sizes(&captured, &log);
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let space = HostSpace::of(&host, &topology);
    let mut last: BTreeMap<(Sbdf, Part), (bool, u64)> = BTreeMap::new();
    for line in log.lines().filter_map(LogLine::parse) {
        let placed = match line.end {
            ": assigned" => true,
            ": can't assign; no space" => false,
            _ => continue,
        };
        last.insert((line.at, line.part), (placed, line.len()));
    }
    let (mut windows, mut fits, mut does_not) = (0, 0, 0);
    for ((at, part), (placed, size)) in last {
        let id = host.find(at).unwrap();
        match part {
            Part::Prefetchable => {
                let window = space.bridge(id, WindowKind::Prefetchable).unwrap();
                assert_eq!(window.wanted.unwrap().size, size, "{at}");
                windows += 1;
            }
            Part::Bar(index) => {
                let wish = Wish {
                    below: topology.parent(id),
                    replaces: Some(id),
                    bars: DeviceBars::of(&host, id, &[]).sized,
                    vf_bars: Vec::new(),
                };
                assert!(
                    wish.bars
                        .iter()
                        .any(|bar| (bar.index, bar.size) == (index, size))
                );
                match host_space::fit(&host, &topology, &space, &wish) {
                    Fit::Room(_) => assert!(placed, "{at}: the kernel had no space"),
                    Fit::No(no) => {
                        assert!(!placed, "{at}: the kernel had space");
                        assert_eq!((no.bridge, no.shortfall.needed), (None, size), "{at}");
                    }
                    Fit::Unknown => panic!("{at}"),
                }
                *(if placed { &mut fits } else { &mut does_not }) += 1;
            }
            _ => {}
        }
    }
    assert_eq!((windows, fits, does_not), (5, 3, 2));
}

/// A guest whose RAM ends where addresses end: SeaBIOS has nowhere to put a large BAR, and the
/// layout must not say that it fits.
#[test]
fn what_has_no_address_at_all_is_not_placed() {
    with_case("lab-bigbarok-intel", |_, _, tree| {
        let endless = Machine {
            ram: u64::MAX,
            ..machine(40, 256 * GIB)
        };
        let boot = seabios::lay_out(&tree.slots, &endless, seabios::Release::V1_16);
        let large = |path: &[usize]| {
            let unplaced = boot.layout.unplaced.iter();
            unplaced
                .filter(|unplaced| unplaced.item.path == path)
                .count()
        };
        let ports = tree.slots.iter().enumerate();
        let ports: Vec<usize> = ports
            .filter(|(_, slot)| slot.bridge.is_some())
            .map(|(index, _)| index)
            .collect();
        assert_eq!(ports.len(), 4);
        for port in ports {
            assert_eq!(large(&[port]), 1, "the window of port {port}");
        }
    });
}
