//! Downstream port containment (PCIe 6.0, 7.9.14) and L1 PM substates (7.8.3): their flags.

use super::body::{Body, Flags};

const SUBSTATES: Flags = &[
    ("PCI-PM_L1.2", 0),
    ("PCI-PM_L1.1", 1),
    ("ASPM_L1.2", 2),
    ("ASPM_L1.1", 3),
];

pub(super) fn containment(body: &mut Body<'_, '_, '_>) {
    body.number("DpcCap:", "INT Msg #", 10, (0x04, 0, 5), Some);
    body.number("DpcCap:", "RP PIO Log ", 10, (0x04, 8, 4), Some);
    let capability: Flags = &[
        ("RPExt", 5),
        ("PoisonedTLP", 6),
        ("SwTrigger", 7),
        ("DL_ActiveErr", 12),
    ];
    body.flags("DpcCap:", 0x04, capability);
    body.number("DpcCtl:", "Trigger:", 16, (0x06, 0, 2), Some);
    let control: Flags = &[
        ("Cmpl", 2),
        ("INT", 3),
        ("ErrCor", 4),
        ("PoisonedTLP", 5),
        ("SwTrigger", 6),
        ("DL_ActiveErr", 7),
    ];
    body.flags("DpcCtl:", 0x06, control);
    body.flags(
        "DpcSta:",
        0x08,
        &[("Trigger", 0), ("INT", 3), ("RPBusy", 4)],
    );
}

pub(super) fn substates(body: &mut Body<'_, '_, '_>) {
    body.flags("L1SubCap:", 0x04, SUBSTATES);
    body.flags("L1SubCap:", 0x04, &[("L1_PM_Substates", 4)]);
    body.flags("L1SubCtl1:", 0x08, SUBSTATES);
}
