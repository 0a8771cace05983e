//! An I/O APIC is in no unit's scope.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::device_scope::ScopeType;
use crate::decode::acpi::ivrs::DeviceEntry;
use crate::decode::kernel_log::State;
use crate::iommu::{ScopeOwner, TableKind};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every I/O APIC of the MADT is named by a remapping unit: by a scope entry of a DRHD
    /// structure, or by a special device entry of an IVRS table.
    ///
    /// ## Why it matters
    ///
    /// Interrupt remapping is all or nothing. An I/O APIC that no unit covers could still raise
    /// any vector, so that Linux gives up interrupt remapping, and the Windows hypervisor offers
    /// no device assignment.
    ///
    /// ## How it is decided
    ///
    /// By the I/O APIC ids of the three tables. A kernel log that reports interrupt remapping in
    /// use outweighs the tables. Without a MADT the rule has nothing to say; IOM002 asks for the
    /// flag.
    ///
    /// ## What to do
    ///
    /// Firmware: add the entry (type 3 in a DRHD structure, 48h with variety 1 in an IVHD block),
    /// with the id that the MADT states.
    ///
    /// Hyper-V: a firmware update; there is no override. VFIO: the same;
    /// `ivrs_ioapic[ID]=BUS:DEV.FN` on the kernel command line repairs an IVRS table, and
    /// `allow_unsafe_interrupts=1` of vfio_iommu_type1 gives the protection up.
    INT003 = {
        name: "io-apic-not-covered",
        summary: "An I/O APIC is in no remapping unit, so that interrupts are not remapped",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/irq_remapping.c, parse_ioapics_under_ir"),
            Document::LinuxIommu.at("amd/init.c, check_ioapic_information"),
            Document::OpenVmm.at("DMAR: interrupt remapping that covers the I/O APIC"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The I/O APIC's id.
#[derive(Debug)]
struct NotCovered(u8);

impl fmt::Display for NotCovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I/O APIC {} is in no remapping unit", self.0)
    }
}

/// Variety of a special device that is an I/O APIC.
const IO_APIC: u8 = 1;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((_, madt)) = facts.host.acpi().madt().next() else {
        return Outcome::NotApplicable("no MADT was captured");
    };
    let intel = facts.dmar().filter(|table| table.flags & 1 != 0);
    let amd = facts.ivrs();
    if intel.is_none() && amd.is_none() {
        return Outcome::NotApplicable("no table that offers interrupt remapping was captured");
    }
    let states = [State::InterruptRemapping, State::InterruptRemappingFailed];
    let said = facts
        .host
        .log()
        .and_then(|log| log.remapping.last_of(&states));
    if said.is_some_and(|said| said.value == State::InterruptRemapping) {
        return Outcome::Clean;
    }
    let covered = |id: u8| {
        let by_scope = facts.iommu.scopes().iter().any(|scope| {
            matches!(scope.of, ScopeOwner::Unit(_))
                && scope.entry.kind == ScopeType::IOAPIC
                && scope.entry.enumeration_id == id
        });
        let mut units = amd.iter().flat_map(|table| table.units());
        by_scope
            || units.any(|(unit, _)| {
                let mut entries = unit.entries.iter();
                entries.any(|entry| {
                    entry.kind == DeviceEntry::SPECIAL && entry.special == Some((id, IO_APIC))
                })
            })
    };
    let stray = madt.io_apics().filter(|(apic, _)| !covered(apic.id));
    let places = stray.map(|(apic, span)| {
        let locus = Locus::Table(TableKind::Madt, span);
        let seen = Value::byte(apic.id);
        (
            NotCovered(apic.id),
            Evidence::new(locus, "I/O APIC id", seen),
        )
    });
    several(&INT003, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, ivhd, ivrs, scope, seal};

    fn machine() -> Machine {
        let mut madt = b"APIC".to_vec();
        madt.extend([0; 40]);
        madt.extend([1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]); // I/O APIC 2
        seal(&mut madt);
        Machine::with_port().with_table_bytes("APIC", madt)
    }

    #[test]
    fn a_scope_entry_with_the_same_id_covers_it() {
        let with = |id| {
            let unit = drhd(true, 0, 0x1000, &[scope(3, id, 0xf0, &[(31, 0)])]);
            answer(
                &INT003,
                &machine().with_table_bytes("DMAR", dmar(&[unit])),
                "",
            )
        };
        assert_eq!(with(2), Answer::Clean);
        assert_eq!(with(8), fired("I/O APIC 2 is in no remapping unit"));
    }

    #[test]
    fn a_special_entry_of_the_right_variety_covers_it() {
        let with = |variety| {
            let block = ivhd(0x11, &[&[0x48, 0, 0, 0, 2, 0xa0, 0, variety]]);
            answer(
                &INT003,
                &machine().with_table_bytes("IVRS", ivrs(&[block])),
                "",
            )
        };
        assert_eq!(with(1), Answer::Clean);
        assert_eq!(with(2), fired("I/O APIC 2 is in no remapping unit"));
    }

    #[test]
    fn a_kernel_that_remaps_interrupts_outweighs_the_tables() {
        let machine = machine().with_table_bytes("DMAR", dmar(&[drhd(true, 0, 0x1000, &[])]));
        let log = "[    0.1] DMAR-IR: Enabled IRQ remapping in x2apic mode\n\
                   [    0.2] pci_bus 0000:00: scanning bus\n";
        assert_eq!(answer(&INT003, &machine.with_log(log), ""), Answer::Clean);
        let bare = Machine::new().with_table_bytes("DMAR", dmar(&[]));
        assert_eq!(answer(&INT003, &bare, ""), Answer::NotApplicable);
    }
}
