//! The 32-bit BARs need more room than a guest has by default.

use std::fmt;

use crate::analysis::resources;
use crate::analysis::{Fact, Facts, Missing};
use crate::decode::config::bar::BarKind;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::bar::{Bytes, evidence, size_evidence};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The 32-bit memory BARs of the device fit into the default low MMIO gap of a Hyper-V
    /// guest.
    ///
    /// ## Why it matters
    ///
    /// The gap below 4 GiB has 128 MiB by default. A BAR that is 32 bits wide can go nowhere
    /// else; a device that does not fit fails to start.
    ///
    /// ## How it is decided
    ///
    /// By the sum of the 32-bit memory BARs. Sizes that are not in the capture are bounded by
    /// the alignment of the addresses; where the bounds leave the question open the answer is
    /// "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: with the guest off, `Set-VM -LowMemoryMappedIoSpace` to the sum plus 128 MiB, at
    /// most 3584 MiB. Generation 1 guests have little room there; use generation 2.
    ///
    /// VFIO: nothing on the host.
    BAR006 = {
        name: "low-gap-exceeded",
        summary: "The 32-bit BARs exceed the default low MMIO gap of a Hyper-V guest",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::Note),
        cites: [
            Document::DdaPlan.at("MMIO space"),
            Document::DdaBlog.at("part 3, GPUs"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The sum, at least.
#[derive(Debug)]
struct LowGapExceeded {
    total: u64,
}

impl fmt::Display for LowGapExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, gap) = (Bytes(self.total), Bytes(LOW_GAP));
        write!(
            f,
            "the 32-bit BARs have {total}; a guest has {gap} by default"
        )
    }
}

/// Default low MMIO gap of a Hyper-V guest (Microsoft, planning for DDA), in bytes.
const LOW_GAP: u64 = 128 << 20;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let missing = || Outcome::CannotTell(Missing::of(Fact::BarSizes, id));
    let Some(demand) = facts.profile(id).demand else {
        return missing();
    };
    match demand.memory32.exceeds(LOW_GAP) {
        Some(false) => return Outcome::Clean,
        None => return missing(),
        Some(true) => {}
    }
    let function = facts.host.function(id);
    let bars = resources::bars(function).unwrap_or_default();
    let narrow = bars
        .iter()
        .filter(|bar| matches!(bar.kind, BarKind::Memory32 { .. }));
    let Some(largest) = narrow.max_by_key(|bar| bar.size.least()) else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(
            &BAR006,
            Subject::Function(id),
            Confidence::Medium,
            LowGapExceeded {
                total: demand.memory32.least,
            },
            evidence(id, function, largest.index),
        )
        .with([size_evidence(id, largest)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(bars: &[(u8, u32, u64)]) -> Answer {
        let device = bars
            .iter()
            .fold(Dev::endpoint(), |device, &(index, address, mebibytes)| {
                device.bar(index, address).resource(
                    index,
                    address.into(),
                    mebibytes << 20,
                    0x4_0200,
                )
            });
        answer_for(&BAR006, device)
    }

    #[test]
    fn more_than_128_mib_fires() {
        assert_eq!(
            with(&[(2, 0xa000_0000, 256)]),
            fired("the 32-bit BARs have 256 MiB; a guest has 128 MiB by default")
        );
        assert_eq!(
            with(&[(2, 0xa000_0000, 128), (3, 0xb000_0000, 1)]),
            fired("the 32-bit BARs have 129 MiB; a guest has 128 MiB by default")
        );
    }

    #[test]
    fn exactly_128_mib_fits() {
        assert_eq!(with(&[(2, 0xa000_0000, 128)]), Answer::Clean);
    }

    #[test]
    fn an_unknown_size_leaves_it_open_where_the_address_allows_more() {
        let device = |address| answer_for(&BAR006, Dev::endpoint().bar(2, address));
        assert_eq!(device(0xa000_0000), Answer::CannotTell(Fact::BarSizes));
        assert_eq!(device(0xa800_0000), Answer::Clean);
    }
}
