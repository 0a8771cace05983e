//! Groups that are apart to the kernel and not to the hardware.

use super::Page;
use crate::analysis::groups::{Exposure, Hole};
use crate::report::isolation;

pub(super) fn write(page: &mut Page<'_>) {
    let prediction = page.prediction;
    if prediction.exposures.is_empty() {
        return;
    }
    page.heading("ONLY FORMALLY ISOLATED");
    page.line(
        2,
        "The kernel puts these into different groups, so that they may go to different guests; the hardware does not keep them apart.",
    );
    for exposure in &prediction.exposures {
        let text = words(page, exposure);
        page.line(2, &text);
    }
}

fn words(page: &Page<'_>, exposure: &Exposure) -> String {
    let at = page.at(exposure.at);
    let others = page.list(&exposure.reaches);
    let standing = page.prediction.groups.standing(exposure.at);
    let why = isolation::words(&at, standing.why);
    match exposure.hole {
        Hole::Switch => {
            format!("What is below {at} can reach what is below {others} inside the switch: {why}.")
        }
        Hole::Device => format!("{at} can reach {others} of the same device: {why}."),
        Hole::WideDevice => format!(
            "{at} can reach {others} of the same device: {why}, and the kernel compares functions in blocks of 8."
        ),
        Hole::RootPorts => format!(
            "Whether what is below {at} can reach what is below {others} is up to the root complex: {why}."
        ),
        Hole::EgressControl => format!(
            "What is below {at} can reach what is below {others}: its egress control lets requests through to them."
        ),
        Hole::Override => format!(
            "{at} counts as isolated from {others} only because the command line says so: {why}."
        ),
        Hole::PortMemory => format!(
            "What is below {at} can reach the registers of the switch itself, in the memory of {others}: the enhanced services of ACS are not switched on."
        ),
        Hole::Translated => format!(
            "{at} translates addresses itself (ATS). Requests that it declares translated pass {others} unchecked: translation blocking is off there."
        ),
    }
}
