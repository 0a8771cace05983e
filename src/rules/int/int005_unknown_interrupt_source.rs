//! A remapping unit names an interrupt source that is not there, or names one twice.

use std::collections::BTreeSet;
use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::device_scope::ScopeType;
use crate::decode::acpi::ivrs::DeviceEntry;
use crate::iommu::{ScopeOwner, TableKind};
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The I/O APICs and timers that remapping tables name are those of the MADT and of the HPET
    /// table, and each I/O APIC has one entry. A timer may have several: one for each comparator.
    ///
    /// ## Why it matters
    ///
    /// An entry for a source that is not there does nothing. Two entries for one source give it
    /// two requester ids, of which the later one counts.
    ///
    /// ## How it is decided
    ///
    /// By the ids in scope entries of types 3 and 4, and in special device entries. Timers are
    /// compared only where the HPET table was captured, I/O APICs only with a MADT.
    ///
    /// ## What to do
    ///
    /// Firmware: state the ids of the MADT and the HPET table; drop entries of sources that are
    /// switched off.
    ///
    /// Hyper-V and VFIO: nothing, unless interrupts are not remapped (INT003).
    INT005 = {
        name: "unknown-interrupt-source",
        summary: "A remapping table names an interrupt source that is not there, or one twice",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3.1 Device Scope Structure, Enumeration ID"),
            Document::AmdIommu.at("5.2.2.5 IVHD device entries, special device"),
            Document::LinuxIommu.at("amd/init.c, add_special_device"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A kind of source: the variety of AMD's special entries.
const IO_APIC: u8 = 1;
const HPET: u8 = 2;

/// What is wrong with an entry.
#[derive(Debug)]
enum Odd {
    Missing(u8, u8),
    Twice(u8, u8),
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |kind| match kind {
            IO_APIC => "I/O APIC",
            _ => "HPET",
        };
        match *self {
            Self::Missing(kind, id) => write!(f, "{} {id} is named, but is not there", name(kind)),
            Self::Twice(kind, id) => write!(f, "{} {id} is named twice", name(kind)),
        }
    }
}

/// Where the number of the timer stands in an HPET table (IA-PC HPET 1.0a, 3.2.4).
const HPET_NUMBER: usize = 52;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut named = Vec::new();
    for scope in facts.iommu.scopes() {
        let kind = match scope.entry.kind {
            ScopeType::IOAPIC => IO_APIC,
            ScopeType::HPET => HPET,
            _ => continue,
        };
        if matches!(scope.of, ScopeOwner::Unit(_)) {
            named.push((
                TableKind::Dmar,
                scope.entry.span,
                0,
                kind,
                scope.entry.enumeration_id,
            ));
        }
    }
    for (unit, _) in facts.ivrs().iter().flat_map(|table| table.units()) {
        for entry in &unit.entries {
            if let (DeviceEntry::SPECIAL, Some((id, kind @ (IO_APIC | HPET)))) =
                (entry.kind, entry.special)
            {
                named.push((TableKind::Ivrs, entry.span, unit.kind, kind, id));
            }
        }
    }
    if named.is_empty() {
        return Outcome::NotApplicable("no table names an interrupt source");
    }
    let apics = facts.host.acpi().madt().next().map(|(_, madt)| {
        let ids = madt.io_apics().map(|(apic, _)| apic.id);
        ids.collect::<BTreeSet<u8>>()
    });
    let tables = &facts.host.capture().tables;
    let timers = tables.iter().filter(|(name, _)| name.starts_with("HPET"));
    let timers: BTreeSet<u8> = timers
        .filter_map(|(_, bytes)| bytes.get(HPET_NUMBER).copied())
        .collect();
    let timers = Some(timers).filter(|timers| !timers.is_empty());
    // The same source in blocks of several types is normal, and so are several requester ids of
    // one timer block: each of its comparators may have its own.
    let mut seen = BTreeSet::new();
    let places = named
        .into_iter()
        .filter_map(|(table, span, block, kind, id)| {
            let there = if kind == IO_APIC { &apics } else { &timers };
            let odd = if there.as_ref().is_some_and(|there| !there.contains(&id)) {
                Odd::Missing(kind, id)
            } else if kind == IO_APIC && !seen.insert((table, block, id)) {
                Odd::Twice(kind, id)
            } else {
                return None;
            };
            let evidence = Evidence::new(Locus::Table(table, span), "source id", Value::byte(id));
            Some((odd, evidence))
        });
    let places: Vec<_> = places.collect();
    several(&INT005, Subject::Host, Confidence::Medium, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope, seal};

    fn with(scopes: &[Vec<u8>]) -> Answer {
        let mut madt = b"APIC".to_vec();
        madt.extend([0; 40]);
        madt.extend([1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]); // I/O APIC 2
        seal(&mut madt);
        let machine = Machine::with_port()
            .with_table_bytes("APIC", madt)
            .with_table_bytes("DMAR", dmar(&[drhd(true, 0, 0x1000, scopes)]));
        answer(&INT005, &machine, "")
    }

    #[test]
    fn sources_are_compared_with_the_madt() {
        let apic = |id| scope(3, id, 0xf0, &[(31, 0)]);
        assert_eq!(with(&[]), Answer::NotApplicable);
        assert_eq!(with(&[apic(2)]), Answer::Clean);
        assert_eq!(
            with(&[apic(9)]),
            fired("I/O APIC 9 is named, but is not there")
        );
        assert_eq!(
            with(&[apic(2), apic(2)]),
            fired("I/O APIC 2 is named twice")
        );
        // Without an HPET table nothing is known of timers.
        assert_eq!(with(&[scope(4, 7, 0xf0, &[(15, 0)])]), Answer::Clean);
    }
}
