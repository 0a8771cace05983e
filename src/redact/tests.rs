use serde_json::json;

use super::*;
use crate::bytes::ConfigImage;
use crate::capture::{FunctionProperties, Method, Origin, Reported, SourceLines};

/// A value that must appear nowhere afterwards.
const SECRET: &str = "S3CRET";

fn of<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::line(Method::Lspci, "S3CRET-gmbh.txt", 7))
}

/// A device with a serial number (00-1b-21-ff-ff-aa-bb-cc) and registers of its vendor.
fn space() -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    bytes[..4].copy_from_slice(&[0x86, 0x80, 0x33, 0x15]);
    bytes[6] = 0x10; // capability list
    bytes[0x34] = 0x40;
    bytes[0x40..0x42].copy_from_slice(&[0x10, 0x00]); // Express, the last one
    bytes[0x42] = 0x02; // version 2, endpoint
    bytes[0xf0..0xf6].copy_from_slice(SECRET.as_bytes());
    bytes[0x100..0x104].copy_from_slice(&[0x03, 0x00, 0x01, 0x00]); // serial number
    bytes[0x104..0x10c].copy_from_slice(&[0xcc, 0xbb, 0xaa, 0xff, 0xff, 0x21, 0x1b, 0x00]);
    bytes
}

fn sample() -> Capture {
    let mut capture = Capture::default();
    let secret = || SECRET.to_owned();
    let manifest = &mut capture.manifest;
    manifest
        .platform
        .insert("sys_vendor".to_owned(), "Dell Inc.".to_owned());
    manifest
        .platform
        .insert("product_serial".to_owned(), secret());
    manifest.other.insert("owner".to_owned(), json!(SECRET));
    manifest
        .request
        .insert("root".to_owned(), "/home/S3CRET/host".to_owned());
    manifest.failures.push(Failure {
        what: "/home/S3CRET/x".to_owned(),
        why: "denied".to_owned(),
    });
    let record = capture.function("0000:03:00.0".parse().unwrap());
    record.config = ConfigImage::from_bytes(space()).with_size(Some(4096));
    record.properties = FunctionProperties {
        vendor: Some(of(0x8086)),
        used_by: vec![of("S3CRETlan".to_owned()), of("nvme0n1".to_owned())],
        config_lines: vec![SourceLines {
            offset: 0x100,
            len: 16,
            source: "S3CRET-gmbh.txt".to_owned(),
            line: 3,
            bytes_per_line: 16,
        }],
        ..FunctionProperties::default()
    };
    record
        .properties
        .other
        .insert("note".to_owned(), json!(SECRET));
    let id = "PCI\\VEN_8086&DEV_1533\\S3CRET00FF";
    let windows = &mut record.properties.windows;
    windows.insert(
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 1".to_owned(),
        of(json!(2)),
    );
    windows.insert(
        "{78C34FC8-104A-4ACA-9EA4-524D52996E57} 256".to_owned(),
        of(json!(id)),
    );
    let attributes = [("irq", "16"), ("label", "Onboard LAN"), ("S3CRET", "x")];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
    record.properties.attributes = Some(of(attributes.into()));
    for (name, text) in [
        ("cmdline", "root=/dev/S3CRET intel_iommu=on host=S3CRET\n"),
        ("version", "Linux version 6.1.0 (S3CRET@S3CRET) #1\n"),
        (
            "log.txt",
            "[    0.0] DMAR: x\n[    0.1] hostname S3CRET\n[    0.2] pci 0000:03:00.0: y\n",
        ),
        ("cpuinfo", "vendor_id\t: GenuineIntel\nSerial\t\t: S3CRET\n"),
        ("iomem", "fe000000-fe0fffff : 0000:03:00.0\nS3CRET\n"),
        ("kernel.json", "{\"modules\": {}, \"owner\": \"S3CRET\"}"),
        ("S3CRET.txt", SECRET),
    ] {
        capture
            .host
            .insert(name.to_owned(), text.as_bytes().to_vec());
    }
    let vpd = b"\x82\x03\x00NIC\x90\x09\x00SN\x06S3CRET\x78".to_vec();
    capture.vpd.insert("0000:03:00.0".parse().unwrap(), vpd);
    capture.tables.insert("DMAR".to_owned(), b"DMAR".to_vec());
    capture
        .tables
        .insert("MSDM".to_owned(), b"MSDM S3CRET".to_vec());
    capture.devnodes = Some(br#"[{"name": "S3CRET pc", "problem": 22}]"#.to_vec());
    let listing = "S3CRET@pc:~# lspci -xxxx\n03:00.0 Ethernet controller: Intel\n\
        100: 03 00 01 00 cc bb aa ff ff 21 1b 00 00 00 00 00\n";
    capture
        .sources
        .insert("S3CRET-gmbh.txt".to_owned(), listing.as_bytes().to_vec());
    capture
        .sources
        .insert("other.bin".to_owned(), SECRET.as_bytes().to_vec());
    capture
        .unknown
        .insert("new/S3CRET".to_owned(), SECRET.as_bytes().to_vec());
    capture
}

fn texts(capture: &Capture) -> String {
    let mut zip = std::io::Cursor::new(Vec::new());
    zip = crate::capture::to_zip(capture, zip).unwrap();
    let mut archive = zip::ZipArchive::new(zip).unwrap();
    let mut all = String::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        all.push_str(&String::from_utf8_lossy(member.name_raw()));
        all.push('\n');
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    all
}

#[test]
fn nothing_that_is_planted_anywhere_stays() {
    let redacted = redact(&sample());
    let texts = texts(&redacted.capture);
    let at = texts.find(SECRET).map(|at| {
        let from = at.saturating_sub(60);
        String::from_utf8_lossy(&texts.as_bytes()[from..(at + 20).min(texts.len())]).into_owned()
    });
    assert_eq!(at, None);
    assert!(
        !texts.contains("cc bb aa"),
        "the serial number in the listing"
    );
}

#[test]
fn what_is_understood_stays() {
    let redacted = redact(&sample());
    let capture = &redacted.capture;
    let record = &capture.functions[&"0000:03:00.0".parse().unwrap()];
    assert_eq!(record.config.u16(0), Some(0x8086));
    assert_eq!(record.config.u16(0x40), Some(0x0010), "a structure");
    assert_eq!(
        record.config.u32(0x100),
        Some(0x0001_0003),
        "the header of the serial number"
    );
    assert_eq!(record.config.u8(0x104), None, "the serial number");
    assert_eq!(record.config.u8(0xf0), None, "a register of the vendor");
    assert_eq!(record.config.u8(0xf8), Some(0), "zeros tell nothing");
    assert_eq!(record.config.size(), Some(4096));
    let users: Vec<_> = record
        .properties
        .used_by
        .iter()
        .map(|user| &*user.value)
        .collect();
    assert_eq!(users, ["device1", "nvme0n1"]);
    let windows = &record.properties.windows;
    assert_eq!(
        windows["{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 1"].value,
        json!(2)
    );
    assert_eq!(
        windows["{78C34FC8-104A-4ACA-9EA4-524D52996E57} 256"].value,
        json!("PCI\\VEN_8086&DEV_1533\\(redacted)")
    );
    assert_eq!(
        capture.host["cmdline"],
        b"(redacted) intel_iommu=on (redacted)\n"
    );
    assert_eq!(
        capture.host["log.txt"],
        b"[    0.0] DMAR: x\n\n[    0.2] pci 0000:03:00.0: y\n"
    );
    assert_eq!(capture.tables.keys().collect::<Vec<_>>(), ["DMAR"]);
    let origin = record.properties.vendor.as_ref().unwrap().origin.clone();
    assert_eq!(
        (origin.source.as_deref(), origin.line),
        (Some("source-1.txt"), Some(7))
    );
    let listing = String::from_utf8_lossy(&capture.sources["source-1.txt"]);
    let hex = listing.lines().nth(2).unwrap();
    assert_eq!(hex, "100: 03 00 01 00 xx xx xx xx xx xx xx xx 00 00 00 00");
}

#[test]
fn the_manifest_is_marked_and_every_change_is_told() {
    let redacted = redact(&sample());
    let mark = redacted.capture.manifest.redaction.as_ref().unwrap();
    assert_eq!(mark.changed.len(), redacted.changes.len());
    let members: Vec<_> = redacted
        .changes
        .iter()
        .map(|change| &*change.member)
        .collect();
    for member in [
        "acpi/MSDM",
        "host/cmdline",
        "host/log.txt",
        "host/version",
        "manifest.json",
        "pci/0000-03-00.0/config",
        "pci/0000-03-00.0/properties.json",
        "pnp/devnodes.json",
        "source/source-1.txt",
    ] {
        assert!(members.contains(&member), "{member} in {members:?}");
    }
}

#[test]
fn redacting_twice_changes_nothing_more() {
    let once = redact(&sample());
    let mut twice = redact(&once.capture).capture;
    twice
        .manifest
        .redaction
        .clone_from(&once.capture.manifest.redaction);
    assert_eq!(twice, once.capture);
}

#[test]
fn answers_that_differ_are_told() {
    let capture = sample();
    let mut redacted = redact(&capture);
    assert_eq!(compare(&capture, &redacted), []);
    redacted.capture.functions.clear();
    assert!(!compare(&capture, &redacted).is_empty());
}
