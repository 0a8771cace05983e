//! The table states an address width that cannot be.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The host address width of a DMAR table lies between 12 and 64 bits, and so does the
    /// physical address size of an IVRS table.
    ///
    /// ## Why it matters
    ///
    /// The width bounds where guests can have memory. Linux refuses a DMAR table whose width is
    /// smaller than a page.
    ///
    /// ## How it is decided
    ///
    /// By the field at offset 24h of a DMAR table (stored minus one), and by bits 14:8 of the
    /// IVinfo field of an IVRS table.
    ///
    /// ## What to do
    ///
    /// Firmware: report the width of the processor (CPUID leaf 80000008h).
    ///
    /// Hyper-V and VFIO: a firmware update.
    IOM008 = {
        name: "address-width-implausible",
        summary: "The remapping table states an impossible address width",
        severity: High,
        effects: Effects::everywhere(Effect::Condition),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Host Address Width"),
            Document::AmdIommu.at("5.2.1 IVRS Header, IVinfo"),
            Document::LinuxIommu.at("intel/dmar.c, parse_dmar_table"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A width in bits.
#[derive(Debug)]
struct Width(u32);

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the table states an address width of {} bits", self.0)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let intel = facts.dmar().map(|dmar| {
        let span = Span { offset: 36, len: 1 };
        (TableKind::Dmar, span, u32::from(dmar.host_address_width))
    });
    let amd = facts.ivrs().map(|ivrs| {
        let span = Span { offset: 36, len: 4 };
        (TableKind::Ivrs, span, ivrs.info >> 8 & 0x7f)
    });
    if intel.is_none() && amd.is_none() {
        return Outcome::NotApplicable("neither a DMAR nor an IVRS table was captured");
    }
    let wrong = intel
        .into_iter()
        .chain(amd)
        .filter(|(_, _, width)| !(12..=64).contains(width));
    let places = wrong.map(|(table, span, width)| {
        let seen = Value::Number(width.into());
        (Width(width), place(table, span, "address width", seen))
    });
    several(&IOM008, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, seal};

    fn with(width: u8) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", {
            let mut table = dmar(&[]);
            table[36] = width;
            seal(&mut table);
            table
        });
        answer(&IOM008, &machine, "")
    }

    #[test]
    fn a_width_below_a_page_or_above_64_bits_fires() {
        assert_eq!(
            with(10),
            fired("the table states an address width of 11 bits")
        );
        assert_eq!(
            with(64),
            fired("the table states an address width of 65 bits")
        );
        assert_eq!(with(11), Answer::Clean);
        assert_eq!(with(63), Answer::Clean);
    }
}
