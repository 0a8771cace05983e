//! A scenario as it was played: timeline, pool, virtual machines, address space.

use std::fmt::Write as _;

use crate::host::FunctionId;
use crate::report::mmio::text::{chart, hyperv_guest};
use crate::report::mmio::{Picture, exact};
use crate::report::simulate::SimulationReport;
use crate::report::wording::{count, safe, wrap};
use crate::report::{Layout, Report};
use crate::rules::StepFinding;
use crate::sim::assign::scenario::{Firmware, StopAction};
use crate::sim::assign::{Action, Config, DeviceState, Played, Vm, instance};
use crate::topology::LocationPath;

/// A scenario as text.
pub fn simulate(report: &Report<'_>, layout: Layout, played: &SimulationReport<'_>) -> String {
    let mut out = String::new();
    let policy = played.simulation.policy;
    let title = played.title.unwrap_or("scenario");
    let _ = writeln!(
        out,
        "{}  under {policy}; nothing is executed",
        layout.palette.heading(safe(title))
    );
    captured(&mut out, report, layout, played);
    timeline(&mut out, report, layout, played);
    pool(&mut out, report, layout, played);
    machines(&mut out, report, layout, played);
    let refused = played
        .simulation
        .steps
        .iter()
        .filter(|s| s.is_refused())
        .count();
    out.push('\n');
    let summary = match refused {
        0 => layout.palette.good("Every step goes through."),
        refused => layout.palette.bad(format!(
            "{} refused.",
            count(refused, "step is", "steps are")
        )),
    };
    let _ = writeln!(out, "{summary}");
    out
}

/// What was not the host's when the scenario began, and the machines that it already had.
fn captured(out: &mut String, report: &Report<'_>, layout: Layout, played: &SimulationReport<'_>) {
    let simulation = played.simulation;
    let devices: Vec<_> = simulation
        .devices
        .iter()
        .filter(|track| !matches!(track.initial, DeviceState::Enabled | DeviceState::Disabled))
        .collect();
    let mut machines = simulation.vms.iter().filter(|vm| vm.captured).peekable();
    if !simulation.policy.is_hyperv() || devices.is_empty() && machines.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{}", layout.palette.heading("AS CAPTURED"));
    let _ = match simulation.host_bits {
        Some(bits) => writeln!(out, "  {bits} physical address bits"),
        None => writeln!(out, "  physical address bits not captured"),
    };
    for track in devices {
        let at = report.facts.host.function(track.id).at;
        let state = match track.initial {
            DeviceState::Assigned { vm } => {
                let vm = simulation.vm(vm).map_or("", |vm| vm.name.as_str());
                format!("assigned to {}", safe(vm))
            }
            state => state.name(simulation.policy).to_owned(),
        };
        let _ = writeln!(out, "  {at}  {state}");
    }
    for vm in machines {
        let settings = match config_words(vm.initial) {
            words if words.is_empty() => "no settings captured".to_owned(),
            words => words,
        };
        let _ = writeln!(out, "  VM {}: {settings}", safe(&vm.name));
        for path in &vm.stale {
            let _ = writeln!(out, "    names {}, which is not there", safe(path));
        }
    }
}

fn timeline(out: &mut String, report: &Report<'_>, layout: Layout, played: &SimulationReport<'_>) {
    let simulation = played.simulation;
    let _ = writeln!(out, "\n{}", layout.palette.heading("STEPS"));
    if simulation.steps.is_empty() {
        out.push_str("  none\n");
    }
    for (index, step) in simulation.steps.iter().enumerate() {
        let _ = writeln!(out, "  {}", step_line(report, played, step));
        let about = played.findings.iter().filter(|found| found.played == index);
        for found in about {
            finding_lines(out, layout, report, step, found);
        }
    }
}

fn step_line(report: &Report<'_>, played: &SimulationReport<'_>, step: &Played) -> String {
    let simulation = played.simulation;
    let host = report.facts.host;
    let mut line = format!("{:>2}  {}", step.step + 1, verb(step.action));
    if let Some(id) = step.device {
        let _ = write!(line, " {}", host.function(id).at);
    }
    if let Some(vm) = step.vm.and_then(|vm| simulation.vm(vm)) {
        let preposition = match step.action {
            Action::Add | Action::AddAny => " to",
            Action::Remove => " from",
            _ => "",
        };
        let _ = write!(line, "{preposition} {}", safe(&vm.name));
    }
    if let Action::Set(config) = step.action {
        let _ = write!(line, ": {}", config_words(config));
    }
    if let (Some(before), Some(after)) = (step.before, step.after) {
        let policy = simulation.policy;
        let change = if before == after {
            format!("   {}", before.name(policy))
        } else {
            format!("   {} -> {}", before.name(policy), after.name(policy))
        };
        line.push_str(&change);
    }
    line
}

fn finding_lines(
    out: &mut String,
    layout: Layout,
    report: &Report<'_>,
    step: &Played,
    found: &StepFinding,
) {
    let code = found.finding.rule().code;
    let other = match found.finding.subject() {
        crate::rules::Subject::Function(id) if Some(id) != step.device => {
            format!("{}: ", report.facts.host.function(id).at)
        }
        _ => String::new(),
    };
    let text = format!("{other}{}", found.finding.message());
    let word = if found.refuses { "refused" } else { "warning" };
    let width = layout.width.saturating_sub(24).max(30);
    for (index, line) in wrap(&text, width).into_iter().enumerate() {
        let _ = match index {
            0 if found.refuses => {
                writeln!(out, "        {}  {code}  {line}", layout.palette.bad(word))
            }
            0 => writeln!(out, "        {}  {code}  {line}", layout.palette.open(word)),
            _ => writeln!(out, "                         {line}"),
        };
    }
}

/// What a step does, in words.
pub(in crate::report) const fn verb(action: Action) -> &'static str {
    match action {
        Action::Disable => "disable",
        Action::RestartHost => "restart the host",
        Action::Dismount { force: false } => "dismount",
        Action::Dismount { force: true } => "dismount by force",
        Action::Bind => "bind to vfio-pci",
        Action::Unbind => "give back to the host",
        Action::Add => "add",
        Action::AddAny => "add any:",
        Action::Remove => "remove",
        Action::Mount => "mount",
        Action::Enable => "enable",
        Action::Set(_) => "set",
        Action::Start => "start",
        Action::Stop => "stop",
        Action::Save => "save",
        Action::Checkpoint => "take a checkpoint of",
        Action::Migrate => "live-migrate",
        Action::Delete => "delete",
    }
}

fn config_words(config: Config) -> String {
    let on = |on: bool| if on { "on" } else { "off" };
    let mut words = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("{name} {value}"));
        }
    };
    add("memory", config.memory.map(|bytes| exact(bytes.0)));
    add(
        "automatic stop action",
        config.stop_action.map(|action| {
            match action {
                StopAction::Save => "Save",
                StopAction::TurnOff => "TurnOff",
                StopAction::ShutDown => "ShutDown",
            }
            .to_owned()
        }),
    );
    add(
        "dynamic memory",
        config.dynamic_memory.map(|v| on(v).to_owned()),
    );
    add(
        "low MMIO space",
        config.low_mmio.map(|bytes| exact(bytes.0)),
    );
    add(
        "high MMIO space",
        config.high_mmio.map(|bytes| exact(bytes.0)),
    );
    add(
        "base of high MMIO space",
        config.high_mmio_base.map(|bytes| exact(bytes.0)),
    );
    add(
        "guest-controlled cache types",
        config.cache_types.map(|v| on(v).to_owned()),
    );
    add(
        "nested virtualization",
        config.nested.map(|v| on(v).to_owned()),
    );
    add(
        "firmware",
        config.firmware.map(|firmware| {
            match firmware {
                Firmware::Ovmf => "OVMF",
                Firmware::Seabios => "SeaBIOS",
            }
            .to_owned()
        }),
    );
    add(
        "address bits",
        config.address_bits.map(|bits| bits.to_string()),
    );
    add("AMD processor", config.amd.map(|v| on(v).to_owned()));
    add(
        "X-PciMmio64Mb",
        config.mmio64_mb.map(|hint| hint.to_string()),
    );
    add("pci-hole64-size", config.hole64.map(|bytes| exact(bytes.0)));
    words.join(", ")
}

fn pool(out: &mut String, report: &Report<'_>, layout: Layout, played: &SimulationReport<'_>) {
    let hyperv = played.simulation.policy.is_hyperv();
    let title = if hyperv {
        "POOL AT THE END"
    } else {
        "BOUND TO VFIO-PCI AT THE END"
    };
    let _ = writeln!(out, "\n{}", layout.palette.heading(title));
    let mut empty = true;
    for track in played.simulation.pool() {
        empty = false;
        device_line(out, report, track.id, hyperv, "  ");
    }
    if empty {
        out.push_str("  empty\n");
    }
}

fn device_line(out: &mut String, report: &Report<'_>, id: FunctionId, hyperv: bool, indent: &str) {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let function = host.function(id);
    let path = LocationPath::of(host, topology, id).map(|path| path.to_string());
    let _ = writeln!(
        out,
        "{indent}{}  {}",
        function.at,
        path.unwrap_or_else(|| safe(&report.names.call(function)))
    );
    if !hyperv {
        return;
    }
    let node = match instance::instance_id(host, id) {
        Some(instance) => Some(instance::dismounted_id(&instance)),
        None => instance::device_id(host, id).map(|device| {
            format!(
                "{}\\… (instance not captured)",
                instance::dismounted_id(&device)
            )
        }),
    };
    if let Some(node) = node {
        let _ = writeln!(out, "{indent}  {}", safe(&node));
    }
}

fn machines(out: &mut String, report: &Report<'_>, layout: Layout, played: &SimulationReport<'_>) {
    let simulation = played.simulation;
    let hyperv = simulation.policy.is_hyperv();
    for (index, vm) in simulation.vms.iter().enumerate() {
        let _ = writeln!(
            out,
            "\n{}  {}",
            layout.palette.heading(format!("VM {}", safe(&vm.name))),
            vm_words(vm, hyperv)
        );
        if vm.devices.is_empty() {
            out.push_str("  no devices\n");
        }
        for &id in &vm.devices {
            device_line(out, report, id, hyperv, "  ");
        }
        let Some((_, study)) = simulation.layouts.iter().find(|(of, _)| *of == index) else {
            continue;
        };
        if hyperv {
            hyperv_guest(out, report.facts.host, layout, study);
        } else {
            let (title, tree) = match vm.firmware() {
                Firmware::Ovmf => ("OVMF", &study.ovmf),
                Firmware::Seabios => ("SEABIOS", &study.seabios.layout),
            };
            let _ = writeln!(
                out,
                "\n{}",
                layout.palette.heading(format!("QEMU GUEST, {title}"))
            );
            chart(
                out,
                layout,
                &Picture::tree("", report.facts.host, study, tree),
            );
        }
    }
}

fn vm_words(vm: &Vm, hyperv: bool) -> String {
    let state = match (vm.deleted, vm.running) {
        (true, _) => "deleted",
        (false, true) => "running",
        (false, false) => "off",
    };
    let mut words = vec![state.to_owned()];
    if !vm.captured || vm.config.memory.is_some() {
        words.push(format!("{} of memory", exact(vm.memory())));
    }
    if hyperv {
        if let Some(generation) = vm.generation {
            words.push(format!("generation {generation}"));
        }
        words.push(
            match vm.stop_action() {
                _ if vm.stop_action_is_open() => "stop action not captured",
                StopAction::Save => "saved when the host stops",
                StopAction::TurnOff => "turned off when the host stops",
                StopAction::ShutDown => "shut down when the host stops",
            }
            .to_owned(),
        );
    }
    words.join(", ")
}
