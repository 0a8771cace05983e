//! `simulate`: plays a scenario on the dump.

use std::collections::BTreeMap;

use assignable::host::FunctionId;
use assignable::report::emit::Target;
use assignable::report::{self, Report, SimulationReport, json};
use assignable::rules;
use assignable::select::Selector;
use assignable::sim::Bytes;
use assignable::sim::assign::scenario::{Config, HostSettings, StopAction, VmSettings};
use assignable::sim::assign::step::Device;
use assignable::sim::assign::{self, DeviceState, Lines, Platform, Scenario, Step};
use assignable::sim::bars::DeviceBars;
use assignable::sim::layout::Minimum;
use assignable::sim::policy::hyperv::{self, Gaps};

use super::analysis::{select, with_report};
use crate::cli::args::{Analysis, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guest_args::SimulateArgs;
use crate::cli::{load, output};

pub(crate) fn simulate(global: &Global, args: &SimulateArgs) -> Result<Exit, Failure> {
    let written = match &args.scenario {
        Some(path) => {
            let text = load::text(path)?;
            let scenario = Scenario::parse(&text)
                .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
            Some(scenario)
        }
        None => None,
    };
    with_report(global, &Analysis::of(&args.inputs), |report| {
        let scenario = match &written {
            Some(scenario) => scenario.clone(),
            None => common_case(report, args)?,
        };
        let policy = scenario.platform.policy();
        let gates = rules::gates(report.facts, report.run, policy);
        let simulation = assign::play(report.facts, &scenario, &gates).map_err(|error| {
            let file = args.scenario.as_ref();
            let file = file.map_or_else(String::new, |path| format!("{}: ", path.display()));
            Failure::Usage(format!("{file}{error}"))
        })?;
        let findings = rules::judge(&simulation);
        let played = SimulationReport {
            title: scenario.title.as_deref(),
            simulation: &simulation,
            findings: &findings,
        };
        if let Some(target) = args.emit {
            return emit(report, &played, target.target(), args.anyway);
        }
        match global.format {
            Format::Svg => output::text(&report::simulation_svg(report, &played))?,
            Format::Json => output::json(&json::v1::simulation(report, &played))?,
            _ => output::text(&report::simulate(
                report,
                output::layout(global, false),
                &played,
            ))?,
        }
        Ok(outcome(args, &scenario, &played))
    })
}

/// Prints the commands of a scenario; of one that fails only where that is asked for.
fn emit(
    report: &Report<'_>,
    played: &SimulationReport<'_>,
    target: Target,
    anyway: bool,
) -> Result<Exit, Failure> {
    let refusals = || played.findings.iter().filter(|found| found.refuses);
    if refusals().next().is_some() && !anyway {
        for found in refusals() {
            let step = played.simulation.steps.get(found.played);
            output::error(&format!(
                "step {} is refused: {} {}",
                step.map_or(0, |step| step.step + 1),
                found.finding.rule().code,
                found.finding.message()
            ));
        }
        output::error("no commands for a scenario that fails (--anyway prints them all the same)");
        return Ok(Exit::FailOn);
    }
    let commands = report::emit::emit(report, played, target)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    output::text(&commands)?;
    Ok(Exit::Answered)
}

/// Whether it came out as the scenario, or `--fail-on-refusal`, asks.
fn outcome(args: &SimulateArgs, scenario: &Scenario, played: &SimulationReport<'_>) -> Exit {
    let mut refusals: Vec<&str> = played
        .findings
        .iter()
        .filter(|found| found.refuses)
        .map(|found| found.finding.rule().code)
        .collect();
    refusals.sort_unstable();
    refusals.dedup();
    let failed = match &scenario.expect_refusals {
        Some(expected) => {
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            expected.dedup();
            expected != refusals
        }
        None => args.fail_on_refusal && !refusals.is_empty(),
    };
    if failed { Exit::FailOn } else { Exit::Answered }
}

/// The scenario that the flags describe: devices go from the host to one VM, which starts.
fn common_case(report: &Report<'_>, args: &SimulateArgs) -> Result<Scenario, Failure> {
    let Some(vm) = args.vm.clone() else {
        let message = "name a scenario (--scenario FILE), or a VM and its devices (--vm, --assign)";
        return Err(Failure::Usage(message.to_owned()));
    };
    let devices: Vec<&Selector> = args.assign.iter().chain(&args.assign_class).collect();
    if devices.is_empty() {
        let message = "no device is named (--assign, --assign-class)";
        return Err(Failure::Usage(message.to_owned()));
    }
    let platform = Platform::of(args.platform);
    let hyperv = args.platform.is_hyperv();
    let device = |selector: &&Selector| Device((*selector).clone());
    let mut step = Vec::new();
    if hyperv && runs(report, &vm) {
        step.push(Step::Stop { vm: vm.clone() });
    }
    step.push(Step::Set {
        vm: vm.clone(),
        config: settings(report, args, &devices)?,
    });
    for selector in &devices {
        step.extend(take(report, args, selector)?);
    }
    match args.any {
        Some(count) => step.push(Step::AddAny {
            vm: vm.clone(),
            count,
        }),
        None => step.extend(devices.iter().map(|selector| Step::Add {
            device: device(selector),
            vm: vm.clone(),
        })),
    }
    step.push(Step::Start { vm: vm.clone() });
    Ok(Scenario {
        title: None,
        platform,
        host: HostSettings {
            relaxed_policies: args.relaxed_policies,
            address_bits: args.guest.host_bits,
            ..HostSettings::default()
        },
        vm: vec![VmSettings {
            name: vm,
            guest: assign::scenario::GuestSystem::default(),
            generation: None,
            running: None,
            clustered: None,
            config: Config {
                memory: (!hyperv).then_some(args.guest.ram),
                ..Config::default()
            },
        }],
        step,
        expect_refusals: None,
        lines: Lines::default(),
    })
}

/// Whether the captured host has a VM of this name, and it runs.
fn runs(report: &Report<'_>, vm: &str) -> bool {
    report.facts.host.nodes().machines().iter().any(|machine| {
        let state = machine.state.as_deref().unwrap_or_default();
        machine.name.eq_ignore_ascii_case(vm) && state.eq_ignore_ascii_case("running")
    })
}

/// The steps that take devices from the host, as far as the capture does not show them done.
fn take(
    report: &Report<'_>,
    args: &SimulateArgs,
    selector: &Selector,
) -> Result<Vec<Step>, Failure> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let policy = args.platform;
    let mut ids = select(host, topology, std::slice::from_ref(selector))?;
    ids.retain(|&id| !topology.kind(id).is_bridge() || matches!(selector, Selector::Address(_)));
    let state = |id| DeviceState::captured(host, id, policy, &BTreeMap::new());
    let of_host = |id: &FunctionId| match state(*id) {
        DeviceState::Enabled | DeviceState::Absent => true,
        DeviceState::Disabled => !policy.is_hyperv(),
        _ => false,
    };
    let steps = |device: Device, state: DeviceState| match state {
        _ if !policy.is_hyperv() => vec![Step::Bind { device }],
        DeviceState::Disabled => vec![Step::Dismount {
            device,
            force: args.force,
        }],
        _ => vec![
            Step::Disable {
                device: device.clone(),
            },
            Step::Dismount {
                device,
                force: args.force,
            },
        ],
    };
    if ids.iter().all(of_host) {
        return Ok(steps(Device(selector.clone()), DeviceState::Enabled));
    }
    let held = |id: &FunctionId| {
        let state = state(*id);
        of_host(id) || state == DeviceState::Disabled
    };
    Ok(ids
        .into_iter()
        .filter(held)
        .flat_map(|id| {
            let address = Selector::Address(host.function(id).at);
            steps(Device(address), state(id))
        })
        .collect())
}

/// What the VM needs for the devices: under Hyper-V gaps as large as necessary where none are
/// given, and cache types for graphics.
fn settings(
    report: &Report<'_>,
    args: &SimulateArgs,
    devices: &[&Selector],
) -> Result<Config, Failure> {
    let guest = &args.guest;
    if !args.platform.is_hyperv() {
        return Ok(Config {
            address_bits: Some(guest.guest_bits),
            amd: Some(guest.is_amd()),
            mmio64_mb: guest.mmio64_mb,
            hole64: guest.hole64,
            ..Config::default()
        });
    }
    let host = report.facts.host;
    let selectors: Vec<Selector> = devices.iter().map(|&selector| selector.clone()).collect();
    let mut ids = select(host, report.facts.topology, &selectors)?;
    ids.retain(|&id| !report.facts.topology.kind(id).is_bridge());
    let bars: Vec<DeviceBars> = ids
        .iter()
        .map(|&id| DeviceBars::of(host, id, &[]))
        .collect();
    let sizes = hyperv::sizes(&bars, guest.high_base.0);
    let defaults = Gaps {
        high_base: guest.high_base.0,
        ..Gaps::default()
    };
    let in_defaults = hyperv::lay_out(&bars, defaults);
    let needed = |given: Option<Bytes>, least: Option<Minimum>, short: bool| {
        given.or(least.filter(|_| short).map(|least| Bytes(least.size)))
    };
    let display = |id: &FunctionId| {
        let class = host.function(*id).identity.class;
        class.is_some_and(|class| class.is_display())
    };
    Ok(Config {
        stop_action: Some(StopAction::TurnOff),
        low_mmio: needed(guest.low, sizes.low, in_defaults.low_shortfall.is_some()),
        high_mmio: needed(guest.high, sizes.high, in_defaults.high_shortfall.is_some()),
        high_mmio_base: (guest.high_base.0 != hyperv::HIGH_BASE).then_some(guest.high_base),
        cache_types: ids.iter().any(display).then_some(true),
        ..Config::default()
    })
}
