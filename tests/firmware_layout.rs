//! Where firmware really put the BARs of the lab's machines, beside where the simulation puts
//! them. The tree that is laid out is the captured one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use assignable::analysis::resources;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::{FunctionId, Host};
use assignable::sim::bars::DeviceBars;
use assignable::sim::host_space;
use assignable::sim::policy::qemu::{Chipset, Machine, Vendor};
use assignable::sim::policy::tree::{Bridge, Part, Slot, TreeLayout};
use assignable::sim::policy::{ovmf, seabios};
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
        let below = topology.children(id);
        let bridge = topology.kind(id).is_downstream_port().then(|| Bridge {
            hot_plug: true,
            wide: true,
            below: level(host, topology, &below, &path, paths),
        });
        paths.push((path, id));
        Slot {
            bars: bars.sized,
            rom,
            bridge,
        }
    };
    ids.iter().enumerate().map(slot).collect()
}

/// Compares every memory BAR of every function; gives their number, and of those above 4 GiB.
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
    }
    (all, high)
}

fn with_case<T>(name: &str, ask: impl FnOnce(&Capture, &Host<'_>, &Tree) -> T) -> T {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let case = corpus::load_case(&root, name).unwrap();
    let host = Host::from_capture(&case.capture);
    let topology = Topology::of(&host);
    let tree = Tree::of(&host, &topology);
    ask(&case.capture, &host, &tree)
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
