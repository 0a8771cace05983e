//! A device without mitigation driver is dismounted without force.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device of a class that Microsoft does not support has a mitigation (partitioning)
    /// driver, or its dismount is forced.
    ///
    /// ## Why it matters
    ///
    /// The driver tells Hyper-V which registers a guest must not reach. Without it Hyper-V
    /// refuses the dismount (`RequireDeviceMitigations`) unless `-Force` is given.
    ///
    /// ## How it is decided
    ///
    /// By the class of the device and `mitigation_driver` in the scenario.
    ///
    /// ## What to do
    ///
    /// Hyper-V: install the maker's partitioning driver, or use `-Force` and give the device to
    /// trusted guests alone.
    ///
    /// VFIO: not concerned.
    DDA064 = {
        name: "dismount-without-mitigation",
        summary: "A device without mitigation driver is dismounted without force",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice, -Force"),
            Document::DdaBlog.at("part 3, GPUs"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NoMitigation => Some(
            "no mitigation driver is installed for the device, and the dismount is not forced"
                .to_owned(),
        ),
        _ => None,
    }
}
