//! A VM with a device would be saved when the host shuts down.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The automatic stop action of a VM with a device is not Save.
    ///
    /// ## Why it matters
    ///
    /// The state of a physical device cannot be saved. Hyper-V refuses a device for a VM that
    /// would be saved, and Save is the default.
    ///
    /// ## How it is decided
    ///
    /// By the VM of the scenario. Microsoft's pages ask for TurnOff; ShutDown is accepted as
    /// well.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VM -Name … -AutomaticStopAction TurnOff`.
    ///
    /// VFIO: not concerned.
    VMC001 = {
        name: "automatic-stop-action",
        summary: "A VM with a device would be saved when the host shuts down",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("AutomaticStopAction"),
            Document::DdaBlog.at("part 3, GPUs"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::StopActionSaves => {
            Some("the automatic stop action is Save; it has to be TurnOff".to_owned())
        }
        Kind::StopActionOpen => {
            Some("the automatic stop action was not captured; it has to be TurnOff".to_owned())
        }
        _ => None,
    }
}
