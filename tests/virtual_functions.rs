//! Whether more virtual functions would fit: by the arithmetic of the SR-IOV specification, and
//! where a real kernel put them.

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
use assignable::bytes::ConfigImage;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::range::AddrRange;
use assignable::sim::host_space::{
    self, Buses, Fit, HostSpace, VfMemory, VfMissing, VfRoom, WindowKind,
};
use assignable::synth;
use assignable::topology::Topology;

const MIB: u64 = 1 << 20;

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn room(capture: &Capture, address: Sbdf, count: u16) -> Option<VfRoom> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let space = HostSpace::of(&host, &topology);
    let id = host.find(address).unwrap();
    host_space::virtual_functions(&host, &topology, &space, id, count)
}

/// A card of 128 virtual functions with 1 MiB each, none switched on, its VF BARs without an
/// address; the root bus has 64 MiB above 4 GiB and 16 MiB below, nothing of it taken.
fn machine(port: &str, sriov: &str) -> Capture {
    let mut capture = synth::synthesise(&format!(
        "[[root]]\n[[root.device]]\nkind = 'root-port'\nat = '01.0'\n{port}\n\
         [[root.device.device]]\nclass = 'ethernet'\nbars = ['mem32 64K']\n\
         sriov = {{ total = 128, bars = ['mem64p 1M'], {sriov} }}\n"
    ))
    .unwrap();
    let log = "[    1.0] pci_bus 0000:00: root bus resource [mem 0x90000000-0x90ffffff window]\n\
               [    1.0] pci_bus 0000:00: root bus resource [mem 0x6000000000-0x6003ffffff window]\n";
    let host = &mut capture.host;
    host.insert("log.txt".to_owned(), log.as_bytes().to_vec());
    without_place(&mut capture, at("01:00.0"));
    capture
}

/// Other bytes in the SR-IOV capability of the card.
fn patch(capture: &mut Capture, offset: usize, values: &[u8]) {
    let base = {
        let host = Host::from_capture(capture);
        let function = host.function(host.find(at("01:00.0")).unwrap());
        usize::from(function.sriov().present().unwrap().window().base())
    };
    let record = capture.function(at("01:00.0"));
    let mut bytes = record.config.bytes().to_vec();
    bytes[base + offset..][..values.len()].copy_from_slice(values);
    record.config = ConfigImage::from_bytes(bytes);
}

/// The kernel found no room for the VF BARs.
fn without_place(capture: &mut Capture, address: Sbdf) {
    for own in &mut capture.function(address).properties.resources {
        if own.value.index >= 7 {
            own.value.start = 0;
            own.value.unassigned = true;
        }
    }
}

/// A VF BAR takes NumVFs blocks of the size of one (PCIe 6.0, 9.2.1.1.1): 64 of 1 MiB fill the
/// 64 MiB of the root bus, 65 are too many.
#[test]
fn memory_is_the_number_times_the_size_of_one() {
    let capture = machine("", "offset = 1, stride = 1");
    let enough = room(&capture, at("01:00.0"), 64).unwrap();
    assert_eq!(enough.bars.len(), 1);
    assert_eq!(
        (enough.bars[0].bar.size, enough.bars[0].size()),
        (MIB, 64 * MIB)
    );
    assert!(matches!(enough.memory, VfMemory::Anew(Fit::Room(_))));
    assert_eq!(enough.fits(), Some(true));
    let short = room(&capture, at("01:00.0"), 65).unwrap();
    let VfMemory::Anew(Fit::No(no)) = &short.memory else {
        panic!("{:?}", short.memory);
    };
    assert_eq!((no.kind, no.bridge), (WindowKind::Prefetchable, None));
    let shortfall = no.shortfall;
    assert_eq!((shortfall.needed, shortfall.free), (65 * MIB, 80 * MIB));
    assert_eq!((shortfall.largest, shortfall.align), (64 * MIB, MIB));
    assert_eq!(short.fits(), Some(false));
}

/// TotalVFs is the most (PCIe 6.0, 9.3.3.6).
#[test]
fn there_are_never_more_than_the_hardware_has() {
    let capture = machine("", "offset = 1, stride = 1");
    let many = room(&capture, at("01:00.0"), 129).unwrap();
    assert_eq!((many.most, many.fits()), (Some(128), Some(false)));
    assert_eq!(room(&capture, at("01:00.0"), 0).unwrap().fits(), Some(true));
    assert_eq!(room(&capture, at("00:01.0"), 1), None, "a port has none");
}

/// Routing ids by 9.2.1.2, counted one by one here: the first VF is First VF Offset after the
/// function, each further one VF Stride after the one before.
#[test]
fn the_last_one_has_to_be_on_a_bus_that_the_bridge_routes() {
    for (offset, stride, extra) in [
        (1, 1, 0),
        (0x80, 2, 0),
        (0x100, 1, 0),
        (0x100, 1, 1),
        (0x80, 4, 1),
    ] {
        let port = format!("extra_buses = {extra}");
        let capture = machine(&port, &format!("offset = {offset}, stride = {stride}"));
        let (first, until) = {
            let port = &capture.functions[&at("00:01.0")].config;
            (port.u8(0x19).unwrap(), port.u8(0x1a).unwrap())
        };
        assert_eq!(first, 1);
        for count in [1_u16, 2, 64, 65, 128] {
            let mut id = u32::from(at("01:00.0").bdf.bits()) + offset;
            for _ in 1..count {
                id += stride;
            }
            let bus = u16::try_from(id >> 8).unwrap();
            let room = room(&capture, at("01:00.0"), count).unwrap();
            let Buses::Known {
                last,
                until: end,
                read_with,
                ..
            } = room.buses
            else {
                panic!("{:?}", room.buses);
            };
            assert_eq!((last, end), (bus, until), "{offset} {stride} {count}");
            assert_eq!(read_with, Some(0), "captured with none switched on");
            if count <= 64 {
                assert_eq!(room.fits(), Some(bus <= u16::from(until)));
            } else {
                assert_eq!(room.fits(), Some(false), "too much memory");
            }
        }
    }
}

/// No routing id lies past bus ff, even where the bridge claims all of them.
#[test]
fn past_the_last_bus_there_is_nothing() {
    let mut capture = machine("subordinate = 0xff", "offset = 1, stride = 1");
    // The first one would be at 0100h + ff00h.
    patch(&mut capture, 0x14, &[0x00, 0xff]);
    let room = room(&capture, at("01:00.0"), 1).unwrap();
    let Buses::Known { last, until, .. } = room.buses else {
        panic!("{:?}", room.buses);
    };
    assert_eq!((last, until, room.fits()), (0x100, 0xff, Some(false)));
}

/// Sizes are in no register: without the kernel's list and without a VF the answer is open, and
/// says what settles it. One VF that is switched on has the size of all of them.
#[test]
fn without_a_size_the_answer_is_open() {
    let mut capture = machine("", "offset = 1, stride = 1, enabled = 2");
    let resources = &mut capture.function(at("01:00.0")).properties.resources;
    resources.retain(|own| own.value.index < 7);
    let known = room(&capture, at("01:00.0"), 3).unwrap();
    assert_eq!(known.bars[0].bar.size, MIB, "as the first VF reports");
    assert_eq!(known.fits(), Some(true));
    for vf in ["01:00.1", "01:00.2"] {
        capture.functions.remove(&at(vf)).unwrap();
    }
    let open = room(&capture, at("01:00.0"), 3).unwrap();
    assert_eq!(open.unsized_bars, [0]);
    assert_eq!(
        (open.fits(), open.memory.clone()),
        (None, VfMemory::Unknown)
    );
    assert_eq!(open.missing(), [VfMissing::Sizes(vec![0])]);
    // What is open about memory does not hide that the bus numbers do not do.
    let too_many = room(&capture, at("01:00.0"), 500).unwrap();
    assert_eq!(too_many.fits(), Some(false));
}

#[test]
fn without_the_root_buses_windows_or_offsets_the_answer_is_open() {
    let mut capture = machine("", "offset = 1, stride = 1");
    capture.host.clear();
    let blind = room(&capture, at("01:00.0"), 4).unwrap();
    assert_eq!(
        (blind.fits(), blind.missing()),
        (None, vec![VfMissing::RootWindows])
    );
    let capture = machine("", "offset = 0, stride = 0");
    let unread = room(&capture, at("01:00.0"), 4).unwrap();
    assert_eq!(unread.buses, Buses::NoOffsets);
    assert_eq!(
        (unread.fits(), unread.missing()),
        (None, vec![VfMissing::Offsets])
    );
}

/// Another system page size is the least size of a block (PCIe 6.0, 9.3.3.13).
#[test]
fn a_block_is_a_page_at_least() {
    let mut capture = machine("", "offset = 1, stride = 1");
    // 4 MiB.
    patch(&mut capture, 0x20, &0x400_u32.to_le_bytes());
    let room = room(&capture, at("01:00.0"), 2).unwrap();
    assert_eq!(
        (room.bars[0].bar.size, room.bars[0].size()),
        (4 * MIB, 8 * MIB)
    );
}

/// `pci 0000:02:00.0: VF BAR 0 [mem 0xfe800000-0xfe81ffff 64bit pref]: assigned`
fn kernels_places(log: &str) -> BTreeMap<(Sbdf, u8), AddrRange> {
    let place = |line: &str| {
        let (before, rest) = line.split_once(": VF BAR ")?;
        let (bar, rest) = rest.split_once(" [mem ")?;
        let (range, rest) = rest.split_once(' ')?;
        rest.ends_with(": assigned").then_some(())?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let address = before.rsplit(' ').next()?.parse().ok()?;
        let range = AddrRange::new(number(first)?, number(last)?)?;
        Some(((address, bar.parse().ok()?), range))
    };
    log.lines().filter_map(place).collect()
}

/// The lab's kernels: each virtual function that they switched on lies where the block of its
/// number lies, on a bus that its port routes; and the places are those of the kernel's log.
#[test]
fn what_fits_is_where_the_kernel_put_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut functions, mut blocks, mut logged) = (0, 0, 0);
    for name in [
        "lab-sriov-intel",
        "lab-sriov-amd-k612",
        "lab-sriov-intel-k61",
    ] {
        let capture = corpus::load_case(&root, name).unwrap().capture;
        let log = String::from_utf8_lossy(&capture.host["log.txt"]).into_owned();
        let log = kernels_places(&log);
        let mut by_physical: BTreeMap<Sbdf, Vec<Sbdf>> = BTreeMap::new();
        for (&vf, record) in &capture.functions {
            if let Some(physical) = &record.properties.physical_function {
                by_physical.entry(at(&physical.value)).or_default().push(vf);
            }
        }
        for (physical, vfs) in by_physical {
            let count = u16::try_from(vfs.len()).unwrap();
            let room = room(&capture, physical, count).unwrap();
            assert_eq!(room.fits(), Some(true), "{name}: {physical}: {room:?}");
            let Buses::Known { last, .. } = room.buses else {
                panic!("{name}: {physical}");
            };
            assert_eq!(
                last,
                u16::from(vfs.last().unwrap().bus()),
                "{name}: {physical}"
            );
            let VfMemory::Placed(places) = &room.memory else {
                panic!("{name}: {physical}: {:?}", room.memory);
            };
            functions += 1;
            for (vf_bar, place) in room.bars.iter().zip(places) {
                let register = vf_bar.bar.index - 7;
                if let Some(range) = log.get(&(physical, register)) {
                    assert_eq!(range, place, "{name}: {physical}");
                    logged += 1;
                }
                for (number, vf) in (0..).zip(&vfs) {
                    let own = capture.functions[vf].properties.resources.iter();
                    let own = own.map(|own| &own.value).find(|own| own.index == register);
                    let own = own.unwrap();
                    assert_eq!(own.len, Some(vf_bar.bar.size), "{name}: {vf}");
                    let block = place.start() + number * vf_bar.bar.size;
                    assert_eq!(own.start, block, "{name}: {vf}");
                    blocks += 1;
                }
            }
            // The firmware had not placed them; the kernel found room, and so does this.
            let mut before = capture.clone();
            without_place(&mut before, physical);
            let anew = self::room(&before, physical, count).unwrap();
            assert!(
                matches!(anew.memory, VfMemory::Anew(Fit::Room(_))),
                "{name}: {physical}: {:?}",
                anew.memory
            );
        }
    }
    assert!(functions >= 9, "{functions}");
    assert!(
        blocks >= 60 && logged >= 10,
        "{blocks} blocks, {logged} logged"
    );
}

/// The kernel of the lab lets igb have 7 of the 8 that the card has, and keeps room for 8.
#[test]
fn a_limit_of_the_driver_counts_but_does_not_change_sizes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let capture = corpus::load_case(&root, "lab-sriov-intel").unwrap().capture;
    let eight = room(&capture, at("02:00.0"), 8).unwrap();
    assert_eq!((eight.most, eight.total), (Some(7), Some(8)));
    assert_eq!(eight.fits(), Some(false));
    assert_eq!(eight.bars[0].bar.size, 16 << 10);
    assert!(matches!(eight.memory, VfMemory::Placed(_)));
}
