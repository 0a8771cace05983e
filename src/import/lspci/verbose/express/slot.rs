//! The registers of a port's slot, and those of a root port.

use crate::import::lspci::verbose::body::{Body, Flags, behind, hex, number, until};

const CAPABILITY: Flags = &[
    ("AttnBtn", 0),
    ("PwrCtrl", 1),
    ("MRL", 2),
    ("AttnInd", 3),
    ("PwrInd", 4),
    ("Surprise", 5),
    ("HotPlug", 6),
    ("Interlock", 17),
    ("NoCompl", 18),
];
const ENABLE: Flags = &[
    ("AttnBtn", 0),
    ("PwrFlt", 1),
    ("MRL", 2),
    ("PresDet", 3),
    ("CmdCplt", 4),
    ("HPIrq", 5),
    ("LinkChg", 12),
];
const CONTROL: Flags = &[("Power", 10), ("Interlock", 11)];
const INDICATORS: &[(&str, u64)] = &[("Unknown", 0), ("On", 1), ("Blink", 2), ("Off", 3)];
const STATUS: Flags = &[
    ("AttnBtn", 0),
    ("PowerFlt", 1),
    ("CmdCplt", 4),
    ("MRL", 5),
    ("PresDet", 6),
    ("Interlock", 7),
];
const CHANGED: Flags = &[("MRL", 2), ("PresDet", 3), ("LinkState", 8)];
/// Of the root capability early versions print a reserved bit: nothing is taken from it.
const ROOT_CONTROL: Flags = &[
    ("ErrCorrectable", 0),
    ("ErrNon-Fatal", 1),
    ("ErrFatal", 2),
    ("PMEIntEna", 3),
    ("CRSVisible", 4),
    ("RRSVisible", 4),
];

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("SltCap:", 0x14, CAPABILITY);
    slot_number(body);
    body.flags("SltCtl:", 0x18, ENABLE);
    body.word("Control:", "AttnInd ", (0x18, 6, 2), INDICATORS);
    body.word("Control:", "PwrInd ", (0x18, 8, 2), INDICATORS);
    body.flags("Control:", 0x18, CONTROL);
    body.flags("SltSta:", 0x1a, STATUS);
    body.flags("Changed:", 0x1a, CHANGED);
    body.flags("RootCtl:", 0x1c, ROOT_CONTROL);
    body.flags("RootSta:", 0x20, &[("PMEStatus", 16), ("PMEPending", 17)]);
    let requester = body.find("RootSta:").and_then(|statement| {
        let id = hex(behind(&statement.text, "PME ReqID ")?, 4)?;
        Some((statement.line(), id))
    });
    if let Some((line, id)) = requester {
        body.set(line, 0x20, 0, 16, id);
    }
}

/// `Slot #64, PowerLimit 75.000W;`, while early versions print `Slot # 40, PowerLimit 75.000000;`
/// with a hexadecimal number.
fn slot_number(body: &mut Body<'_, '_, '_>) {
    let found = body.find("SltCap:").and_then(|statement| {
        let rest = behind(&statement.text, "Slot #")?;
        let power = until(behind(rest, "PowerLimit ")?, &[';']);
        let slot = rest.starts_with(|digit: char| digit.is_ascii_digit()) && power.ends_with('W');
        Some((statement.line(), slot.then(|| number(rest, 10)).flatten()?))
    });
    if let Some((line, slot)) = found {
        body.set(line, 0x14, 19, 13, slot);
    }
}
