//! Lines whose words are reckoned from several fields.

use assignable::decode::config::dump::DumpedStructure;

use crate::compare::{field_raw, register_raw};

/// Labels of such lines that have spaces in them.
pub(crate) const LABELS: &[&str] = &[
    "I/O behind bridge",
    "Memory behind bridge",
    "Prefetchable memory behind bridge",
];

/// A fact: what it is, what lspci says and what we say.
pub(crate) type Fact = (&'static str, String, String);

/// The facts of a line; `None` where the line is not of this kind.
pub(crate) fn facts(
    name: &str,
    label: &str,
    text: &str,
    structure: &DumpedStructure,
) -> Option<Vec<Fact>> {
    match (name, label) {
        ("header" | "CardBus header", "Latency") => Some(latency(text, structure)),
        ("header" | "CardBus header", "Subsystem") => Some(subsystem(text, structure)),
        ("header", "I/O behind bridge") => Some(window(text, io_window(structure)?)),
        ("header", "Memory behind bridge") => Some(window(text, memory_window(structure)?)),
        ("header", "Prefetchable memory behind bridge") => {
            Some(window(text, prefetchable_window(structure)?))
        }
        ("Secondary PCI Express", "LaneErrStat") => Some(lane_errors(text, structure)),
        ("L1 PM Substates", "L1SubCtl2") => Some(power_on(text, structure)),
        ("L1 PM Substates", "L1SubCtl1") => threshold(text, structure),
        ("Precision Time Measurement", "PTMEffectiveGranularity") => {
            Some(granularity(text, structure))
        }
        ("Root Complex Event Collector Endpoint Association", _) => {
            collector(label, text, structure)
        }
        _ => None,
    }
}

fn number(text: &str, before: &str, after: &str) -> u64 {
    let rest = match before {
        "" => Some(text),
        _ => text.split_once(before).map(|(_, rest)| rest),
    };
    let digits = rest
        .and_then(|rest| rest.split_once(after))
        .map(|(digits, _)| digits);
    let digits = digits.map(|digits| digits.rsplit([' ', '(']).next().unwrap_or_default());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// `64 (250ns min, 7000ns max), Cache Line Size: 64 bytes`; what is zero is left out.
fn latency(text: &str, structure: &DumpedStructure) -> Vec<Fact> {
    let of = |register| register_raw(structure, register).unwrap_or(0);
    let timer: String = text
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let mut facts = vec![
        ("Latency Timer", timer, of("Latency Timer").to_string()),
        (
            "Cache Line Size",
            number(text, "Cache Line Size: ", " bytes").to_string(),
            (4 * of("Cache Line Size")).to_string(),
        ),
    ];
    for (register, word) in [("Min_Gnt", "ns min"), ("Max_Lat", "ns max")] {
        if let Some(ours) = register_raw(structure, register) {
            let theirs = number(text, "", word).to_string();
            facts.push((register, theirs, (250 * ours).to_string()));
        }
    }
    facts
}

/// `1af4:1100`. That of a bridge is a capability of its own.
fn subsystem(text: &str, structure: &DumpedStructure) -> Vec<Fact> {
    let of = |register| register_raw(structure, register);
    let (Some(vendor), Some(device)) = (of("Subsystem Vendor ID"), of("Subsystem ID")) else {
        return Vec::new();
    };
    let theirs = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    vec![("Subsystem", theirs, format!("{vendor:04x}:{device:04x}"))]
}

type Ends = (u64, u64);

fn io_window(structure: &DumpedStructure) -> Option<Ends> {
    let wide = field_raw(structure, "I/O Base", "I/O Addressing Capability")? & 1 == 1;
    let end = |register, upper| {
        let low = register_raw(structure, register)? & 0xf0;
        let high = if wide {
            register_raw(structure, upper)?
        } else {
            0
        };
        Some(high << 16 | low << 8)
    };
    let base = end("I/O Base", "I/O Base Upper 16 Bits")?;
    Some((base, end("I/O Limit", "I/O Limit Upper 16 Bits")? | 0xfff))
}

fn memory_window(structure: &DumpedStructure) -> Option<Ends> {
    let end = |register| Some((register_raw(structure, register)? & 0xfff0) << 16);
    Some((end("Memory Base")?, end("Memory Limit")? | 0xf_ffff))
}

fn prefetchable_window(structure: &DumpedStructure) -> Option<Ends> {
    let register = "Prefetchable Memory Base";
    let wide = field_raw(structure, register, "64-bit Addressing Capability")? == 1;
    let end = |register, upper| {
        let low = register_raw(structure, register)? & 0xfff0;
        let high = if wide {
            register_raw(structure, upper)?
        } else {
            0
        };
        Some(high << 32 | low << 16)
    };
    let base = end(register, "Prefetchable Base Upper 32 Bits")?;
    let limit = end(
        "Prefetchable Memory Limit",
        "Prefetchable Limit Upper 32 Bits",
    )?;
    Some((base, limit | 0xf_ffff))
}

/// `fd600000-fddfffff [size=8M] [32-bit]`.
fn window(text: &str, (base, last): Ends) -> Vec<Fact> {
    let range = text.split_whitespace().next().unwrap_or_default();
    let ends = range.split_once('-').and_then(|(base, last)| {
        let number = |text| u64::from_str_radix(text, 16).ok();
        Some((number(base)?, number(last)?))
    });
    let Some((theirs, their_last)) = ends else {
        // From a tree lspci prints what Linux says of the window, which may be nothing.
        return Vec::new();
    };
    vec![
        ("window base", format!("{theirs:#x}"), format!("{base:#x}")),
        (
            "window limit",
            format!("{their_last:#x}"),
            format!("{last:#x}"),
        ),
    ]
}

/// `0`, or `LaneErr at lane: 1 2`.
fn lane_errors(text: &str, structure: &DumpedStructure) -> Vec<Fact> {
    let lanes = text.split_once("lane:").map_or("", |(_, lanes)| lanes);
    let theirs = lanes
        .split_whitespace()
        .filter_map(|lane| lane.parse::<u32>().ok())
        .fold(0, |set, lane| set | 1_u64.checked_shl(lane).unwrap_or(0));
    let ours = register_raw(structure, "Lane Error Status").unwrap_or(u64::MAX);
    vec![(
        "Lane Error Status",
        format!("{theirs:#x}"),
        format!("{ours:#x}"),
    )]
}

/// `T_PwrOn=10us`: a value and a scale (PCIe 6.0, 7.8.3.4).
fn power_on(text: &str, structure: &DumpedStructure) -> Vec<Fact> {
    let register = "L1 PM Substates Control 2";
    let raw = |field| field_raw(structure, register, field);
    let scale = raw("T_POWER_ON Scale")
        .and_then(|scale| [2, 10, 100].get(usize::try_from(scale).ok()?).copied());
    let (Some(scale), Some(value)) = (scale, raw("T_POWER_ON Value")) else {
        return Vec::new();
    };
    let theirs = number(text, "T_PwrOn=", "us");
    vec![(
        "T_POWER_ON",
        theirs.to_string(),
        (scale * value).to_string(),
    )]
}

/// `LTR1.2_Threshold=32768ns` on a line that has flags, too.
fn threshold(text: &str, structure: &DumpedStructure) -> Option<Vec<Fact>> {
    let register = "L1 PM Substates Control 1";
    text.contains("LTR1.2_Threshold=").then_some(())?;
    let value = field_raw(structure, register, "LTR_L1.2_THRESHOLD_Value")?;
    let scale =
        field_raw(structure, register, "LTR_L1.2_THRESHOLD_Scale").filter(|&scale| scale <= 5)?;
    let theirs = number(text, "LTR1.2_Threshold=", "ns");
    let ours = value << (5 * scale);
    Some(vec![(
        "LTR_L1.2_THRESHOLD",
        theirs.to_string(),
        ours.to_string(),
    )])
}

/// `Unknown`, `>254ns` or a number of nanoseconds (PCIe 6.0, 7.9.15.3).
fn granularity(text: &str, structure: &DumpedStructure) -> Vec<Fact> {
    let ours = field_raw(structure, "PTM Control", "Effective Granularity");
    let ours = match ours {
        Some(0) => "Unknown".to_owned(),
        Some(255) => ">254ns".to_owned(),
        Some(time) => format!("{time}ns"),
        None => "?".to_owned(),
    };
    let theirs = text.trim().trim_start_matches('<').to_owned();
    vec![("Effective Granularity", theirs, ours)]
}

/// `RCiEP at Device(s): 9` and `17-18 [...]`.
fn collector(label: &str, text: &str, structure: &DumpedStructure) -> Option<Vec<Fact>> {
    let words = text.split_whitespace().next().unwrap_or_default();
    match label {
        "RCiEPBitmap" => {
            let ours = register_raw(structure, "Association Bitmap for RCiEPs")?;
            let devices = text.split_once(':').map_or("", |(_, devices)| devices);
            let theirs = devices
                .split([' ', ','])
                .filter_map(|part| {
                    let (first, last) = part.split_once('-').unwrap_or((part, part));
                    Some(first.parse::<u32>().ok()?..=last.parse().ok()?)
                })
                .flatten()
                .fold(0, |set, device| {
                    set | 1_u64.checked_shl(device).unwrap_or(0)
                });
            Some(vec![(
                "Association Bitmap",
                format!("{theirs:08x}"),
                format!("{ours:08x}"),
            )])
        }
        "AssociatedBusNumbers" => {
            let raw = |field| field_raw(structure, "RCEC Associated Bus Numbers", field);
            let (next, last) = (raw("RCEC Next Bus")?, raw("RCEC Last Bus")?);
            let ours = format!("{next:02x}-{last:02x}");
            Some(vec![("Associated Bus Numbers", words.to_owned(), ours)])
        }
        _ => None,
    }
}
