//! MSI-X (PCI 3.0, 6.8.2).

use super::body::{Body, Flags, behind, hex, number, set_flags};
use super::text::Statement;

const FLAGS: Flags = &[("Enable", 15), ("Masked", 14), ("Mask", 14)];

pub(super) fn set(name: &str, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    let at = body.base.saturating_add(0x02);
    set_flags(body.writer, &Statement::new(line, name), at, FLAGS);
    let count = behind(name, "Count=").or_else(|| behind(name, "TabSize="));
    let count = count
        .and_then(|rest| number(rest, 10))
        .and_then(|count| count.checked_sub(1));
    if let Some(last) = count {
        body.set(line, 0x02, 0, 11, last);
    }
    for (label, offset) in [("Vector table:", 0x04), ("PBA:", 0x08)] {
        let found = body.find(label).and_then(|statement| {
            let bar = number(behind(&statement.text, "BAR=")?, 10)?;
            let address = hex(behind(&statement.text, "offset=")?, 8)?;
            Some((statement.line(), bar, address))
        });
        if let Some((line, bar, address)) = found {
            body.set(line, offset, 0, 3, bar);
            if address & 7 == 0 {
                body.set(line, offset, 3, 29, address >> 3);
            }
        }
    }
}
