//! Two decoded BARs claim the same addresses.

use std::fmt;

use super::{LAST_BAR, decodes_memory, place};
use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::policy::Effects;
use crate::range::AddrRange;
use crate::rules::{Check, Confidence, Outcome, Subject, rule, several};
use crate::sim::host_space::{HostSpace, Taken};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No two memory BARs that are decoded claim the same addresses.
    ///
    /// ## Why it matters
    ///
    /// Both devices answer to one access. What is read is neither's register, and what is written reaches
    /// both.
    ///
    /// ## How it is decided
    ///
    /// By the addresses and sizes of BARs of functions that decode memory and sit below the same bridge, or
    /// on root buses. BARs of unknown size are left out, and so are those of virtual functions.
    ///
    /// ## What to do
    ///
    /// Firmware: give each BAR addresses of its own.
    ///
    /// Hyper-V: a firmware update. VFIO: boot with `pci=realloc`.
    BAR013 = {
        name: "bars-overlap",
        summary: "Two decoded BARs claim the same addresses",
        severity: High,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::Pci30.at("6.2.5.1 Address Maps"),
            Document::PciFirmware33.at("3.5 Device State at Firmware/Operating System Handoff"),
            Document::LinuxPci.at("setup-res.c, pci_claim_resource"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The two BARs.
#[derive(Debug)]
struct Overlap {
    first: (Sbdf, u8),
    second: (Sbdf, u8),
    range: AddrRange,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            first,
            second,
            range,
        } = self;
        write!(
            f,
            "BAR {} of {} at {range} overlaps BAR {} of {}",
            second.1, second.0, first.1, first.0
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let space = HostSpace::of(facts.host, facts.topology);
    let judged = |taken: &Taken| taken.index <= LAST_BAR && decodes_memory(facts, taken.function);
    if !space.taken.iter().any(judged) {
        return Outcome::NotApplicable("no decoded BAR was captured with its size");
    }
    let both = space
        .overlaps
        .iter()
        .filter(|(first, second)| judged(first) && judged(second));
    let places = both.map(|(first, second)| {
        let named = |taken: &Taken| (facts.host.function(taken.function).at, taken.index);
        let overlap = Overlap {
            first: named(first),
            second: named(second),
            range: second.range,
        };
        (overlap, place(second))
    });
    several(&BAR013, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    fn with(address: u32, command: u8) -> Answer {
        let second = Dev::endpoint()
            .byte(0x04, command)
            .bar(0, address | 4)
            .resource(0, address.into(), 0x4000, 0x14_0204);
        let machine =
            Machine::with_device(Dev::endpoint().multi_function()).with("01:00.1", second);
        answer(&BAR013, &machine, "")
    }

    #[test]
    fn decoded_bars_may_not_share_addresses() {
        assert_eq!(with(0xfe00_4000, 6), Answer::Clean);
        assert_eq!(
            with(0xfe00_0000, 6),
            fired("BAR 0 of 0000:01:00.1 at 0xfe000000-0xfe003fff overlaps BAR 0 of 0000:01:00.0")
        );
        assert_eq!(with(0xfe00_0000, 0), Answer::Clean);
    }
}
