//! Plays an assignment on the model of a host: states, transitions, refusals.
//!
//! Nothing is executed. The states and transitions of Hyper-V are those of Microsoft's cmdlet
//! reference and posts; those of VFIO follow the kernel's vfio-pci and its group rule.

mod captured;
mod error;
mod hyperv;
pub mod instance;
mod parse;
mod play;
mod remark;
pub mod scenario;
mod state;
pub mod step;
mod vfio;

#[cfg(test)]
mod tests;

pub use error::{Problem, ScenarioError};
pub use parse::{Lines, ScenarioSyntax};
pub use remark::{Codes, Kind, Remark};
pub use scenario::{Config, Platform, Scenario};
pub use state::{DeviceState, DeviceTrack, Vm};
pub use step::Step;

use std::collections::BTreeMap;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::sim::guest::GuestStudy;

use error::Place;
use play::Play;

/// What the rules say about devices under the scenario's platform. Filled by whoever asks the
/// rules; the simulation asks none itself.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Gates(pub BTreeMap<FunctionId, Gate>);

/// What the rules say about one device.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Gate {
    /// Codes of findings that block and that force overrides.
    pub forcible: Codes,
    /// Codes of findings that block, whatever one does.
    pub blockers: Codes,
    /// Codes of blocking rules that lacked evidence.
    pub open: Codes,
    /// The class is not one that Microsoft supports, so that a mitigation driver is needed.
    pub needs_mitigation: bool,
}

/// A scenario that was played.
#[derive(Clone, PartialEq, Debug)]
pub struct Simulation {
    /// The platform.
    pub policy: Policy,
    /// Every device that a step touched, by address.
    pub devices: Vec<DeviceTrack>,
    /// Every VM as it ends: those of the scenario in its order, then those of the captured host
    /// that have devices or are named by a step.
    pub vms: Vec<Vm>,
    /// Physical address width of the host, as captured or as the scenario has it.
    pub host_bits: Option<u8>,
    /// What happened, in order.
    pub steps: Vec<Played>,
    /// The layout of every VM that has devices at the end, by index of the VM.
    pub layouts: Vec<(usize, GuestStudy)>,
}

/// One step as played, on one device where it concerns devices.
#[derive(Clone, PartialEq, Debug)]
pub struct Played {
    /// Index of the step in the scenario.
    pub step: usize,
    /// What was done.
    pub action: Action,
    /// Device.
    pub device: Option<FunctionId>,
    /// Index of the VM.
    pub vm: Option<usize>,
    /// State of the device before.
    pub before: Option<DeviceState>,
    /// State of the device after; the same where the step was refused.
    pub after: Option<DeviceState>,
    /// What there is to say, refusals first.
    pub remarks: Vec<Remark>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Action {
    /// Disable on the host.
    Disable,
    /// Restart the host.
    RestartHost,
    /// Dismount.
    Dismount {
        /// By force.
        force: bool,
    },
    /// Bind to vfio-pci.
    Bind,
    /// Give back to the host's driver.
    Unbind,
    /// Add to a VM.
    Add,
    /// Add whatever the pool gives.
    AddAny,
    /// Remove from a VM.
    Remove,
    /// Mount on the host.
    Mount,
    /// Enable on the host.
    Enable,
    /// Change a VM.
    Set(Config),
    /// Start a VM.
    Start,
    /// Turn a VM off.
    Stop,
    /// Save a VM.
    Save,
    /// Take a checkpoint.
    Checkpoint,
    /// Move while running.
    Migrate,
    /// Delete a VM.
    Delete,
}

/// Plays a scenario.
///
/// # Errors
/// The scenario names devices or VMs that do not exist, or steps of another platform.
pub fn play(
    facts: &Facts<'_, '_>,
    scenario: &Scenario,
    gates: &Gates,
) -> Result<Simulation, ScenarioError> {
    let mut play = Play::start(facts, scenario, gates)
        .map_err(|(problem, place)| ScenarioError::of(problem, scenario, place))?;
    for (number, step) in scenario.step.iter().enumerate() {
        let problem = match play.step(number, step) {
            Err(problem) => problem,
            Ok(()) if play.steps.len() > parse::MOST_STEPS => Problem::TooLong,
            Ok(()) => continue,
        };
        return Err(ScenarioError::of(problem, scenario, Place::Step(number)));
    }
    Ok(play.end())
}

impl Simulation {
    /// Whether every step went through.
    pub fn succeeds(&self) -> bool {
        !self.steps.iter().any(Played::is_refused)
    }

    /// The devices that nobody has and that are held for guests.
    pub fn pool(&self) -> impl Iterator<Item = &DeviceTrack> {
        self.devices
            .iter()
            .filter(|track| track.state == DeviceState::Dismounted)
    }

    /// A VM by its index.
    pub fn vm(&self, index: usize) -> Option<&Vm> {
        self.vms.get(index)
    }
}

impl Played {
    /// Whether the step was refused.
    pub fn is_refused(&self) -> bool {
        self.remarks.iter().any(|remark| remark.refuses)
    }
}
