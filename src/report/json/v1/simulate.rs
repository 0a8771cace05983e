//! `assignable.simulation/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::FindingItem;
use super::mmio::GuestItem;
use crate::host::FunctionId;
use crate::report::text::simulate::verb;
use crate::report::{Report, SimulationReport};
use crate::sim::assign::{Config, DeviceState, instance};
use crate::topology::LocationPath;

/// A scenario as it was played.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SimulationDocument {
    /// Always `assignable.simulation/1`.
    pub schema: String,
    /// Title of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The platform.
    pub policy: String,
    /// No step is refused.
    pub succeeds: bool,
    /// What happened, in order.
    pub steps: Vec<StepItem>,
    /// Physical address width of the host; absent where nothing says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_address_bits: Option<u8>,
    /// Devices that were not the host's when the scenario began.
    #[serde(default)]
    pub captured: Vec<CapturedItem>,
    /// Devices held for guests at the end.
    pub pool: Vec<PoolItem>,
    /// The virtual machines at the end.
    pub vms: Vec<VmItem>,
}

/// A step on one device, or on none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepItem {
    /// Number of the step in the scenario, from 1.
    pub step: usize,
    /// What is done.
    pub action: String,
    /// Address of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Name of the VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
    /// State of the device before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// State of the device after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The step did not happen.
    pub refused: bool,
    /// Why it was refused.
    pub refusals: Vec<FindingItem>,
    /// What to know.
    pub warnings: Vec<FindingItem>,
}

/// A device that was not the host's when the scenario began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CapturedItem {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Its state.
    pub state: String,
    /// Name of the VM that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
}

/// A device with its names.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PoolItem {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Windows' location path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Windows' instance id once dismounted; absent where the capture holds none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
}

/// A virtual machine at the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VmItem {
    /// Its name.
    pub name: String,
    /// `running`, `off` or `deleted`.
    pub state: String,
    /// Hyper-V generation; absent where it was not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u8>,
    /// It is a machine of the captured host.
    #[serde(default)]
    pub captured: bool,
    /// What is set on it.
    pub config: Config,
    /// Devices that its captured settings name and that the host has not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// Its devices.
    pub devices: Vec<PoolItem>,
    /// Its address space, where it has devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<GuestItem>,
}

/// The scenario as a document.
pub fn simulation(report: &Report<'_>, played: &SimulationReport<'_>) -> SimulationDocument {
    let host = report.facts.host;
    let simulation = played.simulation;
    let state = |state: Option<DeviceState>| state.map(|s| s.name(simulation.policy).to_owned());
    SimulationDocument {
        schema: "assignable.simulation/1".to_owned(),
        title: played.title.map(str::to_owned),
        policy: simulation.policy.name().to_owned(),
        succeeds: simulation.succeeds(),
        steps: simulation
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let findings = |refuses: bool| {
                    let about = played.findings.iter();
                    about
                        .filter(|found| found.played == index && found.refuses == refuses)
                        .map(|found| FindingItem::of(report, &found.finding))
                        .collect()
                };
                StepItem {
                    step: step.step + 1,
                    action: verb(step.action).to_owned(),
                    device: step.device.map(|id| host.function(id).at.to_string()),
                    vm: step
                        .vm
                        .and_then(|vm| simulation.vm(vm))
                        .map(|vm| vm.name.clone()),
                    before: state(step.before),
                    after: state(step.after),
                    refused: step.is_refused(),
                    refusals: findings(true),
                    warnings: findings(false),
                }
            })
            .collect(),
        host_address_bits: simulation.host_bits,
        captured: simulation
            .devices
            .iter()
            .filter(|track| !matches!(track.initial, DeviceState::Enabled | DeviceState::Disabled))
            .map(|track| CapturedItem {
                address: host.function(track.id).at.to_string(),
                state: track.initial.name(simulation.policy).to_owned(),
                vm: match track.initial {
                    DeviceState::Assigned { vm } => simulation.vm(vm).map(|vm| vm.name.clone()),
                    _ => None,
                },
            })
            .collect(),
        pool: simulation
            .pool()
            .map(|track| PoolItem::of(report, track.id))
            .collect(),
        vms: simulation
            .vms
            .iter()
            .enumerate()
            .map(|(index, vm)| VmItem {
                name: vm.name.clone(),
                state: match (vm.deleted, vm.running) {
                    (true, _) => "deleted",
                    (false, true) => "running",
                    (false, false) => "off",
                }
                .to_owned(),
                generation: vm.generation,
                captured: vm.captured,
                config: vm.config,
                stale: vm.stale.clone(),
                devices: vm
                    .devices
                    .iter()
                    .map(|&id| PoolItem::of(report, id))
                    .collect(),
                layout: simulation
                    .layouts
                    .iter()
                    .find(|(of, _)| *of == index)
                    .map(|(_, study)| GuestItem::of(host, study)),
            })
            .collect(),
    }
}

impl PoolItem {
    fn of(report: &Report<'_>, id: FunctionId) -> Self {
        let (host, topology) = (report.facts.host, report.facts.topology);
        Self {
            address: host.function(id).at.to_string(),
            location_path: LocationPath::of(host, topology, id).map(|path| path.to_string()),
            instance_id: instance::instance_id(host, id)
                .map(|instance| instance::dismounted_id(&instance)),
        }
    }
}
