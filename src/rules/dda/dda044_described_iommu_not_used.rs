//! The firmware describes an IOMMU, and Hyper-V finds none.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Hyper-V uses the IOMMU that the firmware's tables describe.
    ///
    /// ## Why it matters
    ///
    /// The machine looks ready, and no device can be assigned. The reason that Hyper-V gives
    /// ("the chipset does not do DMA remapping") leads to the firmware setup, where everything
    /// is on already.
    ///
    /// ## How it is decided
    ///
    /// A DMAR or IVRS table with a remapping unit was captured, IovSupport is false, and one of
    /// its reasons speaks of DMA remapping (in English).
    ///
    /// ## What to do
    ///
    /// Hyper-V: see which table it is: Windows takes DMAR on Intel processors and IVRS on AMD
    /// ones only. An Intel unit must offer snoop control (bit 7 of its Extended Capability
    /// Register), which emulated units may lack: choose another virtual IOMMU. Look for
    /// `hypervisorloadoptions` and `hypervisoriommupolicy` in `bcdedit /enum`.
    ///
    /// VFIO: not concerned.
    DDA044 = {
        name: "described-iommu-not-used",
        summary: "The firmware describes an IOMMU, but Hyper-V says that there is none",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Get-VMHost, IovSupport and IovSupportReasons"),
            Document::OpenVmm.at("nested device assignment, IOMMU requirements"),
            Document::VtD.at("11.4.3 Extended Capability Register, SC"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The table.
#[derive(Debug)]
struct NotUsed(&'static str);

impl fmt::Display for NotUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the table {} describes an IOMMU, and Hyper-V reports no DMA remapping",
            self.0
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let hyperv = facts.host.nodes().hyperv();
    let Some((hyperv, support)) = hyperv.and_then(|h| Some((h, h.iov_support?))) else {
        return Outcome::NotApplicable("Hyper-V reported nothing");
    };
    let Some(unit) = facts.iommu.units().first() else {
        return Outcome::NotApplicable("no captured table describes a unit");
    };
    let denied = hyperv.iov_support_reasons.iter().any(|reason| {
        let reason = reason.to_lowercase();
        reason.contains("dma remapping")
    });
    if support || !denied {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA044,
        Subject::Host,
        Confidence::High,
        NotUsed(unit.table.signature()),
        Evidence::new(
            Locus::Table(unit.table, unit.span),
            "remapping unit",
            Value::Word("described"),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine, dmar};

    const REASON: &str = "The chipset on the system does not do DMA remapping, without which \
        SR-IOV cannot be supported.";

    fn with(support: bool, reason: &str) -> Answer {
        // One unit that takes all devices (VT-d 8.3).
        let unit = [0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0];
        let hyperv = serde_json::json!({"iov_support": support, "iov_support_reasons": [reason]});
        let machine = Machine::with_device(Dev::endpoint())
            .with_table_bytes("DMAR", dmar(1, &unit))
            .with_hyperv(&hyperv);
        answer(&DDA044, &machine, "")
    }

    #[test]
    fn a_described_unit_that_hyper_v_denies_fires() {
        assert_eq!(
            with(false, REASON),
            fired("the table DMAR describes an IOMMU, and Hyper-V reports no DMA remapping")
        );
    }

    #[test]
    fn other_reasons_and_support_are_clean() {
        assert_eq!(with(false, "No PCI Express bus."), Answer::Clean);
        assert_eq!(with(true, REASON), Answer::Clean);
    }

    #[test]
    fn without_tables_or_hyper_v_nothing_is_compared() {
        let hyperv = serde_json::json!({"iov_support": false, "iov_support_reasons": [REASON]});
        let bare = Machine::with_device(Dev::endpoint()).with_hyperv(&hyperv);
        assert_eq!(answer(&DDA044, &bare, ""), Answer::NotApplicable);
        assert_eq!(
            answer(&DDA044, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }
}
