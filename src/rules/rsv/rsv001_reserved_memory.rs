//! The firmware keeps the device tied to memory that it owns.

use std::fmt;

use crate::analysis::reserved::reserved_regions;
use crate::analysis::{Fact, Facts, Missing};
use crate::capture::ScriptSentence;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::range::AddrRange;
use crate::rules::rsv::table_evidence;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// The firmware reserves no memory for the device (Intel RMRR, AMD IVMD).
    ///
    /// ## Why it matters
    ///
    /// A device with reserved memory may go on writing there while a guest owns it: baseboard
    /// management, RAID controllers and some network and graphics devices do. Mapping that
    /// memory would break the guest's isolation; not mapping it would break the device.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property RequiresReservedMemoryRegion; else by what Microsoft's survey script
    /// printed, with lower confidence, because it says the same of a device without the
    /// property; else by the `reserved_regions` of
    /// the device's IOMMU group on Linux, where the types `direct` and `direct-relaxable`
    /// stand for such memory. Another member of the group may own the region, hence the lower
    /// confidence there. Without either the captured DMAR or IVRS table decides: a structure
    /// that names the device, or a bridge above it. Without a table the answer is "cannot
    /// tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: there is no override. Look for a firmware option that releases the device
    /// ("shared memory", "RMRR", legacy USB support), or use another device.
    ///
    /// VFIO: a region of type `direct` is refused as well (RSV002); a relaxable one is not.
    RSV001 = {
        name: "reserved-memory",
        summary: "The firmware reserves memory for the device",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::AmdIommu.at("5.2.2.5 I/O Virtualization Memory Definition"),
            Document::PciProp.at("DEVPKEY_PciDevice_RequiresReservedMemoryRegion"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Who reported the reserved memory.
#[derive(Debug)]
enum ReservedMemory {
    Windows,
    Script,
    Linux { region: String },
    Firmware { range: AddrRange },
}

impl fmt::Display for ReservedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Windows => {
                f.write_str("Windows reports that it requires a reserved memory region")
            }
            Self::Script => f.write_str(
                "Microsoft's survey script printed that it remains attached to firmware memory",
            ),
            Self::Linux { region } => write!(f, "the kernel reports the reserved region {region}"),
            Self::Firmware { range } => {
                write!(f, "the firmware's table reserves {range} for it")
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let fired = |violation: ReservedMemory, confidence, member, what| {
        let evidence = Evidence::new(Locus::Reported(id, member), what, Value::AsReported);
        let subject = Subject::Function(id);
        Outcome::Fired(Finding::new(
            &RSV001, subject, confidence, violation, evidence,
        ))
    };
    match function.windows.reserved_memory {
        Some(true) => {
            let property = windows::RESERVED_MEMORY;
            return fired(
                ReservedMemory::Windows,
                Confidence::High,
                property.key,
                property.name,
            );
        }
        Some(false) => return Outcome::Clean,
        None => {}
    }
    let node = facts.host.nodes().of_function(function);
    let printed = node.and_then(|node| node.survey.as_ref());
    if printed.is_some_and(|printed| printed.value.says.contains(&ScriptSentence::ReservedMemory)) {
        return fired(
            ReservedMemory::Script,
            Confidence::Medium,
            windows::RESERVED_MEMORY.key,
            "SurveyDDA.ps1",
        );
    }
    let Some(mut regions) = reserved_regions(function) else {
        return by_table(facts, id);
    };
    match regions.next() {
        None => Outcome::Clean,
        Some(region) => fired(
            ReservedMemory::Linux {
                region: region.text.to_owned(),
            },
            Confidence::Medium,
            "reserved_regions",
            "reserved memory",
        ),
    }
}

fn by_table(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.iommu.tables().is_empty() {
        return Outcome::CannotTell(Missing::of(Fact::ReservedMemory, id));
    }
    let mut regions = facts.iommu.reserved(facts.host, facts.topology, id);
    let Some(region) = regions.next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(
            &RSV001,
            Subject::Function(id),
            Confidence::High,
            ReservedMemory::Firmware {
                range: region.range,
            },
            table_evidence(region),
        )
        .with(regions.map(table_evidence)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, dmar, reported};

    fn with_regions(regions: &[&str]) -> Dev {
        let regions = regions.iter().map(|&region| region.to_owned()).collect();
        Dev::endpoint().report(|p| p.reserved_regions = Some(reported(regions)))
    }

    #[test]
    fn what_windows_reports_decides() {
        let with = |value: bool| Dev::endpoint().windows(windows::RESERVED_MEMORY, value);
        assert_eq!(
            answer_for(&RSV001, with(true)),
            fired("Windows reports that it requires a reserved memory region")
        );
        assert_eq!(answer_for(&RSV001, with(false)), Answer::Clean);
    }

    #[test]
    fn a_direct_region_of_either_type_fires() {
        for region in ["0x10000 0x1ffff direct", "0x10000 0x1ffff direct-relaxable"] {
            assert_eq!(
                answer_for(&RSV001, with_regions(&[region])),
                fired(&format!("the kernel reports the reserved region {region}"))
            );
        }
    }

    #[test]
    fn the_interrupt_window_is_no_reserved_memory() {
        let msi = "0xfee00000 0xfeefffff msi";
        assert_eq!(answer_for(&RSV001, with_regions(&[msi])), Answer::Clean);
        assert_eq!(answer_for(&RSV001, with_regions(&[])), Answer::Clean);
    }

    #[test]
    fn without_a_report_the_firmwares_table_decides() {
        // RMRR 80000000h-8000ffffh of 00:01.0 > 00.0, which is the device.
        let rmrr = [
            1, 0, 34, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0, 0x80, 0, 0, 0,
            0, //
            1, 10, 0, 0, 0, 0, 1, 0, 0, 0,
        ];
        let with = |structures: &[u8]| {
            let machine = Machine::with_device(Dev::endpoint());
            answer(
                &RSV001,
                &machine.with_table_bytes("DMAR", dmar(1, structures)),
                "01:00.0",
            )
        };
        assert_eq!(
            with(&rmrr),
            fired("the firmware's table reserves 0x80000000-0x8000ffff for it")
        );
        assert_eq!(with(&[]), Answer::Clean);
    }

    #[test]
    fn without_a_report_nothing_can_be_said() {
        assert_eq!(
            answer_for(&RSV001, Dev::endpoint().group(3)),
            Answer::CannotTell(Fact::ReservedMemory)
        );
    }
}
