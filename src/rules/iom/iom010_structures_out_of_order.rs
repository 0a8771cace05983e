//! Remapping structures are not in order of their types.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::dmar::{Body, Remapping};
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The structures of a DMAR table stand in ascending order of type: units, then reserved
    /// memory, then the rest.
    ///
    /// ## Why it matters
    ///
    /// The specification asks for it, so that a system can read the table in one pass. Linux and
    /// Windows do not depend on it.
    ///
    /// ## How it is decided
    ///
    /// By the type of each structure and of the one before it.
    ///
    /// ## What to do
    ///
    /// Firmware: sort the structures by type.
    ///
    /// Hyper-V and VFIO: nothing.
    IOM010 = {
        name: "structures-out-of-order",
        summary: "The structures of the DMAR table are not in order of type",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.2 Remapping Structure Types"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A type behind a higher one.
#[derive(Debug)]
struct Behind {
    kind: u16,
    before: u16,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a structure of type {} follows one of type {}",
            self.kind, self.before
        )
    }
}

const fn kind(structure: &Remapping) -> u16 {
    match structure.body {
        Body::Drhd(_) => 0,
        Body::Rmrr(_) => 1,
        Body::Atsr(_) => 2,
        Body::Rhsa(_) => 3,
        Body::Andd(_) => 4,
        Body::Satc(_) => 5,
        Body::Sidp(_) => 6,
        Body::Unknown { kind, .. } => kind,
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match dmar(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let pairs = table.structures.windows(2).filter_map(|pair| {
        let [before, structure] = pair else {
            return None;
        };
        let behind = Behind {
            kind: kind(structure),
            before: kind(before),
        };
        let seen = Value::word(behind.kind);
        let evidence = place(TableKind::Dmar, structure.span, "structure type", seen);
        (behind.kind < behind.before).then_some((behind, evidence))
    });
    several(&IOM010, Subject::Host, Confidence::High, pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, rmrr};

    fn with(structures: &[Vec<u8>]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", dmar(structures));
        answer(&IOM010, &machine, "")
    }

    #[test]
    fn a_unit_behind_reserved_memory_fires() {
        let unit = || drhd(true, 0, 0x1000, &[]);
        let memory = || rmrr(0x8000, 0x8fff, &[]);
        assert_eq!(with(&[unit(), unit(), memory()]), Answer::Clean);
        assert_eq!(
            with(&[unit(), memory(), unit()]),
            fired("a structure of type 0 follows one of type 1")
        );
    }
}
