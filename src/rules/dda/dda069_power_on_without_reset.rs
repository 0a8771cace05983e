//! A VM is started with a device that cannot be reset by itself.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every device of a VM that starts has a function level reset, or the power-on policies
    /// are relaxed.
    ///
    /// ## Why it matters
    ///
    /// A device without reset carries its state from one guest to the next and may take the
    /// host down when the VM restarts. Windows Server 2022 and later refuse the start.
    ///
    /// ## How it is decided
    ///
    /// By FLR in the Express or Advanced Features capability. The policies
    /// `RequireSecureDeviceAssignment` and `RequireSupportedDeviceAssignment` count as in force
    /// from Windows Server 2022 on unless the scenario relaxes them; for earlier versions this
    /// is a warning.
    ///
    /// ## What to do
    ///
    /// Hyper-V: set both policies to 0 under `HKLM\SOFTWARE\Policies\Microsoft\Windows\HyperV`,
    /// and accept the risk.
    ///
    /// VFIO: see RST001.
    DDA069 = {
        name: "power-on-without-reset",
        summary: "A VM is started with a device that cannot be reset by itself",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::OpenVmm.at("hyperv_nested.rs, power-on policies"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NoFunctionReset { enforced } => Some(match enforced {
            true => "the device has no function level reset, which the power-on policy demands"
                .to_owned(),
            false => {
                "the device has no function level reset; restarting the VM may take the host down"
                    .to_owned()
            }
        }),
        _ => None,
    }
}
