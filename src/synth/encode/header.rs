//! The three header layouts (PCI 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2; PC Card 8.0 for
//! CardBus bridges).

use crate::decode::config::bar::BarKind;
use crate::range::AddrRange;
use crate::spec::pci::HeaderType;
use crate::synth::place::Placement;
use crate::synth::profile::{BarFile, Profile};

use super::writer::Writer;

/// What the header depends on besides the profile.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Start of the capability list, 0 = none.
    pub(super) list: u8,
    pub(super) multi_function: bool,
    /// Command register, where the description states it.
    pub(super) command: Option<u16>,
    /// Primary, secondary, subordinate.
    pub(super) buses: (u8, u8, u8),
}

/// The header: 64 bytes, 72 of a CardBus bridge.
pub(super) fn header(profile: &Profile, placement: &Placement, facts: Facts) -> Vec<u8> {
    let layout = profile.layout();
    let writer = Writer::default()
        .u16(profile.ids.vendor)
        .u16(profile.ids.device)
        .u16(facts.command.unwrap_or_else(|| command(profile, placement)))
        .u16(if facts.list == 0 { 0 } else { 1 << 4 })
        .u8(profile.revision)
        .u8(profile.class.prog_if())
        .u8(profile.class.sub())
        .u8(profile.class.base())
        .u8(0) // cache line
        .u8(0) // latency
        .u8(layout.0 | u8::from(facts.multi_function) << 7)
        .u8(0); // self test
    match layout {
        HeaderType::BRIDGE => bridge(writer, profile, placement, facts),
        HeaderType::CARDBUS => cardbus(writer, profile, placement, facts),
        _ => endpoint(writer, profile, placement, facts),
    }
}

fn endpoint(writer: Writer, profile: &Profile, placement: &Placement, facts: Facts) -> Vec<u8> {
    let subsystem = profile.subsystem.unwrap_or(profile.ids);
    bar_registers(&profile.bars, &placement.bars)
        .into_iter()
        .fold(writer, Writer::u32)
        .u32(0) // CardBus CIS
        .u16(subsystem.vendor)
        .u16(subsystem.device)
        .u32(rom(placement))
        .u8(facts.list)
        .zeros(7)
        .u8(interrupt_line(profile))
        .u8(u8::from(profile.intx))
        .u16(0)
        .finish()
}

fn bridge(writer: Writer, profile: &Profile, placement: &Placement, facts: Facts) -> Vec<u8> {
    let (primary, secondary, subordinate) = facts.buses;
    let [io, memory, prefetchable] = placement.windows;
    // A closed window has its base above its limit.
    let closed = (0xf000, 0x0fff);
    let (io_first, io_last) = io.map_or(closed, ends);
    let (first, last) = memory.map_or((0xfff0_0000, 0xf_ffff), ends);
    let (wide_first, wide_last) = prefetchable.map_or((0xfff0_0000, 0xf_ffff), ends);
    bar_registers(&profile.bars, &placement.bars)
        .into_iter()
        .take(2)
        .fold(writer, Writer::u32)
        .u8(primary)
        .u8(secondary)
        .u8(subordinate)
        .u8(0) // latency
        .u8(bits(io_first, 8) & 0xf0 | 1) // 32-bit I/O
        .u8(bits(io_last, 8) & 0xf0 | 1)
        .u16(0) // secondary status
        .u16(word(first, 16) & 0xfff0)
        .u16(word(last, 16) & 0xfff0)
        .u16(word(wide_first, 16) & 0xfff0 | 1) // 64-bit
        .u16(word(wide_last, 16) & 0xfff0 | 1)
        .u32(double(wide_first, 32))
        .u32(double(wide_last, 32))
        .u16(word(io_first, 16))
        .u16(word(io_last, 16))
        .u8(facts.list)
        .zeros(3)
        .u32(rom(placement))
        .u8(interrupt_line(profile))
        .u8(u8::from(profile.intx))
        .u16(0) // bridge control
        .finish()
}

fn cardbus(writer: Writer, profile: &Profile, placement: &Placement, facts: Facts) -> Vec<u8> {
    let (primary, secondary, subordinate) = facts.buses;
    let [io, memory, _] = placement.windows;
    let subsystem = profile.subsystem.unwrap_or(profile.ids);
    let (first, last) = memory.map_or((0xffff_f000, 0), ends);
    let (io_first, io_last) = io.map_or((0xfffc, 0), ends);
    let [socket, ..] = bar_registers(&profile.bars, &placement.bars);
    writer
        .u32(socket)
        .u8(facts.list)
        .u8(0)
        .u16(0) // secondary status
        .u8(primary)
        .u8(secondary)
        .u8(subordinate)
        .u8(0)
        .u32(double(first, 0) & 0xffff_f000)
        .u32(double(last, 0) & 0xffff_f000)
        .u32(0xffff_f000) // second memory window: closed
        .u32(0)
        .u32(double(io_first, 0) & 0xfffc)
        .u32(double(io_last, 0) & 0xfffc)
        .u32(0xfffc) // second I/O window: closed
        .u32(0)
        .u8(interrupt_line(profile))
        .u8(u8::from(profile.intx))
        .u16(0) // bridge control
        .u16(subsystem.vendor)
        .u16(subsystem.device)
        .u32(0) // 16-bit PC Card legacy base
        .finish()
}

/// Decoding is on where something is assigned; bridges and Express functions are masters.
fn command(profile: &Profile, placement: &Placement) -> u16 {
    if profile.layout() != HeaderType::ENDPOINT {
        return 0x0007;
    }
    let mut word = u16::from(profile.express.is_some()) << 2;
    for (bar, address) in profile.bars.iter().zip(placement.bars) {
        if let (Some(bar), Some(_)) = (bar, address) {
            word |= if bar.kind.is_memory() { 1 << 1 } else { 1 };
        }
    }
    word
}

/// BAR registers with their type bits and addresses.
pub(super) fn bar_registers(bars: &BarFile, addresses: &[Option<u64>; 6]) -> [u32; 6] {
    let mut registers = [0; 6];
    for (at, (bar, address)) in bars.iter().zip(addresses).enumerate() {
        let Some(bar) = bar else { continue };
        let address = address.unwrap_or(0);
        let (low, high) = match bar.kind {
            BarKind::Io => (double(address, 0) & !3 | 1, None),
            BarKind::Memory32 { prefetchable } => (
                double(address, 0) & !0xf | u32::from(prefetchable) << 3,
                None,
            ),
            BarKind::Memory64 { prefetchable } => (
                double(address, 0) & !0xf | 1 << 2 | u32::from(prefetchable) << 3,
                Some(double(address, 32)),
            ),
        };
        if let Some(register) = registers.get_mut(at) {
            *register = low;
        }
        if let (Some(high), Some(register)) = (high, registers.get_mut(at + 1)) {
            *register = high;
        }
    }
    registers
}

/// The ROM register; decoding is off, as firmware leaves it.
fn rom(placement: &Placement) -> u32 {
    placement
        .rom
        .map_or(0, |address| double(address, 0) & 0xffff_f800)
}

fn interrupt_line(profile: &Profile) -> u8 {
    if profile.intx { 11 } else { 0 }
}

const fn ends(range: AddrRange) -> (u64, u64) {
    (range.start(), range.last())
}

fn double(value: u64, shift: u32) -> u32 {
    u32::try_from(value >> shift & 0xffff_ffff).unwrap_or(0)
}

fn word(value: u64, shift: u32) -> u16 {
    u16::try_from(value >> shift & 0xffff).unwrap_or(0)
}

fn bits(value: u64, shift: u32) -> u8 {
    u8::try_from(value >> shift & 0xff).unwrap_or(0)
}
