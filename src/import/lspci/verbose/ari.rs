//! Alternative routing-id interpretation (PCIe 6.0, 7.8.7).

use super::body::{Body, Flags};

const FLAGS: Flags = &[("MFVC", 0), ("ACS", 1)];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("ARICap:", 0x04, FLAGS);
    body.number("ARICap:", "Next Function: ", 10, (0x04, 8, 8), Some);
    body.flags("ARICtl:", 0x06, FLAGS);
    body.number("ARICtl:", "Function Group: ", 10, (0x06, 4, 3), Some);
}
