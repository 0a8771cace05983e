//! Writes registers of a captured function.

use crate::bytes::ConfigImage;
use crate::capture::FunctionRecord;

/// Puts bytes at an offset; they are known from then on. Bytes past the end of what was
/// captured are left out.
pub(super) fn put(record: &mut FunctionRecord, offset: u16, values: &[u8]) {
    let mut bytes = record.config.bytes().to_vec();
    let mut known = match record.config.known_mask() {
        Some(mask) => mask.to_vec(),
        None => vec![0xff; bytes.len()],
    };
    for (index, &value) in (usize::from(offset)..).zip(values) {
        if let (Some(place), Some(mask)) = (bytes.get_mut(index), known.get_mut(index)) {
            (*place, *mask) = (value, 0xff);
        }
    }
    let size = record.config.size();
    record.config = ConfigImage::from_masked(bytes, known).with_size(size);
}

/// Bytes from an offset on; `None` where one of them was not captured.
pub(super) fn get(record: &FunctionRecord, offset: u16, count: u16) -> Option<Vec<u8>> {
    (offset..offset.checked_add(count)?)
        .map(|at| record.config.u8(at))
        .collect()
}
