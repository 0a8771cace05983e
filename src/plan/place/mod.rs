//! How many guests of one shape a host can serve at once, and which limit binds.

mod room;
mod search;
mod units;

pub use room::Obstacle;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::policy::Policy;
use crate::rules::RuleRun;
use crate::select::Selector;
use crate::sim::guest::GuestOptions;
use crate::sim::host_space;

use room::Rooms;
use search::{Search, Served};
use units::Units;

/// A number of devices of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Want {
    /// Which.
    pub device: Selector,
    /// How many for each guest.
    pub count: usize,
}

/// What each guest gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Devices.
    pub wants: Vec<Want>,
    /// Its address space. The sizes of Hyper-V's gaps count where `gaps_are_given`; else they are
    /// as large as each guest needs.
    pub options: GuestOptions,
    /// Whether the low and the high gap have the sizes of `options` and no others.
    pub gaps_are_given: (bool, bool),
    /// All devices of a guest have to be on one NUMA node. A device whose node is not known
    /// goes with any.
    pub one_node: bool,
}

/// What can keep a host from serving more guests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Limit {
    /// Verdicts, and groups that go to one guest as a whole.
    Isolation,
    /// The address space of a guest.
    AddressSpace,
    /// One NUMA node for each guest.
    Numa,
}

/// What one limit does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitCount {
    /// The limit.
    pub limit: Limit,
    /// Guests were it the only limit besides the number of devices.
    pub alone: usize,
    /// Guests without it, under all others.
    pub without: usize,
}

/// The devices that a want names.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Supply {
    /// Assignable ones.
    pub assignable: usize,
    /// Those that are not assignable, or undetermined.
    pub unusable: usize,
    /// Codes that stand against the latter, or that lack evidence; sorted.
    pub codes: Vec<&'static str>,
}

/// Devices for which a guest has no room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The devices of the guest.
    pub devices: Vec<Sbdf>,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// The devices of one guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacementOf {
    /// Devices that were asked for, by address.
    pub devices: Vec<Sbdf>,
    /// Devices that come along because they share an IOMMU group.
    pub along: Vec<Sbdf>,
    /// NUMA nodes of the devices; empty where none is reported.
    pub nodes: Vec<u32>,
    /// The node of every device that was asked for is reported.
    pub nodes_known: bool,
    /// Hyper-V: the gaps to give it, in bytes: low and high.
    pub gaps: Option<(u64, u64)>,
    /// OVMF has room under the options given.
    pub fits_ovmf: bool,
    /// The size of every BAR is known; otherwise more address space may be needed.
    pub complete: bool,
}

/// The best distribution that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// One entry for each guest.
    pub guests: Vec<PlacementOf>,
    /// Guests that were asked for; `None` for as many as possible.
    pub asked: Option<usize>,
    /// No more guests are possible by the number of devices alone, assignable or not.
    pub upper_bound: usize,
    /// More guests than were found are ruled out.
    pub proven: bool,
    /// For each want the devices that it names.
    pub supply: Vec<Supply>,
    /// What each limit does.
    pub limits: Vec<LimitCount>,
    /// A guest for which there is no room, where address space limits at all.
    pub refused: Option<Refused>,
    /// Physical address width of the host that was counted with.
    pub host_bits: Option<u8>,
}

/// Which limits a search keeps.
#[derive(Clone, Copy)]
struct Kept {
    isolation: bool,
    address_space: bool,
    numa: bool,
}

/// Distributes devices over guests of one shape: at most `asked`, or as many as possible.
///
/// A guest gets exactly the devices that it asks for, all of them assignable under the policy.
/// Under VFIO all functions of an IOMMU group go to one guest. Every guest needs room for their
/// BARs: under Hyper-V gaps within what is allowed and within the host's physical address width,
/// under VFIO a QEMU that starts and an OVMF that places everything within that width. With
/// `one_node` its devices are on one NUMA node; otherwise nearness is a preference that costs no
/// guest.
pub fn place(
    facts: &Facts<'_, '_>,
    run: &RuleRun,
    policy: Policy,
    shape: &Shape,
    asked: Option<usize>,
) -> Placement {
    let isolated = Units::isolated(facts, run, policy, shape);
    let any = Units::any(facts, shape);
    let host_bits = shape
        .options
        .host_bits
        .or_else(|| host_space::address_bits(facts.host));
    let mut rooms = Rooms::new(facts, policy, shape, host_bits);
    let upper_bound = any.bound(shape);
    let most = asked.unwrap_or(usize::MAX);
    let mut serve = |kept: Kept| -> Served {
        let units = if kept.isolation { &isolated } else { &any };
        let rooms = kept.address_space.then_some(&mut rooms);
        Search::new(units, shape, kept.numa, rooms).most(units.bound(shape).min(most))
    };
    let all = Kept {
        isolation: true,
        address_space: true,
        numa: shape.one_node,
    };
    let none = Kept {
        isolation: false,
        address_space: false,
        numa: false,
    };
    let served = serve(all);
    let mut limits = Vec::new();
    for limit in [Limit::Isolation, Limit::AddressSpace, Limit::Numa] {
        let (alone, without) = match limit {
            Limit::Isolation => (
                Kept {
                    isolation: true,
                    ..none
                },
                Kept {
                    isolation: false,
                    ..all
                },
            ),
            Limit::AddressSpace => (
                Kept {
                    address_space: true,
                    ..none
                },
                Kept {
                    address_space: false,
                    ..all
                },
            ),
            Limit::Numa if shape.one_node => {
                (Kept { numa: true, ..none }, Kept { numa: false, ..all })
            }
            Limit::Numa => continue,
        };
        limits.push(LimitCount {
            limit,
            alone: serve(alone).guests.len(),
            without: serve(without).guests.len(),
        });
    }
    Placement {
        guests: served
            .guests
            .iter()
            .map(|members| rooms.guest(&isolated, members))
            .collect(),
        asked,
        upper_bound,
        proven: served.proven,
        supply: isolated.supply.clone(),
        limits,
        refused: rooms.refused(),
        host_bits,
    }
}

impl Placement {
    /// Whether as many guests are served as were asked for.
    pub fn is_as_asked(&self) -> bool {
        self.asked == Some(self.guests.len())
    }

    /// The limits without which more guests would be served. Empty where the number of devices
    /// binds, where all that was asked for is there, or where several limits have to go together.
    pub fn binding(&self) -> impl Iterator<Item = Limit> {
        let served = self.guests.len();
        let binds = self.limits.iter().filter(move |one| one.without > served);
        binds.map(|one| one.limit)
    }

    /// Whether the devices are used up, so that no other limit matters.
    pub fn is_used_up(&self) -> bool {
        self.guests.len() == self.upper_bound
    }
}

impl Limit {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Isolation => "isolation",
            Self::AddressSpace => "address-space",
            Self::Numa => "numa",
        }
    }
}
