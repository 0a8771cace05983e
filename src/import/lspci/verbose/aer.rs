//! Advanced error reporting (PCIe 6.0, 7.8.4): the flags of errors, masks and severities.

use super::body::{Body, Flags};

const UNCORRECTABLE: Flags = &[
    ("DLP", 4),
    ("SDES", 5),
    ("TLP", 12),
    ("FCP", 13),
    ("CmpltTO", 14),
    ("CmpltAbrt", 15),
    ("UnxCmplt", 16),
    ("RxOF", 17),
    ("MalfTLP", 18),
    ("ECRC", 19),
    ("UnsupReq", 20),
    ("ACSViol", 21),
];
const CORRECTABLE: Flags = &[
    ("RxErr", 0),
    ("BadTLP", 6),
    ("BadDLLP", 7),
    ("Rollover", 8),
    ("Timeout", 12),
    ("AdvNonFatalErr", 13),
];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("UESta:", 0x04, UNCORRECTABLE);
    body.flags("UEMsk:", 0x08, UNCORRECTABLE);
    body.flags("UESvrt:", 0x0c, UNCORRECTABLE);
    body.flags("CESta:", 0x10, CORRECTABLE);
    body.flags("CEMsk:", 0x14, CORRECTABLE);
}
