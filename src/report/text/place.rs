//! Which guest gets what, and which limit keeps the host from serving more.

use std::fmt::Write as _;

use crate::addr::Sbdf;
use crate::plan::{Limit, Obstacle, Placement, PlacementOf, Shape};
use crate::policy::Policy;
use crate::report::Layout;
use crate::report::mmio::exact;
use crate::report::wording::count;

/// A distribution as text.
pub fn place(layout: Layout, policy: Policy, shape: &Shape, placement: &Placement) -> String {
    let mut out = String::new();
    let wants: Vec<String> = shape
        .wants
        .iter()
        .map(|want| format!("{} of {}", want.count, want.device))
        .collect();
    let served = placement.guests.len();
    let asked = match placement.asked {
        Some(asked) if asked != served => format!(", {asked} asked for"),
        _ => String::new(),
    };
    let _ = writeln!(
        out,
        "{} of {} under {policy}{asked}",
        layout.palette.heading(count(served, "guest", "guests")),
        wants.join(", ")
    );
    for (want, supply) in shape.wants.iter().zip(&placement.supply) {
        let codes = match supply.codes.as_slice() {
            [] => String::new(),
            codes => format!(" ({})", codes.join(" ")),
        };
        let _ = writeln!(
            out,
            "  {}: {} assignable, {} not assignable or open{codes}",
            want.device, supply.assignable, supply.unusable
        );
    }
    for (number, guest) in (1..).zip(&placement.guests) {
        guest_lines(&mut out, policy, number, guest);
    }
    limits(&mut out, layout, policy, placement);
    out
}

fn guest_lines(out: &mut String, policy: Policy, number: usize, guest: &PlacementOf) {
    let _ = writeln!(out, "\nguest {number}: {}", list(&guest.devices));
    if !guest.along.is_empty() {
        let _ = writeln!(
            out,
            "  along, because they share an IOMMU group: {}",
            list(&guest.along)
        );
    }
    let others = match guest.nodes_known {
        true => "",
        false => "; that of some devices was not captured",
    };
    match guest.nodes.as_slice() {
        [] => out.push_str("  NUMA node not captured\n"),
        [node] => {
            let _ = writeln!(out, "  NUMA node {node}{others}");
        }
        nodes => {
            let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "  spread over NUMA nodes {}{others}", nodes.join(", "));
        }
    }
    if let Some((low, high)) = guest.gaps {
        let _ = writeln!(
            out,
            "  -LowMemoryMappedIoSpace {}MB -HighMemoryMappedIoSpace {}MB",
            low >> 20,
            high >> 20
        );
    }
    if !policy.is_hyperv() && !guest.fits_ovmf {
        out.push_str("  OVMF has no room for its BARs with these options; see `mmio`\n");
    }
    if !guest.complete {
        out.push_str("  BARs of unknown size are not counted\n");
    }
}

fn list(devices: &[Sbdf]) -> String {
    let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
    devices.join(" ")
}

fn limits(out: &mut String, layout: Layout, policy: Policy, placement: &Placement) {
    let served = placement.guests.len();
    let _ = writeln!(out, "\n{}", layout.palette.heading("LIMITS"));
    let _ = writeln!(
        out,
        "  number of devices  {}",
        count(placement.upper_bound, "guest", "guests")
    );
    for one in &placement.limits {
        let binds = match one.without > served {
            true => format!("; {} without it", one.without),
            false => String::new(),
        };
        let _ = writeln!(
            out,
            "  {:17}  {} by it alone{binds}",
            name(one.limit),
            count(one.alone, "guest", "guests")
        );
    }
    match placement.host_bits {
        Some(bits) => {
            let _ = writeln!(out, "  the host has {bits} physical address bits");
        }
        None => out.push_str(
            "  the host's physical address width was not captured, and limits nothing here\n",
        ),
    }
    if let Some(refused) = &placement.refused {
        let _ = writeln!(
            out,
            "  a guest with {}: {}",
            list(&refused.devices),
            obstacle(&refused.obstacle, policy)
        );
    }
    let binding: Vec<&str> = placement.binding().map(name).collect();
    out.push('\n');
    let more = if placement.is_as_asked() {
        "No more were asked for.".to_owned()
    } else if !placement.proven {
        "More may be possible: not every distribution was tried.".to_owned()
    } else if placement.is_used_up() {
        "No more are possible: the devices are used up.".to_owned()
    } else if binding.is_empty() {
        "No more are possible: several limits bind together.".to_owned()
    } else {
        format!(
            "No more are possible: what binds is {}.",
            binding.join(", and ")
        )
    };
    let _ = writeln!(out, "{more}");
}

const fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::Isolation => "isolation",
        Limit::AddressSpace => "address space",
        Limit::Numa => "NUMA nodes",
    }
}

fn obstacle(obstacle: &Obstacle, policy: Policy) -> String {
    let needed = |needed: Option<u64>| match needed {
        Some(needed) => format!("{} needed", exact(needed)),
        None => "no size does".to_owned(),
    };
    match *obstacle {
        Obstacle::LowGap {
            needed: least,
            available,
        } => format!(
            "its low gap is too small: {}, {} available",
            needed(least),
            exact(available)
        ),
        Obstacle::HighGap {
            needed: least,
            available,
        } => format!(
            "its high gap is too small: {}, {} available",
            needed(least),
            exact(available)
        ),
        Obstacle::AddressWidth {
            end,
            bits,
            lower_base,
        } => {
            let what = match policy.is_hyperv() {
                true => "its high gap would end",
                false => "OVMF would place BARs up to",
            };
            let base = match lower_base {
                Some(base) => format!("; with --high-base {}M it would fit", base >> 20),
                None => String::new(),
            };
            format!("{what} at {end:#x}, beyond the {bits} address bits of the host{base}")
        }
        Obstacle::QemuWidth { last, bits } => format!(
            "QEMU does not start: its 64-bit hole ends at {last:#x}, beyond the guest's {bits} bits"
        ),
        Obstacle::Firmware { size, available } => format!(
            "OVMF rejects {} for want of room beside the rest; {} of its window are aligned for it",
            exact(size),
            exact(available)
        ),
    }
}
