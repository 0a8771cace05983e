//! No remapping unit translates the device.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::iommu::Unit;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A remapping unit of the captured DMAR or IVRS table covers the device.
    ///
    /// ## Why it matters
    ///
    /// What no unit covers writes to memory unchecked. Linux puts such a device into no IOMMU
    /// group, and nobody can give it away.
    ///
    /// ## How it is decided
    ///
    /// DMAR: a unit names the device, or a bridge above it, or covers the rest of its segment.
    /// IVRS: an entry or range holds its id. Paths are walked through the bus numbers as
    /// captured. A virtual function counts as its physical function. A device that the kernel
    /// put into a group is covered. Domains beyond 16 bits (Intel VMD) cannot stand in a table;
    /// their devices are translated with their controller. The function that a unit itself is
    /// (AMD, virtio) is not translated, and is no fault.
    ///
    /// ## What to do
    ///
    /// Firmware: name the device, or the bridge above it, in the scope of a unit, or set
    /// INCLUDE_PCI_ALL on the last unit of its segment. On AMD: widen the range of the unit's IVHD
    /// blocks, in each block type alike.
    ///
    /// Hyper-V and VFIO: a firmware update; another slot, where the uncovered part of the
    /// machine is one root bus.
    IOM003 = {
        name: "not-covered",
        summary: "No remapping unit covers the device",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure"),
            Document::AmdIommu.at("5.2.2 I/O Virtualization Hardware Definition"),
            Document::LinuxIommu.at("intel/iommu.c, device_lookup_iommu"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Neither named nor in the rest.
#[derive(Debug)]
struct NotCovered {
    table: String,
}

impl fmt::Display for NotCovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no unit of the {} table covers it", self.table)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(table) = facts.iommu.tables().first() else {
        return Outcome::NotApplicable("no remapping table was captured");
    };
    let function = facts.host.function(id);
    if function.at.segment.0 > u32::from(u16::MAX) {
        return Outcome::NotApplicable("its domain is translated with its controller");
    }
    let units = facts.iommu.units();
    let is_unit = |unit: &Unit| {
        unit.segment == function.at.segment
            && unit
                .device
                .is_some_and(|own| own.0 == function.at.bdf.bits())
    };
    if units.iter().any(is_unit) {
        return Outcome::NotApplicable("it is a remapping unit");
    }
    if facts.iommu.owner(id).is_some() || function.reported.iommu_group.is_some() {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &IOM003,
        Subject::Function(id),
        Confidence::High,
        NotCovered {
            table: table.kind.signature().to_owned(),
        },
        Evidence::new(Locus::Tree(id), "remapping unit", Value::Absent),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine, dmar};

    /// A unit of segment 0 with the given flags and no scope.
    fn unit(include_all: u8) -> [u8; 16] {
        [
            0,
            0,
            16,
            0,
            include_all,
            0,
            0,
            0,
            0,
            0,
            0xd9,
            0xfe,
            0,
            0,
            0,
            0,
        ]
    }

    fn machine(include_all: u8) -> Machine {
        Machine::with_device(Dev::endpoint()).with_table_bytes("DMAR", dmar(1, &unit(include_all)))
    }

    #[test]
    fn a_unit_for_the_rest_covers_it() {
        assert_eq!(answer(&IOM003, &machine(1), "01:00.0"), Answer::Clean);
        assert_eq!(
            answer(&IOM003, &machine(0), "01:00.0"),
            fired("no unit of the DMAR table covers it")
        );
    }

    #[test]
    fn a_reported_group_proves_that_it_is_covered() {
        let machine = Machine::with_device(Dev::endpoint().group(3))
            .with_table_bytes("DMAR", dmar(1, &unit(0)));
        assert_eq!(answer(&IOM003, &machine, "01:00.0"), Answer::Clean);
    }

    #[test]
    fn vmd_domains_and_machines_without_a_table_are_not_concerned() {
        let vmd = Machine::new()
            .with("10000:e1:00.0", Dev::endpoint())
            .with_table_bytes("DMAR", dmar(1, &unit(0)));
        assert_eq!(
            answer(&IOM003, &vmd, "10000:e1:00.0"),
            Answer::NotApplicable
        );
        let bare = Machine::with_device(Dev::endpoint());
        assert_eq!(answer(&IOM003, &bare, "01:00.0"), Answer::NotApplicable);
    }

    #[test]
    fn the_function_that_a_unit_is_needs_no_unit() {
        use crate::testing::tables::{ivhd, ivrs};
        // As real tables have it: the range begins behind the unit 00:00.2.
        let entries: [&[u8]; 2] = [&[3, 0x03, 0x00, 0], &[4, 0xff, 0xff, 0]];
        let machine = Machine::with_device(Dev::endpoint())
            .with("00:00.2", Dev::endpoint())
            .with("00:00.1", Dev::endpoint())
            .with_table_bytes("IVRS", ivrs(&[ivhd(0x11, &entries)]));
        assert_eq!(answer(&IOM003, &machine, "00:00.2"), Answer::NotApplicable);
        assert_eq!(answer(&IOM003, &machine, "01:00.0"), Answer::Clean);
        assert_eq!(
            answer(&IOM003, &machine, "00:00.1"),
            fired("no unit of the IVRS table covers it")
        );
    }
}
