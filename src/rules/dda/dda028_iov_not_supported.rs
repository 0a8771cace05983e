//! Hyper-V says that the host cannot assign devices.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows::iov_reason;

rule! {
    /// ## What it checks
    ///
    /// That `(Get-VMHost).IovSupport` is true.
    ///
    /// ## Why it matters
    ///
    /// Hyper-V asks this of processor, chipset, firmware and settings when it starts. Where it says
    /// no, no device can be assigned, whatever the devices are like. The survey script asks last,
    /// so that its list may be all green on such a host.
    ///
    /// ## How it is decided
    ///
    /// By the property as captured. Its reasons are matched with what they mean; they come in the
    /// language of the system, and a reason that is not recognised is shown as it is.
    ///
    /// ## What to do
    ///
    /// Hyper-V: do what the reasons name: switch VT-d or AMD-Vi and SR-IOV on in the firmware
    /// setup; update the firmware where its tables are faulty; `bcdedit /set hypervisoriommupolicy
    /// enable` where the system is configured not to use the IOMMU; use a machine with ACS at its
    /// root ports.
    ///
    /// VFIO: not concerned.
    DDA028 = {
        name: "iov-not-supported",
        summary: "Hyper-V reports that the host cannot assign devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [Document::HyperVCmdlets.at("Get-VMHost, IovSupport and IovSupportReasons"), Document::SurveyDda.at("last check")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The reasons.
#[derive(Debug)]
struct NotSupported(Vec<String>);

impl fmt::Display for NotSupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hyper-V reports no support for assigning devices")?;
        let known: Vec<&str> = self.0.iter().map(|reason| meaning(reason)).collect();
        match known.as_slice() {
            [] => f.write_str(" and gives no reason"),
            reasons => write!(f, ": {}", reasons.join("; ")),
        }
    }
}

/// Parts of the English sentences, in lower case, and what they mean (Microsoft KB 2762297).
/// The more precise parts come first.
const REASONS: &[(&str, &str)] = &[
    (
        "second level address",
        "the processor has no second level address translation",
    ),
    (
        iov_reason::INTERRUPT_REMAPPING,
        "the chipset does no interrupt remapping",
    ),
    (
        iov_reason::DMA_REMAPPING,
        "the chipset does no DMA remapping",
    ),
    (
        iov_reason::CONFIGURED_OFF,
        "the system is configured not to use the IOMMU",
    ),
    (
        iov_reason::SETUP_OFF,
        "I/O virtualization is off in the firmware setup",
    ),
    (
        iov_reason::CHIPSET,
        "the chipset lacks I/O virtualization, or it is off in the firmware setup",
    ),
    (
        iov_reason::TABLES,
        "the firmware's tables describe the IOMMU wrongly",
    ),
    ("no pci express", "the firmware reports no PCI Express bus"),
    (
        iov_reason::NATIVE_CONTROL,
        "the firmware keeps control of PCI Express",
    ),
    (iov_reason::ROOT_PORT_ACS, "no root port has ACS"),
    (
        "security vulnerabilit",
        "the IOMMU has a known security weakness",
    ),
];

fn meaning(reason: &str) -> &str {
    let lower = reason.to_lowercase();
    let known = REASONS.iter().find(|(part, _)| lower.contains(part));
    known.map_or(reason, |(_, meaning)| meaning)
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let hyperv = facts.host.nodes().hyperv();
    let Some((hyperv, support)) = hyperv.and_then(|h| Some((h, h.iov_support?))) else {
        return Outcome::NotApplicable("Hyper-V reported nothing");
    };
    if support {
        return Outcome::Clean;
    }
    let reasons = hyperv.iov_support_reasons.clone();
    Outcome::Fired(Finding::new(
        &DDA028,
        Subject::Host,
        Confidence::High,
        NotSupported(reasons),
        Evidence::new(
            Locus::Capture,
            "IovSupport (host/hyperv.json)",
            Value::Word("False"),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(hyperv: &serde_json::Value) -> Answer {
        answer(&DDA028, &Machine::with_port().with_hyperv(hyperv), "")
    }

    #[test]
    fn reasons_are_matched_with_their_meaning_and_unknown_ones_are_shown() {
        let reasons = [
            "The chipset on the system does not do DMA remapping, without which SR-IOV cannot be supported.",
            "Etwas anderes.",
        ];
        assert_eq!(
            with(&serde_json::json!({"iov_support": false, "iov_support_reasons": reasons})),
            fired(
                "Hyper-V reports no support for assigning devices: the chipset does no DMA remapping; Etwas anderes."
            )
        );
        assert_eq!(
            with(&serde_json::json!({"iov_support": false})),
            fired("Hyper-V reports no support for assigning devices and gives no reason")
        );
    }

    #[test]
    fn support_is_clean_and_silence_says_nothing() {
        assert_eq!(
            with(&serde_json::json!({"iov_support": true})),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::NotApplicable);
        let _ = answer_for(&DDA028, Dev::endpoint());
    }
}
