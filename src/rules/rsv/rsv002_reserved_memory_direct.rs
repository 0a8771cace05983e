//! Linux insists on the memory that the firmware reserves.

use std::fmt;

use crate::analysis::reserved::reserved_regions;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
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
    /// Without the list the answer is "cannot tell"; a group number alone says nothing.
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
        cites: [
            Document::LinuxIommu.at("iommu.c, iommu_group_claim_dma_owner"),
            Document::LinuxIommu.at("intel/iommu.c, device_rmrr_is_relaxable"),
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The first such region.
#[derive(Debug)]
struct DirectRegion(String);

impl fmt::Display for DirectRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its IOMMU group has the reserved region {}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    let Some(mut regions) = reserved_regions(facts.host.function(id)) else {
        return Outcome::CannotTell(Missing::of(Fact::ReservedMemory, id));
    };
    let Some(region) = regions.find(|region| !region.relaxable) else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &RSV002,
        Subject::Function(id),
        Confidence::High,
        DirectRegion(region.text.to_owned()),
        Evidence::new(
            Locus::Reported(id, "reserved_regions"),
            "reserved memory",
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

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
    fn a_group_number_without_its_regions_says_nothing() {
        assert_eq!(
            answer_for(&RSV002, Dev::endpoint().group(7)),
            Answer::CannotTell(Fact::ReservedMemory)
        );
    }
}
