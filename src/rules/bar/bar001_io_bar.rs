//! The device has I/O ports.

use std::fmt;

use crate::analysis::resources::BarSet;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::bar::evidence;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// The device has no BAR in I/O space.
    ///
    /// ## Why it matters
    ///
    /// I/O ports cannot be given to a guest of Hyper-V. Most devices have them for old firmware
    /// alone and work without; one whose driver needs them does not.
    ///
    /// ## How it is decided
    ///
    /// By bit 0 of the BAR registers, or by what the operating system reported: its resource
    /// list, or Windows' property BarTypes. Without any of these the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: test the device in a guest; a Linux guest logs an error and goes on without the
    /// ports.
    ///
    /// VFIO: nothing; ports are passed on one access at a time.
    BAR001 = {
        name: "io-bar",
        summary: "The device has I/O ports, which a guest of Hyper-V does not get",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::Note),
        lint: Device,
        cites: [
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::OpenVmm.at("vpci: BAR requirements"),
            Document::Pci30.at("6.2.5.1 Address Maps"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Which BARs, or how many where Windows only counts them.
#[derive(Debug)]
enum IoBars {
    Known(BarSet),
    Counted(u32),
}

impl fmt::Display for IoBars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(bars) => write!(f, "{bars} in I/O space"),
            Self::Counted(1) => f.write_str("Windows counts 1 BAR in I/O space"),
            Self::Counted(count) => write!(f, "Windows counts {count} BARs in I/O space"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let (bars, evidence) = match (facts.profile(id).demand, function.windows.bar_types) {
        (Some(demand), _) => {
            let Some(first) = demand.io_bars.iter().next() else {
                return Outcome::Clean;
            };
            (IoBars::Known(demand.io_bars), evidence(id, function, first))
        }
        (None, Some(types)) => {
            let count = types & 0xff;
            if count == 0 {
                return Outcome::Clean;
            }
            let property = windows::BAR_TYPES;
            let locus = Locus::Reported(id, property.key);
            let evidence = Evidence::new(locus, property.name, Value::dword(types));
            (IoBars::Counted(count), evidence)
        }
        (None, None) => return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
    };
    Outcome::Fired(Finding::new(
        &BAR001,
        Subject::Function(id),
        Confidence::Medium,
        bars,
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn io_bars_fire_with_their_numbers() {
        let device = Dev::endpoint().bar(2, 0xe001).bar(4, 0xd001);
        assert_eq!(
            answer_for(&BAR001, device),
            fired("BARs 2 and 4 in I/O space")
        );
    }

    #[test]
    fn a_reported_range_of_ports_fires_without_registers() {
        let device = Dev::endpoint().unread().resource(1, 0xe000, 0x20, 0x4_0101);
        assert_eq!(answer_for(&BAR001, device), fired("BAR 1 in I/O space"));
    }

    #[test]
    fn memory_alone_is_clean() {
        assert_eq!(answer_for(&BAR001, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn windows_counts_them_where_nothing_else_was_captured() {
        let with = |types: u32| {
            let device = Dev::endpoint().unread();
            answer_for(&BAR001, device.windows(windows::BAR_TYPES, types))
        };
        assert_eq!(
            with(0x0100_0002),
            fired("Windows counts 2 BARs in I/O space")
        );
        assert_eq!(with(0x0100_0100), Answer::Clean);
    }

    #[test]
    fn without_any_source_nothing_can_be_said() {
        assert_eq!(
            answer_for(&BAR001, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
