//! The 64-bit BARs need more room than a guest has by default.

use std::fmt;

use crate::analysis::resources::{self, Demand};
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
    /// The 64-bit memory BARs of the device fit into the default high MMIO gap of a Hyper-V
    /// guest.
    ///
    /// ## Why it matters
    ///
    /// The gap has 512 MiB by default, and the guest uses part of it for itself. A device that
    /// does not fit is there but fails to start (Code 12 in Windows).
    ///
    /// ## How it is decided
    ///
    /// One BAR above 256 MiB cannot be placed beside anything else in the gap, because BARs are
    /// aligned to their size; more than 512 MiB in all does not fit at any rate. Sizes that are
    /// not in the capture are bounded by the alignment of the addresses; where the bounds leave
    /// the question open the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: with the guest off, `Set-VM -HighMemoryMappedIoSpace` to 512 MiB plus the 64-bit
    /// BARs of all assigned devices, the sum of each device rounded up to a power of two; for
    /// graphics cards also `-GuestControlledCacheTypes $true`. The end of the gap must lie
    /// within the physical address width of the processor.
    ///
    /// VFIO: nothing on the host; guest firmware may need a larger 64-bit window.
    BAR005 = {
        name: "large-bar",
        summary: "The 64-bit BARs exceed the default high MMIO gap of a Hyper-V guest",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::Note),
        lint: Device,
        cites: [
            Document::DdaPlan.at("MMIO space"),
            Document::DdaBlog.at("part 3, GPUs"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Largest BAR and sum, both at least.
#[derive(Debug)]
struct LargeBar {
    bar: u8,
    size: u64,
    total: u64,
}

impl fmt::Display for LargeBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bar, size, total } = *self;
        write!(
            f,
            "BAR {bar} has {}, all 64-bit BARs {}; a guest has {} by default",
            Bytes(size),
            Bytes(total),
            Bytes(HIGH_GAP)
        )
    }
}

/// Default high MMIO gap of a Hyper-V guest (Microsoft, planning for DDA), in bytes.
const HIGH_GAP: u64 = 512 << 20;
/// The largest BAR that leaves room for anything else in it.
const LARGEST_BAR: u64 = 256 << 20;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(demand) = facts.profile(id).demand else {
        return Outcome::CannotTell(Missing::of(Fact::BarSizes, id));
    };
    let Demand {
        largest64,
        memory64,
        ..
    } = demand;
    match (largest64.exceeds(LARGEST_BAR), memory64.exceeds(HIGH_GAP)) {
        (Some(true), _) | (_, Some(true)) => {}
        (None, _) | (_, None) => return Outcome::CannotTell(Missing::of(Fact::BarSizes, id)),
        (Some(false), Some(false)) => return Outcome::Clean,
    }
    let function = facts.host.function(id);
    let bars = resources::bars(function).unwrap_or_default();
    let wide = bars
        .iter()
        .filter(|bar| matches!(bar.kind, BarKind::Memory64 { .. }));
    let Some(largest) = wide.max_by_key(|bar| bar.size.least()) else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(
            &BAR005,
            Subject::Function(id),
            Confidence::Medium,
            LargeBar {
                bar: largest.index,
                size: largest.size.least(),
                total: memory64.least,
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

    /// A 64-bit prefetchable BAR 2 of so many MiB beside the 16 KiB of BAR 0.
    fn with(mebibytes: u64) -> Dev {
        Dev::endpoint().bar(2, 0x0000_000c).bar(3, 0x40).resource(
            2,
            0x40_0000_0000,
            mebibytes << 20,
            0x14_220c,
        )
    }

    #[test]
    fn a_bar_above_256_mib_fires() {
        assert_eq!(
            answer_for(&BAR005, with(512)),
            fired("BAR 2 has 512 MiB, all 64-bit BARs 524304 KiB; a guest has 512 MiB by default")
        );
        assert_eq!(answer_for(&BAR005, with(256)), Answer::Clean);
    }

    #[test]
    fn many_small_bars_fire_by_their_sum() {
        let more = with(256).bar(4, 0xc).bar(5, 0x41);
        let third = |device: Dev| device.resource(4, 0x41_0000_0000, 256 << 20, 0x14_220c);
        assert_eq!(
            answer_for(&BAR005, third(more)),
            fired("BAR 4 has 256 MiB, all 64-bit BARs 524304 KiB; a guest has 512 MiB by default")
        );
    }

    #[test]
    fn large_32_bit_bars_are_another_rule() {
        let device =
            Dev::endpoint()
                .bar(2, 0xa000_0000)
                .resource(2, 0xa000_0000, 512 << 20, 0x4_0200);
        assert_eq!(answer_for(&BAR005, device), Answer::Clean);
    }

    #[test]
    fn an_unknown_size_is_bounded_by_the_alignment_of_the_address() {
        let small = Dev::endpoint().bar(2, 0xe000_000c).bar(3, 0x40);
        assert_eq!(
            answer_for(&BAR005, small),
            Answer::CannotTell(Fact::BarSizes)
        );
        let smaller = Dev::endpoint().bar(2, 0xf000_000c).bar(3, 0x40);
        assert_eq!(answer_for(&BAR005, smaller), Answer::Clean);
    }
}
