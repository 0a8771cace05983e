//! Remapping tables made of raw structures.

/// A DMAR table with interrupt remapping around structures.
pub(crate) fn dmar(structures: &[Vec<u8>]) -> Vec<u8> {
    super::dmar(1, &structures.concat())
}

/// An IVRS table of revision 2 around blocks.
pub(crate) fn ivrs(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"IVRS".to_vec();
    bytes.extend([0; 32]);
    bytes[8] = 2;
    bytes.extend(0x0020_3040_u32.to_le_bytes()); // 48 physical, 64 virtual address bits
    bytes.extend([0; 8]);
    bytes.extend(blocks.concat());
    seal(&mut bytes);
    bytes
}

/// An MCFG table of revision 1 around regions: base, segment, first and last bus.
pub(crate) fn mcfg(regions: &[(u64, u16, u8, u8)]) -> Vec<u8> {
    let mut bytes = b"MCFG".to_vec();
    bytes.extend([0; 40]);
    bytes[8] = 1;
    for &(base, segment, start, end) in regions {
        bytes.extend(base.to_le_bytes());
        bytes.extend(segment.to_le_bytes());
        bytes.extend([start, end, 0, 0, 0, 0]);
    }
    seal(&mut bytes);
    bytes
}

/// Puts length and checksum of a table right.
pub(crate) fn seal(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len()).unwrap();
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[9] = 0;
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[9] = sum.wrapping_neg();
}

/// Scope entry: kind 1 = endpoint, 2 = sub-hierarchy, 3 = I/O APIC, 4 = HPET, 5 = ACPI device;
/// the id means something for the last three.
pub(crate) fn scope(kind: u8, id: u8, bus: u8, path: &[(u8, u8)]) -> Vec<u8> {
    let length = u8::try_from(6 + 2 * path.len()).unwrap();
    let mut bytes = vec![kind, length, 0, 0, id, bus];
    let hops = path.iter();
    bytes.extend(hops.flat_map(|&(device, function)| [device, function]));
    bytes
}

/// A remapping structure of any type: the fixed part behind the length, then scope entries.
pub(crate) fn structure(kind: u16, fixed: &[u8], scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend_from_slice(fixed);
    bytes.extend(scopes.concat());
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// A remapping unit.
pub(crate) fn drhd(all: bool, segment: u16, base: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut fixed = vec![u8::from(all), 0];
    fixed.extend(segment.to_le_bytes());
    fixed.extend(base.to_le_bytes());
    structure(0, &fixed, scopes)
}

/// A reserved memory region of segment 0.
pub(crate) fn rmrr(base: u64, limit: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut fixed = vec![0, 0, 0, 0];
    fixed.extend(base.to_le_bytes());
    fixed.extend(limit.to_le_bytes());
    structure(1, &fixed, scopes)
}

/// An IVHD block of a type for the unit 00:00.2, capability at 40h, registers at fd800000h,
/// with its device entries.
pub(crate) fn ivhd(kind: u8, entries: &[&[u8]]) -> Vec<u8> {
    let fixed = if kind == 0x10 { 24 } else { 40 };
    let mut bytes = vec![kind, 0, 0, 0, 0x02, 0x00, 0x40, 0x00];
    bytes.extend(0xfd80_0000_u64.to_le_bytes());
    bytes.resize(fixed, 0);
    bytes.extend(entries.concat());
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// An IVMD block: type, flags, first and last device, start and length of the memory.
pub(crate) fn ivmd(kind: u8, flags: u8, devices: (u16, u16), memory: (u64, u64)) -> Vec<u8> {
    let mut bytes = vec![kind, flags, 32, 0];
    bytes.extend(devices.0.to_le_bytes());
    bytes.extend(devices.1.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(memory.0.to_le_bytes());
    bytes.extend(memory.1.to_le_bytes());
    bytes
}
