use super::*;
use crate::spec::pci::CapId;
use crate::spec::pcie::ExtCapId;

/// An Express endpoint: a vendor capability and an unknown one besides Express, ACS and an
/// unknown extended one.
fn endpoint() -> Vec<u8> {
    let mut bytes = vec![0; 0x180];
    let mut put = |offset: usize, patch: &[u8]| {
        bytes[offset..offset + patch.len()].copy_from_slice(patch);
    };
    put(0x00, &[0x86, 0x80, 0x34, 0x12, 0x06, 0x04, 0x10, 0x00]);
    put(0x10, &[0x0c, 0x00, 0x00, 0xe0, 0x01]);
    put(0x34, &[0x40]);
    put(0x36, &[0xaa]); // reserved
    put(0x40, &[0x10, 0x80, 0x02, 0x00]); // Express, version 2, endpoint
    put(0x80, &[0x09, 0x90, 0x06, 0x01, 0x02, 0x03]); // vendor, 6 bytes
    put(0x90, &[0x16, 0x00, 0xbe, 0xef]); // an id without a name
    put(0x100, &[0x0d, 0x00, 0x01, 0x14, 0x5f, 0x00, 0x1d, 0x00]); // ACS
    put(0x140, &[0xfe, 0xca, 0x02, 0x00, 0x11, 0x22]); // an id without a name, version 2
    bytes
}

fn dumped(image: &ConfigImage) -> Vec<DumpedStructure> {
    dump(image, &ConfigSpace::decode(image).value)
}

fn shown(structure: &DumpedStructure, register: &str, field: &str) -> String {
    structure
        .registers
        .iter()
        .find(|candidate| candidate.name == register)
        .and_then(|register| {
            register
                .fields
                .iter()
                .find(|candidate| candidate.name == field)
        })
        .map_or_else(|| format!("no {register}: {field}"), ToString::to_string)
}

#[test]
fn the_header_comes_first_then_the_capabilities_in_list_order() {
    let structures = dumped(&ConfigImage::from_bytes(endpoint()));
    let titles: Vec<_> = structures
        .iter()
        .map(|structure| {
            (
                structure.offset,
                structure.part.to_string(),
                structure.version,
            )
        })
        .collect();
    assert_eq!(
        titles,
        [
            (0, "type 0 header".to_owned(), None),
            (0x40, "PCI Express".to_owned(), None),
            (0x80, "Vendor Specific".to_owned(), None),
            (0x90, "unknown (0x16)".to_owned(), None),
            (0x100, "Access Control Services".to_owned(), Some(1)),
            (0x140, "unknown (0xcafe)".to_owned(), Some(2)),
        ]
    );
    assert_eq!(structures[0].part, Part::Header(Some(HeaderType::ENDPOINT)));
    assert_eq!(
        structures[4].part,
        Part::Capability(CapabilityId::Extended(ExtCapId::ACS))
    );
    assert_eq!(
        structures[1].spec.unwrap().to_string(),
        "PCI Express Base 6.0, 7.5.3 PCI Express Capability Structure"
    );
    assert_eq!(structures[3].spec, None);
}

#[test]
fn fields_have_absolute_places_and_readable_values() {
    let structures = dumped(&ConfigImage::from_bytes(endpoint()));
    let acs = &structures[4];
    let control = acs
        .registers
        .iter()
        .find(|register| register.name == "ACS Control")
        .unwrap();
    assert_eq!((control.offset, control.bytes), (0x106, 2));
    assert_eq!(control.value.to_string(), "001d");
    assert_eq!(control.value.complete(), Some(0x1d));
    let field = control.fields[8];
    assert_eq!((field.low, field.high, field.raw), (8, 9, Some(0)));
    assert_eq!(field.to_string(), "direct request access");
    assert_eq!(
        shown(acs, "ACS Capability", "Egress Control Vector Size"),
        "256"
    );
    assert_eq!(
        shown(acs, "ACS Control", "ACS Upstream Forwarding Enable"),
        "+"
    );
    assert_eq!(
        shown(acs, "ACS Control", "ACS Translation Blocking Enable"),
        "-"
    );
    assert_eq!(
        shown(acs, "Extended Capability Header", "Next Capability Offset"),
        "0x140"
    );
    let header = &structures[0];
    let bar = "Base Address Register 0";
    assert_eq!(shown(header, bar, "Base Address"), "0x00000001e0000000");
    assert_eq!(shown(header, bar, "Type"), "64-bit");
    let express = &structures[1];
    assert_eq!(
        shown(express, "Device Control", "Max_Payload_Size"),
        "128 bytes"
    );
    assert_eq!(
        shown(express, "Device Control", "Max_Read_Request_Size"),
        "128 bytes"
    );
    assert_eq!(
        shown(express, "PCI Express Capabilities", "Device/Port Type"),
        "Express Endpoint"
    );
    assert_eq!(
        shown(express, "Link Status", "Current Link Speed"),
        "unknown (0x0)"
    );
}

#[test]
fn bytes_without_a_register_are_shown_raw() {
    let structures = dumped(&ConfigImage::from_bytes(endpoint()));
    let raw = |index: usize| {
        structures[index]
            .raw
            .iter()
            .map(|run| (run.offset, run.bytes.len(), run.to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(raw(0), [(0x35, 7, "00 aa 00 00 00 00 00".to_owned())]);
    assert_eq!(raw(2), [(0x83, 3, "01 02 03".to_owned())]);
    // Unknown layouts: 64 bytes with the list header, or up to the end of the capture.
    assert_eq!(raw(3)[0].0, 0x92);
    assert_eq!(raw(3)[0].1, 62);
    assert_eq!(raw(5)[0].0, 0x144);
    assert_eq!(raw(5)[0].1, 0x180 - 0x144);
    assert!(raw(5)[0].2.starts_with("11 22 00"));
}

#[test]
fn an_unknown_capability_ends_where_the_next_one_starts() {
    let mut bytes = endpoint();
    bytes[0x91] = 0xa0;
    bytes[0xa0] = 0x01; // power management behind it
    let structures = dumped(&ConfigImage::from_bytes(bytes));
    assert_eq!(
        structures[3].part,
        Part::Capability(CapabilityId::Standard(CapId(0x16)))
    );
    assert_eq!(structures[3].raw[0].bytes.len(), 0xa0 - 0x92);
}

#[test]
fn what_was_not_captured_shows_as_unknown_and_never_as_zero() {
    let mut image = ConfigImage::from_bytes(endpoint()[..0x106].to_vec());
    image.set_bits(0x106, 2, 1, 1).unwrap();
    image.set_bits(0x106, 8, 4, 0xf).unwrap();
    let structures = dumped(&image);
    let acs = &structures[4];
    let control = acs
        .registers
        .iter()
        .find(|register| register.name == "ACS Control")
        .unwrap();
    assert_eq!(control.value.to_string(), "?f??");
    assert_eq!(control.value.complete(), None);
    assert_eq!(
        shown(acs, "ACS Control", "ACS P2P Request Redirect Enable"),
        "+"
    );
    assert_eq!(
        shown(acs, "ACS Control", "ACS Upstream Forwarding Enable"),
        "?"
    );
}

#[test]
fn unknown_bytes_of_an_unknown_structure_keep_their_place() {
    let mut image = ConfigImage::from_bytes(endpoint()[..0x93].to_vec());
    image.set_bits(0x95, 4, 4, 0x7).unwrap();
    let structures = dumped(&image);
    assert_eq!(structures[3].raw[0].to_string(), "be ?? ?? 7?");
}

#[test]
fn bits_that_no_field_names_are_found() {
    let mut bytes = endpoint();
    bytes[0x05] = 0x84; // bit 15 of the command register is reserved
    let structures = dumped(&ConfigImage::from_bytes(bytes));
    let unnamed = |name| {
        let register = structures[0]
            .registers
            .iter()
            .find(|register| register.name == name);
        register.unwrap().unnamed_bits()
    };
    assert_eq!(unnamed("Command"), 0x8000);
    assert_eq!(unnamed("Status"), 0);
    assert_eq!(unnamed("Vendor ID"), 0);
}

#[test]
fn an_empty_image_has_a_header_of_unknowns() {
    let structures = dumped(&ConfigImage::empty());
    assert_eq!(structures.len(), 1);
    assert_eq!(structures[0].part.to_string(), "header");
    assert!(
        structures[0]
            .registers
            .iter()
            .all(|register| register.value.known == 0)
    );
    assert_eq!(structures[0].registers[0].value.to_string(), "????");
    assert_eq!(structures[0].raw, []);
}

#[test]
fn each_kind_reads_as_it_is_meant() {
    let field = |low, high, raw, kind| DumpedField {
        name: "",
        low,
        high,
        raw: Some(raw),
        kind,
    };
    for (expected, field) in [
        ("0x00ab", field(0, 15, 0xab, Kind::Hex)),
        ("0x1f", field(4, 8, 0x1f, Kind::Hex)),
        ("0xfee00000", field(4, 31, 0xfee_0000, Kind::Address)),
        ("32", field(0, 4, 0, Kind::Count)),
        ("31", field(0, 4, 31, Kind::Count)),
        ("8 vectors", field(1, 3, 3, Kind::PowerOf2(1, "vectors"))),
        ("256 bytes", field(5, 7, 1, Kind::PowerOf2(128, "bytes"))),
        ("1 KiB", field(5, 7, 3, Kind::PowerOf2(128, "bytes"))),
        ("16 GiB", field(8, 13, 14, Kind::PowerOf2(1 << 20, "bytes"))),
        ("8 YiB", field(8, 13, 63, Kind::PowerOf2(1 << 20, "bytes"))),
        (
            "4 KiB, 8 KiB, 1 MiB",
            field(0, 31, 0x103, Kind::PowerSet(4096, "bytes")),
        ),
        ("none", field(0, 31, 0, Kind::PowerSet(4096, "bytes"))),
        ("unknown (0x7)", field(0, 2, 7, Kind::Code(&[(0, "zero")]))),
    ] {
        assert_eq!(field.to_string(), expected);
    }
}
