//! What the `simulate` command shows.

use super::Report;
use super::mmio::{Picture, draw};
use crate::rules::StepFinding;
use crate::sim::assign::Simulation;
use crate::sim::assign::scenario::Firmware;

/// A scenario that was played and judged.
#[derive(Clone, Copy, Debug)]
pub struct SimulationReport<'a> {
    /// Its title.
    pub title: Option<&'a str>,
    /// How it went.
    pub simulation: &'a Simulation,
    /// What the rules say.
    pub findings: &'a [StepFinding],
}

/// The address space of every VM at the end, as SVG.
pub fn svg(report: &Report<'_>, played: &SimulationReport<'_>) -> String {
    let host = report.facts.host;
    let pictures: Vec<Picture> = played
        .simulation
        .layouts
        .iter()
        .map(|(vm, study)| {
            let vm = played.simulation.vm(*vm);
            let name = vm.map_or("", |vm| vm.name.as_str());
            let mut picture = if played.simulation.policy.is_hyperv() {
                Picture::hyperv(host, study)
            } else {
                match vm.map(|vm| vm.firmware()) {
                    Some(Firmware::Seabios) => {
                        Picture::tree("SeaBIOS guest", host, study, &study.seabios.layout)
                    }
                    _ => Picture::tree("OVMF guest", host, study, &study.ovmf),
                }
            };
            picture.title = format!("{} {name}", picture.title);
            picture
        })
        .collect();
    draw(&pictures)
}
