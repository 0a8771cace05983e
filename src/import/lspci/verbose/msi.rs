//! Message signalled interrupts (PCI 3.0, 6.8.1).

use super::body::{Body, Flags, behind, hex, log2, number, set_flags};
use super::text::Statement;

const FLAGS: Flags = &[("Enable", 0), ("64bit", 7), ("Maskable", 8), ("Mask", 8)];

pub(super) fn set(name: &str, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    let statement = Statement::new(line, name);
    let at = body.base.saturating_add(0x02);
    set_flags(body.writer, &statement, at, FLAGS);
    // Enabled and capable, as powers of two; older texts have the exponents.
    for (key, exponents) in [("Count=", false), ("Queue=", true)] {
        let Some(rest) = behind(name, key) else {
            continue;
        };
        let (enabled, capable) = rest.split_once('/').unwrap_or((rest, ""));
        for (text, bit) in [(capable, 1), (enabled, 4)] {
            let value = number(text, 10).and_then(|number| match exponents {
                true => Some(number),
                false => log2(number),
            });
            if let Some(value) = value {
                body.set(line, 0x02, bit, 3, value);
            }
        }
    }
    let wide = statement
        .flags()
        .find(|(name, ..)| *name == "64bit")
        .map(|(_, wide, _)| wide);
    let Some(wide) = wide else { return };
    let registers = |label: &str, first: &str, second: &str, digits: (usize, usize)| {
        let statement = body.find(label)?;
        let first = behind(&statement.text, first).and_then(|rest| hex(rest, digits.0));
        let second = behind(&statement.text, second).and_then(|rest| hex(rest, digits.1));
        Some((statement.line(), first, second))
    };
    let (width, digits, data, mask) = if wide {
        (64, 16, 0x0c, 0x10)
    } else {
        (32, 8, 0x08, 0x0c)
    };
    let address = registers("Address:", "Address: ", "Data: ", (digits, 4));
    let masking = registers("Masking:", "Masking: ", "Pending: ", (8, 8));
    if let Some((line, address, message)) = address {
        if let Some(address) = address {
            body.set(line, 0x04, 0, width, address);
        }
        if let Some(message) = message {
            body.set(line, data, 0, 16, message);
        }
    }
    if let Some((line, masked, pending)) = masking {
        for (offset, value) in [(mask, masked), (mask + 4, pending)] {
            if let Some(value) = value {
                body.set(line, offset, 0, 32, value);
            }
        }
    }
}
