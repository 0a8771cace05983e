//! The host's memory-mapped I/O as captured: windows of bridges, and BARs inside them.

use maud::{Markup, html};

use super::{guest, link};
use crate::analysis::resources;
use crate::decode::config::bar::BarKind;
use crate::decode::config::bridge::BridgeWindows;
use crate::host::FunctionId;
use crate::range::AddrRange;
use crate::report::Report;
use crate::report::wording::{count, size};
use crate::sim::host_space::HostSpace;
use crate::spec::pci::HeaderType;

/// A range of addresses with its owner.
struct Region {
    range: AddrRange,
    owner: FunctionId,
    what: String,
    window: bool,
    /// Regions that hold it.
    depth: usize,
    /// How many equal BARs of virtual functions of one physical function it stands for.
    times: usize,
}

pub(super) fn section(report: &Report<'_>) -> Markup {
    let mut regions = regions(report);
    nest(&mut regions);
    let regions = fold(report, regions);
    let below = regions
        .iter()
        .position(|region| region.range.needs_64_bits())
        .unwrap_or(regions.len());
    let (low, high) = regions.split_at(below);
    let space = HostSpace::of(report.facts.host, report.facts.topology);
    html! {
        section #memory {
            h2 { "Memory" }
            @if regions.is_empty() {
                p { "The capture holds no memory address of a device together with its size." }
            } @else {
                p {
                    "Where windows of bridges and BARs lie in the host's address space. "
                    "Bars show sizes on a logarithmic scale: each step is twice the size."
                }
                (table(report, "Below 4 GiB", low))
                (table(report, "From 4 GiB on", high))
            }
            (troubles(report, &space))
            (guest::part(report, &space))
        }
    }
}

/// What does not add up: resources that claim the same addresses, that no bridge forwards, or
/// that have no address at all.
fn troubles(report: &Report<'_>, space: &HostSpace) -> Markup {
    const MOST: usize = 20;
    html! {
        @if !space.overlaps.is_empty() {
            p { b.no { (count(space.overlaps.len(), "pair of resources claims", "pairs of resources claim")) " the same addresses:" } }
            ul {
                @for (one, other) in space.overlaps.iter().take(MOST) {
                    li { (link(report, one.function)) " " (one.range) " and " (link(report, other.function)) " " (other.range) }
                }
            }
        }
        @if !space.outside.is_empty() {
            p { (count(space.outside.len(), "resource lies", "resources lie")) " outside the windows of the bridge above:" }
            ul {
                @for taken in space.outside.iter().take(MOST) {
                    li { (link(report, taken.function)) " " (taken.range) }
                }
            }
        }
        @if !space.unplaced.is_empty() {
            p { (count(space.unplaced.len(), "BAR has", "BARs have")) " no address:" }
            ul {
                @for bar in space.unplaced.iter().take(MOST) {
                    li { (link(report, bar.function)) " " (size(bar.bar.size)) }
                }
            }
        }
    }
}

fn regions(report: &Report<'_>) -> Vec<Region> {
    let mut regions = Vec::new();
    for (id, function) in report.facts.host.iter() {
        if function.layout() == Some(HeaderType::BRIDGE) {
            let windows = BridgeWindows::decode(function.config);
            let named = [
                (windows.memory, "memory window"),
                (windows.prefetchable, "prefetchable window"),
            ];
            for (window, what) in named {
                if let Some(window) = window.present() {
                    regions.push(Region {
                        range: window.range,
                        owner: id,
                        what: what.to_owned(),
                        window: true,
                        depth: 0,
                        times: 1,
                    });
                }
            }
        }
        let bars = resources::bars(function);
        for bar in bars.iter().flat_map(resources::Bars::iter) {
            let range = bar
                .address
                .zip(bar.size.exact())
                .and_then(|(start, len)| AddrRange::with_len(start, len));
            let kind = match bar.kind {
                BarKind::Io => continue,
                BarKind::Memory32 {
                    prefetchable: false,
                } => "32-bit",
                BarKind::Memory32 { prefetchable: true } => "32-bit, prefetchable",
                BarKind::Memory64 {
                    prefetchable: false,
                } => "64-bit",
                BarKind::Memory64 { prefetchable: true } => "64-bit, prefetchable",
            };
            if let Some(range) = range {
                regions.push(Region {
                    range,
                    owner: id,
                    what: format!("BAR {} ({kind})", bar.index),
                    window: false,
                    depth: 0,
                    times: 1,
                });
            }
        }
    }
    regions.sort_by_key(|region| {
        (
            region.range.start(),
            std::cmp::Reverse(region.range.last()),
            !region.window,
            region.owner,
        )
    });
    regions
}

/// Counts for each region those that hold it. They come in the order of their starts.
fn nest(regions: &mut [Region]) {
    let mut around: Vec<AddrRange> = Vec::new();
    for region in regions {
        while around
            .last()
            .is_some_and(|last| !last.contains(region.range))
        {
            around.pop();
        }
        region.depth = around.len();
        if region.window {
            around.push(region.range);
        }
    }
}

/// Equal BARs of virtual functions of one physical function that follow one another, as one
/// region. They come in the order of their starts.
fn fold(report: &Report<'_>, regions: Vec<Region>) -> Vec<Region> {
    let physical = |id: FunctionId| report.facts.host.function(id).physical;
    let mut folded: Vec<Region> = Vec::new();
    for region in regions {
        let last = folded.last_mut().filter(|last| {
            let each = last.range.len() / last.times.max(1) as u64;
            !last.window
                && !region.window
                && physical(last.owner).is_some()
                && physical(last.owner) == physical(region.owner)
                && last.what == region.what
                && last.depth == region.depth
                && each == region.range.len()
                && last.range.last().checked_add(1) == Some(region.range.start())
        });
        let joined = last.and_then(|last| {
            last.range = AddrRange::new(last.range.start(), region.range.last())?;
            last.times += 1;
            Some(())
        });
        if joined.is_none() {
            folded.push(region);
        }
    }
    folded
}

fn table(report: &Report<'_>, title: &str, regions: &[Region]) -> Markup {
    const OPEN: usize = 40;
    const MOST: usize = 2000;
    if regions.is_empty() {
        return html! {};
    }
    html! {
        details open[regions.len() <= OPEN] {
            summary { (title) " (" (regions.len()) ")" }
            div.scroll tabindex="0" role="region" aria-label={ "Memory map, " (title) } {
                table.map {
                    thead { tr { th scope="col" { "Addresses" } th scope="col" { "Size" } th scope="col" { "" } th scope="col" { "Whose" } } }
                    tbody {
                        @for region in regions.iter().take(MOST) {
                            tr.window[region.window] {
                                td.number { (format!("{:#x} to {:#x}", region.range.start(), region.range.last())) }
                                td.number {
                                    @if region.times > 1 { (region.times) " × " }
                                    (size(region.range.len() / region.times.max(1) as u64))
                                }
                                td { (meter(region)) }
                                td class={ "depth" (region.depth.min(6)) } {
                                    (link(report, region.owner)) " " (region.what)
                                    @if region.times > 1 { " and of the virtual functions after it" }
                                }
                            }
                        }
                    }
                }
            }
            @if regions.len() > MOST { p { "and " (regions.len() - MOST) " more" } }
        }
    }
}

/// A bar as long as the size has bits above 4 KiB.
fn meter(region: &Region) -> Markup {
    const BIT: u32 = 4;
    const MOST: u32 = 160;
    let bits = region.range.len().max(1).ilog2();
    let width = (bits.saturating_sub(11) * BIT).clamp(2, MOST);
    html! {
        svg.meter width=(MOST) height="10" aria-hidden="true" {
            rect.window[region.window] width=(width) height="10" rx="2" {}
        }
    }
}
