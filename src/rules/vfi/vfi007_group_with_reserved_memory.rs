//! Another member of the group keeps the whole group with the host.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::reserved::reserved_regions;
use crate::analysis::{Fact, Facts, Missing, direct_memory};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::rsv::table_evidence;
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No other member of the device's IOMMU group has memory that the firmware reserves.
    ///
    /// ## Why it matters
    ///
    /// VFIO takes groups, not devices. Memory that must stay mapped one to one for any member
    /// makes the kernel refuse the whole group, however clean the device itself is.
    ///
    /// ## How it is decided
    ///
    /// By the captured DMAR or IVRS table and the members of the group, reported or predicted.
    /// Where the kernel listed the group's reserved regions, that list is the whole group's and
    /// RSV002 reads it. Intel's regions of USB and display controllers may be given up and do
    /// not count.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned; RSV001 asks about the device alone.
    ///
    /// VFIO: look for a firmware option that releases the other member, or move the card below
    /// a port with ACS, so that the two are in different groups.
    VFI007 = {
        name: "group-with-reserved-memory",
        summary: "The IOMMU group is refused for memory that the firmware reserves for another member",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxIommu.at("iommu.c, __iommu_device_set_domain and require_direct"),
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::AmdIommu.at("5.2.2.5 I/O Virtualization Memory Definition"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Whose memory.
#[derive(Debug)]
struct Companion {
    other: Sbdf,
    predicted: bool,
}

impl fmt::Display for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { other, predicted } = self;
        let group = match predicted {
            true => "which would be in its IOMMU group",
            false => "which is in its IOMMU group",
        };
        write!(f, "the firmware reserves memory for {other}, {group}")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Facts { host, topology, .. } = *facts;
    if facts.iommu.tables().is_empty() {
        return Outcome::NotApplicable("no remapping table");
    }
    if reserved_regions(host.function(id)).is_some() {
        return Outcome::NotApplicable("the kernel listed the regions of the group");
    }
    if facts.direct_memory.is_empty() {
        return Outcome::Clean;
    }
    let predicted = facts.groups.is_empty();
    if predicted && !facts.predicted.is_definite(id) {
        let missing = facts.predicted.missing(id).first().copied();
        return Outcome::CannotTell(missing.unwrap_or(Missing::of(Fact::IommuGroup, id)));
    }
    let direct = &facts.direct_memory;
    let Some(other) = direct.companion(host, &facts.groups, &facts.predicted, id) else {
        return Outcome::Clean;
    };
    let Some(region) = direct_memory::direct_region(host, topology, &facts.iommu, other) else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &VFI007,
        Subject::Function(id),
        match predicted {
            true => Confidence::Medium,
            false => Confidence::High,
        },
        Companion {
            other: host.function(other).at,
            predicted,
        },
        table_evidence(region),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine, dmar};

    // A unit for everything; RMRR 80000000h-8000ffffh of 00:01.0 > 00.1.
    const STRUCTURES: [u8; 50] = [
        0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0, //
        1, 0, 34, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0, 0x80, 0, 0, 0,
        0, //
        1, 10, 0, 0, 0, 0, 1, 0, 0, 1,
    ];

    fn with(first: Dev, second: Dev) -> Answer {
        let machine = Machine::with_device(first.multi_function()).with("01:00.1", second);
        let machine = machine.with_table_bytes("DMAR", dmar(1, &STRUCTURES));
        answer(&VFI007, &machine, "01:00.0")
    }

    #[test]
    fn memory_of_the_other_member_keeps_the_group() {
        let (one, raid) = (Dev::endpoint(), Dev::endpoint().class(0x01_0400));
        assert_eq!(
            with(one.group(3), raid.group(3)),
            fired("the firmware reserves memory for 0000:01:00.1, which is in its IOMMU group")
        );
        let (one, raid) = (Dev::endpoint(), Dev::endpoint().class(0x01_0400));
        assert_eq!(with(one.group(3), raid.group(4)), Answer::Clean);
    }

    #[test]
    fn groups_may_be_predicted() {
        let (one, raid) = (Dev::endpoint(), Dev::endpoint().class(0x01_0400));
        assert_eq!(
            with(one, raid),
            fired(
                "the firmware reserves memory for 0000:01:00.1, which would be in its IOMMU group"
            )
        );
    }

    #[test]
    fn memory_that_may_be_given_up_does_not_count() {
        let usb = Dev::endpoint().class(0x0c_0330);
        assert_eq!(with(Dev::endpoint().group(3), usb.group(3)), Answer::Clean);
    }
}
