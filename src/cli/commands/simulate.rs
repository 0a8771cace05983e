//! `simulate`: plays a scenario on the dump.

use assignable::report::{self, SimulationReport, json};
use assignable::rules;
use assignable::select::Selector;
use assignable::sim::assign::scenario::{Config, Device, HostSettings, StopAction, VmSettings};
use assignable::sim::assign::{self, Platform, Scenario, Step};

use super::analysis::with_report;
use crate::cli::args::{Analysis, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guest_args::SimulateArgs;
use crate::cli::{load, output};

pub(crate) fn simulate(global: &Global, args: &SimulateArgs) -> Result<Exit, Failure> {
    let scenario = match &args.scenario {
        Some(path) => {
            let text = load::text(path)?;
            Scenario::parse(&text)
                .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?
        }
        None => common_case(args)?,
    };
    with_report(global, &Analysis::of(&args.inputs), |report| {
        let policy = scenario.platform.policy();
        let gates = rules::gates(report.facts, report.run, policy);
        let simulation = assign::play(report.facts, &scenario, &gates)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let findings = rules::judge(&simulation);
        let played = SimulationReport {
            title: scenario.title.as_deref(),
            simulation: &simulation,
            findings: &findings,
        };
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
fn common_case(args: &SimulateArgs) -> Result<Scenario, Failure> {
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
    for selector in &devices {
        if hyperv {
            step.push(Step::Disable {
                device: device(selector),
            });
            step.push(Step::Dismount {
                device: device(selector),
                force: args.force,
            });
        } else {
            step.push(Step::Bind {
                device: device(selector),
            });
        }
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
    let guest = &args.guest;
    Ok(Scenario {
        title: None,
        platform,
        host: HostSettings {
            relaxed_policies: args.relaxed_policies,
            address_bits: guest.host_bits,
            ..HostSettings::default()
        },
        vm: vec![VmSettings {
            name: vm,
            guest: assign::scenario::GuestSystem::default(),
            generation: 2,
            running: false,
            clustered: false,
            config: Config {
                memory: Some(guest.ram),
                stop_action: Some(StopAction::TurnOff),
                low_mmio: Some(guest.low),
                high_mmio: Some(guest.high),
                high_mmio_base: Some(guest.high_base),
                cache_types: Some(true),
                address_bits: Some(guest.guest_bits),
                amd: Some(guest.is_amd()),
                mmio64_mb: guest.mmio64_mb,
                hole64: guest.hole64,
                ..Config::default()
            },
        }],
        step,
        expect_refusals: None,
    })
}
