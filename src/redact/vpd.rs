//! Vital Product Data without what names one particular device.

use super::Changes;
use crate::addr::Sbdf;
use crate::decode::vpd::{Body, Format, Keyword, Resource, Vpd};

/// Keywords whose data say what the product is. Serial numbers, places, asset tags and what a maker
/// or a system put there are not among them.
const KEPT: &[&[u8; 2]] = &[b"PN", b"EC", b"MN", b"CP", b"FC", b"CC", b"FN", b"RM"];

/// The same list of resources with the same lengths: the product's name and the fields that say
/// what it is stay; of all others the bytes are replaced. The checksum fails as it did before, or
/// holds. What stands behind the last resource is left out.
pub(super) fn redact(at: Sbdf, bytes: &[u8], changes: &mut Changes) -> Vec<u8> {
    let decoded = Vpd::decode(bytes).value;
    let mut kept = vec![0; bytes.len()];
    let mut end = 0;
    let copy = |kept: &mut Vec<u8>, offset: usize, len: usize| {
        let range = offset..offset + len;
        if let (Some(to), Some(from)) = (kept.get_mut(range.clone()), bytes.get(range)) {
            to.copy_from_slice(from);
        }
    };
    for resource in &decoded.resources {
        let (offset, len) = place(resource.span);
        end = offset + len;
        match &resource.body {
            Body::Identifier(_) | Body::End => copy(&mut kept, offset, len),
            Body::Unknown { tag } => copy(&mut kept, offset, if tag & 0x80 != 0 { 3 } else { 1 }),
            Body::ReadOnly(keywords) | Body::ReadWrite(keywords) => {
                copy(&mut kept, offset, 3);
                for keyword in keywords {
                    let (offset, len) = place(keyword.span);
                    copy(&mut kept, offset, 3);
                    if KEPT.contains(&&keyword.name) {
                        copy(&mut kept, offset, len);
                    } else if keyword.format() == Format::Text {
                        let data = kept.get_mut(offset + 3..offset + len);
                        data.into_iter().for_each(|data| data.fill(b'X'));
                    }
                }
            }
        }
    }
    kept.truncate(end);
    decoded
        .resources
        .iter()
        .for_each(|resource| keep_sum(&mut kept, resource));
    if kept != bytes {
        let what = "Vital Product Data replaced, but for the product's name, part number and level";
        changes.of(at, "vpd", what);
    }
    kept
}

/// Gives the checksum the value with which the bytes add up as they did.
fn keep_sum(kept: &mut [u8], resource: &Resource) {
    let (Body::ReadOnly(keywords) | Body::ReadWrite(keywords)) = &resource.body else {
        return;
    };
    let with_sum = |keyword: &Keyword| Some((place(keyword.span).0 + 3, keyword.checksum?));
    for (at, wanted) in keywords.iter().filter_map(with_sum) {
        let covered = kept.get(..at).unwrap_or_default();
        let sum = covered
            .iter()
            .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        if let Some(byte) = kept.get_mut(at) {
            *byte = wanted.wrapping_sub(sum);
        }
    }
}

fn place(span: crate::bytes::Span) -> (usize, usize) {
    (span.offset as usize, span.len as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Decoded;

    /// With a checksum that holds.
    fn sample() -> Vec<u8> {
        let mut bytes =
            b"\x82\x03\x00NIC\x90\x1a\x00PN\x02A1SN\x04S3CRV0\x03aa:RV\x05\x00secr".to_vec();
        let checksum = bytes.len() - 5;
        let sum = bytes[..=checksum]
            .iter()
            .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        bytes[checksum] = sum.wrapping_neg();
        bytes.extend(b"\x91\x08\x00YA\x05asset\x78secret");
        bytes
    }

    #[test]
    fn the_product_stays_and_the_device_goes() {
        let bytes = sample();
        assert_eq!(Vpd::decode(&bytes).faults, []);
        let mut changes = Changes::default();
        let at = "0000:01:00.0".parse().unwrap();
        let kept = redact(at, &bytes, &mut changes);
        let Decoded { value, faults } = Vpd::decode(&kept);
        assert_eq!(faults, [], "the checksum holds");
        let data: Vec<_> = value
            .keywords()
            .map(|keyword| (keyword.name, keyword.data.clone()))
            .collect();
        assert_eq!(data[0], (*b"PN", b"A1".to_vec()));
        assert_eq!(data[1], (*b"SN", b"XXXX".to_vec()));
        assert_eq!(data[2], (*b"V0", b"XXX".to_vec()));
        assert_eq!(data[3].1[1..], [0; 4]);
        assert_eq!(data[4], (*b"YA", b"XXXXX".to_vec()));
        let text = String::from_utf8_lossy(&kept).into_owned();
        for secret in ["S3CR", "aa:", "secr", "asset"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert_eq!(changes.0.len(), 1);
    }

    #[test]
    fn a_checksum_that_fails_goes_on_failing_and_unknown_tags_lose_their_bytes() {
        let mut bytes = sample();
        bytes[3] ^= 0x10;
        let at = "0000:01:00.0".parse().unwrap();
        let before = Vpd::decode(&bytes).faults;
        let kept = redact(at, &bytes, &mut Changes::default());
        assert_eq!(Vpd::decode(&kept).faults, before);
        let unknown = redact(at, b"\x85\x02\x00xyz", &mut Changes::default());
        assert_eq!(unknown, b"\x85\x02\x00\x00\x00");
        assert_eq!(redact(at, &[0xff; 8], &mut Changes::default()), b"");
    }
}
