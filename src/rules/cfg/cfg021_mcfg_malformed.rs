//! The MCFG table contradicts itself.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Fault;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The MCFG table has regions; none ends before it begins, overlaps another one of its
    /// segment, or lies above 4 GiB in a table of revision 0.
    ///
    /// ## Why it matters
    ///
    /// Linux gives up all memory mapped configuration space for some of these, and then no
    /// extended capability is seen.
    ///
    /// ## How it is decided
    ///
    /// By the length of the table, its checksum, and the bus ranges and addresses of its entries.
    ///
    /// ## What to do
    ///
    /// Firmware: correct the entries; state revision 1.
    ///
    /// Hyper-V and VFIO: a firmware update.
    CFG021 = {
        name: "mcfg-malformed",
        summary: "The MCFG table is empty, damaged or contradicts itself",
        severity: High,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("4.1.2 MCFG Table Description"),
            Document::LinuxPci.at("arch/x86/pci/mmconfig-shared.c, pci_parse_mcfg"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with the table.
#[derive(Debug)]
enum Malformed {
    Damaged(Fault),
    Empty,
    Reversed(u8, u8),
    Overlap(u8, u8),
    High(u64),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(fault) => fault.fmt(f),
            Self::Empty => f.write_str("the table has no region"),
            Self::Reversed(start, end) => {
                write!(f, "a region runs from bus {start:02x} to bus {end:02x}")
            }
            Self::Overlap(start, end) => {
                write!(
                    f,
                    "the region of buses {start:02x} to {end:02x} overlaps another one"
                )
            }
            Self::High(base) => {
                write!(
                    f,
                    "a table of revision 0 has a region at {base:#x}, above 4 GiB"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((table, mcfg)) = facts.host.acpi().mcfg().next() else {
        return Outcome::NotApplicable("no MCFG table was captured");
    };
    let mut places = Vec::new();
    let mut note = |fault, span, what, seen| {
        places.push((
            fault,
            Evidence::new(Locus::Table(TableKind::Mcfg, span), what, seen),
        ));
    };
    for &fault in &table.faults {
        note(
            Malformed::Damaged(fault),
            fault.span,
            fault.within,
            Value::Word("damaged"),
        );
    }
    if mcfg.allocations.is_empty() {
        let header = crate::bytes::Span { offset: 0, len: 44 };
        note(Malformed::Empty, header, "regions", Value::Number(0));
    }
    let mut sorted: Vec<_> = mcfg.allocations.iter().collect();
    sorted.sort_by_key(|region| (region.segment, region.start_bus, region.span.offset));
    let mut before: Option<(crate::addr::Segment, u8)> = None;
    for region in sorted {
        let (start, end) = (region.start_bus, region.end_bus);
        let buses = Value::word(u16::from_be_bytes([start, end]));
        if end < start {
            note(
                Malformed::Reversed(start, end),
                region.span,
                "start and end bus",
                buses,
            );
        }
        if before.is_some_and(|(segment, last)| segment == region.segment && last >= start) {
            note(
                Malformed::Overlap(start, end),
                region.span,
                "start and end bus",
                buses,
            );
        }
        let reached = before.filter(|(segment, _)| *segment == region.segment);
        before = Some((region.segment, end.max(reached.map_or(0, |(_, last)| last))));
        if region.base >> 32 != 0 && mcfg.header.revision == 0 {
            let base = Value::Register {
                value: region.base,
                bytes: 8,
            };
            note(
                Malformed::High(region.base),
                region.span,
                "base address",
                base,
            );
        }
    }
    several(&CFG021, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{mcfg, seal};

    fn with(revision: u8, entries: &[(u64, u16, u8, u8)]) -> Answer {
        let mut mcfg = mcfg(entries);
        mcfg[8] = revision;
        seal(&mut mcfg);
        answer(&CFG021, &Machine::new().with_table_bytes("MCFG", mcfg), "")
    }

    #[test]
    fn regions_are_compared_within_their_segment() {
        let base = 0xe000_0000;
        assert_eq!(
            with(1, &[(base, 0, 0, 0x7f), (base, 0, 0x80, 0xff)]),
            Answer::Clean
        );
        assert_eq!(
            with(1, &[(base, 0, 0, 0xff), (base, 1, 0, 0xff)]),
            Answer::Clean
        );
        assert_eq!(
            with(1, &[(base, 0, 0, 0x80), (base, 0, 0x80, 0xff)]),
            fired("the region of buses 80 to ff overlaps another one")
        );
        assert_eq!(
            with(1, &[(base, 0, 8, 0)]),
            fired("a region runs from bus 08 to bus 00")
        );
        assert_eq!(with(1, &[]), fired("the table has no region"));
    }

    #[test]
    fn a_high_region_needs_a_newer_table() {
        let high = &[(0x40_0000_0000, 0, 0, 0xff)];
        assert_eq!(with(1, high), Answer::Clean);
        let old = fired("a table of revision 0 has a region at 0x4000000000, above 4 GiB");
        assert_eq!(with(0, high), old);
    }
}
