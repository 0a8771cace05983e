//! A memory BAR's size is not in the capture.

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
    /// The capture holds the size of every memory BAR.
    ///
    /// ## Why it matters
    ///
    /// The address space that a guest must reserve is the sum of these sizes. Without them only
    /// bounds can be given.
    ///
    /// ## How it is decided
    ///
    /// A register does not show its size. It comes from the operating system's resource list,
    /// from a tool that printed it, or from the Enhanced Allocation and Resizable BAR
    /// capabilities. Where the BARs themselves were not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: export the resources with the collector, or
    /// `Get-CimInstance Win32_PnPAllocatedResource`.
    ///
    /// VFIO: capture with `lspci -vvv`, which prints `[size=…]`, or with the collector.
    BAR004 = {
        name: "bar-size-unknown",
        summary: "The size of a memory BAR is not in the capture",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::Pci30.at("6.2.5.1 Address Maps, implementation note on sizing")],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The BARs concerned.
#[derive(Debug)]
struct SizeUnknown(BarSet);

impl fmt::Display for SizeUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the size of {} is not in the capture", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(demand) = facts.profile(id).demand else {
        return Outcome::CannotTell(Missing::of(Fact::BarSizes, id));
    };
    let Some(first) = demand.unsized_bars.iter().next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &BAR004,
        Subject::Function(id),
        Confidence::High,
        SizeUnknown(demand.unsized_bars),
        evidence(id, facts.host.function(id), first),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_register_alone_does_not_show_a_size() {
        let device = Dev::endpoint().report(|p| p.resources.clear());
        assert_eq!(
            answer_for(&BAR004, device),
            fired("the size of BAR 0 is not in the capture")
        );
    }

    #[test]
    fn ports_need_no_size() {
        let device = Dev::endpoint().bar(0, 0).bar(2, 0xe001);
        assert_eq!(answer_for(&BAR004, device), Answer::Clean);
    }

    #[test]
    fn a_reported_size_is_clean() {
        assert_eq!(answer_for(&BAR004, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn without_the_bars_nothing_can_be_said() {
        assert_eq!(
            answer_for(&BAR004, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::BarSizes)
        );
    }
}
