use super::*;
use crate::bytes::ConfigImage;
use crate::decode::config::cap::{express, msix};
use crate::decode::config::dump::dump;
use crate::decode::config::ext::{acs, sriov};
use crate::decode::config::testing::image;
use crate::decode::config::{CapabilityId, ConfigSpace, structure_of};

/// The capability as decoded, and its bytes encoded again; the next pointer is that of a list
/// that ends here.
fn again(id: CapabilityId, bytes: &[u8]) -> Vec<u8> {
    let image = image(structure_of(id).unwrap(), bytes, None);
    let space = ConfigSpace::decode(&image).value;
    let entry = space.capabilities.iter().find(|entry| entry.id == id);
    let at = entry.unwrap().offset;
    let dumped = dump(&image, &space);
    let shown = dumped.iter().find(|shown| shown.offset == at).unwrap();
    encode(shown).unwrap()
}

/// An endpoint without a slot, annotated by hand (PCIe 6.0, 7.5.3).
const EXPRESS: &[u8] = &[
    0x10, 0x00, // id, end of list
    0x02, 0x00, // version 2, endpoint
    0xa1, 0x8d, 0x2c, 0x11, // payload, tags, role-based errors, power limit, FLR
    0x30, 0x29, // relaxed ordering, no snoop, tags, requests of 512 bytes
    0x09, 0x00, // correctable and unsupported errors seen
    0x83, 0x5c, 0x41, 0x07, // 8 GT/s x8, L0s and L1, port 7
    0x42, 0x00, // L1 on, common clock
    0x82, 0x10, // 5 GT/s x8, slot clock
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // no slot, no root
    0x12, 0x08, 0x00, 0x00, // timeouts, LTR
    0x00, 0x04, // LTR on
    0x00, 0x00, // device status 2
    0x0e, 0x00, 0x80, 0x00, // three speeds, retimers
    0x43, 0x00, // target 8 GT/s, -3.5 dB
    0x1e, 0x00, // equalised
];

const MSI_X: &[u8] = &[
    0x11, 0x00, // id, end of list
    0x3f, 0xc0, // 64 vectors, masked, on
    0x04, 0x20, 0x00, 0x00, // table in BAR 4 at 2000h
    0x05, 0x00, 0x10, 0x00, // pending bits in BAR 5 at 100000h
];

const ACS: &[u8] = &[
    0x0d, 0x00, 0x01, 0x00, // id, version 1, end of list
    0x7f, 0x28, // seven services, vector of 40 bits
    0x1d, 0x00, // SV RR CR UF
    0x01, 0x00, 0x00, 0x80, // ports 0 and 31
    0x80, 0x00, 0x00, 0x00, // port 39
];

const SR_IOV: &[u8] = &[
    0x10, 0x00, 0x01, 0x00, // id, version 1, end of list
    0x02, 0x00, 0x60, 0x00, // ARI preserved, interrupt message 3
    0x19, 0x00, // VFs, their memory, ARI hierarchy
    0x01, 0x00, // migration
    0x40, 0x00, 0x40, 0x00, 0x08, 0x00, // 64, 64, 8 VFs
    0x01, 0x00, // depends on function 1
    0x80, 0x01, 0x02, 0x00, // offset, stride
    0x00, 0x00, 0xca, 0x10, // reserved, device
    0x53, 0x05, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, // page sizes
    0x0c, 0x00, 0x10, 0xfe, 0x0f, 0x00, 0x00, 0x00, // VF BAR 0 and 1: 64 bits
    0x00, 0x00, 0x20, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // VF BAR 2
    0x0b, 0x10, 0x00, 0x00, // migration states in BAR 3 at 1008h
];

#[test]
fn what_was_decoded_is_encoded_to_the_same_bytes() {
    use CapabilityId::{Extended, Standard};
    for (id, bytes) in [
        (Standard(CapId::EXPRESS), EXPRESS),
        (Standard(CapId::MSI_X), MSI_X),
        (Extended(ExtCapId::ACS), ACS),
        (Extended(ExtCapId::SR_IOV), SR_IOV),
    ] {
        assert_eq!(again(id, bytes), bytes, "{id}");
    }
}

#[test]
fn bits_without_a_name_are_kept() {
    let mut bytes = MSI_X.to_vec();
    bytes[3] |= 0x38; // reserved bits of Message Control
    assert_eq!(again(CapabilityId::Standard(CapId::MSI_X), &bytes), bytes);
}

#[test]
fn fields_written_by_name_are_read_by_name() {
    let bytes = Encoder::standard(CapId::EXPRESS)
        .set(express::VERSION, 2)
        .set(express::PORT_TYPE, 6)
        .set(express::SLOT_NUMBER, 0x1fff)
        .flag(express::ARI_FORWARDING_ENABLE, true)
        .finish(0x3c);
    let image = ConfigImage::from_bytes(bytes);
    let port = express::Express::new(image.window(0));
    assert_eq!(port.version(), Some(2));
    assert_eq!(port.has_flr(), Some(false));
    assert_eq!(port.ari_forwarding_enabled(), Some(true));
    let slot = image.window(0).field(express::SLOT_NUMBER);
    assert_eq!(slot, Some(0x1fff));
}

#[test]
fn a_field_takes_no_more_bits_than_it_has() {
    let bytes = Encoder::extended(ExtCapId::ACS, 1)
        .set(acs::SERVICES, 0xffff)
        .set(acs::VECTOR_SIZE, 256)
        .finish(8);
    assert_eq!(bytes, [0x0d, 0, 1, 0, 0xff, 0, 0, 0]);
    let bytes = Encoder::standard(CapId::MSI_X)
        .set(msix::TABLE_SIZE, u64::MAX)
        .finish(4);
    assert_eq!(bytes, [0x11, 0, 0xff, 0x07]);
}

#[test]
fn registers_behind_the_end_are_left_out() {
    let whole = Encoder::extended(ExtCapId::SR_IOV, 1)
        .set(sriov::TOTAL_VFS, 3)
        .finish(0x10);
    assert_eq!(whole[0x0e], 3);
    let cut = Encoder::extended(ExtCapId::SR_IOV, 1)
        .set(sriov::TOTAL_VFS, 3)
        .finish(0x0e);
    assert_eq!(cut.len(), 0x0e);
    assert!(cut[4..].iter().all(|&byte| byte == 0));
}
