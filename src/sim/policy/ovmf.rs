//! Where OVMF places BARs (edk2, OvmfPkg PlatformPei and MdeModulePkg PciBusDxe, 2022.11).

use std::cmp::Reverse;

use super::qemu::{Machine, Vendor};
use super::tree::{Item, Part, Placed, Slot, TreeLayout, Unplaced, Window};
use super::{GIB, MIB};
use crate::decode::config::bar::BarKind;
use crate::range::AddrRange;
use crate::sim::layout::round_up;

/// Aperture without a hint (`PcdPciMmio64Size`).
const CLASSIC_SIZE: u64 = 32 * GIB;
/// Widest address width that the dynamic window uses.
const WIDTH_CAP: u8 = 47;
/// `X-PciMmio64Mb` from here on counts as malformed.
const HINT_LIMIT_MIB: u64 = 0x100_0000;
/// 32-bit window of q35: behind the memory-mapped configuration space.
const LOW_Q35: (u64, u64) = (0xc000_0000, 0xfbff_ffff);
/// Windows of bridges are whole MiB.
const BRIDGE_UNIT: u64 = MIB;
/// What a hot-plug port asks for below 4 GiB.
const PADDING_LOW: u64 = 2 * MIB;

/// Whether OVMF believes a guest's address width (`PlatformAddressWidthFromCpuid`).
pub fn trusts(width: u8, vendor: Vendor) -> bool {
    width >= 41
        || match vendor {
            Vendor::Intel => width == 36 || width == 39,
            Vendor::Amd => width == 40,
        }
}

/// The aperture above 4 GiB; `None` where it is switched off or exceeds 64 bits.
pub fn aperture(machine: &Machine) -> Option<AddrRange> {
    let hint = machine
        .mmio64_hint_mib
        .filter(|&mebibytes| mebibytes <= HINT_LIMIT_MIB);
    let size = match hint {
        Some(0) => return None,
        Some(mebibytes) => round_up(mebibytes.checked_mul(MIB)?, GIB)?,
        None => CLASSIC_SIZE,
    };
    let power = 1_u64 << size.ilog2();
    let base = round_up(round_up(machine.ram_end().max(4 * GIB), GIB)?, power)?;
    if trusts(machine.address_bits, machine.vendor) {
        let width = machine.address_bits.min(WIDTH_CAP);
        let dynamic = 1_u64 << (width - 3);
        let end = 1_u64 << width;
        let fits = base.checked_add(dynamic).is_some_and(|last| last < end);
        if dynamic > size && fits {
            return AddrRange::with_len(end - dynamic, dynamic);
        }
    }
    AddrRange::with_len(base, size)
}

/// The window below 4 GiB.
pub fn low_window(machine: &Machine) -> Option<AddrRange> {
    match machine.chipset {
        super::qemu::Chipset::Q35 => AddrRange::new(LOW_Q35.0, LOW_Q35.1),
        super::qemu::Chipset::I440fx => AddrRange::new(machine.low_ram().max(2 * GIB), LOW_Q35.1),
    }
}

/// Lays out a guest's root bus.
pub fn lay_out(slots: &[Slot], machine: &Machine) -> TreeLayout {
    let high = aperture(machine);
    let low = low_window(machine);
    let mut layout = TreeLayout {
        windows: vec![
            Window {
                name: "32-bit window",
                range: low,
            },
            Window {
                name: "64-bit window",
                range: high,
            },
        ],
        ..TreeLayout::default()
    };
    let padding = high_padding(high);
    for (pool, window) in [(Pool::Low, low), (Pool::High, high)] {
        let mut blocks = blocks(
            slots,
            &[],
            pool,
            Context {
                padding,
                behind: false,
            },
        );
        // Without an aperture everything is below 4 GiB.
        if high.is_none() {
            blocks = match pool {
                Pool::Low => {
                    let context = Context {
                        padding,
                        behind: false,
                    };
                    let mut all = blocks;
                    all.extend(self::blocks(slots, &[], Pool::High, context));
                    all
                }
                Pool::High => Vec::new(),
            };
        }
        if pool == Pool::Low {
            blocks.extend(option_rom(slots));
            blocks.sort_by_key(|block| Reverse(block.align));
        }
        place_root(blocks, window, &mut layout);
    }
    layout.sort();
    layout
}

/// Window of a bridge over these slots, `(size, alignment)`, without room for hot plug; the
/// memory window, then the prefetchable one.
pub fn bridge_windows(below: &[Slot]) -> [Option<(u64, u64)>; 2] {
    [Pool::Low, Pool::High].map(|pool| {
        let context = Context {
            padding: 0,
            behind: true,
        };
        let mut below = below.to_vec();
        below.iter_mut().for_each(without_hot_plug);
        let below = blocks(&below, &[], pool, context);
        let (len, align) = pack(&mut below.clone())?;
        (len > 0).then_some((len, align.max(BRIDGE_UNIT)))
    })
}

fn without_hot_plug(slot: &mut Slot) {
    if let Some(bridge) = &mut slot.bridge {
        bridge.hot_plug = false;
        bridge.below.iter_mut().for_each(without_hot_plug);
    }
}

/// Prefetchable space that each hot-plug port asks for: a 256th of the aperture where that is
/// larger than the classic one.
fn high_padding(aperture: Option<AddrRange>) -> u64 {
    let size = aperture.map_or(0, AddrRange::len);
    let share = (size / 256).checked_next_power_of_two().unwrap_or(0);
    if size > CLASSIC_SIZE { share } else { 0 }
}

/// Room on the root bus in which one option ROM after the other is read.
fn option_rom(slots: &[Slot]) -> Option<Block> {
    fn largest(slots: &[Slot]) -> u64 {
        let below = |slot: &Slot| {
            let below = slot
                .bridge
                .as_ref()
                .map_or(0, |bridge| largest(&bridge.below));
            below.max(slot.rom)
        };
        slots.iter().map(below).max().unwrap_or(0)
    }
    let len = largest(slots).checked_next_power_of_two()?;
    (len > 1).then(|| Block {
        item: Item {
            path: Vec::new(),
            part: Part::OptionRom,
        },
        len,
        align: len,
        within: Vec::new(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pool {
    Low,
    High,
}

#[derive(Clone, Copy)]
struct Context {
    /// Prefetchable space of hot-plug ports.
    padding: u64,
    /// Behind a bridge.
    behind: bool,
}

/// Something that is placed as a whole, and what lies within.
#[derive(Clone)]
struct Block {
    item: Item,
    len: u64,
    align: u64,
    within: Vec<(u64, Block)>,
}

/// What the slots of one bus ask of a pool, in the order in which PciBusDxe keeps it: by
/// descending alignment; among equals the later device first below 4 GiB, the earlier device
/// first above, because there each list is turned round once more when it is merged.
fn blocks(slots: &[Slot], path: &[usize], pool: Pool, context: Context) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (number, slot) in slots.iter().enumerate() {
        let path: Vec<usize> = path.iter().copied().chain([number]).collect();
        if let Some(bridge) = &slot.bridge {
            let below = self::blocks(
                &bridge.below,
                &path,
                pool,
                Context {
                    behind: true,
                    ..context
                },
            );
            let part = match pool {
                Pool::Low => Part::Memory,
                Pool::High => Part::Prefetchable,
            };
            let padding = match pool {
                _ if !bridge.hot_plug => 0,
                Pool::Low => PADDING_LOW,
                Pool::High => context.padding,
            };
            let item = Item {
                path: path.clone(),
                part,
            };
            blocks.extend(bridge_block(item, below, padding));
        }
        for bar in &slot.bars {
            let high = match bar.kind {
                BarKind::Memory64 { prefetchable } => prefetchable || !context.behind,
                BarKind::Memory32 { .. } | BarKind::Io => false,
            };
            if !bar.kind.is_memory() || high != (pool == Pool::High) || bar.size == 0 {
                continue;
            }
            blocks.push(Block {
                item: Item {
                    path: path.clone(),
                    part: Part::Bar(bar.index),
                },
                len: bar.size,
                align: bar.size.checked_next_power_of_two().unwrap_or(1 << 63),
                within: Vec::new(),
            });
        }
    }
    if pool == Pool::Low {
        blocks.reverse();
    }
    blocks.sort_by_key(|block| Reverse(block.align));
    blocks
}

/// A bridge's window: its children packed, or the room kept for hot plug where that is larger.
fn bridge_block(item: Item, mut below: Vec<Block>, padding: u64) -> Option<Block> {
    let (len, align) = pack(&mut below)?;
    let len = len.max(padding);
    if len == 0 {
        return None;
    }
    let mut next = 0;
    let mut within = Vec::new();
    for block in below {
        let offset = round_up(next, block.align)?;
        next = offset.checked_add(block.len)?;
        within.push((offset, block));
    }
    let padding_align = if padding == 0 {
        1
    } else {
        1 << padding.ilog2()
    };
    Some(Block {
        item,
        len,
        align: align.max(BRIDGE_UNIT).max(padding_align),
        within,
    })
}

/// Length and alignment of blocks packed one after the other: offsets move only forward.
/// `None` past 64 bits.
fn pack(blocks: &mut [Block]) -> Option<(u64, u64)> {
    let mut next = 0_u64;
    for block in blocks.iter() {
        next = round_up(next, block.align)?.checked_add(block.len)?;
    }
    let align = blocks.iter().map(|block| block.align).max().unwrap_or(1);
    Some((round_up(next, BRIDGE_UNIT)?, align))
}

/// Places the blocks of the root bus upward from the base; what finds no place is rejected,
/// the largest first, until the rest fits.
fn place_root(mut blocks: Vec<Block>, window: Option<AddrRange>, layout: &mut TreeLayout) {
    loop {
        let mut next = window.map(AddrRange::start);
        let mut places = Vec::with_capacity(blocks.len());
        for block in &blocks {
            let start = next.and_then(|next| round_up(next, block.align));
            let place = start.and_then(|start| AddrRange::with_len(start, block.len));
            let Some(place) = place.filter(|place| window.is_some_and(|w| w.contains(*place)))
            else {
                break;
            };
            next = place.last().checked_add(1);
            places.push(place);
        }
        if places.len() == blocks.len() {
            for (block, place) in blocks.iter().zip(places) {
                settle(block, place.start(), layout);
            }
            return;
        }
        let available = available(&blocks, window);
        let Some(largest) = (0..blocks.len()).max_by_key(|&at| {
            let block = blocks.get(at);
            (block.map(|block| block.len), Reverse(at))
        }) else {
            return;
        };
        let block = blocks.remove(largest);
        layout.unplaced.push(Unplaced {
            size: block.len,
            align: block.align,
            available,
            item: block.item,
        });
    }
}

/// What is left for the largest block once it is aligned.
fn available(blocks: &[Block], window: Option<AddrRange>) -> u64 {
    let align = blocks.iter().map(|block| block.align).max().unwrap_or(1);
    window.map_or(0, |window| {
        round_up(window.start(), align)
            .and_then(|start| AddrRange::new(start, window.last()))
            .map_or(0, AddrRange::len)
    })
}

fn settle(block: &Block, start: u64, layout: &mut TreeLayout) {
    if let Some(range) = AddrRange::with_len(start, block.len) {
        layout.placed.push(Placed {
            range,
            item: block.item.clone(),
        });
    }
    for (offset, inner) in &block.within {
        settle(inner, start.saturating_add(*offset), layout);
    }
}
