//! The firmware asks systems to leave remapping off.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The DMAR table does not have the flag that asks the system not to use DMA remapping (bit
    /// 3).
    ///
    /// ## Why it matters
    ///
    /// Linux from 7.3 on then leaves remapping off, and nothing can be assigned. Older kernels,
    /// and systems that do not know the bit, go on as if it were not there.
    ///
    /// ## How it is decided
    ///
    /// By bit 3 of the flags. The bit is newer than most firmware; where it is set by mistake,
    /// reserved bits were not cleared.
    ///
    /// ## What to do
    ///
    /// Firmware: clear the bit unless remapping really must not be used.
    ///
    /// Hyper-V: not known to look at it. VFIO: a firmware update or setup option, or an older
    /// kernel.
    IOM022 = {
        name: "remapping-opt-out",
        summary: "The DMAR table asks systems not to use DMA remapping",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::Condition),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
            Document::LinuxIommu.at("intel/dmar.c"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Bit 3 is set.
#[derive(Debug)]
struct OptOut;

impl fmt::Display for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the DMAR table's flags ask for remapping to stay off")
    }
}

/// The firmware wants DMA remapping to stay off.
const OPT_OUT: u8 = 1 << 3;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let flags = match dmar(facts) {
        Ok(table) => table.flags,
        Err(answer) => return answer,
    };
    let span = Span { offset: 37, len: 1 };
    let evidence = place(TableKind::Dmar, span, "DMAR flags", Value::byte(flags));
    let hit = (flags & OPT_OUT != 0).then_some((OptOut, evidence));
    several(&IOM022, Subject::Host, Confidence::Medium, hit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar as table};

    #[test]
    fn the_bit_decides() {
        let with = |flags| {
            let machine = Machine::new().with_table_bytes("DMAR", table(flags, &[]));
            answer(&IOM022, &machine, "")
        };
        let out = fired("the DMAR table's flags ask for remapping to stay off");
        assert_eq!(with(0b1001), out);
        assert_eq!(with(0b0111), Answer::Clean);
    }
}
