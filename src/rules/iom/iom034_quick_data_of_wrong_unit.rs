//! A QuickData engine belongs to the remapping unit of another I/O hub.

use std::fmt;

use crate::addr::{Bdf, Sbdf};
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The DMA engine of a Sandy Bridge server processor (8086:402f) belongs to the remapping unit that
    /// sits with it.
    ///
    /// ## Why it matters
    ///
    /// Firmware of such machines often names it below another unit. Linux then translates its requests with
    /// the wrong unit, and the engine's transfers fail.
    ///
    /// ## How it is decided
    ///
    /// The unit's registers must lie A000h above the address that the host bridge on the engine's bus has at
    /// offset 180h, as Linux checks it. Machines without such an engine are left out.
    ///
    /// ## What to do
    ///
    /// Firmware: name the engine in the scope of the unit of its own I/O hub.
    ///
    /// Hyper-V: nothing known. VFIO: leave the engine with the host; Linux does not use it then.
    IOM034 = {
        name: "quick-data-of-wrong-unit",
        summary: "A QuickData engine belongs to the remapping unit of another I/O hub",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/iommu.c, quirk_ioat_snb_local_iommu"),
            Document::VtD.at("8.3.1 Device Scope Structure"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Where the unit is and where it should be.
#[derive(Debug)]
struct Wrong(u64, u64);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it belongs to the unit at {:#x}, its own one is at {:#x}",
            self.0, self.1
        )
    }
}

/// Base of the unit registers of an I/O hub, in its host bridge.
const VTBAR: u16 = 0x180;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let identity = &function.identity;
    if (identity.vendor, identity.device) != (Some(0x8086), Some(0x402f)) {
        return Outcome::NotApplicable("no such engine");
    }
    if facts.dmar().is_none() {
        return Outcome::NotApplicable("no DMAR table was captured");
    }
    let bridge = Bdf::new(function.at.bus(), 0, 0)
        .and_then(|bdf| facts.host.find(Sbdf::new(function.at.segment, bdf)));
    let vtbar =
        bridge.and_then(|bridge| Some((bridge, facts.host.function(bridge).config.u32(VTBAR)?)));
    let Some((bridge, vtbar)) = vtbar else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    let wanted = u64::from(vtbar & 0xffff_0000) + 0xa000;
    let owner = facts
        .iommu
        .owner(id)
        .and_then(|owner| facts.iommu.units().get(owner.unit));
    let Some(unit) = owner else {
        return Outcome::NotApplicable("no unit covers it");
    };
    if unit.base == wanted {
        return Outcome::Clean;
    }
    let base = Value::Register {
        value: unit.base,
        bytes: 8,
    };
    let span = Span::new(VTBAR, 4);
    let register = Evidence::new(Locus::Config(bridge, span), "VTBAR", Value::dword(vtbar));
    Outcome::Fired(
        Finding::new(
            &IOM034,
            Subject::Function(id),
            Confidence::Medium,
            Wrong(unit.base, wanted),
            place(unit.table, unit.span, "register base", base),
        )
        .with([register]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::{dmar, drhd};
    use crate::testing::{Dev, Machine};

    fn with(base: u64, bridge: Dev) -> Answer {
        let machine = Machine::new()
            .with("00:00.0", bridge)
            .with("00:04.0", Dev::endpoint().ids(0x8086, 0x402f))
            .with_table_bytes("DMAR", dmar(&[drhd(true, 0, base, &[])]));
        answer(&IOM034, &machine, "00:04.0")
    }

    #[test]
    fn the_unit_lies_beside_the_hubs_registers() {
        let bridge = || {
            Dev::endpoint()
                .class(0x06_00_00)
                .poke(0x180, &[1, 0, 0xde, 0xfb])
        };
        assert_eq!(with(0xfbde_a000, bridge()), Answer::Clean);
        assert_eq!(
            with(0xfbff_e000, bridge()),
            fired("it belongs to the unit at 0xfbffe000, its own one is at 0xfbdea000")
        );
        let cut = with(0xfbff_e000, bridge().cut(0x100));
        assert!(matches!(cut, Answer::CannotTell(_)));
    }
}
