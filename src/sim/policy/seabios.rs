//! Where SeaBIOS places BARs (src/fw/pciinit.c, 1.16 and 1.17).

use std::cmp::Reverse;

use super::qemu::{Chipset, Machine};
use super::tree::{Bridge, Item, Part, Placed, Slot, TreeLayout, Unplaced, Window};
use super::{GIB, MIB};
use crate::decode::config::bar::BarKind;
use crate::range::AddrRange;
use crate::sim::layout::round_up;

/// Every BAR takes a page at least.
const PAGE: u64 = 4096;
/// Windows of bridges are aligned to this at least.
const BRIDGE_ALIGN: u64 = 2 * MIB;
/// The 32-bit window ends below the I/O APIC.
const LOW_END: u64 = 0xfec0_0000;

/// Which release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Release {
    /// 1.16.3, which Debian 12's QEMU brings along.
    V1_16,
    /// 1.17: uses 44 address bits at most in guests with less than 1 TiB above 4 GiB.
    V1_17,
}

/// The layout of a guest, or that it does not boot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Boot {
    /// The layout.
    pub layout: TreeLayout,
    /// What has to be below 4 GiB does not fit there: the firmware stops.
    pub panics: bool,
}

#[derive(Clone)]
struct Entry {
    item: Item,
    size: u64,
    align: u64,
    wide: bool,
    within: Vec<Entry>,
}

/// Lays out a guest's root bus.
pub fn lay_out(slots: &[Slot], machine: &Machine, release: Release) -> Boot {
    let pad = machine.ram_end() > 4 * GIB;
    let top = top(machine, release);
    let hot_plug_align = if pad { top / 2048 } else { 0 };
    let mut memory = entries(slots, &[], Kind::Memory, hot_plug_align);
    let mut prefetchable = entries(slots, &[], Kind::Prefetchable, hot_plug_align);
    let low = low_window(machine);
    let mut layout = TreeLayout {
        windows: vec![Window {
            name: "32-bit window",
            range: low,
        }],
        ..TreeLayout::default()
    };
    let mut bases = low_bases(&memory, &prefetchable, low);
    let mut panics = false;
    if pad || bases.is_none() {
        let high_memory = extract_wide(&mut memory);
        let high_prefetchable = extract_wide(&mut prefetchable);
        bases = low_bases(&memory, &prefetchable, low);
        let window = place_high(
            &high_memory,
            &high_prefetchable,
            machine,
            top,
            pad,
            &mut layout,
        );
        layout.windows.push(Window {
            name: "64-bit window",
            range: window,
        });
    }
    match bases {
        Some((memory_base, prefetchable_base)) => {
            settle(&memory, memory_base, &mut layout);
            settle(&prefetchable, prefetchable_base, &mut layout);
        }
        None => {
            panics = true;
            let available = low.map_or(0, AddrRange::len);
            for entry in memory.into_iter().chain(prefetchable) {
                layout.unplaced.push(Unplaced {
                    item: entry.item,
                    size: entry.size,
                    align: entry.align,
                    available,
                });
            }
        }
    }
    layout.sort();
    Boot { layout, panics }
}

/// Window of a bridge over these slots, `(size, alignment)`, without room for hot plug; the
/// memory window, then the prefetchable one.
pub fn bridge_windows(below: &[Slot]) -> [Option<(u64, u64)>; 2] {
    [Kind::Memory, Kind::Prefetchable].map(|kind| {
        let below = entries(below, &[], kind, 0);
        (!below.is_empty()).then(|| window_size(&below, 0))
    })
}

/// The window below 4 GiB.
pub fn low_window(machine: &Machine) -> Option<AddrRange> {
    let base = match machine.chipset {
        Chipset::Q35 => 0xc000_0000,
        Chipset::I440fx if machine.ram <= 2 * GIB => 0x8000_0000,
        Chipset::I440fx if machine.ram <= 3 * GIB => 0xc000_0000,
        Chipset::I440fx => 0xe000_0000,
    };
    AddrRange::new(base, LOW_END - 1)
}

fn top(machine: &Machine, release: Release) -> u64 {
    let bits = machine.address_bits.min(52);
    let above = machine.ram_end().saturating_sub(4 * GIB);
    let capped = release >= Release::V1_17 && bits > 44 && above < 1024 * GIB;
    1 << if capped { 44 } else { bits }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Memory,
    Prefetchable,
}

/// What one bus asks for, in descending alignment and size; among equals the first created
/// comes first: windows by descending bus number, then BARs by address.
fn entries(slots: &[Slot], path: &[usize], kind: Kind, hot_plug_align: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, slot) in slots.iter().enumerate().rev() {
        let path: Vec<usize> = path.iter().copied().chain([number]).collect();
        if let Some(bridge) = &slot.bridge {
            entries.extend(bridge_entry(bridge, path, kind, hot_plug_align));
        }
    }
    for (number, slot) in slots.iter().enumerate() {
        for bar in &slot.bars {
            let (wide, prefetchable) = match bar.kind {
                BarKind::Io => continue,
                BarKind::Memory32 { prefetchable } => (false, prefetchable),
                BarKind::Memory64 { prefetchable } => (true, prefetchable),
            };
            if prefetchable != (kind == Kind::Prefetchable) || bar.size == 0 {
                continue;
            }
            let size = bar.size.max(PAGE);
            entries.push(Entry {
                item: Item {
                    path: path.iter().copied().chain([number]).collect(),
                    part: Part::Bar(bar.index),
                },
                size,
                align: size,
                wide,
                within: Vec::new(),
            });
        }
        // The register of the option ROM is counted like a BAR.
        if slot.rom > 0 && kind == Kind::Memory {
            let size = slot.rom.checked_next_power_of_two().unwrap_or(slot.rom);
            let size = size.max(PAGE);
            entries.push(Entry {
                item: Item {
                    path: path.iter().copied().chain([number]).collect(),
                    part: Part::OptionRom,
                },
                size,
                align: size,
                wide: false,
                within: Vec::new(),
            });
        }
    }
    entries.sort_by_key(|entry| Reverse((entry.align, entry.size)));
    entries
}

fn bridge_entry(
    bridge: &Bridge,
    path: Vec<usize>,
    kind: Kind,
    hot_plug_align: u64,
) -> Option<Entry> {
    let below = entries(&bridge.below, &path, kind, hot_plug_align);
    let part = match kind {
        Kind::Memory => Part::Memory,
        Kind::Prefetchable => Part::Prefetchable,
    };
    let wide = kind == Kind::Prefetchable && bridge.wide && below.iter().all(|entry| entry.wide);
    let hot_plug = match kind {
        Kind::Prefetchable if bridge.hot_plug && wide => hot_plug_align.max(BRIDGE_ALIGN),
        _ if bridge.hot_plug => BRIDGE_ALIGN,
        _ => 0,
    };
    if below.is_empty() && hot_plug == 0 {
        return None;
    }
    let (size, align) = window_size(&below, hot_plug);
    Some(Entry {
        item: Item { path, part },
        size,
        align,
        wide,
        within: below,
    })
}

/// Size and alignment of a bridge's window: the sum rounded up to the alignment.
fn window_size(below: &[Entry], hot_plug: u64) -> (u64, u64) {
    let largest = below.iter().map(|entry| entry.align).max().unwrap_or(0);
    let align = largest.max(BRIDGE_ALIGN).max(hot_plug);
    let size = round_up(sum(below), align).unwrap_or(u64::MAX);
    (size.max(hot_plug), align)
}

fn sum(entries: &[Entry]) -> u64 {
    entries
        .iter()
        .fold(0, |sum: u64, entry| sum.saturating_add(entry.size))
}

fn align(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.align).max().unwrap_or(1)
}

/// Bases of the memory and prefetchable regions below 4 GiB: the prefetchable one at the top
/// unless its alignment is the larger one, the other one below it
/// (`pci_bios_init_root_regions_mem`). `None` where they do not fit.
fn low_bases(
    memory: &[Entry],
    prefetchable: &[Entry],
    window: Option<AddrRange>,
) -> Option<(u64, u64)> {
    let window = window?;
    let base = |entries: &[Entry], end: u64| {
        let align = align(entries);
        Some(end.checked_sub(sum(entries))? & !(align - 1))
    };
    let end = window.last().saturating_add(1);
    let (memory_base, prefetchable_base) = if align(memory) < align(prefetchable) {
        let memory_base = base(memory, end)?;
        (memory_base, base(prefetchable, memory_base)?)
    } else {
        let prefetchable_base = base(prefetchable, end)?;
        (base(memory, prefetchable_base)?, prefetchable_base)
    };
    let lowest = memory_base.min(prefetchable_base);
    (lowest >= window.start()).then_some((memory_base, prefetchable_base))
}

fn extract_wide(entries: &mut Vec<Entry>) -> Vec<Entry> {
    let (wide, rest) = std::mem::take(entries)
        .into_iter()
        .partition(|entry| entry.wide);
    *entries = rest;
    wide
}

/// Places what goes above 4 GiB and returns the region.
///
/// The base is rounded up after the size was taken from the top, so that the end may lie
/// beyond the address width: what does has no place that a processor could reach.
fn place_high(
    memory: &[Entry],
    prefetchable: &[Entry],
    machine: &Machine,
    top: u64,
    pad: bool,
    layout: &mut TreeLayout,
) -> Option<AddrRange> {
    if memory.is_empty() && prefetchable.is_empty() {
        return None;
    }
    let Some((memory_base, prefetchable_base)) =
        high_bases(memory, prefetchable, machine, top, pad)
    else {
        let nowhere = memory.iter().chain(prefetchable).map(|entry| Unplaced {
            item: entry.item.clone(),
            size: entry.size,
            align: entry.align,
            available: 0,
        });
        layout.unplaced.extend(nowhere);
        return None;
    };
    let limit = 1_u64.checked_shl(machine.address_bits.into());
    let reach = |layout: &mut TreeLayout, entries: &[Entry], base: u64| {
        let mut next = base;
        for entry in entries {
            let end = next.saturating_add(entry.size);
            if limit.is_some_and(|limit| end > limit) {
                layout.unplaced.push(Unplaced {
                    item: entry.item.clone(),
                    size: entry.size,
                    align: entry.align,
                    available: limit.map_or(0, |limit| limit.saturating_sub(next)),
                });
            } else {
                settle(std::slice::from_ref(entry), next, layout);
            }
            next = end;
        }
        next
    };
    reach(layout, memory, memory_base);
    let end = reach(layout, prefetchable, prefetchable_base);
    AddrRange::new(memory_base, end.saturating_sub(1))
}

/// Bases of the memory and prefetchable regions above 4 GiB; `None` where 64 bits do not suffice.
fn high_bases(
    memory: &[Entry],
    prefetchable: &[Entry],
    machine: &Machine,
    top: u64,
    pad: bool,
) -> Option<(u64, u64)> {
    let (sum_memory, sum_prefetchable) = (sum(memory), sum(prefetchable));
    let mut size = round_up(sum_memory, GIB)?.checked_add(round_up(sum_prefetchable, GIB)?)?;
    if pad {
        size = round_up(size, top / 8)?;
    }
    let mut base = machine.ram_end().max(4 * GIB);
    if let Some(below_top) = top.checked_sub(size) {
        base = base.max(below_top);
    }
    let wanted = AddrRange::with_len(base, size)?;
    if machine
        .hyper_transport()
        .is_some_and(|hole| hole.overlaps(wanted))
    {
        base = base.saturating_sub(size);
    }
    let memory_base = round_up(round_up(base, align(memory))?, GIB)?;
    let prefetchable_base = memory_base.checked_add(sum_memory)?;
    let prefetchable_base = round_up(round_up(prefetchable_base, align(prefetchable))?, GIB)?;
    Some((memory_base, prefetchable_base))
}

/// Packs entries without holes from a base on.
fn settle(entries: &[Entry], base: u64, layout: &mut TreeLayout) {
    let mut next = base;
    for entry in entries {
        if let Some(range) = AddrRange::with_len(next, entry.size) {
            layout.placed.push(Placed {
                range,
                item: entry.item.clone(),
            });
        }
        settle(&entry.within, next, layout);
        next = next.saturating_add(entry.size);
    }
}
