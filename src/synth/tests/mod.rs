//! The synthesiser as a whole: what was written is what the decoders read.

mod errors;
mod layout;
mod output;

use super::*;
use crate::bytes::Observed;
use crate::decode::config::bar::{BarSlot, bars, vf_bars};
use crate::decode::config::bridge::{BridgeWindows, BusNumbers};
use crate::decode::config::cap::express::{self, Express as ExpressView};
use crate::decode::config::cap::msi::Msi as MsiView;
use crate::decode::config::cap::msix::{BarOffset, MsiX as MsiXView};
use crate::decode::config::ext::acs::{Acs as AcsView, AcsFlags};
use crate::decode::config::ext::sriov::SrIov;
use crate::decode::config::{CapabilityId, ConfigSpace, ListEnd};
use crate::range::AddrRange;
use crate::spec::pci::{CapId, HeaderType};
use crate::spec::pcie::{ExtCapId, PortType};

fn machine(devices: &str) -> Capture {
    let text = format!("[[root]]\ndevice = [{devices}]");
    synthesise(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn config<'a>(capture: &'a Capture, address: &str) -> &'a ConfigImage {
    &capture.functions[&at(address)].config
}

fn decoded(image: &ConfigImage) -> ConfigSpace {
    let decoded = ConfigSpace::decode(image);
    assert_eq!(decoded.faults, []);
    decoded.value
}

#[test]
fn every_example_of_the_page_makes_a_machine() {
    let page = include_str!("../../../docs/synth.md");
    let mut examples = 0;
    for (number, block) in page.split("```toml\n").skip(1).enumerate() {
        let text = block.split("```").next().unwrap_or_default();
        let capture = synthesise(text).unwrap_or_else(|error| panic!("example {number}: {error}"));
        assert!(!capture.functions.is_empty(), "example {number} is empty");
        examples += 1;
    }
    assert!(examples >= 9, "only {examples} examples found");
}

#[test]
fn the_first_example_is_as_the_page_says() {
    let page = include_str!("../../../docs/synth.md");
    let text = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let capture = synthesise(text).unwrap();
    let addresses: Vec<_> = capture.functions.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["0000:00:01.0", "0000:01:00.0"]);
    let image = config(&capture, "01:00.0");
    let space = decoded(image);
    assert_eq!(space.header.vendor, Some(0x144d));
    assert_eq!(space.header.class.unwrap().0, 0x01_08_02);
    let Observed::Present(express) = space.standard(image, CapId::EXPRESS) else {
        panic!()
    };
    assert_eq!(ExpressView::new(express).has_flr(), Some(true));
    let port = config(&capture, "00:01.0");
    let Observed::Present(acs) = decoded(port).extended(port, ExtCapId::ACS) else {
        panic!()
    };
    assert!(AcsView::new(acs).control().set.contains(AcsFlags::REQUIRED));
    let window = BridgeWindows::decode(port).memory.present().unwrap().range;
    let BarSlot::Bar { address, .. } = bars(image, HeaderType::ENDPOINT)[0] else {
        panic!()
    };
    assert!(window.contains(AddrRange::with_len(address, 0x4000).unwrap()));
}

#[test]
fn both_lists_hold_what_was_asked_for_in_order_and_end() {
    let capture = machine(
        r#"{ kind = "root-port", subsystem = "1af4:1100", device = [{
             class = "nvme", af = {}, vendor = ["0102"], msi = 4, serial = "0x1",
             acs = "full", ari = true, ats = true, pri = true, pasid = 20,
             ea = [{ bei = 0, base = 0, size = 4096 }],
             sriov = { total = 1 }, rebar = [{ bar = 0, sizes = ["1M"], current = "1M" }],
             vf_rebar = [{ bar = 0, sizes = ["1M"], current = "1M" }],
             capabilities = [{ id = 0x03, bytes = "0000 00000000" }],
             extended = [{ id = 0x1e, bytes = "0000" }] }] }"#,
    );
    let space = decoded(config(&capture, "01:00.0"));
    let ids: Vec<_> = space.capabilities.iter().map(|entry| entry.id).collect();
    let standard = [
        CapId::POWER_MANAGEMENT,
        CapId::MSI,
        CapId::EXPRESS,
        CapId::MSI_X,
        CapId::ADVANCED_FEATURES,
        CapId::VENDOR,
        CapId::ENHANCED_ALLOCATION,
        CapId::VPD,
    ];
    let extended = [
        ExtCapId::AER,
        ExtCapId::SERIAL_NUMBER,
        ExtCapId::ACS,
        ExtCapId::ARI,
        ExtCapId::SR_IOV,
        ExtCapId::ATS,
        ExtCapId::PRI,
        ExtCapId::PASID,
        ExtCapId::RESIZABLE_BAR,
        ExtCapId::VF_RESIZABLE_BAR,
        ExtCapId::L1_SUBSTATES,
    ];
    let expected: Vec<_> = (standard.map(CapabilityId::Standard).into_iter())
        .chain(extended.map(CapabilityId::Extended))
        .collect();
    assert_eq!(ids, expected);
    assert_eq!(
        (space.standard_end, space.extended_end),
        (ListEnd::Complete, ListEnd::Complete)
    );
    let port = decoded(config(&capture, "00:01.0"));
    assert!(
        port.capabilities
            .iter()
            .any(|entry| { entry.id == CapabilityId::Standard(CapId::BRIDGE_SUBSYSTEM) })
    );
}

#[test]
fn every_kind_reads_back_with_its_port_type_and_header() {
    let kinds = [
        ("endpoint", Some(PortType::ENDPOINT), 0),
        ("legacy-endpoint", Some(PortType::LEGACY_ENDPOINT), 0),
        ("pci", None, 0),
        ("host-bridge", None, 0),
        ("rciep", Some(PortType::RC_ENDPOINT), 0),
        ("event-collector", Some(PortType::RC_EVENT_COLLECTOR), 0),
        ("root-port", Some(PortType::ROOT_PORT), 1),
        ("upstream-port", Some(PortType::UPSTREAM_PORT), 1),
        ("downstream-port", Some(PortType::DOWNSTREAM_PORT), 1),
        ("pci-bridge", None, 1),
        ("pcie-to-pci", Some(PortType::PCIE_TO_PCI), 1),
        ("pci-to-pcie", Some(PortType::PCI_TO_PCIE), 1),
        ("cardbus-bridge", None, 2),
    ];
    for (kind, port_type, layout) in kinds {
        let capture = machine(&format!("{{ kind = \"{kind}\", at = \"05.0\" }}"));
        let image = config(&capture, "00:05.0");
        let space = decoded(image);
        assert_eq!(space.header.layout, Some(HeaderType(layout)), "{kind}");
        let read = space.standard(image, CapId::EXPRESS);
        let read = read
            .present()
            .and_then(|window| ExpressView::new(window).port_type());
        assert_eq!(read, port_type, "{kind}");
        assert_eq!(
            image.extent(),
            if port_type.is_some() { 4096 } else { 256 },
            "{kind}"
        );
    }
}

#[test]
fn interrupts_and_resets_read_back() {
    let capture = machine(
        r#"{ kind = "root-port", slot = 9, device = [
             { class = "nvme", msix = { vectors = 2048, bar = 4, table = 0x1000, pba = 0x9000 } },
             { msi = 32, intx = false, flr = true, express = { version = 1, type = 0 } } ] }"#,
    );
    let first = config(&capture, "01:00.0");
    let msix = MsiXView::new(
        decoded(first)
            .standard(first, CapId::MSI_X)
            .present()
            .unwrap(),
    );
    assert_eq!(msix.vectors(), Some(2048));
    assert_eq!(
        msix.table(),
        Some(BarOffset {
            bar: 4,
            offset: 0x1000
        })
    );
    assert_eq!(
        msix.pending(),
        Some(BarOffset {
            bar: 4,
            offset: 0x9000
        })
    );
    let second = config(&capture, "01:00.1");
    let space = decoded(second);
    let msi = MsiView::new(space.standard(second, CapId::MSI).present().unwrap());
    assert_eq!((msi.vectors(), msi.enabled()), (Some(32), Some(false)));
    let view = ExpressView::new(space.standard(second, CapId::EXPRESS).present().unwrap());
    assert_eq!((view.version(), view.has_flr()), (Some(1), Some(true)));
    assert_eq!(second.u8(0x3d), Some(0));
    assert_eq!(first.u8(0x3d), Some(1));
    let port = config(&capture, "00:01.0");
    let view = ExpressView::new(
        decoded(port)
            .standard(port, CapId::EXPRESS)
            .present()
            .unwrap(),
    );
    assert_eq!(view.slot_implemented(), Some(true));
}

#[test]
fn acs_words_and_egress_vector_read_back() {
    let capture = machine(
        r#"{ kind = "root-port", acs = { cap = 0x3f, ctrl = 0x25, vector = "01020304" } },
           { kind = "root-port", acs = "disabled" }, { kind = "root-port", acs = "none" }"#,
    );
    let acs = |address| {
        let image = config(&capture, address);
        decoded(image).extended(image, ExtCapId::ACS)
    };
    let first = AcsView::new(acs("00:01.0").present().unwrap());
    assert_eq!(first.capability().set.bits(), 0x3f);
    assert_eq!(first.control().set.bits(), 0x25);
    assert_eq!(first.vector_bits(), Some(32));
    assert_eq!(first.window().u32(8), Some(0x0403_0201));
    let second = AcsView::new(acs("00:02.0").present().unwrap());
    assert!(second.capability().set.contains(AcsFlags::REQUIRED));
    assert!(second.control().set.is_empty());
    assert!(matches!(acs("00:03.0"), Observed::Absent));
}

#[test]
fn virtual_functions_lie_where_the_capability_says() {
    let capture = machine(
        r#"{ kind = "root-port", device = [{ class = "ethernet", functions = 2, ari = true,
             sriov = { total = 100, enabled = 70, id = "8086:10ca", bars = ["mem64p 16K"],
                       msix = 3, iommu_group = 40 } }] },
           { kind = "root-port", device = [{}] }"#,
    );
    let pf = at("01:00.1");
    let image = config(&capture, "01:00.1");
    let sriov = SrIov::new(
        decoded(image)
            .extended(image, ExtCapId::SR_IOV)
            .present()
            .unwrap(),
    );
    assert_eq!((sriov.total_vfs(), sriov.num_vfs()), (Some(100), Some(70)));
    assert_eq!(
        (sriov.enabled(), sriov.vf_device_id()),
        (Some(true), Some(0x10ca))
    );
    let BarSlot::Bar {
        address: first_bar, ..
    } = vf_bars(sriov.window())[0]
    else {
        panic!()
    };
    for index in 0..70 {
        let address = sriov.vf_address(pf, index).unwrap();
        let record = &capture.functions[&address];
        assert!(decoded(&record.config).header.has_blank_ids());
        let properties = &record.properties;
        assert_eq!(properties.device.as_ref().unwrap().value, 0x10ca);
        assert_eq!(
            properties.physical_function.as_ref().unwrap().value,
            "0000:01:00.1"
        );
        assert_eq!(properties.parent.as_ref().unwrap().value, "0000:00:01.0");
        assert_eq!(
            properties.iommu_group.as_ref().unwrap().value,
            40 + u32::from(index)
        );
        let bar = &properties.resources[0].value;
        assert_eq!(
            (bar.start, bar.len),
            (first_bar + 0x4000 * u64::from(index), Some(0x4000))
        );
    }
    assert_eq!(capture.functions.len(), 2 + 2 + 140 + 1);
    // 128 + 2 * 99 + 1 needs a second bus, which the port then owns.
    let port = BusNumbers::decode(config(&capture, "00:01.0")).unwrap();
    assert_eq!((port.secondary, port.subordinate), (1, 2));
    assert!(capture.functions.contains_key(&at("03:00.0")));
}

#[test]
fn buses_are_numbered_depth_first() {
    let capture = machine(
        r#"{ kind = "root-port", extra_buses = 2, device = [{ kind = "upstream-port", device = [
             { kind = "downstream-port", repeat = 2, device = [{ class = "nvme" }] }] }] },
           { kind = "root-port", bus = 0x40, device = [{}] }, { kind = "root-port", device = [{}] }"#,
    );
    let buses = |address| {
        let buses = BusNumbers::decode(config(&capture, address)).unwrap();
        (buses.primary.unwrap(), buses.secondary, buses.subordinate)
    };
    assert_eq!(buses("00:01.0"), (0, 1, 6));
    assert_eq!(buses("01:00.0"), (1, 2, 4));
    assert_eq!(buses("02:00.0"), (2, 3, 3));
    assert_eq!(buses("02:01.0"), (2, 4, 4));
    assert_eq!(buses("00:02.0"), (0, 0x40, 0x40));
    assert_eq!(buses("00:03.0"), (0, 0x41, 0x41));
}

#[test]
fn registers_may_lie_while_functions_stay_where_they_are() {
    let capture = machine(
        r#"{ kind = "root-port", primary = 7, secondary = 0, subordinate = 255, device = [{}] },
           { kind = "root-port", captured = false, device = [{ address = "0003:aa:1f.7" }] }"#,
    );
    let buses = BusNumbers::decode(config(&capture, "00:01.0")).unwrap();
    assert_eq!(
        (buses.primary, buses.secondary, buses.subordinate),
        (Some(7), 0, 255)
    );
    assert!(capture.functions.contains_key(&at("01:00.0")));
    assert!(!capture.functions.contains_key(&at("00:02.0")));
    assert!(capture.functions.contains_key(&at("0003:aa:1f.7")));
}

#[test]
fn several_functions_of_a_device_say_so() {
    let capture = machine(
        r#"{ kind = "root-port", device = [{ functions = 2 }] }, { kind = "root-port", device = [{}] },
           { kind = "root-port", device = [{ ari = true, functions = 10 }] }"#,
    );
    let multi = |address| decoded(config(&capture, address)).header.multi_function;
    assert_eq!(
        (multi("01:00.0"), multi("01:00.1")),
        (Some(true), Some(true))
    );
    assert_eq!(multi("02:00.0"), Some(false));
    let next = |address| {
        let image = config(&capture, address);
        decoded(image)
            .extended(image, ExtCapId::ARI)
            .present()
            .and_then(|ari| ari.u8(5))
    };
    assert_eq!(
        (next("03:00.0"), next("03:00.7"), next("03:01.1")),
        (Some(1), Some(8), Some(0))
    );
    let ari = |address| {
        let image = config(&capture, address);
        let window = decoded(image)
            .standard(image, CapId::EXPRESS)
            .present()
            .unwrap();
        window.flag(express::ARI_FORWARDING_ENABLE)
    };
    assert_eq!((ari("00:01.0"), ari("00:03.0")), (Some(false), Some(true)));
}
