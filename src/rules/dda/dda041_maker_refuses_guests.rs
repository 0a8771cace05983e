//! The maker's driver is reported to refuse virtual machines.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Whether the device is one of those whose driver or firmware is reported to refuse to work in
    /// a virtual machine.
    ///
    /// ## Why it matters
    ///
    /// The assignment works, and the guest reports code 43 for the device.
    ///
    /// ## How it is decided
    ///
    /// By vendor and device id, for graphics cards of which users reported it: AMD Radeon RX 580
    /// and RX 5500 XT, Intel Arc A310 and A380. Other cards may refuse too.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: ask the maker for a driver that supports virtual machines; use a card that
    /// is sold for them.
    DDA041 = {
        name: "maker-refuses-guests",
        summary: "The device's driver or firmware is reported to refuse virtual machines",
        severity: Low,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::DdaPlan.at("ask the maker of the device")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Its name.
#[derive(Debug)]
struct Refuses(&'static str);

impl fmt::Display for Refuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "users report code 43 in guests for the {}", self.0)
    }
}

/// Cards by vendor and device id.
const CARDS: &[(u16, u16, &str)] = &[
    (0x1002, 0x67df, "AMD Radeon RX 580 family"),
    (0x1002, 0x7340, "AMD Radeon RX 5500 XT"),
    (0x8086, 0x56a5, "Intel Arc A380"),
    (0x8086, 0x56a6, "Intel Arc A310"),
];

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let identity = facts.host.function(id).identity;
    let (Some(vendor), Some(device)) = (identity.vendor, identity.device) else {
        return Outcome::NotApplicable("its ids are not captured");
    };
    if identity.class.is_some_and(|class| class.base() != 0x03) {
        return Outcome::NotApplicable("no display controller");
    }
    let card = CARDS
        .iter()
        .find(|card| (card.0, card.1) == (vendor, device));
    let Some((.., name)) = card else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &DDA041,
        Subject::Function(id),
        Confidence::Low,
        Refuses(name),
        Evidence::new(
            Locus::Reported(id, "device"),
            "Device ID",
            Value::word(device),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_card_of_the_list_fires_and_others_do_not() {
        let with = |device: u16, class: u32| {
            answer_for(&DDA041, Dev::endpoint().ids(0x1002, device).class(class))
        };
        assert_eq!(
            with(0x7340, 0x03_00_00),
            fired("users report code 43 in guests for the AMD Radeon RX 5500 XT")
        );
        assert_eq!(with(0x73bf, 0x03_00_00), Answer::Clean);
        assert_eq!(with(0x7340, 0x04_03_00), Answer::NotApplicable);
        assert_eq!(
            answer(&DDA041, &Machine::with_port(), "00:01.0"),
            Answer::NotApplicable
        );
    }
}
