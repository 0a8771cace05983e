//! Whether something larger, or something more, would fit on the host, in words.

use std::fmt::Write as _;

use super::exact;
use super::text::needs;
use crate::host::Host;
use crate::sim::bars::DeviceBars;
use crate::sim::host_space::{Buses, Fit, NoRoom, VfMemory, VfMissing, VfRoom, Wish};

/// A line about a larger BAR, or a card that is added.
pub(super) fn wish_line(host: &Host<'_>, wish: &Wish, fit: &Fit) -> String {
    let bars = DeviceBars {
        sized: wish.bars.clone(),
        ..DeviceBars::default()
    };
    let what = match wish.replaces {
        Some(id) => format!(
            "{} with BARs of {}",
            host.function(id).at,
            exact(bars.sum(|_| true))
        ),
        None => format!("a card with BARs of {}", exact(bars.sum(|_| true))),
    };
    let place = wish.below.map_or_else(
        || "a root bus".to_owned(),
        |bridge| host.function(bridge).at.to_string(),
    );
    match fit {
        Fit::Room(_) => format!("{what} below {place}: fits"),
        Fit::Unknown => format!(
            "{what} below {place}: cannot tell, the capture does not show what the root bus forwards"
        ),
        Fit::No(no) => format!("{what} below {place}: does not fit; {}", no_room(host, no)),
    }
}

/// Which window is too small, and by how much.
fn no_room(host: &Host<'_>, no: &NoRoom) -> String {
    let whose = no.bridge.map_or_else(
        || "the root bus".to_owned(),
        |bridge| host.function(bridge).at.to_string(),
    );
    format!(
        "the {} window of {whose} would need {}",
        no.kind.name(),
        needs(&no.shortfall)
    )
}

/// The answer, then the number, the BARs, the bus numbers and the memory behind it.
pub(super) fn virtual_functions(out: &mut String, host: &Host<'_>, room: &VfRoom) {
    let answer = match room.fits() {
        Some(true) => "fit",
        Some(false) => "do not fit",
        None => "cannot tell",
    };
    let at = host.function(room.function).at;
    let plural = if room.count == 1 { "" } else { "s" };
    let _ = writeln!(
        out,
        "  {at} with {} virtual function{plural}: {answer}",
        room.count
    );
    let most = match (room.most, room.total) {
        (None, _) => "not captured".to_owned(),
        (Some(most), Some(total)) if most < total => {
            format!("{most}, as the driver has it; the hardware has {total}")
        }
        (Some(most), _) => most.to_string(),
    };
    let _ = writeln!(out, "    at most      {most}");
    for vf in &room.bars {
        let _ = writeln!(
            out,
            "    VF BAR {}     {} x {} = {}, {}",
            vf.bar.index.saturating_sub(7),
            vf.count,
            exact(vf.bar.size),
            exact(vf.size()),
            vf.bar.kind
        );
    }
    let _ = writeln!(out, "    bus numbers  {}", buses(host, room.buses));
    let _ = writeln!(out, "    memory       {}", memory(host, &room.memory));
    for missing in room.missing() {
        let _ = writeln!(out, "    to tell      {}", self::missing(&missing));
    }
}

fn buses(host: &Host<'_>, buses: Buses) -> String {
    let Buses::Known {
        last,
        until,
        bridge,
        read_with,
    } = buses
    else {
        return "cannot tell".to_owned();
    };
    let whose = bridge.map_or_else(
        || "the root bus has".to_owned(),
        |bridge| format!("{} routes", host.function(bridge).at),
    );
    let mut text = format!("the last one is on bus {last:02x}; {whose} up to bus {until:02x}");
    if last > u16::from(until) {
        let _ = write!(text, ": {} too few", last - u16::from(until));
    }
    if let Some(read_with) = read_with {
        let _ = write!(
            text,
            " (by offset and stride as they are with NumVFs {read_with}; a device may change them)"
        );
    }
    text
}

fn memory(host: &Host<'_>, memory: &VfMemory) -> String {
    match memory {
        VfMemory::Unknown | VfMemory::Anew(Fit::Unknown) => "cannot tell".to_owned(),
        VfMemory::Placed(ranges) if ranges.is_empty() => "none needed".to_owned(),
        VfMemory::Placed(ranges) => {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            format!("enough where the VF BARs lie: {}", ranges.join(", "))
        }
        VfMemory::Anew(Fit::Room(_)) => {
            "fits once the device is placed anew, with the windows above that only it uses"
                .to_owned()
        }
        VfMemory::Anew(Fit::No(no)) => format!("does not fit; {}", no_room(host, no)),
    }
}

/// What the capture lacks, and what has it.
pub(in crate::report) fn missing(missing: &VfMissing) -> String {
    match missing {
        VfMissing::Capability => {
            "the SR-IOV capability is needed: lspci -xxxx as root, or assignable-collect".to_owned()
        }
        VfMissing::Sizes(bars) => {
            let bars: Vec<String> = bars.iter().map(ToString::to_string).collect();
            format!(
                "the size of VF BAR {} is needed: the device's resource file in sysfs, or that of \
                 one of its virtual functions (assignable-collect)",
                bars.join(" and ")
            )
        }
        VfMissing::OwnSizes => {
            "the sizes of the device's own BARs are needed: its resource file in sysfs, lspci -v"
                .to_owned()
        }
        VfMissing::Offsets => {
            "First VF Offset and VF Stride are needed: a capture while virtual functions are on"
                .to_owned()
        }
        VfMissing::BridgeBuses => {
            "the bus numbers of the bridge above are needed: lspci -x".to_owned()
        }
        VfMissing::RootWindows => {
            "what the root bus forwards is needed: the kernel's log, or /proc/iomem as root"
                .to_owned()
        }
    }
}
