//! The address space of a guest that has some of the machine's devices.

use maud::{Markup, PreEscaped, html};

use super::link;
use crate::host::FunctionId;
use crate::report::Report;
use crate::report::mmio::{Picture, draw};
use crate::report::wording::{count, size};
use crate::sim::guest::{GuestOptions, GuestStudy};
use crate::sim::host_space::HostSpace;
use crate::sim::policy::hyperv::Gaps;
use crate::verdict::Verdict;

/// Devices of the guest that is drawn.
const MOST: usize = 4;

pub(super) fn part(report: &Report<'_>, space: &HostSpace) -> Markup {
    let devices = devices(report);
    if devices.is_empty() {
        return html! {};
    }
    let host = report.facts.host;
    let mut options = GuestOptions {
        host_bits: space.address_bits,
        ..GuestOptions::default()
    };
    let sizes = GuestStudy::of(host, &devices, &[], options).sizes;
    // Drawn with gaps that are just large enough, and never smaller than a guest has anyway.
    let given = Gaps::default();
    options.gaps = Gaps {
        low: sizes
            .low
            .map_or(given.low, |least| least.size.max(given.low)),
        high: sizes
            .high
            .map_or(given.high, |least| least.size.max(given.high)),
        ..given
    };
    let study = GuestStudy::of(host, &devices, &[], options);
    let megabytes = |bytes: u64| bytes >> 20;
    html! {
        h3 { "A guest with " (count(devices.len(), "device", "devices")) " of this machine" }
        p {
            "The devices with the largest demand that are not ruled out: "
            @for &id in &devices { (link(report, id)) " " }
        }
        dl {
            dt { "Hyper-V" }
            dd {
                @if sizes.low.is_some() && sizes.high.is_some() {
                    code {
                        "Set-VM VM -LowMemoryMappedIoSpace " (megabytes(options.gaps.low))
                        "MB -HighMemoryMappedIoSpace " (megabytes(options.gaps.high)) "MB"
                    }
                } @else {
                    "No gap is large enough for all of them."
                }
            }
            dt { "by Microsoft's rule" }
            dd { (megabytes(sizes.documented_low)) " MB low, " (megabytes(sizes.documented_high)) " MB high" }
            dt { "left in the gaps" }
            dd { (size(study.hyperv.low_left)) " low, " (size(study.hyperv.high_left)) " high" }
            @if let Some(bits) = space.address_bits {
                dt { "host's addresses" }
                dd {
                    (bits) " bits; the high gap "
                    @if options.gaps.within(bits) { "lies within them" } @else { b.no { "reaches beyond them" } }
                }
            }
        }
        div.scroll tabindex="0" role="region" aria-label="Guest's address space, scrolls sideways" {
            (PreEscaped(draw(&[Picture::hyperv(host, &study)])))
        }
        p.faint {
            code { "assignable mmio INPUT --device DEVICE" } " lays out other sets of devices, and guests of QEMU."
        }
    }
}

/// The largest devices that some platform does not rule out, by address.
fn devices(report: &Report<'_>) -> Vec<FunctionId> {
    let demand = |id: FunctionId| {
        let demand = report.facts.profile(id).demand;
        demand
            .and_then(|demand| demand.memory().exact())
            .unwrap_or(0)
    };
    let possible = |id: FunctionId| {
        let mut policies = report.policies.iter();
        policies.any(|&policy| Verdict::of(report.run, policy, id) != Verdict::NotAssignable)
    };
    let mut devices: Vec<FunctionId> = report
        .candidates()
        .filter(|&id| report.facts.host.function(id).physical.is_none())
        .filter(|&id| demand(id) > 0 && possible(id))
        .collect();
    devices.sort_by_key(|&id| (std::cmp::Reverse(demand(id)), id));
    devices.truncate(MOST);
    devices.sort_unstable();
    devices
}
