//! Single root I/O virtualisation (PCIe 6.0, 9.3.3).

use super::bars::type_bits;
use super::body::{Body, Flags, digits, hex, number};

const CAPABILITY: Flags = &[("Migration", 0), ("10BitTagReq", 2)];
const CONTROL: Flags = &[
    ("Enable", 0),
    ("Migration", 1),
    ("Interrupt", 2),
    ("MSE", 3),
    ("ARIHierarchy", 4),
    ("10BitTagReq", 5),
];
/// First base address register of the virtual functions.
const BASE_ADDRESS: u16 = 0x24;

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    body.flags("IOVCap:", 0x04, CAPABILITY);
    body.number(
        "IOVCap:",
        "Interrupt Message Number: ",
        16,
        (0x04, 21, 11),
        Some,
    );
    body.number("IOVCap:", "IntMsgNum ", 10, (0x04, 21, 11), Some);
    body.flags("IOVCtl:", 0x08, CONTROL);
    body.flags("IOVSta:", 0x0a, &[("Migration", 0)]);
    for (key, offset) in [
        ("Initial VFs: ", 0x0c),
        ("Total VFs: ", 0x0e),
        ("Number of VFs: ", 0x10),
    ] {
        body.number("Initial VFs:", key, 10, (offset, 0, 16), Some);
    }
    body.number(
        "Initial VFs:",
        "Function Dependency Link: ",
        16,
        (0x12, 0, 8),
        Some,
    );
    body.number("VF offset:", "VF offset: ", 10, (0x14, 0, 16), Some);
    body.number("VF offset:", "stride: ", 10, (0x16, 0, 16), Some);
    body.number("VF offset:", "Device ID: ", 16, (0x1a, 0, 16), Some);
    body.number(
        "Supported Page Size:",
        "Supported Page Size: ",
        16,
        (0x1c, 0, 32),
        Some,
    );
    body.number(
        "Supported Page Size:",
        "System Page Size: ",
        16,
        (0x20, 0, 32),
        Some,
    );
    regions(body);
    body.number("VF Migration:", "offset: ", 16, (0x3c, 3, 29), |offset| {
        (offset & 7 == 0).then_some(offset >> 3)
    });
    body.number("VF Migration:", "BIR: ", 16, (0x3c, 0, 3), Some);
}

/// `Region 0: Memory at 0000000092c00000 (64-bit, non-prefetchable)`: here the address is the
/// register's own.
fn regions(body: &mut Body<'_, '_, '_>) {
    let capability = body.capability;
    for statement in &capability.body {
        let Some((index, text)) = statement
            .after("Region ")
            .and_then(|rest| rest.split_once(": "))
        else {
            continue;
        };
        let Some(index) = number(index, 10).filter(|&index| index < 6) else {
            continue;
        };
        let Some(rest) = text.strip_prefix("Memory at ") else {
            continue;
        };
        let Some((bits, 4)) = type_bits(text) else {
            continue;
        };
        let count = digits(rest, 16).len();
        // Types 1 and 3 are printed as 64-bit ones of 8 digits.
        let (true, Some(address)) = ((bits & 6 == 4) == (count == 16), hex(rest, count)) else {
            continue;
        };
        let offset = BASE_ADDRESS + 4 * u16::try_from(index).unwrap_or(0);
        if address & 0xf != 0 {
            continue;
        }
        let value = address | bits;
        match count {
            8 => body.set(statement.line(), offset, 0, 32, value),
            16 if index < 5 => body.set(statement.line(), offset, 0, 64, value),
            _ => {}
        }
    }
}
