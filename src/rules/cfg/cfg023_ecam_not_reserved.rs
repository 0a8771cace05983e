//! Nothing reserves the memory of configuration space (ECAM).

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
    /// The regions of the MCFG table are kept from other uses: the memory map does not call them usable, and
    /// the ACPI namespace reserves them as a motherboard resource.
    ///
    /// ## Why it matters
    ///
    /// Linux drops all memory mapped configuration space where no source reserves it, and then no extended
    /// capability is seen: no ACS, no SR-IOV, and groups that hold everything. A system that puts a BAR or
    /// its data there loses both.
    ///
    /// ## How it is decided
    ///
    /// By the regions of the table against the memory map of a kernel log, or `/proc/iomem`: what overlaps
    /// usable memory fires. By the kernel's own words, if its log has them: a region that no motherboard
    /// resource reserves, and the last word on whether the regions are used. What a kernel says before it
    /// can ask the ACPI namespace is superseded by what it says later. A region that the memory map does
    /// not mention is no fault: the specification asks for the motherboard resource alone. Without a
    /// memory map and without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Firmware: reserve each region in the `_CRS` of a device PNP0C02 below `\_SB`.
    ///
    /// Hyper-V: a firmware update. VFIO: the same; look whether `lspci` shows extended capabilities.
    CFG023 = {
        name: "ecam-not-reserved",
        summary: "Nothing reserves the memory of configuration space (ECAM)",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("4.1.2 MCFG Table Description, reserving the resources"),
            Document::LinuxPci.at("arch/x86/pci/mmconfig-shared.c, pci_mmcfg_check_reserved"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What stands against a region.
#[derive(Debug)]
enum NotReserved {
    Usable(AddrRange),
    Said(String),
    NotUsed,
}

impl fmt::Display for NotReserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usable(range) => {
                write!(
                    f,
                    "the region {range} overlaps memory that the map calls usable"
                )
            }
            Self::Said(text) => write!(f, "the kernel says \"{text}\""),
            Self::NotUsed => f.write_str("the kernel does not use the regions"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let map = MemoryMap::of(facts);
    let log = facts.host.log();
    if map.is_none() && log.is_none() {
        return Outcome::NotApplicable("neither a memory map nor a kernel log was captured");
    }
    let mut places = Vec::new();
    let mut regions = 0;
    for (_, mcfg) in facts.host.acpi().mcfg() {
        for region in &mcfg.allocations {
            let Some(range) = region.range() else {
                continue;
            };
            regions += 1;
            if map.as_ref().is_some_and(|map| map.is_usable(range)) {
                let locus = Locus::Table(TableKind::Mcfg, region.span);
                let evidence = Evidence::new(locus, "region", Value::Range(range));
                places.push((NotReserved::Usable(range), evidence));
            }
        }
    }
    let said = log.map(|log| &log.ecam);
    let reported = |line| Evidence::new(Locus::Log(line), "kernel message", Value::AsReported);
    for text in said.iter().flat_map(|said| &said.not_reserved) {
        places.push((NotReserved::Said(text.value.clone()), reported(text.line)));
    }
    let used = said.and_then(|said| said.used);
    if let Some(used) = used.filter(|used| !used.value) {
        places.push((NotReserved::NotUsed, reported(used.line)));
    }
    let silent = used.is_none() && (map.is_none() || regions == 0);
    if places.is_empty() && silent {
        return Outcome::NotApplicable("neither table and memory map nor the log tell");
    }
    several(&CFG023, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::mcfg;

    const MAP: &str = "\
        [    0.0] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n\
        [    0.0] BIOS-e820: [mem 0x0000000000100000-0x00000000e0ffffff] usable\n";

    fn with(base: u64, log: &str) -> Answer {
        let table = mcfg(&[(base, 0, 0x10, 0x1f)]);
        let machine = Machine::with_port().with_table_bytes("MCFG", table);
        answer(&CFG023, &machine.with_log(log), "")
    }

    #[test]
    fn the_buses_of_a_region_decide_which_addresses_it_takes() {
        // Bus 10h lies 1000000h above the base.
        assert_eq!(with(0xe000_0000, MAP), Answer::Clean);
        assert_eq!(
            with(0xdf00_0000, MAP),
            fired("the region 0xe0000000-0xe0ffffff overlaps memory that the map calls usable")
        );
    }

    #[test]
    fn the_kernels_last_word_counts() {
        let early = "[    0.1] PCI: not using ECAM ([mem 0xe1000000-0xe1ffffff] not reserved)\n";
        let late = "[    0.2] PCI: ECAM [mem 0xe1000000-0xe1ffffff] reserved as ACPI motherboard resource\n";
        let both = format!("{early}{late}");
        assert_eq!(with(0xe000_0000, &both), Answer::Clean);
        assert_eq!(
            with(0xe000_0000, early),
            fired("the kernel does not use the regions")
        );
        let lacking = "[    0.2] PCI: [Firmware Info]: ECAM [mem 0xe1000000-0xe1ffffff] not reserved in ACPI motherboard resources\n";
        assert!(matches!(with(0xe000_0000, lacking), Answer::Fired(_)));
        assert_eq!(with(0xe000_0000, "[    0.1] x\n"), Answer::NotApplicable);
    }
}
