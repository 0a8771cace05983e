//! Accelerated Graphics Port (AGP 3.0, 6.3): a bus that was a port for one graphics card.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::AGP),
    Document::Agp30.at("6.3 AGP Capability"),
    registers,
);

/// Version 3 gives the rates another meaning where its mode is on.
fn registers(window: Window<'_>) -> Vec<Register> {
    let third = window.bits(0x04, 3, 1) == Some(1);
    vec![
        REVISION,
        Register::new("AGP Status", 0x04, 4, if third { STATUS_3 } else { STATUS }),
        Register::new(
            "AGP Command",
            0x08,
            4,
            if third { COMMAND_3 } else { COMMAND },
        ),
    ]
}

const REVISION: Register = Register::new(
    "AGP Revision",
    0x02,
    1,
    &[
        Field::number("Minor Revision", 0x02, 0, 4),
        Field::number("Major Revision", 0x02, 4, 4),
    ],
);

const RATES: Field = Field::power_set("Data Rates", 0x04, 0, 3, 1, "x");
const RATES_3: Field = Field::power_set("Data Rates", 0x04, 0, 3, 4, "x");
const RATE: Field = Field::code(
    "Data Rate",
    0x08,
    0,
    3,
    &[(0, "none"), (1, "1x"), (2, "2x"), (4, "4x")],
);
const RATE_3: Field = Field::code(
    "Data Rate",
    0x08,
    0,
    3,
    &[(0, "none"), (1, "4x"), (2, "8x")],
);

const STATUS: &[Field] = &status(RATES);
const STATUS_3: &[Field] = &status(RATES_3);
const COMMAND: &[Field] = &command(RATE);
const COMMAND_3: &[Field] = &command(RATE_3);

const fn status(rates: Field) -> [Field; 12] {
    [
        rates,
        Field::flag("AGP3 Mode", 0x04, 3),
        Field::flag("Fast Writes", 0x04, 4),
        Field::flag("Above 4 GiB", 0x04, 5),
        Field::flag("HTRANS# Disabled", 0x04, 6),
        Field::flag("64-bit GART", 0x04, 7),
        Field::flag("ITA Coherent", 0x04, 8),
        Field::flag("Sideband Addressing", 0x04, 9),
        Field::number("Calibration Cycle", 0x04, 10, 3),
        Field::number("Optimum Request Size", 0x04, 13, 3),
        Field::flag("Isochronous", 0x04, 17),
        Field::number("Request Queue Depth Minus One", 0x04, 24, 8),
    ]
}

const fn command(rate: Field) -> [Field; 9] {
    [
        rate,
        Field::flag("Fast Writes Enable", 0x08, 4),
        Field::flag("Above 4 GiB Enable", 0x08, 5),
        Field::flag("64-bit GART Enable", 0x08, 7),
        Field::flag("AGP Enable", 0x08, 8),
        Field::flag("Sideband Addressing Enable", 0x08, 9),
        Field::number("Programmed Calibration Cycle", 0x08, 10, 3),
        Field::number("Programmed Request Size", 0x08, 13, 3),
        Field::number("Programmed Request Queue Depth", 0x08, 24, 8),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn rates_are_four_times_as_high_in_the_mode_of_version_3() {
        let mut bytes = [
            0x02, 0x00, 0x35, 0x00, // id, end of list, version 3.5
            0x1b, 0x02, 0x00, 0x1f, // 4x and 8x, version 3 mode, fast writes, sideband, 32
            0x02, 0x01, 0x00, 0x00, // 8x, enabled
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Major Revision", "3"),
                ("Minor Revision", "5"),
                ("Data Rates", "4 x, 8 x"),
                ("AGP3 Mode", "+"),
                ("Sideband Addressing", "+"),
                ("Request Queue Depth Minus One", "31"),
                ("Data Rate", "8x"),
                ("AGP Enable", "+"),
            ],
        );
        bytes[4] = 0x07;
        bytes[8] = 0x04;
        shows(
            &STRUCTURE,
            &bytes,
            &[("Data Rates", "1 x, 2 x, 4 x"), ("Data Rate", "4x")],
        );
    }
}
