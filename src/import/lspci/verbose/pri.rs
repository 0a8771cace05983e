//! Page requests (PCIe 6.0, 10.5.2).

use super::body::{Body, Flags, behind, hex};

const CONTROL: Flags = &[("Enable", 0), ("Reset", 1)];
const STATUS: Flags = &[("RF", 0), ("UPRGI", 1), ("Stopped", 8), ("PASID", 15)];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("PRICtl:", 0x04, CONTROL);
    body.flags("PRISta:", 0x06, STATUS);
    let found = body.find("Page Request Capacity:").map(|statement| {
        let part = |key| behind(&statement.text, key).and_then(|rest| hex(rest, 8));
        let parts = (
            part("Page Request Capacity: "),
            part("Page Request Allocation: "),
        );
        (statement.line(), parts)
    });
    if let Some((line, (capacity, allocation))) = found {
        for (offset, value) in [(0x08, capacity), (0x0c, allocation)] {
            if let Some(value) = value {
                body.set(line, offset, 0, 32, value);
            }
        }
    }
}
