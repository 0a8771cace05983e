//! A bus with Express functions is not in the MCFG table.

use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every bus on which an Express function was captured lies in a region of the MCFG table.
    ///
    /// ## Why it matters
    ///
    /// Functions on other buses show 256 bytes of configuration space: no ACS, no SR-IOV, no ATS.
    /// Below such a port nothing counts as isolated.
    ///
    /// ## How it is decided
    ///
    /// By the regions of the table and the addresses of captured functions that have a PCI
    /// Express capability. Domains beyond 16 bits (Intel VMD) are mapped by their controller and
    /// left out.
    ///
    /// ## What to do
    ///
    /// Firmware: extend the region, or limit the buses of the root bridge (`_CRS`) to those that
    /// are mapped.
    ///
    /// Hyper-V and VFIO: a firmware update, or another slot.
    CFG022 = {
        name: "bus-without-ecam",
        summary: "A bus with Express functions is not in the MCFG table",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("4.1.2 MCFG Table Description"),
            Document::LinuxPci.at("arch/x86/pci/mmconfig-shared.c"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The bus.
#[derive(Debug)]
struct NotMapped(Segment, u8);

impl fmt::Display for NotMapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bus {}:{:02x} is in no region", self.0, self.1)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((table, mcfg)) = facts.host.acpi().mcfg().next() else {
        return Outcome::NotApplicable("no MCFG table was captured");
    };
    let mut last = None;
    let mut any = false;
    let mut places = Vec::new();
    for function in facts.host.functions() {
        let key = (function.at.segment, function.at.bus());
        let beyond = key.0.0 > u32::from(u16::MAX);
        if last == Some(key) || beyond || function.express().present().is_none() {
            continue;
        }
        last = Some(key);
        any = true;
        if mcfg.find(key.0, key.1).is_none() {
            let len = u32::try_from(table.bytes.len()).unwrap_or(u32::MAX);
            let span = crate::bytes::Span { offset: 0, len };
            let locus = Locus::Table(TableKind::Mcfg, span);
            let evidence = Evidence::new(locus, "region of the bus", Value::Absent);
            places.push((NotMapped(key.0, key.1), evidence));
        }
    }
    if !any {
        return Outcome::NotApplicable("no Express function was captured");
    }
    several(&CFG022, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::mcfg;
    use crate::testing::{Dev, Machine};

    fn with(entries: &[(u64, u16, u8, u8)]) -> Answer {
        let machine = Machine::with_device(Dev::endpoint());
        answer(
            &CFG022,
            &machine.with_table_bytes("MCFG", mcfg(entries)),
            "",
        )
    }

    #[test]
    fn every_bus_wants_a_region() {
        assert_eq!(with(&[(0xe000_0000, 0, 0, 0xff)]), Answer::Clean);
        assert_eq!(
            with(&[(0xe000_0000, 0, 0, 0)]),
            fired("bus 0000:01 is in no region")
        );
    }
}
