//! The maker's driver runs a display device on the host.

use std::fmt;

use crate::analysis::Facts;
use crate::host::{DeviceState, FunctionId};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// No driver of the graphics card's maker runs the card on the host.
    ///
    /// ## Why it matters
    ///
    /// The driver belongs into the guest. One that stays loaded on the host may keep the card
    /// from being disabled, and leaves it in a state that the guest's driver does not expect:
    /// users report error 43 and damaged driver state in the guest.
    ///
    /// ## How it is decided
    ///
    /// A display controller that the host has started is run by another service than those of
    /// Windows itself (BasicDisplay, BasicRender, vga).
    ///
    /// ## What to do
    ///
    /// Hyper-V: install the maker's mitigation package where there is one; else remove the
    /// graphics driver from the host, restart, disable the card and dismount it. Install the
    /// driver in the guest.
    ///
    /// VFIO: not concerned.
    DDA043 = {
        name: "host-driver-on-display",
        summary: "A driver of the maker runs the graphics card on the host",
        severity: Info,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [
            Document::DdaPlan.at("graphics devices, drivers of host and guest"),
            Document::WindowsDrivers.at("troubleshooting GPUs in Hyper-V"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The service.
#[derive(Debug)]
struct RunBy(String);

impl fmt::Display for RunBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host runs it by the driver {}", self.0)
    }
}

/// Services of Windows itself.
const OWN: [&str; 3] = ["BasicDisplay", "BasicRender", "vga"];

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let display = function.identity.class.map(|class| class.base()) == Some(0x03);
    match facts.host.device_state(id) {
        _ if !display => return Outcome::NotApplicable("no display controller"),
        None => return Outcome::NotApplicable("Windows reported no state"),
        Some(DeviceState::Started) => {}
        Some(_) => return Outcome::Clean,
    }
    let Some(service) = function.windows_text(windows::SERVICE) else {
        return Outcome::NotApplicable("its driver was not captured");
    };
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(service)) {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA043,
        Subject::Function(id),
        Confidence::Medium,
        RunBy(service.to_owned()),
        Evidence::new(
            Locus::Reported(id, windows::SERVICE.key),
            windows::SERVICE.name,
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(service: &str, problem: u32) -> Answer {
        let card = Dev::endpoint()
            .class(0x03_0000)
            .windows(windows::PROBLEM_CODE, problem)
            .windows(windows::SERVICE, service);
        answer_for(&DDA043, card)
    }

    #[test]
    fn a_driver_of_the_maker_fires() {
        assert_eq!(
            with("nvlddmkm", 0),
            fired("the host runs it by the driver nvlddmkm")
        );
    }

    #[test]
    fn drivers_of_windows_and_disabled_cards_are_clean() {
        assert_eq!(with("BasicDisplay", 0), Answer::Clean);
        assert_eq!(with("nvlddmkm", 22), Answer::Clean);
    }

    #[test]
    fn other_devices_and_other_systems_are_not_concerned() {
        let drive = Dev::endpoint()
            .windows(windows::PROBLEM_CODE, 0)
            .windows(windows::SERVICE, "stornvme");
        assert_eq!(answer_for(&DDA043, drive), Answer::NotApplicable);
        let card = Dev::endpoint().class(0x03_0000);
        assert_eq!(answer_for(&DDA043, card), Answer::NotApplicable);
    }
}
