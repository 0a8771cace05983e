//! The link's registers.

use crate::import::lspci::verbose::body::{Body, Flags, behind, code, until};
use crate::spec::pcie::PortType;

/// Latencies of L0s.
pub(super) const L0S: &[(&str, u64)] = &[
    ("<64ns", 0),
    ("<128ns", 1),
    ("<256ns", 2),
    ("<512ns", 3),
    ("<1us", 4),
    ("<2us", 5),
    ("<4us", 6),
    ("unlimited", 7),
];
/// Latencies of L1.
pub(super) const L1: &[(&str, u64)] = &[
    ("<1us", 0),
    ("<2us", 1),
    ("<4us", 2),
    ("<8us", 3),
    ("<16us", 4),
    ("<32us", 5),
    ("<64us", 6),
    ("unlimited", 7),
];
const SPEEDS: &[(&str, u64)] = &[
    ("2.5GT/s", 1),
    ("5GT/s", 2),
    ("5.0GT/s", 2),
    ("8GT/s", 3),
    ("8.0GT/s", 3),
    ("16GT/s", 4),
    ("16.0GT/s", 4),
    ("32GT/s", 5),
    ("64GT/s", 6),
];
const ASPM: &[(&str, u64)] = &[("not supported", 0), ("L0s", 1), ("L1", 2), ("L0s L1", 3)];
const ASPM_ENABLED: &[(&str, u64)] = &[
    ("Disabled", 0),
    ("L0s Enabled", 1),
    ("L1 Enabled", 2),
    ("L0s L1 Enabled", 3),
];
const CAPABILITY: Flags = &[
    ("ClockPM", 18),
    ("Surprise", 19),
    ("LLActRep", 20),
    ("BwNot", 21),
    ("ASPMOptComp", 22),
];
const CONTROL: Flags = &[
    ("Disabled", 4),
    ("CommClk", 6),
    ("ExtSynch", 7),
    ("ClockPM", 8),
    ("AutWidDis", 9),
    ("BWInt", 10),
    ("AutBWInt", 11),
];
const STATUS: Flags = &[
    ("TrErr", 10),
    ("Train", 11),
    ("SlotClk", 12),
    ("DLActive", 13),
    ("BWMgmt", 14),
    ("ABWMgmt", 15),
];

pub(super) fn set(port: Option<PortType>, body: &mut Body<'_, '_, '_>) {
    body.number("LnkCap:", "Port #", 10, (0x0c, 24, 8), Some);
    speed("LnkCap:", "Speed ", 0x0c, body);
    body.number("LnkCap:", "Width x", 10, (0x0c, 4, 6), Some);
    body.word("LnkCap:", "ASPM ", (0x0c, 10, 2), ASPM);
    body.word("LnkCap:", "Exit Latency L0s ", (0x0c, 12, 3), L0S);
    l1_latency(body);
    body.flags("LnkCap:", 0x0c, CAPABILITY);
    body.word("LnkCtl:", "ASPM ", (0x10, 0, 2), ASPM_ENABLED);
    // Elsewhere the bit has another meaning, or none.
    if port.is_some() {
        body.number("LnkCtl:", "RCB ", 10, (0x10, 3, 1), |bytes| match bytes {
            64 => Some(0),
            128 => Some(1),
            _ => None,
        });
    }
    body.flags("LnkCtl:", 0x10, CONTROL);
    speed("LnkSta:", "Speed ", 0x12, body);
    body.number("LnkSta:", "Width x", 10, (0x12, 4, 6), Some);
    body.flags("LnkSta:", 0x12, STATUS);
}

/// `Speed 8GT/s (ok)`
fn speed(label: &str, key: &str, offset: u16, body: &mut Body<'_, '_, '_>) {
    let found = body.find(label).and_then(|statement| {
        let rest = behind(&statement.text, key)?;
        Some((statement.line(), code(until(rest, &[',', ' ']), SPEEDS)?))
    });
    if let Some((line, speed)) = found {
        body.set(line, offset, 0, 4, speed);
    }
}

/// The last `L1 <8us` behind "Exit Latency".
fn l1_latency(body: &mut Body<'_, '_, '_>) {
    let found = body.find("LnkCap:").and_then(|statement| {
        let rest = behind(&statement.text, "Exit Latency ")?;
        let latency = until(behind(rest, "L1 ")?, &[',', ' ']);
        Some((statement.line(), code(latency, L1)?))
    });
    if let Some((line, latency)) = found {
        body.set(line, 0x0c, 15, 3, latency);
    }
}
