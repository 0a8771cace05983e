//! The guest system does not support assigned devices.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The guest is Windows 10 or later, Windows Server 2012 R2 or later, or Linux.
    ///
    /// ## Why it matters
    ///
    /// Older guests have no driver for the virtual PCI bus.
    ///
    /// ## How it is decided
    ///
    /// By `guest` of the VM.
    ///
    /// ## What to do
    ///
    /// Hyper-V: use a newer guest; Windows Server 2012 R2 needs KB3133690.
    ///
    /// VFIO: not concerned.
    VMC012 = {
        name: "guest-not-supported",
        summary: "The guest system does not support assigned devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("guest operating systems"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::GuestNotSupported => {
            Some("the guest system does not support assigned devices".to_owned())
        }
        _ => None,
    }
}
