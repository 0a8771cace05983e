//! Hyper-V's cmdlets. The text is plain Windows PowerShell 5.1.

use std::fmt::Write as _;

use super::{EmitError, before, refusal};
use crate::host::FunctionId;
use crate::report::text::simulate::verb;
use crate::report::{Report, SimulationReport, safe};
use crate::sim::assign::scenario::StopAction;
use crate::sim::assign::{Action, Config, DeviceState, DeviceTrack, Simulation, instance};
use crate::topology::LocationPath;

/// Finds the node of a device that is on the host, by the path that survives renumbering.
const FIND_NODE: &str = "\
function Get-NodeByLocationPath([string] $LocationPath) {
    Get-PnpDevice -PresentOnly | Where-Object {
        $paths = (Get-PnpDeviceProperty -InstanceId $_.InstanceId -KeyName 'DEVPKEY_Device_LocationPaths').Data
        $paths -contains $LocationPath
    }
}
";

/// Sets the base of the high MMIO gap, for which there is no cmdlet.
const SET_BASE: &str = "\
function Set-HighMmioGapBase([string] $VMName, [uint64] $Megabytes) {
    $vm = Get-VM -Name $VMName
    $filter = \"VirtualSystemIdentifier = '$($vm.Id)' AND VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'\"
    $settings = Get-WmiObject -Namespace 'root\\virtualization\\v2' -Class Msvm_VirtualSystemSettingData -Filter $filter
    $settings.HighMmioGapBase = $Megabytes
    $service = Get-WmiObject -Namespace 'root\\virtualization\\v2' -Class Msvm_VirtualSystemManagementService
    $service.ModifySystemSettings($settings.GetText(1)) | Out-Null
}
";

/// The commands of a scenario, then those that undo it, which are commented out.
pub(super) fn script(
    report: &Report<'_>,
    played: &SimulationReport<'_>,
) -> Result<String, EmitError> {
    let mut body = String::new();
    let simulation = played.simulation;
    for (index, step) in simulation.steps.iter().enumerate() {
        let vm = step.vm.and_then(|vm| simulation.vm(vm));
        let vm = vm.map(|vm| quote(&vm.name)).unwrap_or_default();
        let subject = step.device.map_or_else(String::new, |id| {
            format!(" {}", report.facts.host.function(id).at)
        });
        let _ = writeln!(body, "\n# {} {}{subject}", step.step + 1, verb(step.action));
        if let Some(why) = refusal(played, index) {
            let _ = writeln!(body, "# {}", comment(&why));
        }
        command(&mut body, report, step.action, step.device, &vm)?;
    }
    let undo = undo(report, played)?;
    let mut out = format!(
        "# {}\n# Made from a dump: read it before you run it, as administrator, on that host.\n\
         $ErrorActionPreference = 'Stop'\n",
        comment(played.title.unwrap_or("Commands of a simulated assignment"))
    );
    for (helper, name) in [
        (FIND_NODE, "Get-NodeByLocationPath"),
        (SET_BASE, "Set-HighMmioGapBase"),
    ] {
        if body.contains(name) || undo.contains(name) {
            let _ = write!(out, "\n{helper}");
        }
    }
    out.push_str(&body);
    if !undo.is_empty() {
        out.push_str("\n# To undo all of it:\n");
        for line in undo.lines() {
            let _ = writeln!(out, "# {line}");
        }
    }
    Ok(out)
}

fn command(
    out: &mut String,
    report: &Report<'_>,
    action: Action,
    device: Option<FunctionId>,
    vm: &str,
) -> Result<(), EmitError> {
    let path = device.map(|id| location(report, id)).transpose()?;
    let path = path.unwrap_or_default();
    let node = device.map_or_else(String::new, |id| node(report, id, &path));
    let line = match action {
        Action::Disable => format!("Disable-PnpDevice -InstanceId {node} -Confirm:$false"),
        Action::Enable => format!("Enable-PnpDevice -InstanceId {node} -Confirm:$false"),
        Action::RestartHost => {
            "# The script ends here: restart, then run what follows.\nRestart-Computer".to_owned()
        }
        Action::Dismount { force } => {
            let force = if force { " -Force" } else { "" };
            format!("Dismount-VMHostAssignableDevice -LocationPath {path}{force}")
        }
        Action::Mount => format!("Mount-VMHostAssignableDevice -LocationPath {path}"),
        Action::Add => format!("Add-VMAssignableDevice -VMName {vm} -LocationPath {path}"),
        Action::AddAny => format!("Add-VMAssignableDevice -VMName {vm}"),
        Action::Remove => format!("Remove-VMAssignableDevice -VMName {vm} -LocationPath {path}"),
        Action::Set(config) => settings(config, vm),
        Action::Start => format!("Start-VM -Name {vm}"),
        Action::Stop => format!("Stop-VM -Name {vm} -TurnOff"),
        Action::Save => format!("Save-VM -Name {vm}"),
        Action::Checkpoint => format!("Checkpoint-VM -Name {vm}"),
        Action::Migrate => format!("# Move-VM -Name {vm}: name the host that it goes to"),
        Action::Delete => format!("Remove-VM -Name {vm} -Force"),
        // Steps of VFIO do not occur in a scenario of Hyper-V.
        Action::Bind | Action::Unbind => return Ok(()),
    };
    let _ = writeln!(out, "{line}");
    Ok(())
}

/// One command for each setting, so that a failure names its own.
fn settings(config: Config, vm: &str) -> String {
    let truth = |value: bool| if value { "$true" } else { "$false" };
    let mut lines = Vec::new();
    if let Some(action) = config.stop_action {
        let action = match action {
            StopAction::Save => "Save",
            StopAction::TurnOff => "TurnOff",
            StopAction::ShutDown => "ShutDown",
        };
        lines.push(format!("Set-VM -Name {vm} -AutomaticStopAction {action}"));
    }
    match config.dynamic_memory {
        Some(true) => lines.push(format!("Set-VM -Name {vm} -DynamicMemory")),
        Some(false) => lines.push(format!("Set-VM -Name {vm} -StaticMemory")),
        None => {}
    }
    if let Some(memory) = config.memory {
        lines.push(format!(
            "Set-VM -Name {vm} -MemoryStartupBytes {}",
            amount(memory.0)
        ));
    }
    if let Some(cache_types) = config.cache_types {
        let value = truth(cache_types);
        lines.push(format!(
            "Set-VM -Name {vm} -GuestControlledCacheTypes {value}"
        ));
    }
    if let Some(low) = config.low_mmio {
        let value = amount(low.0);
        lines.push(format!("Set-VM -Name {vm} -LowMemoryMappedIoSpace {value}"));
    }
    if let Some(high) = config.high_mmio {
        let value = amount(high.0);
        lines.push(format!(
            "Set-VM -Name {vm} -HighMemoryMappedIoSpace {value}"
        ));
    }
    if let Some(base) = config.high_mmio_base {
        lines.push(format!(
            "Set-HighMmioGapBase -VMName {vm} -Megabytes {}",
            base.0 >> 20
        ));
    }
    if let Some(nested) = config.nested {
        let value = truth(nested);
        lines.push(format!(
            "Set-VMProcessor -VMName {vm} -ExposeVirtualizationExtensions {value}"
        ));
    }
    if lines.is_empty() {
        lines.push("# nothing that Hyper-V knows is set".to_owned());
    }
    lines.join("\n")
}

/// Takes the devices from their VMs, mounts them, enables those that were, and puts settings
/// back.
fn undo(report: &Report<'_>, played: &SimulationReport<'_>) -> Result<String, EmitError> {
    let mut out = String::new();
    let simulation = played.simulation;
    let devices = changed(simulation);
    for (index, vm) in simulation.vms.iter().enumerate() {
        let has_one = |track: &&DeviceTrack| track.state == DeviceState::Assigned { vm: index };
        if vm.running && devices.iter().any(has_one) {
            let _ = writeln!(out, "Stop-VM -Name {} -TurnOff", quote(&vm.name));
        }
    }
    for track in devices.into_iter().rev() {
        give_back(&mut out, report, simulation, track)?;
    }
    let mut configs: Vec<Config> = simulation.vms.iter().map(|vm| vm.initial).collect();
    let mut back = Vec::new();
    for step in simulation.steps.iter().filter(|step| !step.is_refused()) {
        if let (Action::Set(config), Some(vm)) = (step.action, step.vm)
            && let (Some(was), Some(machine)) = (configs.get_mut(vm), simulation.vm(vm))
        {
            back.push(settings(before(config, *was), &quote(&machine.name)));
            *was = was.with(config);
        }
    }
    for lines in back.iter().rev() {
        let _ = writeln!(out, "{lines}");
    }
    Ok(out)
}

/// Devices that end elsewhere than they began, in the order in which steps took them.
fn changed(simulation: &Simulation) -> Vec<&DeviceTrack> {
    let mut changed: Vec<&DeviceTrack> = Vec::new();
    for step in simulation.steps.iter().filter(|step| !step.is_refused()) {
        let mut tracks = simulation.devices.iter();
        let track = tracks.find(|track| Some(track.id) == step.device);
        if let Some(track) = track
            && track.state != track.initial
            && !changed.iter().any(|other| other.id == track.id)
        {
            changed.push(track);
        }
    }
    changed
}

/// Brings one device back to where it was.
fn give_back(
    out: &mut String,
    report: &Report<'_>,
    simulation: &Simulation,
    track: &DeviceTrack,
) -> Result<(), EmitError> {
    let path = location(report, track.id)?;
    let node = node(report, track.id, &path);
    let vm = |state| match state {
        DeviceState::Assigned { vm } => simulation.vm(vm).map(|vm| quote(&vm.name)),
        _ => None,
    };
    // How far from the host: enabled, disabled, in the pool, at a guest.
    let far = |state| match state {
        DeviceState::Enabled => 0,
        DeviceState::Disabled | DeviceState::Absent => 1,
        DeviceState::Dismounted => 2,
        DeviceState::Assigned { .. } | DeviceState::AssignedElsewhere => 3,
    };
    let (from, to) = (far(track.state), far(track.initial));
    if let Some(vm) = vm(track.state) {
        let _ = writeln!(
            out,
            "Remove-VMAssignableDevice -VMName {vm} -LocationPath {path}"
        );
    }
    if from >= 2 && to < 2 {
        let _ = writeln!(out, "Mount-VMHostAssignableDevice -LocationPath {path}");
    }
    if from > 0 && to == 0 {
        let _ = writeln!(out, "Enable-PnpDevice -InstanceId {node} -Confirm:$false");
    }
    if from == 0 && to > 0 {
        let _ = writeln!(out, "Disable-PnpDevice -InstanceId {node} -Confirm:$false");
    }
    if from < 2 && to >= 2 {
        let _ = writeln!(out, "Dismount-VMHostAssignableDevice -LocationPath {path}");
    }
    if let Some(vm) = vm(track.initial) {
        let _ = writeln!(
            out,
            "Add-VMAssignableDevice -VMName {vm} -LocationPath {path}"
        );
    }
    Ok(())
}

fn location(report: &Report<'_>, id: FunctionId) -> Result<String, EmitError> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    LocationPath::of(host, topology, id)
        .map(|path| quote(&path.to_string()))
        .ok_or(EmitError::NoLocationPath(host.function(id).at))
}

/// The instance id as an argument: as captured, or found by the location path. After a
/// dismount the node has the id that it had before.
fn node(report: &Report<'_>, id: FunctionId, path: &str) -> String {
    let captured = instance::instance_id(report.facts.host, id);
    match captured.filter(|id| !id.chars().any(char::is_control)) {
        Some(instance) => quote(&instance::mounted_id(&instance)),
        None => format!("(Get-NodeByLocationPath {path}).InstanceId"),
    }
}

/// In single quotes, in which nothing is special but the quotes themselves. PowerShell takes
/// the typographic ones for quotes as well.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for ch in text.chars() {
        if matches!(ch, '\'' | '\u{2018}'..='\u{201b}') {
            out.push(ch);
        }
        out.push(ch);
    }
    out.push('\'');
    out
}

/// Text on a line of its own behind a `#`.
fn comment(text: &str) -> String {
    safe(text)
}

/// Bytes as Microsoft's pages write them: `3Gb`, `33280Mb`.
fn amount(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    match bytes {
        0 => "0".to_owned(),
        bytes if bytes.is_multiple_of(GIB) => format!("{}Gb", bytes / GIB),
        bytes if bytes.is_multiple_of(1 << 20) => format!("{}Mb", bytes >> 20),
        bytes => bytes.to_string(),
    }
}
