//! A BAR has no address.

use std::fmt;

use crate::analysis::resources::BarSet;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::bar::evidence;
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every BAR of the device has an address on the host.
    ///
    /// ## Why it matters
    ///
    /// A BAR without an address was too large for what the firmware left, or collided with
    /// something. Neither the host nor a guest can use it; drivers usually refuse the device.
    ///
    /// ## How it is decided
    ///
    /// The operating system reported a size without an address, or the register holds the kind
    /// of the BAR but no address while the device decodes that space. A register that reads
    /// zero in all bits does not show a BAR. Without either source the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: switch "above 4G decoding" on in the firmware setup, remove other
    /// cards, or reduce the size of a resizable BAR. On Linux `pci=realloc` may find room.
    BAR003 = {
        name: "bar-without-address",
        summary: "A BAR of the device has no address",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("3.5 Device State at Firmware/Operating System Handoff"),
            Document::LinuxPci.at("setup-res.c, pci_assign_resource"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The BARs concerned.
#[derive(Debug)]
struct WithoutAddress(BarSet);

impl fmt::Display for WithoutAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} without an address", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(demand) = facts.profile(id).demand else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    let Some(first) = demand.unplaced_bars.iter().next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &BAR003,
        Subject::Function(id),
        Confidence::High,
        WithoutAddress(demand.unplaced_bars),
        evidence(id, facts.host.function(id), first),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Resource;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    #[test]
    fn a_reported_size_without_an_address_fires() {
        let device = Dev::endpoint().bar(2, 0x0000_000c).report(|p| {
            p.resources.push(reported(Resource {
                index: 2,
                start: 0,
                len: Some(1 << 35),
                flags: Some(0x2014_220c),
                unassigned: true,
            }));
        });
        assert_eq!(
            answer_for(&BAR003, device),
            fired("BAR 2 without an address")
        );
    }

    #[test]
    fn a_kind_without_an_address_fires_while_memory_is_decoded() {
        let device = || Dev::endpoint().bar(0, 0x0000_0004);
        assert_eq!(
            answer_for(&BAR003, device()),
            fired("BAR 0 without an address")
        );
        assert_eq!(answer_for(&BAR003, device().byte(4, 0)), Answer::Clean);
    }

    #[test]
    fn bars_with_addresses_are_clean() {
        assert_eq!(answer_for(&BAR003, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn without_registers_and_reports_nothing_can_be_said() {
        assert_eq!(
            answer_for(&BAR003, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
