//! The registers that all functions have: command, status, latency, interrupt pin, BIST.

use super::body::{behind, hex, number, set_flags, until};
use super::identity::behind_address;
use super::text::{Statement, Words};
use crate::import::writer::Writer;
use crate::spec::pci::{
    COMMAND, HEADER_LAYOUT, HeaderType, INTERRUPT_PIN, STATUS, STATUS_CAPABILITIES,
};

const CACHE_LINE_SIZE: u16 = 0x0c;
const LATENCY_TIMER: u16 = 0x0d;
const BIST: u16 = 0x0f;
const MIN_GNT: u16 = 0x3e;
const MAX_LAT: u16 = 0x3f;

/// Bits of the command register (PCI 3.0, 6.2.2).
const CONTROL: &[(&str, u8)] = &[
    ("I/O", 0),
    ("Mem", 1),
    ("BusMaster", 2),
    ("SpecCycle", 3),
    ("MemWINV", 4),
    ("VGASnoop", 5),
    ("ParErr", 6),
    ("Stepping", 7),
    ("SERR", 8),
    ("FastB2B", 9),
    ("DisINTx", 10),
];
/// Bits of the status register (PCI 3.0, 6.2.3).
const STATUS_FLAGS: &[(&str, u8)] = &[
    ("INTx", 3),
    ("Cap", 4),
    ("66MHz", 5),
    ("66Mhz", 5),
    ("UDF", 6),
    ("FastB2B", 7),
    ("ParErr", 8),
    (">TAbort", 11),
    ("<TAbort", 12),
    ("<MAbort", 13),
    (">SERR", 14),
    ("<PERR", 15),
];
/// Device select timing, bits 10:9 of a status register.
const DEVSEL: &[(&str, u64)] = &[("fast", 0), ("medium", 1), ("slow", 2), ("??", 3)];
/// Words of `Flags:` in the order printed, with command or status and the bit.
const FLAGS: &[(&str, u16, u8)] = &[
    ("bus master", COMMAND.offset, 2),
    ("VGA palette snoop", COMMAND.offset, 5),
    ("stepping", COMMAND.offset, 7),
    ("fast Back2Back", COMMAND.offset, 9),
    ("66MHz", STATUS.offset, 5),
    ("user-definable features", STATUS.offset, 6),
];

/// The layout of the header, where it is certain: it decides which lines are printed at all.
pub(super) fn layout(words: &Words<'_>) -> Option<HeaderType> {
    let top = |found: fn(&Statement) -> bool| words.top.iter().any(found);
    if words.top("Bus: primary=").is_none() {
        // Printed right behind the regions of a bridge.
        return words.top_is_complete().then_some(HeaderType::ENDPOINT);
    }
    let cardbus = top(|line| {
        let text = &line.text;
        text.starts_with("Memory window ")
            || text.starts_with("I/O window ")
            || text.starts_with("16-bit legacy interface")
            || text.starts_with("BridgeCtl:") && text.contains("16bInt")
    });
    let bridge = top(|line| {
        let text = &line.text;
        text.contains("behind bridge:")
            || text.starts_with("Secondary status: 66MHz")
            || text.starts_with("BridgeCtl:") && text.contains("FastB2B")
    });
    match (bridge, cardbus) {
        (true, false) => Some(HeaderType::BRIDGE),
        (false, true) => Some(HeaderType::CARDBUS),
        (true, true) => None,
        (false, false) => {
            // No window is open. The class decides: lspci remarks on one that does not fit.
            let class = behind_address(&words.header.as_ref()?.text)?;
            let bridge = class.starts_with("PCI bridge") || class.starts_with("0604:");
            bridge.then_some(HeaderType::BRIDGE)
        }
    }
}

pub(super) fn set(words: &Words<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    let Some(header) = &words.header else { return };
    if let Some(layout) = layout {
        let line = words
            .top("Bus: primary=")
            .map_or(header.line(), Statement::line);
        let value = u64::from(layout.0);
        writer.set(
            line,
            HEADER_LAYOUT.offset,
            HEADER_LAYOUT.bit,
            HEADER_LAYOUT.width,
            value,
        );
    }
    if let Some(flags) = words.top("Flags:") {
        short_flags(flags, writer);
    }
    if let Some(control) = words.top("Control:") {
        set_flags(writer, control, COMMAND.offset, CONTROL);
    }
    if let Some(status) = words.top("Status:") {
        set_flags(writer, status, STATUS.offset, STATUS_FLAGS);
        devsel(status, STATUS.offset, writer);
    }
    if let Some(first) = words.capabilities.first() {
        // A list is printed only with this bit, if only to say "access denied".
        writer.flag(
            first.line,
            STATUS_CAPABILITIES.offset,
            STATUS_CAPABILITIES.bit,
            true,
        );
    }
    if let Some(latency) = words.top("Latency:") {
        latency_timer(latency, words.is_whole(latency), layout, writer);
    }
    interrupt(words, layout, header.line(), writer);
    bist(words, header.line(), writer);
}

/// `DEVSEL=fast` of a status register.
pub(super) fn devsel(status: &Statement, offset: u16, writer: &mut Writer<'_>) {
    let word = behind(&status.text, "DEVSEL=").map(|rest| until(rest, &[' ']));
    if let Some(timing) = word.and_then(|word| super::body::code(word, DEVSEL)) {
        writer.set(status.line(), offset, 9, 2, timing);
    }
}

/// `Flags: bus master, fast devsel, latency 0, IRQ 16`: of the words up to `devsel`, those that
/// are missing are clear bits.
fn short_flags(flags: &Statement, writer: &mut Writer<'_>) {
    let Some(rest) = flags.after("Flags:") else {
        return;
    };
    let items: Vec<&str> = rest.split(',').map(str::trim).collect();
    let timing = items.iter().find_map(|item| item.strip_suffix(" devsel"));
    let Some(timing) = timing.and_then(|timing| super::body::code(timing, DEVSEL)) else {
        return;
    };
    let line = flags.line();
    for &(word, offset, bit) in FLAGS {
        let set = items.iter().any(|item| item.eq_ignore_ascii_case(word));
        writer.flag(line, offset, bit, set);
    }
    writer.set(line, STATUS.offset, 9, 2, timing);
    let latency = items.iter().find_map(|item| item.strip_prefix("latency "));
    if let Some(latency) = latency.and_then(|latency| latency.parse().ok()) {
        writer.set(line, LATENCY_TIMER, 0, 8, latency);
    }
}

/// `Latency: 32 (250ns min, 500ns max), Cache Line Size: 64 bytes`
fn latency_timer(
    latency: &Statement,
    whole: bool,
    layout: Option<HeaderType>,
    writer: &mut Writer<'_>,
) {
    let Some(rest) = latency.after("Latency:") else {
        return;
    };
    let Some(timer) = number(rest, 10) else {
        return;
    };
    let line = latency.line();
    // Versions before 2.1.10 print "32 set".
    if rest.contains("set") {
        return;
    }
    writer.set(line, LATENCY_TIMER, 0, 8, timer);
    let sized = rest.to_ascii_lowercase().contains("cache line size");
    match behind(rest, "Cache Line Size: ") {
        // Versions before 2.2 print the register as it is.
        None if whole && !sized => writer.set(line, CACHE_LINE_SIZE, 0, 8, 0),
        Some(size) if size.contains(" bytes") => {
            if let Some(size) = number(size, 10).filter(|size| size % 4 == 0) {
                writer.set(line, CACHE_LINE_SIZE, 0, 8, size / 4);
            }
        }
        _ => {}
    }
    if layout == Some(HeaderType::ENDPOINT) && whole {
        let range = rest
            .split_once('(')
            .map_or("", |(_, range)| until(range, &[')']));
        for (offset, word) in [(MIN_GNT, "ns min"), (MAX_LAT, "ns max")] {
            let found = range
                .split(',')
                .find_map(|part| part.trim().strip_suffix(word));
            let units = match found.map(str::parse::<u64>) {
                None => Some(0),
                Some(Ok(time)) if time % 250 == 0 => Some(time / 250),
                Some(_) => None,
            };
            if let Some(units) = units {
                writer.set(line, offset, 0, 8, units);
            }
        }
    }
}

fn interrupt(words: &Words<'_>, layout: Option<HeaderType>, header: u32, writer: &mut Writer<'_>) {
    let (line, pin) = match words.top("Interrupt:") {
        Some(interrupt) => {
            let pin = behind(&interrupt.text, "pin ").and_then(|pin| pin.bytes().next());
            let pin = match pin {
                Some(b'?') => Some(0),
                Some(letter @ b'A'..=b'Z') => Some(u64::from(letter - b'A') + 1),
                _ => None,
            };
            (interrupt.line(), pin)
        }
        // With neither pin nor IRQ the line is left out. Versions before 3.6 have it for no
        // bridge at all.
        None => {
            let endpoint = layout == Some(HeaderType::ENDPOINT);
            let none = endpoint && words.detailed && words.top_is_complete();
            (header, none.then_some(0))
        }
    };
    if let Some(pin) = pin {
        writer.set(
            line,
            INTERRUPT_PIN.offset,
            INTERRUPT_PIN.bit,
            INTERRUPT_PIN.width,
            pin,
        );
    }
}

fn bist(words: &Words<'_>, header: u32, writer: &mut Writer<'_>) {
    if let Some(running) = words.top("BIST is running") {
        writer.set(running.line(), BIST, 6, 2, 0b11);
    } else if let Some(result) = words.top("BIST result:") {
        let code = result.after("BIST result:").and_then(|code| hex(code, 2));
        if let Some(code) = code {
            writer.set(result.line(), BIST, 0, 4, code);
            writer.set(result.line(), BIST, 6, 2, 0b10);
        }
    } else if words.top_is_complete() {
        // Not capable of a self test.
        writer.flag(header, BIST, 7, false);
    }
}
