//! The kernel's log lists other reserved memory than the DMAR table.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::range::AddrRange;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The kernel's log lists the same reserved memory as the captured DMAR table.
    ///
    /// ## Why it matters
    ///
    /// The two are of different boots, of different firmware settings or of different machines, and what
    /// one of them says about the other is void.
    ///
    /// ## How it is decided
    ///
    /// By the lines `RMRR base: … end: …` of the log and the RMRR structures of the table, each in the other
    /// list. A log without such a line proves nothing: its beginning may be lost. Kernels older than 3.0
    /// do not say it.
    ///
    /// ## What to do
    ///
    /// Firmware: nothing.
    ///
    /// Hyper-V and VFIO: take log and tables in one boot. What the system reports of each device decides
    /// (RSV001, RSV002).
    RSV008 = {
        name: "log-differs-from-table",
        summary: "The kernel's log lists other reserved memory than the DMAR table",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_table_print_dmar_entry"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Who lists it alone.
#[derive(Debug)]
enum Differs {
    LogAlone(u64, u64),
    TableAlone(u64, u64),
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogAlone(base, end) => {
                write!(f, "the log reserves {base:#x}-{end:#x}, the table does not")
            }
            Self::TableAlone(base, end) => {
                write!(f, "the table reserves {base:#x}-{end:#x}, the log does not")
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let (Some(table), Some(log)) = (facts.dmar(), facts.host.log()) else {
        return Outcome::NotApplicable("log and DMAR table are not both captured");
    };
    let said = &log.remapping.reserved;
    if said.is_empty() {
        return Outcome::NotApplicable("the log lists no reserved memory");
    }
    let ends = |range: AddrRange| (range.start(), range.last());
    let listed: Vec<_> = table
        .reserved()
        .map(|(region, span)| ((region.base, region.limit), span))
        .collect();
    let alone_in_log = said.iter().filter_map(|said| {
        let (base, end) = ends(said.value);
        let seen = Value::Range(said.value);
        let evidence = Evidence::new(Locus::Log(said.line), "RMRR", seen);
        let known = listed.iter().any(|(range, _)| *range == (base, end));
        (!known).then_some((Differs::LogAlone(base, end), evidence))
    });
    let alone_in_table = listed.iter().filter_map(|&((base, end), span)| {
        // The kernel prints ranges that are none, too, but they were not taken for ranges.
        AddrRange::new(base, end)?;
        let known = said.iter().any(|said| ends(said.value) == (base, end));
        let seen = Value::Register {
            value: base,
            bytes: 8,
        };
        let evidence = Evidence::new(Locus::Table(TableKind::Dmar, span), "RMRR base", seen);
        (!known).then_some((Differs::TableAlone(base, end), evidence))
    });
    let places: Vec<_> = alone_in_log.chain(alone_in_table).collect();
    several(&RSV008, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, rmrr};

    fn with(log: &str) -> Answer {
        let table = dmar(&[rmrr(0x8d00_0000, 0x8f7f_ffff, &[])]);
        let machine = Machine::with_port().with_table_bytes("DMAR", table);
        answer(&RSV008, &machine.with_log(log), "")
    }

    #[test]
    fn each_range_is_in_the_other_list() {
        let line =
            |base: &str, end: &str| format!("[    0.1] DMAR: RMRR base: 0x{base} end: 0x{end}\n");
        let same = line("0000008d000000", "0000008f7fffff");
        assert_eq!(with(&same), Answer::Clean);
        let more = format!("{same}{}", line("00000070000000", "0000007000ffff"));
        assert_eq!(
            with(&more),
            fired("the log reserves 0x70000000-0x7000ffff, the table does not")
        );
        assert_eq!(
            with(&line("00000070000000", "0000007000ffff")),
            fired(
                "the log reserves 0x70000000-0x7000ffff, the table does not; \
                 the table reserves 0x8d000000-0x8f7fffff, the log does not"
            )
        );
        assert_eq!(with("[    0.1] x\n"), Answer::NotApplicable);
    }
}
