//! The serial number of a device cannot be one.

use std::fmt;

use crate::addr::{Bdf, Sbdf};
use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::decode::config::ext::serial::SerialNumber;
use crate::host::Function;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;

rule! {
    /// ## What it checks
    ///
    /// A Device Serial Number is neither all zeros nor all ones, and is the same in every
    /// function of the device that has one.
    ///
    /// ## Why it matters
    ///
    /// Systems tell devices apart by it: Windows uses it in instance ids. With a placeholder two
    /// cards of one kind get confused.
    ///
    /// ## How it is decided
    ///
    /// By the extended capability of each function, compared with that of function 0 of the same
    /// device.
    ///
    /// ## What to do
    ///
    /// Device: program the number when the device is made.
    ///
    /// Hyper-V and VFIO: nothing; name the device by its location path.
    CFG033 = {
        name: "serial-number-implausible",
        summary: "The Device Serial Number is blank, or differs between functions of the device",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.9.3 Device Serial Number Extended Capability"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What is wrong with the number.
#[derive(Debug)]
enum Implausible {
    Blank(u64),
    Differs(u64, u64),
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank(number) => write!(f, "the serial number is {number:#018x}"),
            Self::Differs(own, first) => {
                write!(
                    f,
                    "the serial number is {own:#018x}, that of function 0 {first:#018x}"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let window = match function
        .space
        .extended(function.config, ExtCapId::SERIAL_NUMBER)
    {
        Observed::Present(window) => window,
        Observed::Absent => return Outcome::NotApplicable("no serial number"),
        _ => return Outcome::CannotTell(Missing::extended(id, function)),
    };
    let Some(own) = SerialNumber::new(window).number() else {
        return Outcome::CannotTell(Missing::extended(id, function));
    };
    let fault = if own == 0 || own == u64::MAX {
        Implausible::Blank(own)
    } else {
        match first_number(facts, function).filter(|&first| first != own) {
            Some(first) => Implausible::Differs(own, first),
            None => return Outcome::Clean,
        }
    };
    Outcome::Fired(Finding::new(
        &CFG033,
        Subject::Function(id),
        Confidence::High,
        fault,
        Evidence::new(
            Locus::Config(id, window.span(4, 8)),
            "Serial Number Register",
            Value::Register {
                value: own,
                bytes: 8,
            },
        ),
    ))
}

/// The number of function 0 of the same device. Devices with ARI number their functions
/// otherwise, and virtual functions belong to their physical one: neither is compared.
fn first_number(facts: &Facts<'_, '_>, function: &Function<'_>) -> Option<u64> {
    let (at, bdf) = (function.at, function.at.bdf);
    if function.is_virtual() || bdf.devfn() & 7 == 0 {
        return None;
    }
    let first = Sbdf::new(at.segment, Bdf::new(at.bus(), bdf.devfn() >> 3, 0)?);
    let first = facts.host.function(facts.host.find(first)?);
    let window = first
        .space
        .extended(first.config, ExtCapId::SERIAL_NUMBER)
        .present()?;
    SerialNumber::new(window).number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn functions_of_a_device_share_one_number() {
        let numbered = |number: u64| {
            Dev::endpoint()
                .multi_function()
                .extended(3, &number.to_le_bytes())
        };
        let with = |number| {
            let machine =
                Machine::with_device(numbered(0x1122_3344)).with("01:00.1", numbered(number));
            answer(&CFG033, &machine, "01:00.1")
        };
        assert_eq!(with(0x1122_3344), Answer::Clean);
        assert_eq!(
            with(u64::MAX),
            fired("the serial number is 0xffffffffffffffff")
        );
        assert_eq!(with(0), fired("the serial number is 0x0000000000000000"));
        assert_eq!(
            with(0x1122_3345),
            fired("the serial number is 0x0000000011223345, that of function 0 0x0000000011223344")
        );
    }
}
