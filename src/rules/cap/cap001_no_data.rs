//! A function shows no configuration space.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::config::Response;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The capture holds configuration space of the function, and not only ones or zeros.
    ///
    /// ## Why it matters
    ///
    /// A function that is powered off, cut off or hidden reads as ones. Nothing can be said
    /// about it: every other rule that needs its registers answers "cannot tell".
    ///
    /// ## How it is decided
    ///
    /// By the vendor id, class and header type: all ones and all zeros are no answer of a
    /// device. Virtual functions read their ids as ones and everything else as data, so they
    /// count as data. A function that is only known from what an operating system reported
    /// has no configuration space in the capture.
    ///
    /// ## What to do
    ///
    /// Hyper-V: Windows gives configuration space to kernel drivers alone; its device
    /// properties replace most of it. A capture from a live Linux medium on the same machine
    /// holds the rest.
    ///
    /// VFIO: wake the device (`echo on > /sys/bus/pci/devices/DEVICE/power/control`), load its
    /// driver or reseat it, and capture again as root.
    CAP001 = {
        name: "no-data",
        summary: "The capture holds no configuration space of the function",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pcie60.at("2.3.2 Completion Handling Rules"),
            Document::Pci30.at("6.1 Configuration Space Organization"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What stands where configuration space should be.
#[derive(Debug)]
struct NoData {
    response: Response,
    power: Option<String>,
}

impl fmt::Display for NoData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.response {
            Response::AllOnes => "configuration space reads as ones",
            Response::AllZeros => "configuration space reads as zeros",
            Response::Nothing | Response::Data => "configuration space was not captured",
        })?;
        match &self.power {
            Some(state) => write!(f, "; its power state was {state}"),
            None => Ok(()),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let response = function.space.header.response;
    if response == Response::Data {
        return Outcome::Clean;
    }
    let seen = function.config.u32(0).map_or(Value::Absent, Value::dword);
    let power = &function.reported.power_state;
    Outcome::Fired(Finding::new(
        &CAP001,
        Subject::Function(id),
        Confidence::High,
        NoData {
            response,
            power: power.as_ref().map(|state| state.value.clone()),
        },
        Evidence::new(
            Locus::Config(id, Span::new(0, 4)),
            "Vendor ID and Device ID",
            seen,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    #[test]
    fn ones_are_no_data_and_the_power_state_is_told() {
        let off = Dev::endpoint()
            .poke(0, &[0xff; 0x1000])
            .report(|p| p.power_state = Some(reported("D3cold".to_owned())));
        assert_eq!(
            answer_for(&CAP001, off),
            fired("configuration space reads as ones; its power state was D3cold")
        );
    }

    #[test]
    fn a_space_that_was_not_captured_is_no_data() {
        assert_eq!(
            answer_for(&CAP001, Dev::endpoint().unread()),
            fired("configuration space was not captured")
        );
    }

    #[test]
    fn a_virtual_function_with_blank_ids_is_data() {
        assert_eq!(answer_for(&CAP001, Dev::virtual_function()), Answer::Clean);
    }
}
