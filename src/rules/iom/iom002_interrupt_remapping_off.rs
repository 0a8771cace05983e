//! The firmware's table says that interrupts are not remapped.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::kernel_log::State;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The DMAR table allows interrupt remapping.
    ///
    /// ## Why it matters
    ///
    /// A device writes its interrupts to memory. Without remapping a guest can make it write any
    /// vector to any processor of the host, and so reach the hypervisor.
    ///
    /// ## How it is decided
    ///
    /// By bit 0 (INTR_REMAP) of the DMAR table's flags. An IVRS table has no such bit: AMD's
    /// units remap interrupts, provided that the table names the I/O APIC, which is not
    /// evaluated yet. Without a table the rule has nothing to say; IOM001 asks for one.
    ///
    /// ## What to do
    ///
    /// Hyper-V: look for a firmware option "interrupt remapping", "VT-d 2" or "x2APIC"; a
    /// firmware update. There is no override.
    ///
    /// VFIO: the same; the module option `allow_unsafe_interrupts=1` of vfio_iommu_type1 gives
    /// the protection up.
    IOM002 = {
        name: "interrupt-remapping-off",
        summary: "The firmware does not offer interrupt remapping",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
            Document::LinuxVfio.at("vfio_iommu_type1.c, allow_unsafe_interrupts"),
            Document::OpenVmm.at("DMAR: interrupt remapping that covers the I/O APIC"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// INTR_REMAP is clear.
#[derive(Debug)]
struct Off;

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the DMAR table's INTR_REMAP flag is clear")
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let tables = facts.iommu.tables();
    let states = [State::InterruptRemapping, State::InterruptRemappingFailed];
    let said = facts
        .host
        .log()
        .and_then(|log| log.remapping.last_of(&states));
    let in_use = said.is_some_and(|said| said.value == State::InterruptRemapping);
    let mut answers = tables
        .iter()
        .filter_map(|table| table.interrupt_remapping)
        .peekable();
    if answers.peek().is_none() && in_use {
        return Outcome::Clean;
    }
    if answers.peek().is_none() {
        return Outcome::NotApplicable("no table that says so was captured");
    }
    if answers.all(|remaps| remaps) {
        return Outcome::Clean;
    }
    let flags = Span { offset: 37, len: 1 };
    let evidence = Evidence::new(
        Locus::Table(TableKind::Dmar, flags),
        "INTR_REMAP",
        Value::Number(0),
    );
    Outcome::Fired(Finding::new(
        &IOM002,
        Subject::Host,
        Confidence::High,
        Off,
        evidence.wanting(Value::Number(1)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar};

    #[test]
    fn the_flag_decides() {
        let with = |flags: u8| Machine::with_port().with_table_bytes("DMAR", dmar(flags, &[]));
        assert_eq!(answer(&IOM002, &with(1), ""), Answer::Clean);
        assert_eq!(answer(&IOM002, &with(3), ""), Answer::Clean);
        let off = fired("the DMAR table's INTR_REMAP flag is clear");
        assert_eq!(answer(&IOM002, &with(0), ""), off);
        assert_eq!(answer(&IOM002, &with(2), ""), off);
    }

    #[test]
    fn without_a_table_another_rule_asks() {
        assert_eq!(
            answer(&IOM002, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }
}
