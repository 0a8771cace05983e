//! A VM with a device is moved while it runs.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM that is moved to another host while it runs has no physical device.
    ///
    /// ## Why it matters
    ///
    /// The device stays in its host.
    ///
    /// ## How it is decided
    ///
    /// By the devices that the VM has when the step is played. Devices whose own driver
    /// supports migration are not modelled.
    ///
    /// ## What to do
    ///
    /// Hyper-V: remove the devices first. Windows Server 2025 restarts the VM on another node
    /// of a cluster with a pool of equal devices.
    ///
    /// VFIO: remove the devices first.
    VMC009 = {
        name: "live-migration",
        summary: "A VM with a device is moved while it runs",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::DdaPlan.at("VM limitations"),
            Document::LinuxVfio.at("migration support"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::CannotMigrate => Some(
            "a virtual machine with a physical device cannot be moved while it runs".to_owned(),
        ),
        _ => None,
    }
}
