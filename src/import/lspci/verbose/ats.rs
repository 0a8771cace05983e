//! Address translation services (PCIe 6.0, 10.5.1).

use super::body::{Body, Flags};

const ENABLE: Flags = &[("Enable", 15)];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.number(
        "ATSCap:",
        "Invalidate Queue Depth: ",
        16,
        (0x04, 0, 5),
        Some,
    );
    body.flags("ATSCtl:", 0x06, ENABLE);
    body.number(
        "ATSCtl:",
        "Smallest Translation Unit: ",
        16,
        (0x06, 0, 5),
        Some,
    );
}
