//! Advanced features of conventional functions (PCI Advanced Capabilities ECN, 2006).

use super::body::Body;

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("AFCap:", 0x03, &[("TP", 0), ("FLR", 1)]);
    body.flags("AFCtrl:", 0x04, &[("FLR", 0)]);
    body.flags("AFStatus:", 0x05, &[("TP", 0)]);
}
