//! A device without complete ACS is dismounted without force.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every port above a device that is dismounted isolates it, or the dismount is forced.
    ///
    /// ## Why it matters
    ///
    /// Without isolation the guest can reach the memory of neighbouring devices. Hyper-V
    /// refuses the dismount (`RequireAcsSupport`) unless `-Force` is given.
    ///
    /// ## How it is decided
    ///
    /// By the findings of the ACS rules about the device.
    ///
    /// ## What to do
    ///
    /// Hyper-V: move the card to a slot whose ports have ACS. `-Force` skips the check and
    /// leaves the guest able to reach the neighbours.
    ///
    /// VFIO: not concerned.
    DDA063 = {
        name: "dismount-without-isolation",
        summary: "A device without complete ACS is dismounted without force",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice, -Force"),
            Document::DdaBlog.at("part 2, machines and devices"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NotIsolated(codes) => Some(format!(
            "the path of the device is not isolated ({}), and the dismount is not forced",
            codes.join(", ")
        )),
        _ => None,
    }
}
