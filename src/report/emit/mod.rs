//! The commands that would carry out a scenario, in order, and those that undo it.
//!
//! Nothing is executed. Every text that comes from a dump or a scenario is quoted for the
//! language in which it ends up; what no quoting makes harmless is refused.

mod libvirt;
mod powershell;
mod proxmox;
mod qemu;
mod shell;

#[cfg(test)]
mod tests;

use std::fmt;

use super::{Report, SimulationReport};
use crate::addr::Sbdf;
use crate::host::FunctionId;
use crate::sim::assign::scenario::StopAction;
use crate::sim::assign::{Config, DeviceState, Played, Vm};
use crate::sim::policy::hyperv::{HIGH_BASE, HIGH_DEFAULT, LOW_DEFAULT};
use crate::sim::{Bytes, assign::Action};

/// The language of the commands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Target {
    /// Hyper-V's cmdlets.
    PowerShell,
    /// A libvirt domain for each VM.
    Libvirt,
    /// A QEMU command line for each VM.
    Qemu,
    /// Proxmox VE's `qm`.
    Proxmox,
}

/// Why there are no commands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EmitError {
    /// The target belongs to another platform than the scenario.
    WrongPlatform(Target),
    /// A name that cannot be quoted: it holds control characters, or a slash for libvirt.
    Name(String),
    /// A device without a location path, by which Windows would know it.
    NoLocationPath(Sbdf),
}

/// The commands for a scenario.
///
/// # Errors
/// The target is of another platform, or a name cannot be quoted.
pub fn emit(
    report: &Report<'_>,
    played: &SimulationReport<'_>,
    target: Target,
) -> Result<String, EmitError> {
    let hyperv = played.simulation.policy.is_hyperv();
    if hyperv != (target == Target::PowerShell) {
        return Err(EmitError::WrongPlatform(target));
    }
    let simulation = played.simulation;
    for (index, vm) in simulation.vms.iter().enumerate() {
        // A captured machine that no step concerns occurs in no command.
        let concerned = || simulation.steps.iter().any(|step| step.vm == Some(index));
        if vm.captured && !concerned() {
            continue;
        }
        if vm.name.chars().any(char::is_control) || vm.name.is_empty() {
            return Err(EmitError::Name(vm.name.clone()));
        }
    }
    match target {
        Target::PowerShell => powershell::script(report, played),
        Target::Libvirt => libvirt::domains(report, played),
        Target::Qemu => Ok(qemu::script(report, played)),
        Target::Proxmox => Ok(proxmox::script(report, played)),
    }
}

impl Target {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PowerShell => "powershell",
            Self::Libvirt => "libvirt",
            Self::Qemu => "qemu",
            Self::Proxmox => "proxmox",
        }
    }
}

/// Why a step is refused, for a comment in front of its commands.
fn refusal(played: &SimulationReport<'_>, index: usize) -> Option<String> {
    let found = played
        .findings
        .iter()
        .find(|found| found.played == index && found.refuses)?;
    Some(format!(
        "refused, {}: {}",
        found.finding.rule().code,
        found.finding.message()
    ))
}

/// The devices that a VM has had last, whether it still has them or not: removing them again
/// is part of a scenario, having them the purpose of the commands.
fn devices_added<'s>(
    played: &SimulationReport<'s>,
    vm: usize,
) -> impl Iterator<Item = FunctionId> + use<'s> {
    let simulation = played.simulation;
    let vm = simulation.vm(vm);
    vm.into_iter().flat_map(|vm| vm.devices.iter().copied())
}

/// The VMs that have devices at the end.
fn machines<'s>(played: &SimulationReport<'s>) -> impl Iterator<Item = (usize, &'s Vm)> + use<'s> {
    let vms = played.simulation.vms.iter().enumerate();
    vms.filter(|(_, vm)| !vm.devices.is_empty())
}

/// What a setting was before a step, with the platform's default where nothing was set: only
/// the members that the step sets.
fn before(step: Config, was: Config) -> Config {
    fn of<T>(set: Option<T>, was: Option<T>, default: T) -> Option<T> {
        set.map(|_| was.unwrap_or(default))
    }
    Config {
        memory: step.memory.and(was.memory),
        stop_action: of(step.stop_action, was.stop_action, StopAction::Save),
        dynamic_memory: of(step.dynamic_memory, was.dynamic_memory, false),
        low_mmio: of(step.low_mmio, was.low_mmio, Bytes(LOW_DEFAULT)),
        high_mmio: of(step.high_mmio, was.high_mmio, Bytes(HIGH_DEFAULT)),
        high_mmio_base: of(step.high_mmio_base, was.high_mmio_base, Bytes(HIGH_BASE)),
        cache_types: of(step.cache_types, was.cache_types, false),
        nested: of(step.nested, was.nested, false),
        ..Config::default()
    }
}

/// Devices in the order in which they were taken from the host, with what they were before.
fn taken(played: &SimulationReport<'_>) -> Vec<(FunctionId, DeviceState)> {
    let mut taken: Vec<(FunctionId, DeviceState)> = Vec::new();
    let simulation = played.simulation;
    for step in &simulation.steps {
        let takes = matches!(
            step.action,
            Action::Disable | Action::Dismount { .. } | Action::Bind
        );
        let Some(id) = step.device.filter(|_| takes && !Played::is_refused(step)) else {
            continue;
        };
        let track = simulation.devices.iter().find(|track| track.id == id);
        if let Some(track) = track
            && track.state != track.initial
            && !taken.iter().any(|(other, _)| *other == id)
        {
            taken.push((id, track.initial));
        }
    }
    taken
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPlatform(Target::PowerShell) => {
                f.write_str("powershell is for scenarios of Hyper-V; this one is of vfio")
            }
            Self::WrongPlatform(target) => write!(
                f,
                "{} is for scenarios of vfio; this one is of Hyper-V",
                target.name()
            ),
            Self::Name(name) => write!(
                f,
                "the name of the virtual machine '{}' cannot be used there",
                super::safe(name)
            ),
            Self::NoLocationPath(at) => write!(
                f,
                "the location path of {at} is not known, because a bridge above it is not captured"
            ),
        }
    }
}

impl std::error::Error for EmitError {}
