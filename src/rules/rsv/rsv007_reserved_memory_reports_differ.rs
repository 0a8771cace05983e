//! The table and the system disagree about reserved memory.

use std::fmt;

use crate::analysis::Facts;
use crate::analysis::reserved::reported_ranges;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::range::AddrRange;
use crate::rules::rsv::table_evidence;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// What the DMAR or IVRS table reserves for a device is what Windows or Linux reports for it.
    ///
    /// ## Why it matters
    ///
    /// One of the two is about another machine or another firmware setup; or the system read the
    /// table in another way than this program.
    ///
    /// ## How it is decided
    ///
    /// Windows: the property RequiresReservedMemoryRegion against the table's structures for the
    /// device and the bridges above it. Linux: every range of the table must be among the
    /// `reserved_regions` of the device's group; the group may list more. Both sides must be
    /// captured.
    ///
    /// ## What to do
    ///
    /// Firmware: nothing.
    ///
    /// Hyper-V and VFIO: make sure that tables and report were taken in the same boot. What the
    /// system reports decides (RSV001, RSV002).
    RSV007 = {
        name: "reserved-memory-reports-differ",
        summary: "The remapping table and the operating system disagree about reserved memory",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Firmware,
        cites: [
            Document::PciProp.at("DEVPKEY_PciDevice_RequiresReservedMemoryRegion"),
            Document::LinuxIommu.at("iommu.c, iommu_get_group_resv_regions"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Who says what.
#[derive(Debug)]
enum Differ {
    WindowsDenies(AddrRange),
    WindowsAlone,
    LinuxLacks(AddrRange),
}

impl fmt::Display for Differ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WindowsDenies(range) => {
                write!(
                    f,
                    "the table reserves {range}, Windows reports no reserved memory"
                )
            }
            Self::WindowsAlone => {
                f.write_str("Windows reports reserved memory, the table has none for the device")
            }
            Self::LinuxLacks(range) => {
                write!(
                    f,
                    "the table reserves {range}, which the kernel does not report"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.iommu.tables().is_empty() {
        return Outcome::NotApplicable("no remapping table was captured");
    }
    let function = facts.host.function(id);
    let mut regions = facts.iommu.reserved(facts.host, facts.topology, id);
    let property = Evidence::new(
        Locus::Reported(id, windows::RESERVED_MEMORY.key),
        windows::RESERVED_MEMORY.name,
        Value::AsReported,
    );
    let linux = reported_ranges(function);
    let (differ, evidence, other) = match (function.windows.reserved_memory, linux) {
        (None, None) => return Outcome::NotApplicable("no system reported reserved memory"),
        (Some(true), _) if regions.next().is_none() => (Differ::WindowsAlone, property, None),
        (Some(true), _) => return Outcome::Clean,
        (Some(false), _) => match regions.next() {
            None => return Outcome::Clean,
            Some(region) => {
                let table = table_evidence(region);
                (Differ::WindowsDenies(region.range), property, Some(table))
            }
        },
        (None, Some(ranges)) => {
            // The kernel maps whole pages.
            let page = |range: AddrRange| {
                AddrRange::new(range.start() & !0xfff, range.last() | 0xfff).unwrap_or(range)
            };
            let lacking = regions.find(|region| {
                !ranges
                    .iter()
                    .any(|range| range.contains(page(region.range)))
            });
            let Some(region) = lacking else {
                return Outcome::Clean;
            };
            let list = Evidence::new(
                Locus::Reported(id, "reserved_regions"),
                "reserved memory",
                Value::AsReported,
            );
            (
                Differ::LinuxLacks(region.range),
                table_evidence(region),
                Some(list),
            )
        }
    };
    let subject = Subject::Function(id);
    let finding = Finding::new(&RSV007, subject, Confidence::Medium, differ, evidence);
    Outcome::Fired(finding.with(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::{dmar, rmrr, scope};
    use crate::testing::{Dev, Machine, reported};

    fn with(device: Dev, named: bool) -> Answer {
        let function = if named { 0 } else { 1 };
        let region = rmrr(
            0x8000_0000,
            0x8000_ffff,
            &[scope(1, 0, 0, &[(1, 0), (0, function)])],
        );
        let machine = Machine::with_device(device).with_table_bytes("DMAR", dmar(&[region]));
        answer(&RSV007, &machine, "01:00.0")
    }

    #[test]
    fn windows_and_the_table_must_agree() {
        let windows = |value| Dev::endpoint().windows(windows::RESERVED_MEMORY, value);
        assert_eq!(with(windows(true), true), Answer::Clean);
        assert_eq!(with(windows(false), false), Answer::Clean);
        assert_eq!(
            with(windows(false), true),
            fired("the table reserves 0x80000000-0x8000ffff, Windows reports no reserved memory")
        );
        assert_eq!(
            with(windows(true), false),
            fired("Windows reports reserved memory, the table has none for the device")
        );
    }

    #[test]
    fn the_kernel_must_list_what_the_table_reserves() {
        let linux = |text: &str| {
            let regions = vec![text.to_owned(), "0xfee00000 0xfeefffff msi".to_owned()];
            Dev::endpoint().report(|p| p.reserved_regions = Some(reported(regions)))
        };
        assert_eq!(
            with(linux("0x80000000 0x8000ffff direct"), true),
            Answer::Clean
        );
        assert_eq!(
            with(linux("0x80000000 0x8000ffff direct"), false),
            Answer::Clean
        );
        assert_eq!(
            with(linux("0x80000000 0x80000fff direct"), true),
            fired("the table reserves 0x80000000-0x8000ffff, which the kernel does not report")
        );
        assert_eq!(with(Dev::endpoint(), true), Answer::NotApplicable);
    }
}
