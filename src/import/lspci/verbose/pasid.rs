//! Process address space ids (PCIe 6.0, 7.8.9).

use super::body::{Body, Flags};

const CAPABILITY: Flags = &[("Exec", 1), ("Priv", 2)];
const CONTROL: Flags = &[("Enable", 0), ("Exec", 1), ("Priv", 2)];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("PASIDCap:", 0x04, CAPABILITY);
    body.number("PASIDCap:", "Max PASID Width: ", 16, (0x04, 8, 5), Some);
    body.flags("PASIDCtl:", 0x06, CONTROL);
}
