use super::*;

/// A root port with a slot, version 2, annotated by hand.
const ROOT_PORT: &[u8] = &[
    0x10, 0x80, // id, next
    0x42, 0x01, // version 2, root port, slot
    0x01, 0x80, 0x00, 0x00, // payload 256 bytes, role-based errors
    0x20, 0x00, // payload 256 bytes
    0x20, 0x00, // transactions pending
    0x43, 0x78, 0x72, 0x05, // 8 GT/s, x4, port 5
    0x40, 0x00, // common clock
    0x42, 0x30, // 5 GT/s, x4, slot clock, active
    0x60, 0xb2, 0x14, 0x00, // surprise, hot plug, 10 W, no command completed, slot 2
    0x08, 0x00, // presence detect enable
    0x40, 0x00, // present
    0x08, 0x00, // PME interrupt enable
    0x01, 0x00, // software visibility
    0x00, 0x00, 0x00, 0x00, // root status
    0x20, 0x08, 0x00, 0x00, // ARI forwarding, LTR supported
    0x20, 0x04, // ARI forwarding, LTR enabled
    0x00, 0x00, // device status 2
    0x0e, 0x00, 0x80, 0x00, // 2.5, 5, 8 GT/s; retimer detect
    0x03, 0x00, // target 8 GT/s
    0x1e, 0x00, // equalised, all phases
    0x01, 0x00, 0x00, 0x00, // in-band PD disable
    0x00, 0x00, // slot control 2
    0x00, 0x00, // slot status 2
];

/// The offsets of the registers that a capability with this capabilities word has.
fn layout(capabilities: u16) -> Vec<u16> {
    let [low, high] = capabilities.to_le_bytes();
    let image = ConfigImage::from_bytes(vec![0x10, 0, low, high]);
    let registers = (STRUCTURE.registers)(image.window(0));
    registers.iter().map(|register| register.offset).collect()
}

fn value(image: &ConfigImage, name: &str) -> Option<u64> {
    let window = image.window(0);
    (STRUCTURE.registers)(window)
        .iter()
        .flat_map(|register| register.fields)
        .find(|field| field.name == name)
        .and_then(|field| window.field(*field))
}

#[test]
fn a_root_port_with_a_slot_has_every_register() {
    let image = ConfigImage::from_bytes(ROOT_PORT.to_vec());
    let express = Express::new(image.window(0));
    assert_eq!(express.version(), Some(2));
    assert_eq!(express.port_type(), Some(PortType::ROOT_PORT));
    assert_eq!(express.slot_implemented(), Some(true));
    assert_eq!(express.has_flr(), Some(false));
    assert_eq!(express.transactions_pending(), Some(true));
    assert_eq!(express.port_number(), Some(5));
    assert_eq!(express.ari_forwarding_supported(), Some(true));
    assert_eq!(express.ari_forwarding_enabled(), Some(true));
    assert_eq!(express.end_end_prefix_supported(), Some(false));
    assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x3c);
    for (name, expected) in [
        ("Max_Payload_Size Supported", 1),
        ("Max_Payload_Size", 1),
        ("Max Link Speed", 3),
        ("Maximum Link Width", 4),
        ("ASPM Support", 2),
        ("L0s Exit Latency", 7),
        ("L1 Exit Latency", 4),
        ("Current Link Speed", 2),
        ("Negotiated Link Width", 4),
        ("Data Link Layer Link Active", 1),
        ("Slot Power Limit Value", 100),
        ("Slot Power Limit Scale", 1),
        ("No Command Completed Support", 1),
        ("Physical Slot Number", 2),
        ("Presence Detect State", 1),
        ("PME Interrupt Enable", 1),
        ("LTR Mechanism Enable", 1),
        ("Supported Link Speed 8 GT/s", 1),
        ("Supported Link Speed 16 GT/s", 0),
        ("Target Link Speed", 3),
        ("Equalization 8.0 GT/s Phase 3 Successful", 1),
        ("In-Band PD Disable Supported", 1),
    ] {
        assert_eq!(value(&image, name), Some(expected), "{name}");
    }
}

#[test]
fn version_1_structures_end_where_the_port_type_needs_no_more() {
    let device = [0x02, 0x04, 0x08, 0x0a];
    let link = [0x0c, 0x10, 0x12];
    let slot = [0x14, 0x18, 0x1a];
    let root = [0x1c, 0x1e, 0x20];
    assert_eq!(layout(0x0091), device);
    assert_eq!(layout(0x0001), [&device[..], &link].concat());
    assert_eq!(layout(0x0061), [&device[..], &link].concat());
    assert_eq!(layout(0x0161), [&device[..], &link, &slot].concat());
    assert_eq!(layout(0x0041), [&device[..], &link, &root].concat());
    assert_eq!(layout(0x0141), [&device[..], &link, &slot, &root].concat());
    assert_eq!(layout(0x00a1), [&device[..], &root].concat());
}

#[test]
fn version_2_structures_go_on_with_what_the_port_type_has() {
    assert_eq!(layout(0x0092), [0x02, 0x04, 0x08, 0x0a, 0x24, 0x28, 0x2a]);
    assert_eq!(
        layout(0x0002),
        [
            0x02, 0x04, 0x08, 0x0a, 0x0c, 0x10, 0x12, 0x24, 0x28, 0x2a, 0x2c, 0x30, 0x32
        ]
    );
    // All 22 registers of 7.5.3.2 to 7.5.3.23.
    assert_eq!(layout(0x0142).len(), 22);
    // An endpoint that sets the slot bit has no slot for all that.
    assert_eq!(layout(0x0102), layout(0x0002));
}

#[test]
fn only_a_bridge_to_conventional_pci_has_configuration_retry() {
    let bit_15 = |port: u8| {
        let image = ConfigImage::from_bytes(vec![0x10, 0, port << 4 | 2, 0, 0, 0, 0, 0, 0, 0x80]);
        [
            "Initiate Function Level Reset",
            "Bridge Configuration Retry Enable",
        ]
        .map(|name| value(&image, name))
    };
    assert_eq!(bit_15(0x7), [None, Some(1)]);
    assert_eq!(bit_15(0x8), [Some(1), None]);
    assert_eq!(bit_15(0x0), [Some(1), None]);
}

#[test]
fn version_1_ports_cannot_forward_to_more_than_eight_functions() {
    let mut bytes = ROOT_PORT.to_vec();
    bytes[2] = 0x41;
    let image = ConfigImage::from_bytes(bytes);
    let express = Express::new(image.window(0));
    assert_eq!(express.ari_forwarding_supported(), Some(false));
    assert_eq!(express.ari_forwarding_enabled(), Some(false));
}

#[test]
fn a_structure_that_was_cut_off_leaves_the_rest_unknown() {
    let image = ConfigImage::from_bytes(ROOT_PORT.get(..0x18).unwrap().to_vec());
    let express = Express::new(image.window(0));
    assert_eq!(express.port_type(), Some(PortType::ROOT_PORT));
    assert_eq!(express.ari_forwarding_enabled(), None);
    let nothing = ConfigImage::from_bytes(vec![0x10, 0]);
    let express = Express::new(nothing.window(0));
    assert_eq!(
        (express.port_type(), express.has_flr(), express.has_link()),
        (None, None, None)
    );
    assert_eq!((STRUCTURE.registers)(nothing.window(0)).len(), 4);
}

#[test]
fn every_flr_bit_pattern_is_read_from_bit_28() {
    for bit in 0..32_u32 {
        let mut bytes = vec![0x10, 0, 0x02, 0];
        bytes.extend((1_u32 << bit).to_le_bytes());
        let image = ConfigImage::from_bytes(bytes);
        assert_eq!(Express::new(image.window(0)).has_flr(), Some(bit == 28));
    }
}
