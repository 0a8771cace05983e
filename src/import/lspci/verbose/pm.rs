//! Power management (PCI Bus Power Management Interface 1.2, 3.2).

use super::body::{Body, Flags, behind, number, set_flags, until};
use super::text::Statement;

const CAPABILITY: Flags = &[("PMEClk", 3), ("DSI", 5), ("D1", 9), ("D2", 10)];
/// States in which PME# can be sent.
const PME: Flags = &[
    ("D0", 11),
    ("D1", 12),
    ("D2", 13),
    ("D3hot", 14),
    ("D3cold", 15),
];
const STATUS: Flags = &[("NoSoftRst", 3), ("PME-Enable", 8), ("PME", 15)];
const STATES: &[(&str, u64)] = &[("D0", 0), ("D1", 1), ("D2", 2), ("D3", 3)];
/// Auxiliary current in mA; the code is the place.
const AUX_CURRENT: [u64; 8] = [0, 55, 100, 160, 220, 270, 320, 375];

pub(super) fn set(name: &str, body: &mut Body<'_, '_, '_>) {
    let version = behind(name, "Power Management version ").and_then(|rest| number(rest, 10));
    if let Some(version) = version {
        body.set(body.capability.line, 0x02, 0, 3, version);
    }
    flags(body);
    body.flags("Status:", 0x04, STATUS);
    let state = body.find("Status:").and_then(|status| {
        let state = until(status.after("Status:")?, &[' ']);
        Some((status.line(), super::body::code(state, STATES)?))
    });
    if let Some((line, state)) = state {
        body.set(line, 0x04, 0, 2, state);
    }
    body.number("Status:", "DSel=", 10, (0x04, 9, 4), Some);
    body.number("Status:", "DScale=", 10, (0x04, 13, 2), Some);
}

/// `Flags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold-)`: the names in
/// the brackets are those of other bits.
fn flags(body: &mut Body<'_, '_, '_>) {
    let Some(statement) = body.find("Flags:") else {
        return;
    };
    let line = statement.line();
    let (before, pme) = match statement.text.split_once("PME(") {
        Some((before, pme)) => (
            before.to_owned(),
            pme.split_once(')').map(|(pme, _)| pme.to_owned()),
        ),
        None => (statement.text.clone(), None),
    };
    let at = body.base.saturating_add(0x02);
    set_flags(body.writer, &Statement::new(line, &before), at, CAPABILITY);
    if let Some(pme) = pme {
        set_flags(body.writer, &Statement::new(line, &pme), at, PME);
    }
    let current = behind(&before, "AuxCurrent=").filter(|rest| rest.contains("mA"));
    let current = current.and_then(|rest| number(rest, 10));
    let code =
        current.and_then(|current| (0..).zip(AUX_CURRENT).find(|(_, known)| *known == current));
    if let Some((code, _)) = code {
        body.set(line, 0x02, 6, 3, code);
    }
}
