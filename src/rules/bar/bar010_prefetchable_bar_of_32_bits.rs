//! A prefetchable BAR of an Express endpoint cannot lie above 4 GiB.

use std::fmt;

use crate::analysis::resources::{self, BarSet};
use crate::analysis::{Fact, Facts, Missing};
use crate::decode::config::bar::BarKind;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::bar::evidence;
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// Every prefetchable BAR of a PCI Express endpoint is a 64-bit one.
    ///
    /// ## Why it matters
    ///
    /// The specification demands it. Space below 4 GiB is short: a guest of Hyper-V has 128 MiB
    /// of it by default.
    ///
    /// ## How it is decided
    ///
    /// By the type bits of the BARs of functions with the port type of an endpoint.
    ///
    /// ## What to do
    ///
    /// Device: make the BAR 64-bit, or not prefetchable if it is small.
    ///
    /// Hyper-V: raise `-LowMemoryMappedIoSpace` where the guest runs short (BAR006). VFIO:
    /// nothing.
    BAR010 = {
        name: "prefetchable-bar-of-32-bits",
        summary: "A prefetchable BAR of an Express endpoint is not a 64-bit one",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("1.3.2.2 PCI Express Endpoint Rules"),
            Document::Pcie60.at("7.5.1.2.1 Base Address Registers"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Which BARs.
#[derive(Debug)]
struct Narrow(BarSet);

impl fmt::Display for Narrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: prefetchable, but 32-bit", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.kind(id) != FunctionKind::Endpoint {
        return Outcome::NotApplicable("no PCI Express endpoint");
    }
    let function = facts.host.function(id);
    let Some(bars) = resources::bars(function) else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    let mut narrow = BarSet::default();
    for bar in bars.iter() {
        if bar.kind == (BarKind::Memory32 { prefetchable: true }) {
            narrow.insert(bar.index);
        }
    }
    let Some(first) = narrow.iter().next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &BAR010,
        Subject::Function(id),
        Confidence::High,
        Narrow(narrow),
        evidence(id, function, first),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn the_type_bits_decide() {
        let with = |register| answer_for(&BAR010, Dev::endpoint().bar(2, register));
        assert_eq!(with(0xe000_0008), fired("BAR 2: prefetchable, but 32-bit"));
        assert_eq!(with(0xe000_0000), Answer::Clean);
        assert_eq!(with(0xe000_000c), Answer::Clean);
    }
}
