//! `mmio`: address space of the host, and of a guest with some devices.

use assignable::decode::config::bar::BarKind;
use assignable::host::FunctionId;
use assignable::report::{self, MmioReport, Report, json};
use assignable::sim::bars::{DeviceBars, Resize};
use assignable::sim::guest::{GuestOptions, GuestStudy};
use assignable::sim::host_space::{self, HostSpace, VfRoom, Wish};

use super::analysis::{select, with_report};
use crate::cli::args::{Analysis, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guest_args::{MmioArgs, Replacement, VirtualFunctions};
use crate::cli::output;

pub(crate) fn mmio(global: &Global, args: &MmioArgs) -> Result<Exit, Failure> {
    let analysis = Analysis::of(&args.inputs);
    with_report(global, &analysis, |report| {
        let mmio = study(report, args)?;
        match global.format {
            Format::Svg if mmio.guest.is_none() => {
                let message = "the picture is of a guest: name its devices with --device";
                return Err(Failure::Usage(message.to_owned()));
            }
            Format::Svg => output::text(&report::mmio_svg(report, &mmio))?,
            Format::Json => output::json(&json::v1::mmio(report, &mmio))?,
            _ => output::text(&report::mmio(report, output::layout(global, false), &mmio))?,
        }
        Ok(Exit::Answered)
    })
}

fn study(report: &Report<'_>, args: &MmioArgs) -> Result<MmioReport, Failure> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let space = HostSpace::of(host, topology);
    let devices = select(host, topology, &args.device)?;
    let mut resizes = Vec::new();
    for replacement in &args.resize {
        resizes.extend(resize(report, replacement)?);
    }
    let mut wishes = Vec::new();
    for &Resize { function, .. } in &resizes {
        let wish = Wish {
            below: topology.parent(function),
            replaces: Some(function),
            bars: DeviceBars::of(host, function, &resizes).sized,
            vf_bars: Vec::new(),
        };
        let fit = host_space::fit(host, topology, &space, &wish);
        wishes.push((wish, fit));
    }
    wishes.dedup();
    for card in &args.add_card {
        for port in select(host, topology, std::slice::from_ref(&card.below))? {
            let wish = Wish {
                below: Some(port),
                replaces: None,
                bars: card.bars.clone(),
                vf_bars: Vec::new(),
            };
            let fit = host_space::fit(host, topology, &space, &wish);
            wishes.push((wish, fit));
        }
    }
    let mut virtual_functions = Vec::new();
    for wanted in &args.vfs {
        virtual_functions.extend(more_vfs(report, &space, wanted)?);
    }
    let options = GuestOptions {
        gaps: args.guest.gaps(),
        machine: args.guest.machine(),
        host_bits: args.guest.host_bits.or(space.address_bits),
    };
    let guest = (!devices.is_empty()).then(|| GuestStudy::of(host, &devices, &resizes, options));
    Ok(MmioReport {
        space,
        guest,
        wishes,
        virtual_functions,
    })
}

fn more_vfs(
    report: &Report<'_>,
    space: &HostSpace,
    wanted: &VirtualFunctions,
) -> Result<Vec<VfRoom>, Failure> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let devices = select(host, topology, std::slice::from_ref(&wanted.device))?;
    let rooms: Vec<VfRoom> = devices
        .into_iter()
        .filter_map(|id| host_space::virtual_functions(host, topology, space, id, wanted.count))
        .collect();
    if rooms.is_empty() {
        let message = format!(
            "{} is not known to have virtual functions (no SR-IOV capability was captured)",
            wanted.device
        );
        return Err(Failure::Usage(message));
    }
    Ok(rooms)
}

fn resize(report: &Report<'_>, wanted: &Replacement) -> Result<Vec<Resize>, Failure> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let devices: Vec<FunctionId> = select(host, topology, std::slice::from_ref(&wanted.device))?;
    let has_bar = |id: &FunctionId| {
        let bars = assignable::analysis::resources::bars(host.function(*id)).unwrap_or_default();
        bars.iter()
            .any(|bar| bar.index == wanted.bar && bar.kind != BarKind::Io)
    };
    let resizes: Vec<Resize> = devices
        .into_iter()
        .filter(has_bar)
        .map(|function| Resize {
            function,
            bar: wanted.bar,
            size: wanted.size,
        })
        .collect();
    if resizes.is_empty() {
        let message = format!("{} has no memory BAR {}", wanted.device, wanted.bar);
        return Err(Failure::Usage(message));
    }
    Ok(resizes)
}
