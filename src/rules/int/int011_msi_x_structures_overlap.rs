//! The vector table of MSI-X overlaps its pending bits.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The vector table of MSI-X and its pending bits do not share addresses.
    ///
    /// ## Why it matters
    ///
    /// A vector that is written destroys pending bits, or the other way round. Interrupts get
    /// lost.
    ///
    /// ## How it is decided
    ///
    /// By BAR, offset and number of vectors: 16 bytes for each vector in the table, 8 bytes for
    /// each 64 vectors of pending bits.
    ///
    /// ## What to do
    ///
    /// Device: correct one of the offsets.
    ///
    /// Hyper-V and VFIO: do not use the device before its maker has corrected it.
    INT011 = {
        name: "msi-x-structures-overlap",
        summary: "The MSI-X vector table and the pending bits overlap",
        severity: High,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.7.2 MSI-X Capability and Table Structures"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Where both lie.
#[derive(Debug)]
struct Overlap {
    bar: u8,
    table: u64,
    pending: u64,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bar,
            table,
            pending,
        } = self;
        write!(
            f,
            "in BAR {bar} the table at {table:#x} overlaps the pending bits at {pending:#x}"
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let msix = match function.msix() {
        Observed::Present(msix) => msix,
        Observed::Absent => return Outcome::NotApplicable("no MSI-X"),
        _ => return Outcome::CannotTell(Missing::standard(id, function)),
    };
    let (Some(vectors), Some(table), Some(pending)) =
        (msix.vectors(), msix.table(), msix.pending())
    else {
        return Outcome::CannotTell(Missing::standard(id, function));
    };
    let vectors = u64::from(vectors);
    let (at, bits) = (u64::from(table.offset), u64::from(pending.offset));
    let apart = at + 16 * vectors <= bits || bits + 8 * vectors.div_ceil(64) <= at;
    if table.bar > 5 || pending.bar > 5 {
        return Outcome::NotApplicable("a BAR that does not exist (INT002)");
    }
    if table.bar != pending.bar || apart {
        return Outcome::Clean;
    }
    let window = msix.window();
    let register = window.u32(4).map_or(Value::Absent, Value::dword);
    let overlap = Overlap {
        bar: table.bar,
        table: at,
        pending: bits,
    };
    Outcome::Fired(Finding::new(
        &INT011,
        Subject::Function(id),
        Confidence::High,
        overlap,
        Evidence::new(
            Locus::Config(id, window.span(4, 8)),
            "MSI-X table",
            register,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn sixteen_bytes_for_each_vector() {
        let with = |table, pending| {
            let mut device = Dev::endpoint();
            device.msix = Some((8, table, pending));
            answer_for(&INT011, device)
        };
        assert_eq!(with(0x2000, 0x2080), Answer::Clean);
        assert_eq!(with(0x2000, 0x2002), Answer::Clean);
        assert_eq!(with(0x2000, 0x1ff8), Answer::Clean);
        assert_eq!(
            with(0x2000, 0x2078),
            fired("in BAR 0 the table at 0x2000 overlaps the pending bits at 0x2078")
        );
    }
}
