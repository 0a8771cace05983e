//! A device with virtual functions has no ARI capability.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// A physical function with SR-IOV also has the ARI capability, unless it is integrated into
    /// the root complex.
    ///
    /// ## Why it matters
    ///
    /// Without ARI the virtual functions of a device beyond the eighth function need bus numbers
    /// of their own, which firmware often does not leave free.
    ///
    /// ## How it is decided
    ///
    /// By the two extended capabilities of each endpoint. Integrated endpoints are exempt.
    ///
    /// ## What to do
    ///
    /// Device: implement ARI in every function.
    ///
    /// Hyper-V and VFIO: reserve bus numbers in the firmware setup ("SR-IOV support", "bus
    /// padding").
    CFG035 = {
        name: "sriov-without-ari",
        summary: "A device with SR-IOV has no ARI capability",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("9.3.7 PCIe Extended Capabilities, ARI"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// One without the other.
#[derive(Debug)]
struct NoAri;

impl fmt::Display for NoAri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SR-IOV without ARI")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if facts.topology.kind(id) == FunctionKind::RcEndpoint {
        return Outcome::NotApplicable("an integrated endpoint");
    }
    let sriov = match function.sriov() {
        Observed::Present(sriov) => sriov,
        Observed::Absent => return Outcome::NotApplicable("no SR-IOV"),
        _ => return Outcome::CannotTell(Missing::extended(id, function)),
    };
    match function.space.extended(function.config, ExtCapId::ARI) {
        Observed::Present(_) => Outcome::Clean,
        Observed::Absent => Outcome::Fired(
            Finding::new(
                &CFG035,
                Subject::Function(id),
                Confidence::High,
                NoAri,
                Evidence::new(Locus::Lists(id), "ARI Extended Capability", Value::Absent),
            )
            .with([Evidence::new(
                Locus::Config(id, sriov.window().span(0, 4)),
                "SR-IOV Extended Capability",
                Value::Word("present"),
            )]),
        ),
        _ => Outcome::CannotTell(Missing::extended(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn the_two_go_together() {
        let sriov = || Dev::endpoint().sriov(false, 0, 0x80, 1);
        assert_eq!(answer_for(&CFG035, sriov()), fired("SR-IOV without ARI"));
        assert_eq!(
            answer_for(&CFG035, sriov().extended(0x0e, &[0; 4])),
            Answer::Clean
        );
        assert_eq!(answer_for(&CFG035, Dev::endpoint()), Answer::NotApplicable);
    }
}
