//! Memory that the firmware reserves for devices is not reserved in its memory map.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::range::AddrRange;
use crate::rules::memory_map::MemoryMap;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every RMRR and IVMD range lies in memory that the firmware's memory map keeps from the
    /// operating system.
    ///
    /// ## Why it matters
    ///
    /// The device writes there at any time. Where the map calls the memory usable, the system puts
    /// its own data into it, and the device destroys them.
    ///
    /// ## How it is decided
    ///
    /// By the `BIOS-e820` lines of a kernel log, or else by `/proc/iomem` as root reads it. A range
    /// that overlaps usable memory fires. By the log so does an RMRR range that reserved entries
    /// and those for ACPI NVS do not cover, which is what Linux checks (before 6.1 it took reserved
    /// entries alone); a log whose map does not begin in the first megabyte has lost entries and
    /// cannot show that. Without a memory map the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Firmware: report the range as reserved memory (type 2 of E820, EfiReservedMemoryType of
    /// UEFI), rounded outward to pages.
    ///
    /// Hyper-V and VFIO: a firmware update.
    RSV070 = {
        name: "reserved-range-not-in-memory-map",
        summary: "Memory reserved for devices is not reserved in the memory map",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::LinuxIommu.at("intel/iommu.c, rmrr_sanity_check"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What the map says instead.
#[derive(Debug)]
enum NotReserved {
    Usable(AddrRange),
    Nothing(AddrRange),
}

impl fmt::Display for NotReserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usable(range) => {
                write!(f, "{range} overlaps memory that the map calls usable")
            }
            Self::Nothing(range) => {
                write!(f, "no reserved entry of the memory map covers {range}")
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some(map) = MemoryMap::of(facts) else {
        return Outcome::NotApplicable("no memory map was captured");
    };
    let regions = ranges(facts);
    if regions.is_empty() {
        return Outcome::NotApplicable("no reserved memory was captured");
    }
    let places = regions.into_iter().filter_map(|(range, strict, place)| {
        let violation = if map.is_usable(range) {
            NotReserved::Usable(range)
        } else if strict && !map.covers(range) {
            NotReserved::Nothing(range)
        } else {
            return None;
        };
        let (locus, what) = place;
        Some((violation, Evidence::new(locus, what, Value::Range(range))))
    });
    several(&RSV070, Subject::Host, Confidence::High, places)
}

/// A range, whether it must be reserved in the map, and where it is written.
type Region = (AddrRange, bool, (Locus, &'static str));

/// By the tables; else what the kernel read in a table that was not captured.
fn ranges(facts: &Facts<'_, '_>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    if let Some(table) = facts.dmar() {
        regions.extend(table.reserved().filter_map(|(region, span)| {
            let range = AddrRange::new(region.base, region.limit)?;
            Some((range, true, (Locus::Table(TableKind::Dmar, span), "RMRR")))
        }));
    } else if let Some(log) = facts.host.log() {
        let said = log.remapping.reserved.iter();
        regions.extend(said.map(|said| (said.value, true, (Locus::Log(said.line), "RMRR"))));
    }
    if let Some(table) = facts.ivrs() {
        regions.extend(table.reserved().filter_map(|(memory, span)| {
            let range = AddrRange::with_len(memory.start, memory.length)?;
            Some((range, false, (Locus::Table(TableKind::Ivrs, span), "IVMD")))
        }));
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, rmrr};

    const MAP: &str = "\
        [    0.0] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n\
        [    0.0] BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n\
        [    0.0] BIOS-e820: [mem 0x0000000080000000-0x000000008000ffff] reserved\n\
        [    0.0] BIOS-e820: [mem 0x0000000080010000-0x000000008001ffff] reserved\n\
        [    0.0] BIOS-e820: [mem 0x0000000080020000-0x000000008002ffff] ACPI NVS\n";

    fn table(base: u64, limit: u64) -> Machine {
        Machine::with_port().with_table_bytes("DMAR", dmar(&[rmrr(base, limit, &[])]))
    }

    #[test]
    fn entries_that_touch_cover_a_range_together() {
        let machine = table(0x8000_8000, 0x8002_7fff).with_log(MAP);
        assert_eq!(answer(&RSV070, &machine, ""), Answer::Clean);
    }

    #[test]
    fn usable_memory_and_a_hole_fire() {
        let usable = table(0x7fff_f000, 0x8000_0fff).with_log(MAP);
        let message = "0x7ffff000-0x80000fff overlaps memory that the map calls usable";
        assert_eq!(answer(&RSV070, &usable, ""), fired(message));
        for (base, limit) in [
            (0x9000_0000_u64, 0x9000_ffff_u64),
            (0x8002_8000, 0x8003_7fff),
        ] {
            let machine = table(base, limit).with_log(MAP);
            let message =
                format!("no reserved entry of the memory map covers {base:#x}-{limit:#x}");
            assert_eq!(answer(&RSV070, &machine, ""), fired(&message));
        }
    }

    #[test]
    fn a_map_that_lost_its_beginning_shows_usable_memory_alone() {
        let (_, cut) = MAP.split_once('\n').unwrap();
        let hole = table(0x9000_0000, 0x9000_ffff).with_log(cut);
        assert_eq!(answer(&RSV070, &hole, ""), Answer::Clean);
        let usable = table(0x7000_0000, 0x7000_ffff).with_log(cut);
        let message = "0x70000000-0x7000ffff overlaps memory that the map calls usable";
        assert_eq!(answer(&RSV070, &usable, ""), fired(message));
    }

    #[test]
    fn without_the_table_the_logs_own_line_is_judged() {
        let line = "[    0.1] DMAR: RMRR base: 0x00000070000000 end: 0x0000007000ffff\n";
        let machine = Machine::with_port().with_log(&format!("{MAP}{line}"));
        let message = "0x70000000-0x7000ffff overlaps memory that the map calls usable";
        assert_eq!(answer(&RSV070, &machine, ""), fired(message));
    }

    #[test]
    fn proc_iomem_tells_usable_memory_alone() {
        let with = |base, limit, text: &str| {
            let mut machine = table(base, limit);
            let text = text.as_bytes().to_vec();
            machine.capture.host.insert("iomem".to_owned(), text);
            answer(&RSV070, &machine, "")
        };
        let iomem = "00000000-00000fff : Reserved\n00100000-7fffffff : System RAM\n";
        assert_eq!(with(0x9000_0000, 0x9000_ffff, iomem), Answer::Clean);
        assert_eq!(
            with(0x7000_0000, 0x7000_ffff, iomem),
            fired("0x70000000-0x7000ffff overlaps memory that the map calls usable")
        );
        let blind = "00000000-00000000 : System RAM\n";
        assert_eq!(with(0x7000_0000, 0x7000_ffff, blind), Answer::NotApplicable);
        let none = table(0x7000_0000, 0x7000_ffff);
        assert_eq!(answer(&RSV070, &none, ""), Answer::NotApplicable);
    }
}
