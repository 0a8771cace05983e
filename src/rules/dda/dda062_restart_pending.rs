//! Windows has to be restarted before it releases a device.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No restart is pending between disabling and dismounting a device.
    ///
    /// ## Why it matters
    ///
    /// Some drivers cannot let their device go while the system runs. Windows then reports
    /// problem 14, and the dismount fails.
    ///
    /// ## How it is decided
    ///
    /// By `restart_needed` in the scenario: whether a driver lets go shows only on the host
    /// itself.
    ///
    /// ## What to do
    ///
    /// Hyper-V: restart the host, then dismount.
    ///
    /// VFIO: not concerned.
    DDA062 = {
        name: "restart-pending",
        summary: "Windows has to be restarted before it releases a device",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaBlog.at("part 1, NVMe example"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::RestartPending => {
            Some("Windows has to be restarted before it releases the device".to_owned())
        }
        _ => None,
    }
}
