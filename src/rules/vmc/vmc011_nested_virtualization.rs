//! A VM with a device has nested virtualization.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM with a device has no nested virtualization.
    ///
    /// ## Why it matters
    ///
    /// The guest has no virtual IOMMU. Guests that start a hypervisor of their own with an
    /// assigned device have been seen to crash.
    ///
    /// ## How it is decided
    ///
    /// By `nested` of the VM when it starts.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VMProcessor -ExposeVirtualizationExtensions $false`.
    ///
    /// VFIO: not concerned.
    VMC011 = {
        name: "nested-virtualization",
        summary: "A VM with a device has nested virtualization",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::LinuxPci.at("controller/pci-hyperv.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Nested => {
            Some("nested virtualization and an assigned device do not go well together".to_owned())
        }
        _ => None,
    }
}
