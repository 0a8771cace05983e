//! A large BAR cannot lie above 4 GiB.

use std::fmt;

use crate::analysis::resources;
use crate::analysis::{Fact, Facts, Missing};
use crate::decode::config::bar::BarKind;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::bar::{Bytes, evidence, size_evidence};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Memory BARs of 64 MiB and more are 64-bit and prefetchable.
    ///
    /// ## Why it matters
    ///
    /// Bridges forward memory above 4 GiB through their prefetchable window alone. A large BAR of
    /// another kind must fit below 4 GiB, on the host and in the guest: there are 128 MiB in a
    /// guest of Hyper-V by default.
    ///
    /// ## How it is decided
    ///
    /// By type and size of each BAR of a device behind a port. Sizes that are not captured are
    /// bounded by the alignment of the address, and count only if they are certain.
    ///
    /// ## What to do
    ///
    /// Device: make large BARs 64-bit and prefetchable; read side effects belong into a small BAR
    /// of their own.
    ///
    /// Hyper-V: raise `-LowMemoryMappedIoSpace` (BAR006). VFIO: nothing.
    BAR011 = {
        name: "large-bar-below-4-gib",
        summary: "A BAR of 64 MiB or more is not both 64-bit and prefetchable",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.5.1.2.1 Base Address Registers"),
            Document::PciBridge12.at("3.2.5.9 Prefetchable Memory Base and Limit"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Which BAR, and its size at least.
#[derive(Debug)]
struct Large {
    bar: u8,
    kind: BarKind,
    size: u64,
}

impl fmt::Display for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BAR {} has {}: {}",
            self.bar,
            Bytes(self.size),
            self.kind
        )
    }
}

/// From this size on, in bytes: half of a Hyper-V guest's low gap.
const LARGE: u64 = 64 << 20;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.parent(id).is_none() {
        return Outcome::NotApplicable("not behind a port");
    }
    let function = facts.host.function(id);
    let Some(bars) = resources::bars(function) else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    let confined = |kind| {
        matches!(
            kind,
            BarKind::Memory32 { .. }
                | BarKind::Memory64 {
                    prefetchable: false
                }
        )
    };
    let mut open = false;
    for bar in bars.iter().filter(|bar| confined(bar.kind)) {
        let size = bar.size.least();
        if size >= LARGE {
            let large = Large {
                bar: bar.index,
                kind: bar.kind,
                size,
            };
            let subject = Subject::Function(id);
            let primary = evidence(id, function, bar.index);
            let finding = Finding::new(&BAR011, subject, Confidence::High, large, primary);
            return Outcome::Fired(finding.with([size_evidence(id, bar)]));
        }
        open |= bar.size.most().is_none_or(|most| most >= LARGE);
    }
    match open {
        true => Outcome::CannotTell(Missing::of(Fact::BarSizes, id)),
        false => Outcome::Clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for};
    use crate::testing::Dev;

    #[test]
    fn large_bars_must_be_able_to_lie_high() {
        let with = |flags, len| {
            answer_for(
                &BAR011,
                Dev::endpoint().resource(2, 0x8000_0000, len, flags),
            )
        };
        let (wide, narrow, side_effects) = (0x14_220c, 0x4_0200, 0x14_0204);
        assert_eq!(with(wide, 256 << 20), Answer::Clean);
        assert_eq!(with(narrow, 16 << 20), Answer::Clean);
        assert!(matches!(with(narrow, 64 << 20), Answer::Fired(text) if text.contains("64 MiB")));
        assert!(matches!(with(side_effects, 64 << 20), Answer::Fired(_)));
    }
}
