//! The address of the device is made up.

use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// That the capture says at which address the device is.
    ///
    /// ## Why it matters
    ///
    /// Console texts and some exports from Windows name devices in words or by location path,
    /// without bus numbers. The device is judged all the same, but nothing can be said about the
    /// path above it.
    ///
    /// ## How it is decided
    ///
    /// Such a device has an address in segment ffffffff, which no machine has.
    ///
    /// ## What to do
    ///
    /// Hyper-V: export the properties BusNumber, Address and LocationPaths too, or use the
    /// collector.
    ///
    /// VFIO: capture on Linux, or with all properties on Windows.
    CAP030 = {
        name: "address-made-up",
        summary: "The source does not say where the device is, so that its address is made up",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::WindowsDrivers.at("DEVPKEY_Device_BusNumber, DEVPKEY_Device_Address, DEVPKEY_Device_LocationInfo")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What is known of its place.
#[derive(Debug)]
struct MadeUp {
    path: bool,
}

impl fmt::Display for MadeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path {
            "the source gives a location path and no bus number; the address is made up"
        } else {
            "the source gives no place; the address is made up"
        })
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.at.segment != Segment::UNPLACED {
        return Outcome::Clean;
    }
    let path = function
        .windows_list(windows::LOCATION_PATHS)
        .next()
        .is_some();
    Outcome::Fired(Finding::new(
        &CAP030,
        Subject::Function(id),
        Confidence::High,
        MadeUp { path },
        Evidence::new(
            Locus::Reported(id, windows::BUS_NUMBER.key),
            windows::BUS_NUMBER.name,
            Value::Absent,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_device_without_a_place_fires() {
        let machine = Machine::new().with("ffffffff:01:00.0", Dev::endpoint().unread());
        assert_eq!(
            answer(&CAP030, &machine, "ffffffff:01:00.0"),
            fired("the source gives no place; the address is made up")
        );
        assert_eq!(answer_for(&CAP030, Dev::endpoint()), Answer::Clean);
    }
}
