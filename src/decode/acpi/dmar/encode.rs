//! From a DMAR table back to its bytes.

use super::{Body, Dmar};
use crate::addr::Segment;
use crate::decode::acpi::device_scope::DeviceScope;
use crate::decode::acpi::sdt::seal;

pub(super) fn table(dmar: &Dmar) -> Vec<u8> {
    let mut bytes = dmar.header.encode();
    let width = dmar.host_address_width.saturating_sub(1);
    bytes.push(u8::try_from(width).unwrap_or(u8::MAX));
    bytes.push(dmar.flags);
    bytes.extend(dmar.reserved);
    for structure in &dmar.structures {
        bytes.extend(body(&structure.body));
    }
    seal(bytes)
}

fn body(body: &Body) -> Vec<u8> {
    let mut bytes = body.kind().to_le_bytes().to_vec();
    bytes.extend([0, 0]);
    match body {
        Body::Drhd(drhd) => {
            bytes.push(drhd.flags & !1 | u8::from(drhd.include_all));
            bytes.push(drhd.size);
            bytes.extend(segment(drhd.segment));
            bytes.extend(drhd.base.to_le_bytes());
        }
        Body::Rmrr(rmrr) => {
            bytes.extend(rmrr.reserved.to_le_bytes());
            bytes.extend(segment(rmrr.segment));
            bytes.extend(rmrr.base.to_le_bytes());
            bytes.extend(rmrr.limit.to_le_bytes());
        }
        Body::Atsr(atsr) | Body::Satc(atsr) => {
            bytes.push(atsr.flags & !1 | u8::from(atsr.flag));
            bytes.push(atsr.reserved);
            bytes.extend(segment(atsr.segment));
        }
        Body::Rhsa(rhsa) => {
            bytes.extend(rhsa.reserved.to_le_bytes());
            bytes.extend(rhsa.base.to_le_bytes());
            bytes.extend(rhsa.proximity_domain.to_le_bytes());
        }
        Body::Andd(andd) => {
            bytes.extend(andd.reserved);
            bytes.push(andd.device_number);
            bytes.extend(&andd.name_bytes);
        }
        Body::Sidp(sidp) => {
            bytes.extend(sidp.reserved.to_le_bytes());
            bytes.extend(segment(sidp.segment));
        }
        Body::Unknown { bytes: rest, .. } => bytes.extend(rest),
    }
    for entry in body.scopes() {
        scope(entry, &mut bytes);
    }
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    for (byte, value) in bytes.iter_mut().skip(2).zip(length.to_le_bytes()) {
        *byte = value;
    }
    bytes
}

fn segment(segment: Segment) -> [u8; 2] {
    u16::try_from(segment.0).unwrap_or(u16::MAX).to_le_bytes()
}

fn scope(scope: &DeviceScope, bytes: &mut Vec<u8>) {
    let length = u8::try_from(6 + 2 * scope.path.len()).unwrap_or(u8::MAX);
    let head = [
        scope.kind.0,
        length,
        scope.flags,
        scope.reserved,
        scope.enumeration_id,
        scope.start_bus,
    ];
    bytes.extend(head);
    let hops = scope
        .path
        .iter()
        .flat_map(|&(device, function)| [device, function]);
    bytes.extend(hops);
}
