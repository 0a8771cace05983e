//! Access Control Services (PCIe 6.0, 7.7.11).

use super::body::{Body, Flags};

/// The same bits in capability and control.
const SERVICES: Flags = &[
    ("SrcValid", 0),
    ("TransBlk", 1),
    ("ReqRedir", 2),
    ("CmpltRedir", 3),
    ("UpstreamFwd", 4),
    ("EgressCtrl", 5),
    ("DirectTrans", 6),
];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("ACSCap:", 0x04, SERVICES);
    body.flags("ACSCtl:", 0x06, SERVICES);
}
