//! What the capture holds beside the registers: coverage, facts, and its hex text.

use super::{at, config, machine};
use crate::bytes::Observed;
use crate::capture::Capture;
use crate::decode::config::ConfigSpace;
use crate::spec::pci::CapId;
use crate::synth::{hex, scale, synthesise};

#[test]
fn what_the_capture_lacks_is_not_captured_and_not_zero() {
    let capture = machine(
        r#"{ kind = "rciep", captured_bytes = 64 }, { kind = "rciep", captured_bytes = 0 },
           { kind = "rciep", unknown = ["0x02-0x03"] }, { kind = "rciep", config_size = 256 }"#,
    );
    let image = config(&capture, "00:01.0");
    assert_eq!((image.extent(), image.size()), (64, Some(4096)));
    let space = ConfigSpace::decode(image).value;
    assert!(matches!(
        space.standard(image, CapId::MSI),
        Observed::NotCaptured
    ));
    assert!(config(&capture, "00:02.0").is_empty());
    let partly = config(&capture, "00:03.0");
    assert_eq!((partly.u16(0), partly.u16(2)), (Some(0x1b36), None));
    assert_eq!(
        (
            config(&capture, "00:04.0").extent(),
            config(&capture, "00:04.0").size()
        ),
        (256, Some(256))
    );
    assert_eq!(
        hex::lspci_text(&capture),
        Err(hex::UnknownBits {
            function: at("00:03.0")
        })
    );

    let user = synthesise(
        "host = { privileged = false }\n[[root]]\ndevice = [{ kind = \"cardbus-bridge\" }, {}]",
    );
    let user = user.unwrap();
    assert_eq!(config(&user, "00:01.0").extent(), 128);
    assert_eq!(config(&user, "00:02.0").extent(), 64);
}

#[test]
fn hex_text_holds_every_byte_once() {
    let capture =
        machine(r#"{ kind = "pci", id = "1234:abcd", raw = [{ offset = 0xff, bytes = "5a" }] }"#);
    let text = hex::lspci_text(&capture).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("0000:00:01.0 00ff: 1234:abcd (rev 01)"));
    assert_eq!(
        lines.next(),
        Some("00: 34 12 cd ab 00 00 00 00 01 00 ff 00 00 00 00 00")
    );
    assert_eq!(
        lines.nth(14),
        Some("f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 5a")
    );
    assert_eq!((lines.next(), lines.next()), (Some(""), None));
}

#[test]
fn facts_are_reported_only_by_a_host_that_reports_them() {
    let text = |facts| {
        format!(
            "host = {{ facts = {facts} }}\n[[root]]\nnuma = 1\ndevice = [{{ kind = \"rciep\", driver = \"nvme\" }}]"
        )
    };
    let with = synthesise(&text(true)).unwrap();
    let properties = &with.functions[&at("00:01.0")].properties;
    assert_eq!(properties.vendor.as_ref().unwrap().value, 0x1b36);
    assert_eq!(properties.parent.as_ref().unwrap().value, "");
    assert_eq!(properties.root_bus_parent, None);
    let without = synthesise(&text(false)).unwrap();
    let properties = &without.functions[&at("00:01.0")].properties;
    assert_eq!((&properties.vendor, &properties.parent), (&None, &None));
    assert_eq!(properties.driver.as_ref().unwrap().value, "nvme");
    assert_eq!(properties.numa_node.as_ref().unwrap().value, 1);
}

#[test]
fn a_root_below_a_function_says_so() {
    let capture = synthesise(
        "[[root]]\nsegment = 0x10000\nbus = 0xe0\nparent = \"0000:80:05.5\"\n\
         device = [{ kind = \"root-port\", device = [{}] }]",
    )
    .unwrap();
    let properties = &capture.functions[&at("10000:e1:00.0")].properties;
    assert_eq!(properties.root_bus.as_ref().unwrap().value, 0xe0);
    assert_eq!(
        properties.root_bus_parent.as_ref().unwrap().value,
        "0000:80:05.5"
    );
}

#[test]
fn resource_flags_are_those_that_linux_prints() {
    let capture = machine(
        r#"{ kind = "root-port", device = [
             { bars = ["mem32 4K", "mem32p 4K", "mem64 4K", "mem64p 4K"], rom = "4K" },
             { bars = ["io 16"] } ] }"#,
    );
    let flags = |address| -> Vec<_> {
        let resources = &capture.functions[&at(address)].properties.resources;
        resources
            .iter()
            .map(|resource| resource.value.flags.unwrap())
            .collect()
    };
    // Seen in /sys/bus/pci/devices/*/resource of Linux 5.10 to 7.3.
    assert_eq!(
        flags("01:00.0"),
        [0x40200, 0x42208, 0x140204, 0x14220c, 0x46200]
    );
    assert_eq!(flags("01:00.1"), [0x40101]);
    assert_eq!(flags("00:01.0"), [0x101, 0x200, 0x102201]);
}

#[test]
fn the_importer_reads_every_byte_of_the_hex_text_back() {
    let capture = scale(200).unwrap();
    let bytes = hex::lspci_text(&capture).unwrap().into_bytes();
    let input = crate::import::Input::Bytes {
        name: "lspci.txt".to_owned(),
        bytes,
    };
    let imported = crate::import::import(&[input]);
    assert!(imported.errors.is_empty(), "{:?}", imported.errors);
    let addresses = |capture: &Capture| capture.functions.keys().copied().collect::<Vec<_>>();
    assert_eq!(addresses(&imported.capture), addresses(&capture));
    for (at, record) in &capture.functions {
        let read = &imported.capture.functions[at].config;
        assert_eq!(
            (read.bytes(), read.known_mask()),
            (record.config.bytes(), None),
            "{at}"
        );
    }
}
