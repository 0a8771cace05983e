//! Tables for tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// A table around what follows the common header, with the right length and checksum.
pub(crate) fn table(signature: &[u8; 4], revision: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    bytes.extend([0; 4]);
    bytes.extend([revision, 0]);
    bytes.extend(b"OEMID TABLEID \0\0\0\0TEST\0\0\0\0");
    bytes.extend_from_slice(body);
    seal(&mut bytes);
    bytes
}

/// Sets length and checksum.
pub(crate) fn seal(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len()).unwrap();
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[9] = 0;
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[9] = 0_u8.wrapping_sub(sum);
}
