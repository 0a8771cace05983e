//! A VM of a failover cluster gets a device.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM with a device is no resource of a failover cluster, or the host has pools of
    /// devices.
    ///
    /// ## Why it matters
    ///
    /// Before Windows Server 2025 a VM with a device cannot be highly available. From then on
    /// the device comes from a pool that has the same name on every node.
    ///
    /// ## How it is decided
    ///
    /// By `clustered` of the VM and the version of the host.
    ///
    /// ## What to do
    ///
    /// Hyper-V: take the VM out of the cluster, or use Windows Server 2025 with `New-
    /// VMResourcePool -ResourcePoolType PciExpress`.
    ///
    /// VFIO: not concerned.
    VMC010 = {
        name: "clustered-vm",
        summary: "A VM of a failover cluster gets a device",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("VM limitations"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Clustered { pools } => Some(match pools {
            true => "the virtual machine is clustered: its device has to come from a pool of the same name on every node".to_owned(),
            false => "a clustered virtual machine cannot have a device on this version of Windows".to_owned(),
        }),
        _ => None,
    }
}
