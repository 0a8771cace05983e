//! From the bytes of an IVRS block to what it says.

use nom::Parser;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

use super::{Block, Body, DeviceEntry, Ivhd, Ivmd, IvmdDevices};
use crate::addr::{RequesterId, Segment};
use crate::bytes::Fault;
use crate::decode::acpi::envelope::{Envelope, envelopes, too_short};
use crate::decode::acpi::read::{array, u64_at};

pub(super) const WITHIN: &str = "IVRS block";

impl Block {
    pub(super) fn decode(envelope: Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let span = envelope.span();
        let kind = envelope.bytes.first().copied().unwrap_or(0);
        let unknown = || Body::Unknown {
            kind,
            bytes: envelope.bytes.to_vec(),
        };
        let (body, least) = match kind {
            0x10 => (ivhd(envelope, 24, faults).map(Body::Ivhd), 24),
            0x11 | 0x40 => (ivhd(envelope, 40, faults).map(Body::Ivhd), 40),
            0x20..=0x22 => (ivmd(envelope.bytes).map(Body::Ivmd), 32),
            _ => (Some(unknown()), 4),
        };
        let body = body.unwrap_or_else(|| {
            faults.push(too_short(span, least, WITHIN));
            unknown()
        });
        Self { body, span }
    }
}

/// `None` where the block is too short for its fixed part.
fn ivhd(envelope: Envelope<'_>, fixed: usize, faults: &mut Vec<Fault>) -> Option<Ivhd> {
    type Short<'a> = nom::error::Error<&'a [u8]>;
    let bytes = envelope.bytes;
    let mut ids = (le_u8::<_, Short<'_>>, le_u8, le_u16, le_u16, le_u16);
    let (rest, (kind, flags, _, device, capability)) = ids.parse(bytes).ok()?;
    let mut registers = (le_u64::<_, Short<'_>>, le_u16, le_u16, le_u32);
    let (_, (base, segment, info, features)) = registers.parse(rest).ok()?;
    let region = bytes.get(fixed..)?;
    let start = envelope.offset + u32::try_from(fixed).unwrap_or(u32::MAX);
    let within = "IVHD device entry";
    let entries = envelopes(region, start, 4, within, DeviceEntry::length, faults)
        .into_iter()
        .filter_map(DeviceEntry::decode)
        .collect();
    let images = (fixed > 24).then(|| Some((u64_at(bytes, 24)?, u64_at(bytes, 32)?)));
    Some(Ivhd {
        kind,
        flags,
        device: RequesterId(device),
        capability,
        base,
        segment: Segment(segment.into()),
        info,
        features,
        images: images.flatten(),
        entries,
    })
}

/// `None` where the block is too short.
fn ivmd(bytes: &[u8]) -> Option<Ivmd> {
    type Short<'a> = nom::error::Error<&'a [u8]>;
    let mut ids = (le_u8::<_, Short<'_>>, le_u8, le_u16, le_u16, le_u16, le_u16);
    let (rest, (kind, flags, _, device, last, segment)) = ids.parse(bytes).ok()?;
    let devices = match kind {
        0x21 => IvmdDevices::One(RequesterId(device)),
        0x22 => IvmdDevices::Range(RequesterId(device), RequesterId(last)),
        _ => IvmdDevices::All,
    };
    Some(Ivmd {
        devices,
        flags,
        ids: (device, last),
        segment: Segment(segment.into()),
        reserved: array(rest, 0)?,
        start: u64_at(rest, 6)?,
        length: u64_at(rest, 14)?,
    })
}
