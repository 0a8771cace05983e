//! The IVRS table does not name the south bridge's I/O APIC.

use std::fmt;

use crate::addr::RequesterId;
use crate::analysis::Facts;
use crate::decode::acpi::ivrs::DeviceEntry;
use crate::decode::kernel_log::State;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// One of the I/O APICs that an IVRS table names is the one of the south bridge, at 00:14.0.
    ///
    /// ## Why it matters
    ///
    /// The legacy interrupts arrive there. Linux remaps no interrupts at all without it, and then VFIO
    /// refuses to give devices away unless it is told to be unsafe.
    ///
    /// ## How it is decided
    ///
    /// By the special device entries of kind I/O APIC whose handle is the id of an I/O APIC of the MADT:
    /// one must have the device id 00A0h. A kernel log that reports interrupt remapping in use outweighs
    /// the tables. An I/O APIC that the table does not name is another rule (INT003).
    ///
    /// ## What to do
    ///
    /// Firmware: name the south bridge's I/O APIC with the device id of the SMBus function, 00:14.0.
    ///
    /// Hyper-V: not known to depend on it. VFIO: `ivrs_ioapic[ID]=00:14.0` on the kernel command line
    /// states the missing entry.
    INT007 = {
        name: "south-bridge-io-apic-missing",
        summary: "The IVRS table does not name the south bridge's I/O APIC",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Condition),
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("amd/iommu.c, check_ioapic_information, IOAPIC_SB_DEVID"),
            Document::AmdIommu.at("5.2.2.7 Special Device Entry"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// No entry has it.
#[derive(Debug)]
struct Missing;

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no I/O APIC of the IVRS table is the south bridge's at 00:14.0")
    }
}

/// `IOAPIC_SB_DEVID`.
const SOUTH_BRIDGE: RequesterId = RequesterId(0x00a0);
const IO_APIC: u8 = 1;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((_, madt)) = facts.host.acpi().madt().next() else {
        return Outcome::NotApplicable("no MADT was captured");
    };
    let Some(table) = facts.ivrs() else {
        return Outcome::NotApplicable("no IVRS table was captured");
    };
    let log = facts.host.log();
    let in_use = log.and_then(|log| {
        let states = [State::InterruptRemapping, State::InterruptRemappingFailed];
        log.remapping.last_of(&states)
    });
    if in_use.is_some_and(|said| said.value == State::InterruptRemapping) {
        return Outcome::Clean;
    }
    let ids: Vec<u8> = madt.io_apics().map(|(apic, _)| apic.id).collect();
    let entries = table.units().flat_map(|(unit, _)| &unit.entries);
    let mut named = entries
        .filter(|entry| matches!(entry.special, Some((handle, IO_APIC)) if ids.contains(&handle)));
    let Some(first) = named.next() else {
        return Outcome::NotApplicable("the table names no I/O APIC of the MADT");
    };
    let right = |entry: &DeviceEntry| entry.source == Some(SOUTH_BRIDGE);
    if right(first) || named.any(right) {
        return Outcome::Clean;
    }
    let seen = first
        .source
        .map_or(Value::Absent, |source| Value::word(source.0));
    let evidence = Evidence::new(Locus::Table(TableKind::Ivrs, first.span), "device id", seen);
    Outcome::Fired(Finding::new(
        &INT007,
        Subject::Host,
        Confidence::High,
        Missing,
        evidence.wanting(Value::word(SOUTH_BRIDGE.0)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs, seal};

    fn with(device: u8, handle: u8) -> Machine {
        let mut madt = b"APIC".to_vec();
        madt.extend([0; 40]);
        madt.extend([1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]); // I/O APIC 2
        seal(&mut madt);
        let block = ivhd(0x11, &[&[0x48, 0, 0, 0, handle, device, 0, 1]]);
        Machine::with_port()
            .with_table_bytes("APIC", madt)
            .with_table_bytes("IVRS", ivrs(&[block]))
    }

    #[test]
    fn one_must_sit_in_the_south_bridge() {
        assert_eq!(answer(&INT007, &with(0xa0, 2), ""), Answer::Clean);
        assert_eq!(
            answer(&INT007, &with(0x01, 2), ""),
            fired("no I/O APIC of the IVRS table is the south bridge's at 00:14.0")
        );
        assert_eq!(answer(&INT007, &with(0xa0, 3), ""), Answer::NotApplicable);
    }

    #[test]
    fn a_kernel_that_remaps_interrupts_outweighs_the_table() {
        let log = "[    0.1] AMD-Vi: Interrupt remapping enabled\n\
                   [    0.2] pci_bus 0000:00: scanning bus\n";
        let machine = with(0x01, 2).with_log(log);
        assert_eq!(answer(&INT007, &machine, ""), Answer::Clean);
    }
}
