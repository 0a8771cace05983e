//! Linux insists on the memory that the firmware reserves.

use std::fmt;

use crate::analysis::direct_memory::direct_region;
use crate::analysis::reserved::reserved_regions;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::range::AddrRange;
use crate::rules::rsv::table_evidence;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The device's IOMMU group has no reserved region of the type `direct`.
    ///
    /// ## Why it matters
    ///
    /// Such memory must stay mapped one to one as long as the machine runs. A guest would need
    /// another mapping at the same addresses, so the kernel refuses to give the group away.
    ///
    /// ## How it is decided
    ///
    /// By the `reserved_regions` of the group. Linux marks the regions of USB and display
    /// devices `direct-relaxable` and gives those devices away; AMD's regions are all `direct`.
    /// Without the list a captured DMAR or IVRS table decides in the same way; without either
    /// the answer is "cannot tell". A group number alone says nothing.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned; any reserved memory is refused there (RSV001).
    ///
    /// VFIO: look for a firmware option that releases the device (network and RAID makers have
    /// notes on it). There is no supported override in the kernel.
    RSV002 = {
        name: "reserved-memory-direct",
        summary: "Linux keeps memory of the firmware mapped for the device",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("iommu.c, iommu_group_claim_dma_owner"),
            Document::LinuxIommu.at("intel/iommu.c, device_rmrr_is_relaxable"),
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The first such region.
#[derive(Debug)]
enum DirectRegion {
    Reported(String),
    Firmware(AddrRange),
}

impl fmt::Display for DirectRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(region) => write!(f, "its IOMMU group has the reserved region {region}"),
            Self::Firmware(range) => write!(f, "the firmware's table reserves {range} for it"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(mut regions) = reserved_regions(facts.host.function(id)) else {
        return by_table(facts, id);
    };
    let Some(region) = regions.find(|region| !region.relaxable) else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &RSV002,
        Subject::Function(id),
        Confidence::High,
        DirectRegion::Reported(region.text.to_owned()),
        Evidence::new(
            Locus::Reported(id, "reserved_regions"),
            "reserved memory",
            Value::AsReported,
        ),
    ))
}

/// As the kernel would class what the captured table says.
fn by_table(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.iommu.tables().is_empty() {
        return Outcome::CannotTell(Missing::of(Fact::ReservedMemory, id));
    }
    let Some(region) = direct_region(facts.host, facts.topology, &facts.iommu, id) else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &RSV002,
        Subject::Function(id),
        Confidence::High,
        DirectRegion::Firmware(region.range),
        table_evidence(region),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, dmar, reported};

    fn with_regions(regions: &[&str]) -> Answer {
        let regions = regions.iter().map(|&region| region.to_owned()).collect();
        let device = Dev::endpoint().report(|p| p.reserved_regions = Some(reported(regions)));
        answer_for(&RSV002, device)
    }

    #[test]
    fn a_direct_region_fires_wherever_it_stands() {
        assert_eq!(
            with_regions(&["0xfee00000 0xfeefffff msi", "0x10000 0x1ffff direct"]),
            fired("its IOMMU group has the reserved region 0x10000 0x1ffff direct")
        );
    }

    #[test]
    fn a_relaxable_region_is_clean() {
        assert_eq!(
            with_regions(&["0x10000 0x1ffff direct-relaxable"]),
            Answer::Clean
        );
    }

    #[test]
    fn a_table_decides_as_the_kernel_would_class_it() {
        let rmrr = [
            1, 0, 34, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0, 0x80, 0, 0, 0,
            0, //
            1, 10, 0, 0, 0, 0, 1, 0, 0, 0,
        ];
        let with = |class: u32| {
            let machine = Machine::with_device(Dev::endpoint().class(class));
            answer(
                &RSV002,
                &machine.with_table_bytes("DMAR", dmar(1, &rmrr)),
                "01:00.0",
            )
        };
        let message = "the firmware's table reserves 0x80000000-0x8000ffff for it";
        assert_eq!(with(0x01_0400), fired(message));
        assert_eq!(with(0x0c_0330), Answer::Clean);
        assert_eq!(with(0x03_0000), Answer::Clean);
    }

    #[test]
    fn a_group_number_without_its_regions_says_nothing() {
        assert_eq!(
            answer_for(&RSV002, Dev::endpoint().group(7)),
            Answer::CannotTell(Fact::ReservedMemory)
        );
    }
}
