//! From the bytes of a remapping structure to what it says.

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

use super::{Andd, Atsr, Body, Drhd, Remapping, Rhsa, Rmrr, Sidp};
use crate::addr::Segment;
use crate::bytes::{Fault, FaultKind, Span};
use crate::decode::acpi::device_scope::device_scopes;
use crate::decode::acpi::envelope::{Envelope, too_short};
use crate::decode::acpi::read::array;

pub(super) const WITHIN: &str = "remapping structure";

impl Remapping {
    pub(super) fn decode(envelope: Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let span = envelope.span();
        let kind = envelope
            .bytes
            .first_chunk()
            .map_or(0, |bytes| u16::from_le_bytes(*bytes));
        let payload = envelope.bytes.get(4..).unwrap_or_default();
        let body = Body::decode(kind, payload, span, faults).unwrap_or_else(|| {
            faults.push(too_short(span, least(kind), WITHIN));
            Body::Unknown {
                kind,
                bytes: payload.to_vec(),
            }
        });
        Self { body, span }
    }
}

/// Bytes that a structure of this type needs.
const fn least(kind: u16) -> u32 {
    match kind {
        0 => 16,
        1 => 24,
        3 => 20,
        2 | 4 | 5 | 6 => 8,
        _ => 4,
    }
}

impl Body {
    /// `None` where the payload is too short for the type's fixed part.
    fn decode(kind: u16, payload: &[u8], span: Span, faults: &mut Vec<Fault>) -> Option<Self> {
        // Errors say only "too short", which the caller turns into a fault with its span.
        type Short<'a> = nom::error::Error<&'a [u8]>;
        let mut scopes = |rest: &[u8]| {
            let fixed = u32::try_from(payload.len() - rest.len()).unwrap_or(u32::MAX);
            device_scopes(rest, span.offset + 4 + fixed, faults)
        };
        Some(match kind {
            0 => {
                let mut fixed = (le_u8::<_, Short<'_>>, le_u8, le_u16, le_u64);
                let (rest, (flags, size, segment, base)) = fixed.parse(payload).ok()?;
                Self::Drhd(Drhd {
                    include_all: flags & 1 != 0,
                    flags,
                    size,
                    segment: Segment(segment.into()),
                    base,
                    scopes: scopes(rest),
                })
            }
            1 => {
                let mut fixed = (le_u16::<_, Short<'_>>, le_u16, le_u64, le_u64);
                let (rest, (reserved, segment, base, limit)) = fixed.parse(payload).ok()?;
                let segment = Segment(segment.into());
                Self::Rmrr(Rmrr {
                    reserved,
                    segment,
                    base,
                    limit,
                    scopes: scopes(rest),
                })
            }
            2 | 5 => {
                let mut fixed = (le_u8::<_, Short<'_>>, le_u8, le_u16);
                let (rest, (flags, reserved, segment)) = fixed.parse(payload).ok()?;
                let list = Atsr {
                    flag: flags & 1 != 0,
                    flags,
                    reserved,
                    segment: Segment(segment.into()),
                    scopes: scopes(rest),
                };
                if kind == 2 {
                    Self::Atsr(list)
                } else {
                    Self::Satc(list)
                }
            }
            3 => {
                let mut fixed = (le_u32::<_, Short<'_>>, le_u64, le_u32);
                let (_, (reserved, base, proximity_domain)) = fixed.parse(payload).ok()?;
                Self::Rhsa(Rhsa {
                    reserved,
                    base,
                    proximity_domain,
                })
            }
            4 => {
                let mut fixed = (take::<_, _, Short<'_>>(3_usize), le_u8);
                let (name_bytes, (reserved, device_number)) = fixed.parse(payload).ok()?;
                let end = name_bytes.iter().position(|&byte| byte == 0);
                if end.is_none() {
                    let kind = FaultKind::Unterminated;
                    faults.push(Fault {
                        kind,
                        span,
                        within: "ANDD object name",
                    });
                }
                let end = end.unwrap_or(name_bytes.len());
                let name = name_bytes.get(..end).unwrap_or_default();
                Self::Andd(Andd {
                    reserved: array(reserved, 0).unwrap_or_default(),
                    device_number,
                    name: String::from_utf8_lossy(name).into_owned(),
                    name_bytes: name_bytes.to_vec(),
                })
            }
            6 => {
                let mut fixed = (le_u16::<_, Short<'_>>, le_u16);
                let (rest, (reserved, segment)) = fixed.parse(payload).ok()?;
                Self::Sidp(Sidp {
                    reserved,
                    segment: Segment(segment.into()),
                    scopes: scopes(rest),
                })
            }
            _ => Self::Unknown {
                kind,
                bytes: payload.to_vec(),
            },
        })
    }
}
