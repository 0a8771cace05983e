//! Whether a guest has room for its devices.

use std::collections::{BTreeMap, BTreeSet};

use super::units::{Unit, Units};
use super::{PlacementOf, Refused, Shape};
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::sim::bars::DeviceBars;
use crate::sim::guest::{GuestOptions, GuestStudy};
use crate::sim::policy::hyperv::{self, Gaps, LOW_RANGE};

/// Why a guest has no room. Bytes and addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// Hyper-V: the low gap is too small, or would be larger than is allowed.
    LowGap {
        /// Smallest gap that holds the devices; `None` where no allowed one does.
        needed: Option<u64>,
        /// Largest gap allowed, or the gap as given.
        available: u64,
    },
    /// Hyper-V: the high gap as given is too small.
    HighGap {
        /// Smallest gap that holds the devices; `None` where 64 bits do not suffice.
        needed: Option<u64>,
        /// The gap as given.
        available: u64,
    },
    /// The last address that the guest needs is beyond the host's physical address width.
    AddressWidth {
        /// First address past what is needed.
        end: u64,
        /// The host's width.
        bits: u8,
        /// Hyper-V: a lower base of the high gap with which it would fit.
        lower_base: Option<u64>,
    },
    /// QEMU does not start: its 64-bit hole ends beyond the guest's width.
    QemuWidth {
        /// Last address of the hole.
        last: u64,
        /// The guest's width.
        bits: u8,
    },
    /// OVMF finds no place for a BAR or window.
    Firmware {
        /// Its size.
        size: u64,
        /// What was left for it.
        available: u64,
    },
}

/// The gaps that a guest is given, or why none do.
type Room = Result<Option<(u64, u64)>, Obstacle>;

/// What is known about room, by what the devices of a guest ask for.
pub(super) struct Rooms<'p, 'h, 'c> {
    facts: &'p Facts<'h, 'c>,
    policy: Policy,
    shape: &'p Shape,
    host_bits: Option<u8>,
    known: BTreeMap<Vec<DeviceBars>, Option<Obstacle>>,
    refused: Option<Refused>,
}

impl<'p, 'h, 'c> Rooms<'p, 'h, 'c> {
    pub(super) const fn new(
        facts: &'p Facts<'h, 'c>,
        policy: Policy,
        shape: &'p Shape,
        host_bits: Option<u8>,
    ) -> Self {
        Self {
            facts,
            policy,
            shape,
            host_bits,
            known: BTreeMap::new(),
            refused: None,
        }
    }

    /// The first guest for which there was no room.
    pub(super) fn refused(self) -> Option<Refused> {
        self.refused
    }

    /// Whether a guest with these units has room.
    pub(super) fn has_room(&mut self, units: &[&Unit]) -> bool {
        let ids = devices(units);
        let bars = self.bars(&ids);
        let obstacle = match self.known.get(&bars) {
            Some(known) => *known,
            None => {
                let obstacle = self.room(&ids, &bars).err();
                self.known.insert(bars, obstacle);
                obstacle
            }
        };
        if let Some(obstacle) = obstacle
            && self.refused.is_none()
        {
            let host = self.facts.host;
            self.refused = Some(Refused {
                devices: ids.iter().map(|&id| host.function(id).at).collect(),
                obstacle,
            });
        }
        obstacle.is_none()
    }

    /// One guest as it is shown.
    pub(super) fn guest(&self, units: &Units, members: &[usize]) -> PlacementOf {
        let host = self.facts.host;
        let chosen: Vec<&Unit> = members
            .iter()
            .filter_map(|&index| units.list.get(index))
            .collect();
        let ids = devices(&chosen);
        let bars = self.bars(&ids);
        let mut wanted: Vec<FunctionId> = chosen.iter().flat_map(|u| u.devices.clone()).collect();
        let mut along: Vec<FunctionId> = chosen.iter().flat_map(|u| u.along.clone()).collect();
        wanted.sort_unstable();
        along.sort_unstable();
        let nodes: BTreeSet<u32> = chosen
            .iter()
            .flat_map(|u| u.nodes.iter().copied())
            .collect();
        let at = |ids: &[FunctionId]| ids.iter().map(|&id| host.function(id).at).collect();
        let study = GuestStudy::of(host, &ids, &[], self.options());
        PlacementOf {
            devices: at(&wanted),
            along: at(&along),
            nodes: nodes.into_iter().collect(),
            nodes_known: wanted
                .iter()
                .all(|&id| host.function(id).reported.numa_node.is_some()),
            gaps: self.room(&ids, &bars).ok().flatten(),
            fits_ovmf: study.ovmf.fits() && study.qemu.is_ok(),
            complete: bars.iter().all(DeviceBars::is_complete),
        }
    }

    fn options(&self) -> GuestOptions {
        GuestOptions {
            host_bits: self.host_bits,
            ..self.shape.options
        }
    }

    fn bars(&self, ids: &[FunctionId]) -> Vec<DeviceBars> {
        let of = |&id: &FunctionId| DeviceBars::of(self.facts.host, id, &[]);
        ids.iter().map(of).collect()
    }

    fn room(&self, ids: &[FunctionId], bars: &[DeviceBars]) -> Room {
        if self.policy.is_hyperv() {
            let (low, high) = self.shape.gaps_are_given;
            let given = self.shape.options.gaps;
            let given = (low.then_some(given.low), high.then_some(given.high));
            hyperv_room(
                bars,
                given,
                self.shape.options.gaps.high_base,
                self.host_bits,
            )
            .map(Some)
        } else {
            let study = GuestStudy::of(self.facts.host, ids, &[], self.options());
            qemu_room(&study, self.host_bits).map(|()| None)
        }
    }
}

/// Devices of a guest, by address.
fn devices(units: &[&Unit]) -> Vec<FunctionId> {
    let of = |unit: &&Unit| {
        let both = unit.devices.iter().chain(&unit.along);
        both.copied().collect::<Vec<_>>()
    };
    let mut ids: Vec<FunctionId> = units.iter().flat_map(of).collect();
    ids.sort_unstable();
    ids
}

/// The gaps for devices under Hyper-V: those given, else the smallest.
fn hyperv_room(
    bars: &[DeviceBars],
    given: (Option<u64>, Option<u64>),
    high_base: u64,
    host_bits: Option<u8>,
) -> Result<(u64, u64), Obstacle> {
    let sizes = hyperv::sizes(bars, high_base);
    let layout = hyperv::lay_out(
        bars,
        Gaps {
            low: given.0.unwrap_or(LOW_RANGE.1),
            high: given.1.unwrap_or_default(),
            high_base,
        },
    );
    let low = match (given.0, sizes.low) {
        (Some(low), _) if layout.low_shortfall.is_none() => low,
        (None, Some(least)) => least.size,
        (given, least) => {
            return Err(Obstacle::LowGap {
                needed: least.map(|least| least.size),
                available: given.unwrap_or(LOW_RANGE.1),
            });
        }
    };
    let high = match (given.1, sizes.high) {
        (Some(high), _) if layout.high_shortfall.is_none() => high,
        (None, Some(least)) => least.size,
        (given, least) => {
            return Err(Obstacle::HighGap {
                needed: least.map(|least| least.size),
                available: given.unwrap_or(u64::MAX - high_base),
            });
        }
    };
    let gaps = Gaps {
        low,
        high,
        high_base,
    };
    match host_bits {
        Some(bits) if !gaps.within(bits) => Err(Obstacle::AddressWidth {
            end: gaps.high_end(),
            bits,
            lower_base: lower_base(bars, given.1, bits),
        }),
        _ => Ok((low, high)),
    }
}

/// The highest of some bases at which the high gap ends within the width: Microsoft's 48128 MB,
/// and sixteenths of what the width allows.
fn lower_base(bars: &[DeviceBars], given: Option<u64>, bits: u8) -> Option<u64> {
    let sixteenth = 1_u64.checked_shl(u32::from(bits).checked_sub(4)?)?;
    let mut bases: Vec<u64> = (1..16).map(|part| sixteenth * part).collect();
    bases.push(48128 << 20);
    bases.sort_unstable();
    bases.into_iter().rev().find(|&high_base| {
        let high = given.or_else(|| Some(hyperv::sizes(bars, high_base).high?.size));
        let above_low = high_base >= 4 << 30;
        above_low
            && high.is_some_and(|high| {
                let gaps = Gaps {
                    high,
                    high_base,
                    ..Gaps::default()
                };
                gaps.within(bits) && hyperv::lay_out(bars, gaps).high_shortfall.is_none()
            })
    })
}

/// Whether QEMU starts the guest, OVMF places everything, and the host can address it.
fn qemu_room(study: &GuestStudy, host_bits: Option<u8>) -> Result<(), Obstacle> {
    if let Err(refused) = study.qemu {
        return Err(Obstacle::QemuWidth {
            last: refused.last,
            bits: refused.address_bits,
        });
    }
    if let Some(first) = study.ovmf.unplaced.first() {
        return Err(Obstacle::Firmware {
            size: first.size,
            available: first.available,
        });
    }
    let last = study.ovmf.placed.iter().map(|placed| placed.range.last());
    match (last.max(), host_bits) {
        (Some(last), Some(bits)) if bits < 64 && last >> bits != 0 => Err(Obstacle::AddressWidth {
            end: last.saturating_add(1),
            bits,
            lower_base: None,
        }),
        _ => Ok(()),
    }
}
