//! A device is dismounted that the host has not disabled.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device is disabled on the host before it is dismounted.
    ///
    /// ## Why it matters
    ///
    /// The dismount takes the device node away from its driver. While the driver is loaded,
    /// Windows refuses.
    ///
    /// ## How it is decided
    ///
    /// By the state of the device when the step is played. Where the capture holds no problem
    /// code, the device counts as enabled.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Disable-PnpDevice -InstanceId …` first; a restart may be needed in between.
    ///
    /// VFIO: not concerned.
    DDA061 = {
        name: "dismount-of-enabled-device",
        summary: "A device is dismounted that the host has not disabled",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice"),
            Document::DdaBlog.at("part 1, NVMe example"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NotDisabled => Some("the device is enabled on the host; disable it first".to_owned()),
        _ => None,
    }
}
