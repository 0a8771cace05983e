//! Address space as text: host windows, then a guest's layout on every platform.

use std::fmt::Write as _;

use super::picture::PictureWindow;
use super::{MmioReport, Picture, exact};
use crate::bytes::Observed;
use crate::host::{FunctionId, Host};
use crate::report::wording::{safe, size};
use crate::report::{Layout, Report};
use crate::sim::guest::GuestStudy;
use crate::sim::host_space::{BridgeSpace, HostSpace};
use crate::sim::layout::{Minimum, Shortfall};
use crate::sim::policy::hyperv::{HIGH_DEFAULT, LOW_DEFAULT};
use crate::sim::policy::tree::{Part, TreeLayout, Unplaced};

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// The address space of a host and, where devices were named, of a guest.
pub fn mmio(report: &Report<'_>, layout: Layout, mmio: &MmioReport) -> String {
    let mut out = String::new();
    let host = report.facts.host;
    match &mmio.guest {
        Some(study) => {
            devices(&mut out, report, layout, study);
            hyperv_guest(&mut out, host, layout, study);
            qemu_guests(&mut out, host, layout, study);
        }
        None => host_space(&mut out, host, layout, &mmio.space),
    }
    if !mmio.wishes.is_empty() || !mmio.virtual_functions.is_empty() {
        heading(&mut out, layout, "WOULD IT FIT ON THE HOST");
        for (wish, fit) in &mmio.wishes {
            let _ = writeln!(out, "  {}", super::fits::wish_line(host, wish, fit));
        }
        for room in &mmio.virtual_functions {
            super::fits::virtual_functions(&mut out, host, room);
        }
    }
    out
}

fn heading(out: &mut String, layout: Layout, text: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", layout.palette.heading(text));
}

fn host_space(out: &mut String, host: &Host<'_>, layout: Layout, space: &HostSpace) {
    heading(out, layout, "HOST");
    let bits = space
        .address_bits
        .map_or_else(|| "not captured".to_owned(), |bits| format!("{bits} bits"));
    let _ = writeln!(out, "  physical address width  {bits}");
    let _ = writeln!(out, "  windows sized as by     {}", space.sizing.name());
    if space.windows.is_empty() {
        out.push_str(
            "  windows of root buses   not captured (kernel log, or /proc/iomem as root)\n",
        );
    }
    for window in &space.windows {
        let _ = writeln!(
            out,
            "  root bus {}:{:02x}        {:#x}-{:#x}  {}",
            window.segment,
            window.bus,
            window.range.start(),
            window.range.last(),
            exact(window.range.len())
        );
    }
    if !space.bridges.is_empty() {
        heading(out, layout, "BRIDGE WINDOWS");
        let _ = writeln!(
            out,
            "  {:12}  {:12}  {:33}  {:>11}  {:>11}  SIZED ANEW",
            "BRIDGE", "WINDOW", "RANGE", "SIZE", "FREE"
        );
        for bridge in &space.bridges {
            bridge_line(out, host, bridge);
        }
    }
    if !space.unplaced.is_empty() {
        heading(out, layout, "WITHOUT AN ADDRESS");
        for unplaced in &space.unplaced {
            let times = match unplaced.count {
                1 => String::new(),
                count => format!("{count} x "),
            };
            let _ = writeln!(
                out,
                "  {} {}: {times}{}, {}",
                host.function(unplaced.function).at,
                bar_name(unplaced.bar.index),
                exact(unplaced.bar.size),
                unplaced.bar.kind
            );
        }
    }
    let claims = |out: &mut String, title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            heading(out, layout, title);
            for line in lines {
                let _ = writeln!(out, "  {line}");
            }
        }
    };
    let named = |id: FunctionId, index: u8| format!("{} {}", host.function(id).at, bar_name(index));
    let overlaps = space.overlaps.iter().map(|(one, other)| {
        format!(
            "{} ({}) and {} ({})",
            named(one.function, one.index),
            one.range,
            named(other.function, other.index),
            other.range
        )
    });
    claims(out, "OVERLAPPING", overlaps.collect());
    let outside = space
        .outside
        .iter()
        .map(|taken| format!("{} ({})", named(taken.function, taken.index), taken.range));
    claims(out, "NOT FORWARDED BY THE BRIDGE ABOVE", outside.collect());
}

fn bar_name(index: u8) -> String {
    match index {
        7..=12 => format!("VF BAR {}", index - 7),
        _ => format!("BAR {index}"),
    }
}

fn bridge_line(out: &mut String, host: &Host<'_>, space: &BridgeSpace) {
    let (range, len) = match space.range {
        Observed::Present(range) => (
            format!("{:#x}-{:#x}", range.start(), range.last()),
            size(range.len()),
        ),
        Observed::Absent => ("closed".to_owned(), String::new()),
        Observed::NotCaptured => ("not captured".to_owned(), String::new()),
        Observed::Malformed(_) => ("malformed".to_owned(), String::new()),
    };
    let free = match space.range {
        Observed::Present(_) => size(space.free),
        _ => String::new(),
    };
    let wanted = space.wanted.map_or_else(String::new, |wanted| {
        format!(
            "{} at a multiple of {}",
            exact(wanted.size),
            exact(wanted.align)
        )
    });
    let line = format!(
        "  {:12}  {:12}  {range:33}  {len:>11}  {free:>11}  {wanted}",
        host.function(space.bridge).at.to_string(),
        space.kind.name(),
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

fn devices(out: &mut String, report: &Report<'_>, layout: Layout, study: &GuestStudy) {
    let host = report.facts.host;
    heading(out, layout, "DEVICES");
    for (index, (&id, bars)) in study.devices.iter().zip(&study.bars).enumerate() {
        let function = host.function(id);
        let name = safe(&report.names.call(function));
        let _ = writeln!(out, "  {} {}  {name}", letter(index), function.at);
        if bars.unknown {
            out.push_str("      BARs were not captured: left out of every layout\n");
        }
        for bar in &bars.sized {
            let _ = writeln!(
                out,
                "      BAR {}: {}, {}",
                bar.index,
                exact(bar.size),
                bar.kind
            );
        }
        for bar in &bars.unsized_bars {
            let _ = writeln!(
                out,
                "      BAR {bar}: size not captured, left out of every layout"
            );
        }
    }
}

/// The layout in a Hyper-V guest, and the sizes to give it.
pub(in crate::report) fn hyperv_guest(
    out: &mut String,
    host: &Host<'_>,
    layout: Layout,
    study: &GuestStudy,
) {
    heading(out, layout, "HYPER-V GUEST");
    let sizes = study.sizes;
    let row = |out: &mut String, name: &str, given: u64, least: Option<Minimum>, rule: u64| {
        let least = least.map_or_else(
            || "none is large enough".to_owned(),
            |least| {
                let proven = if least.proven { "" } else { " (perhaps less)" };
                format!("{} MB{proven}", least.size / MIB)
            },
        );
        let _ = writeln!(
            out,
            "  {name:26}  given {:>8} MB   smallest {least:>12}   documented rule {:>8} MB",
            given / MIB,
            rule.div_ceil(MIB)
        );
    };
    let gaps = study.options.gaps;
    row(
        out,
        "-LowMemoryMappedIoSpace",
        gaps.low,
        sizes.low,
        sizes.documented_low,
    );
    row(
        out,
        "-HighMemoryMappedIoSpace",
        gaps.high,
        sizes.high,
        sizes.documented_high,
    );
    let _ = writeln!(
        out,
        "  smallest and documented sizes hold what the guest's own devices need as well: {} MB low, \
         {} MB high",
        LOW_DEFAULT / MIB,
        HIGH_DEFAULT / MIB
    );
    let _ = writeln!(
        out,
        "  {:26}  {} MB; the gap as given ends at {:#x}{}",
        "base of the high gap",
        gaps.high_base / MIB,
        gaps.high_end(),
        match study.options.host_bits {
            Some(bits) if !gaps.within(bits) =>
                format!(", beyond the {bits} address bits of the host"),
            Some(bits) => format!(", within the {bits} address bits of the host"),
            None => "; the host's address width was not captured".to_owned(),
        }
    );
    if let Some(least) = sizes.high
        && sizes.documented_high.next_multiple_of(MIB) < least.size
    {
        out.push_str(
            "  The documented rule adds up the BARs and does not count what alignment leaves \
             unused: here it gives too little.\n",
        );
    }
    for (name, shortfall) in [
        ("low", study.hyperv.low_shortfall),
        ("high", study.hyperv.high_shortfall),
    ] {
        if let Some(shortfall) = shortfall {
            let device = study.devices.get(shortfall.request);
            let whose =
                device.map_or_else(String::new, |&id| format!(" of {}", host.function(id).at));
            let _ = writeln!(
                out,
                "  {}",
                layout.palette.bad(format!(
                    "does not fit: the {name} window{whose} needs {}",
                    needs(&shortfall)
                ))
            );
        }
    }
    chart(out, layout, &Picture::hyperv(host, study));
    let _ = writeln!(
        out,
        "  left: {} low, {} high; alignment leaves {} of the high gap unused",
        exact(study.hyperv.low_left),
        exact(study.hyperv.high_left),
        exact(study.hyperv.high_holes)
    );
}

/// What was needed and what there was.
pub(in crate::report) fn needs(shortfall: &Shortfall) -> String {
    format!(
        "{} at a multiple of {}; the largest such block has {}, {} are free in all",
        exact(shortfall.needed),
        exact(shortfall.align),
        exact(shortfall.largest),
        exact(shortfall.free)
    )
}

fn qemu_guests(out: &mut String, host: &Host<'_>, layout: Layout, study: &GuestStudy) {
    let machine = study.options.machine;
    heading(out, layout, "QEMU GUEST, OVMF");
    let _ = writeln!(
        out,
        "  {} RAM, {} address bits, pci-hole64-size {}{}",
        exact(machine.ram),
        machine.address_bits,
        exact(machine.hole64_size()),
        match machine.mmio64_hint_mib {
            Some(hint) => format!(", X-PciMmio64Mb {hint}"),
            None => String::new(),
        }
    );
    if let Err(refused) = study.qemu {
        let _ = writeln!(
            out,
            "  {}",
            layout.palette.bad(format!(
                "QEMU does not start: the 64-bit hole would end at {:#x}, beyond {} address bits",
                refused.last, refused.address_bits
            ))
        );
    }
    tree_layout(out, host, layout, study, &study.ovmf);
    if !study.ovmf.fits() {
        match study.smallest_ovmf_hint() {
            Some(hint) => {
                let _ = writeln!(
                    out,
                    "  It would fit with -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string={hint}"
                );
            }
            None => out.push_str("  No X-PciMmio64Mb helps with this address width.\n"),
        }
    }
    chart(out, layout, &Picture::tree("", host, study, &study.ovmf));
    heading(out, layout, "QEMU GUEST, SEABIOS");
    if study.seabios.panics {
        let _ = writeln!(
            out,
            "  {}",
            layout
                .palette
                .bad("SeaBIOS stops: what has to lie below 4 GiB does not fit there")
        );
    }
    tree_layout(out, host, layout, study, &study.seabios.layout);
    chart(
        out,
        layout,
        &Picture::tree("", host, study, &study.seabios.layout),
    );
}

fn tree_layout(
    out: &mut String,
    host: &Host<'_>,
    layout: Layout,
    study: &GuestStudy,
    tree: &TreeLayout,
) {
    for unplaced in &tree.unplaced {
        let line = unplaced_line(host, study, unplaced);
        let _ = writeln!(out, "  {}", layout.palette.bad(line));
    }
}

fn unplaced_line(host: &Host<'_>, study: &GuestStudy, unplaced: &Unplaced) -> String {
    let device = unplaced
        .item
        .path
        .first()
        .and_then(|&device| study.devices.get(device));
    let whose = device.map_or_else(
        || "the firmware's own".to_owned(),
        |&id| host.function(id).at.to_string(),
    );
    let what = match unplaced.item.part {
        Part::Bar(bar) if unplaced.item.path.len() > 1 => format!("BAR {bar} of {whose}"),
        Part::Bar(_) => format!("the port's own BAR above {whose}"),
        Part::Memory => format!("the memory window above {whose}"),
        Part::Prefetchable => format!("the prefetchable window above {whose}"),
        Part::OptionRom => "room for option ROMs".to_owned(),
    };
    format!(
        "does not fit: {what} needs {} at a multiple of {}; {} are there",
        exact(unplaced.size),
        exact(unplaced.align),
        exact(unplaced.available)
    )
}

/// Each window as a line of letters, one for each device, with the addresses below.
pub(in crate::report) fn chart(out: &mut String, layout: Layout, picture: &Picture) {
    for window in &picture.windows {
        let _ = writeln!(
            out,
            "  {} {:#x}-{:#x}, {}",
            window.name,
            window.range.start(),
            window.range.last(),
            exact(window.range.len())
        );
        if window.blocks.is_empty() {
            continue;
        }
        let columns = layout.width.saturating_sub(6).clamp(20, 96);
        let _ = writeln!(out, "  |{}|", strip(window, columns));
        for block in &window.blocks {
            let _ = writeln!(
                out,
                "   {} {:#x}-{:#x}  {}  {}",
                letter(block.device),
                block.range.start(),
                block.range.last(),
                block.label,
                exact(block.range.len())
            );
        }
    }
}

/// One character for each share of the drawn part: the device that has most of it, or a dot.
fn strip(window: &PictureWindow, columns: usize) -> String {
    let drawn = window.drawn();
    let total = u128::from(drawn.len());
    let count = columns as u128;
    let offset = |column: u128| u64::try_from(total * column / count).unwrap_or(u64::MAX);
    (0..count)
        .map(|column| {
            let from = drawn.start().saturating_add(offset(column));
            let to = drawn.start().saturating_add(offset(column + 1));
            let share = |start: u64, last: u64| {
                last.saturating_add(1)
                    .min(to)
                    .saturating_sub(start.max(from))
            };
            let best = window
                .blocks
                .iter()
                .map(|block| (share(block.range.start(), block.range.last()), block.device))
                .max_by_key(|&(bytes, device)| (bytes, std::cmp::Reverse(device)));
            match best {
                Some((bytes, device)) if bytes > 0 => letter(device),
                _ => '.',
            }
        })
        .collect()
}

/// The letter of a device in pictures.
pub(in crate::report) fn letter(index: usize) -> char {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    LETTERS
        .get(index % LETTERS.len())
        .map_or('?', |&letter| char::from(letter))
}
