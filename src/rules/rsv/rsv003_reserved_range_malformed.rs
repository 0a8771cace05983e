//! A reserved memory range is empty or not aligned.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::ivrs::IvmdDevices;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every RMRR and IVMD range begins and ends at a page and is not empty; an IVMD block for a
    /// range of devices does not run backwards.
    ///
    /// ## Why it matters
    ///
    /// The system maps whole pages. A range that ends before it begins reserves nothing, and the
    /// device faults at its first access.
    ///
    /// ## How it is decided
    ///
    /// RMRR: base aligned to 4 KiB, limit at the end of a page and above the base. IVMD: start
    /// and length multiples of 4 KiB, length not zero.
    ///
    /// ## What to do
    ///
    /// Firmware: round the range outward to pages.
    ///
    /// Hyper-V and VFIO: a firmware update, where the device misbehaves.
    RSV003 = {
        name: "reserved-range-malformed",
        summary: "A reserved memory range is empty or not aligned to pages",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::AmdIommu.at("5.2.2.5 I/O Virtualization Memory Definition"),
            Document::LinuxIommu.at("intel/iommu.c, rmrr_sanity_check"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with a range.
#[derive(Debug)]
enum Malformed {
    Empty(u64, u64),
    Unaligned(u64, u64),
    Devices(u16, u16),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(start, end) => write!(f, "the range {start:#x}-{end:#x} is empty"),
            Self::Unaligned(start, end) => {
                write!(
                    f,
                    "the range {start:#x}-{end:#x} does not consist of whole pages"
                )
            }
            Self::Devices(first, last) => {
                write!(
                    f,
                    "the range of devices {first:#06x} to {last:#06x} runs backwards"
                )
            }
        }
    }
}

const PAGE: u64 = 0x1000;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut any = false;
    let mut places = Vec::new();
    for (region, span) in facts.dmar().iter().flat_map(|table| table.reserved()) {
        any = true;
        let (base, limit) = (region.base, region.limit);
        let fault = if limit <= base {
            Malformed::Empty(base, limit)
        } else if !base.is_multiple_of(PAGE) || !limit.wrapping_add(1).is_multiple_of(PAGE) {
            Malformed::Unaligned(base, limit)
        } else {
            continue;
        };
        places.push((fault, seen(TableKind::Dmar, span, "RMRR base", base)));
    }
    for (memory, span) in facts.ivrs().iter().flat_map(|table| table.reserved()) {
        any = true;
        let (start, length) = (memory.start, memory.length);
        let end = start.saturating_add(length.saturating_sub(1));
        let fault = match memory.devices {
            IvmdDevices::Range(first, last) if last < first => Malformed::Devices(first.0, last.0),
            _ if length == 0 => Malformed::Empty(start, end),
            _ if !start.is_multiple_of(PAGE) || !length.is_multiple_of(PAGE) => {
                Malformed::Unaligned(start, end)
            }
            _ => continue,
        };
        places.push((fault, seen(TableKind::Ivrs, span, "IVMD start", start)));
    }
    if !any {
        return Outcome::NotApplicable("no reserved memory was captured");
    }
    several(&RSV003, Subject::Host, Confidence::High, places)
}

const fn seen(
    table: TableKind,
    span: crate::bytes::Span,
    what: &'static str,
    value: u64,
) -> Evidence {
    let value = Value::Register { value, bytes: 8 };
    Evidence::new(Locus::Table(table, span), what, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, rmrr};

    fn with(base: u64, limit: u64) -> Answer {
        let machine =
            Machine::with_port().with_table_bytes("DMAR", dmar(&[rmrr(base, limit, &[])]));
        answer(&RSV003, &machine, "")
    }

    #[test]
    fn whole_pages_are_wanted() {
        assert_eq!(with(0x1000, 0x1fff), Answer::Clean);
        assert_eq!(
            with(0x2000, 0x1fff),
            fired("the range 0x2000-0x1fff is empty")
        );
        let unaligned = fired("the range 0x1000-0x2000 does not consist of whole pages");
        assert_eq!(with(0x1000, 0x2000), unaligned);
    }

    #[test]
    fn amds_blocks_are_held_to_the_same() {
        use crate::testing::tables::{ivmd, ivrs};
        let with = |devices, memory| {
            let table = ivrs(&[ivmd(0x22, 1, devices, memory)]);
            answer(&RSV003, &Machine::new().with_table_bytes("IVRS", table), "")
        };
        assert_eq!(with((8, 15), (0x1000, 0x2000)), Answer::Clean);
        assert_eq!(
            with((8, 15), (0x1000, 0)),
            fired("the range 0x1000-0x1000 is empty")
        );
        let backwards = fired("the range of devices 0x000f to 0x0008 runs backwards");
        assert_eq!(with((15, 8), (0x1000, 0x1000)), backwards);
    }
}
