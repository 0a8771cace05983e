//! How many guests a host can serve: isolation, address space and NUMA nodes as limits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::host::Host;
use assignable::plan::{Limit, Obstacle, Placement, Shape, Want, place};
use assignable::policy::Policy;
use assignable::rules;
use assignable::sim::guest::GuestOptions;
use assignable::sim::policy::hyperv::Gaps;
use assignable::sim::policy::qemu::Machine;
use assignable::synth;
use assignable::topology::Topology;
use proptest::prelude::*;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Graphics cards below root ports of their own, which Windows reports as assignable: BARs, and
/// NUMA node. Under VFIO each pair of neighbours is a group where `paired`.
fn machine(bits: u8, cards: &[(&str, Option<u32>)], paired: bool) -> Capture {
    let mut text = format!(
        "[host]\nos = 'windows'\nos_release = '10.0.20348'\n\
         files = {{ cpuinfo = \"address sizes\\t: {bits} bits physical, 48 bits virtual\\n\" }}\n\
         [[root]]\n"
    );
    for (number, (bars, node)) in (1_u8..).zip(cards) {
        let group = if paired { number.div_ceil(2) } else { number };
        let node = node.map_or_else(String::new, |node| format!("numa = {node}\n"));
        let _ = write!(
            text,
            "[[root.device]]\nkind = 'root-port'\nat = '{number:02x}.0'\n\
             [[root.device.device]]\nclass = 'vga'\nid = '10de:118a'\nbars = [{bars}]\n\
             msi = true\nflr = true\ndriver = 'nvidia'\niommu_group = {group}\n\
             reserved_regions = []\n{node}\
             [root.device.device.windows]\n\
             '{{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}} 1' = 2\n\
             '{{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}} 31' = 1\n\
             '{{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}} 34' = false\n\
             '{{4340A6C5-93FA-4706-972C-7B648008A5A7}} 3' = 0\n"
        );
    }
    synth::synthesise(&text).unwrap()
}

fn shape(count: usize) -> Shape {
    Shape {
        wants: vec![Want {
            device: "gpu".parse().unwrap(),
            count,
        }],
        options: GuestOptions::default(),
        gaps_are_given: (false, false),
        one_node: true,
    }
}

fn placed(capture: &Capture, policy: Policy, shape: &Shape) -> Placement {
    asked(capture, policy, shape, None)
}

fn asked(capture: &Capture, policy: Policy, shape: &Shape, asked: Option<usize>) -> Placement {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    place(&facts, &run, policy, shape, asked)
}

fn binding(placement: &Placement) -> Vec<Limit> {
    placement.binding().collect()
}

const HYPERV: Policy = Policy::HyperV2022;
const BIG: &str = "'mem64p 1G'";
const SMALL: &str = "'mem64p 256M'";

/// The high gap starts at 63.5 GiB; a card of 1 GiB lies at 64 GiB and ends at 65 GiB, which 36
/// bits do not reach. Lower down there is room.
#[test]
fn the_hosts_address_width_limits_hyper_v() {
    let capture = machine(36, &[(BIG, Some(0)); 4], false);
    let placement = placed(&capture, HYPERV, &shape(1));
    assert_eq!(placement.supply[0].assignable, 4, "{placement:?}");
    assert_eq!((placement.guests.len(), placement.proven), (0, true));
    assert_eq!(binding(&placement), [Limit::AddressSpace]);
    let refused = placement.refused.unwrap();
    let Obstacle::AddressWidth {
        end,
        bits,
        lower_base: Some(base),
    } = refused.obstacle
    else {
        panic!("{refused:?}");
    };
    assert_eq!((end, bits), (65 * GIB, 36));
    let mut lower = shape(1);
    lower.options.gaps.high_base = base;
    let placement = placed(&capture, HYPERV, &lower);
    assert_eq!((placement.guests.len(), placement.refused), (4, None));
    // 37 bits reach further.
    let wide = placed(&machine(37, &[(BIG, Some(0)); 4], false), HYPERV, &shape(1));
    assert_eq!(wide.guests.len(), 4);
    assert!(wide.is_used_up());
    assert_eq!(wide.guests[0].gaps.unwrap().1, 1536 * MIB);
}

/// The low gap is 3584 MB at most, of which the VM keeps 128 MB. Four cards of 1 GiB below
/// 4 GiB do not fit, three do.
#[test]
fn the_low_gap_limits_hyper_v() {
    let capture = machine(46, &[("'mem32 1G'", Some(0)); 4], false);
    let four = placed(&capture, HYPERV, &shape(4));
    assert_eq!(four.guests.len(), 0);
    assert_eq!(binding(&four), [Limit::AddressSpace]);
    assert_eq!(
        four.refused.unwrap().obstacle,
        Obstacle::LowGap {
            needed: None,
            available: 3584 * MIB
        }
    );
    let three = placed(&capture, HYPERV, &shape(3));
    assert_eq!(three.guests.len(), 1);
    assert!(three.is_used_up());
}

/// A gap that is given is what there is: 512 MiB hold no card of 1 GiB, which needs the GiB from
/// 64 GiB on and 512 MiB for the VM.
#[test]
fn a_given_high_gap_limits_hyper_v() {
    let capture = machine(46, &[(BIG, Some(0)); 2], false);
    let mut given = shape(1);
    given.gaps_are_given = (false, true);
    let placement = placed(&capture, HYPERV, &given);
    assert_eq!(binding(&placement), [Limit::AddressSpace]);
    assert_eq!(
        placement.refused.unwrap().obstacle,
        Obstacle::HighGap {
            needed: Some(1536 * MIB),
            available: 512 * MIB
        }
    );
}

/// A gap of 1.5 GiB from 63.5 GiB on holds one card of 1 GiB and small ones before it, but not
/// two of 1 GiB. Two guests of two cards are possible only if each gets one of either size.
#[test]
fn cards_are_paired_so_that_each_guest_has_room() {
    let cards = [BIG, BIG, SMALL, SMALL].map(|bars| (bars, Some(0)));
    let capture = machine(46, &cards, false);
    let mut given = shape(2);
    given.gaps_are_given = (false, true);
    given.options.gaps = Gaps {
        high: 1536 * MIB,
        ..Gaps::default()
    };
    let placement = placed(&capture, HYPERV, &given);
    let buses: Vec<Vec<u8>> = placement
        .guests
        .iter()
        .map(|guest| guest.devices.iter().map(|at| at.bdf.bus()).collect())
        .collect();
    assert_eq!(buses, [[1, 3], [2, 4]]);
}

/// Three cards on one node and one on the other make two guests of two only across nodes.
#[test]
fn a_guest_on_one_node_limits_the_number() {
    let nodes = [Some(0), Some(0), Some(0), Some(1)].map(|node| (SMALL, node));
    let capture = machine(46, &nodes, false);
    let strict = placed(&capture, HYPERV, &shape(2));
    assert_eq!((strict.guests.len(), strict.proven), (1, true));
    assert_eq!(binding(&strict), [Limit::Numa]);
    let numa = strict.limits.iter().find(|one| one.limit == Limit::Numa);
    assert_eq!(numa.map(|one| (one.alone, one.without)), Some((1, 2)));
    let mut any = shape(2);
    any.one_node = false;
    let any = placed(&capture, HYPERV, &any);
    assert_eq!(any.guests.len(), 2);
    assert!(any.is_used_up());
    assert_eq!(any.guests[0].nodes, [0], "near ones first");
    // A card whose node is not known may be on the other's node.
    let unknown = machine(46, &[(SMALL, Some(1)), (SMALL, None)], false);
    let guests = placed(&unknown, HYPERV, &shape(2)).guests;
    assert_eq!(guests.len(), 1);
    assert_eq!(
        (guests[0].nodes.as_slice(), guests[0].nodes_known),
        (&[1][..], false)
    );
}

/// Both limits allow one guest each; neither alone is to blame.
#[test]
fn limits_that_bind_together_are_not_blamed_alone() {
    // Under one node: one guest (two cards of node 0). By room alone: every guest needs a small
    // card beside a big one, so one guest as well.
    let cards = [
        (BIG, Some(0)),
        (SMALL, Some(0)),
        (BIG, Some(0)),
        (BIG, Some(1)),
    ];
    let mut given = shape(2);
    given.gaps_are_given = (false, true);
    given.options.gaps.high = 1536 * MIB;
    let placement = placed(&machine(46, &cards, false), HYPERV, &given);
    assert_eq!(placement.guests.len(), 1);
    assert_eq!(binding(&placement), []);
    assert_eq!((placement.upper_bound, placement.proven), (2, true));
}

#[test]
fn groups_limit_vfio() {
    let capture = machine(46, &[(SMALL, Some(0)); 4], true);
    let one = placed(&capture, Policy::Vfio, &shape(1));
    assert_eq!(one.guests.len(), 0, "{one:?}");
    assert_eq!(binding(&one), [Limit::Isolation]);
    // Alone every card is a group.
    let single = machine(46, &[(SMALL, Some(0)); 4], false);
    let all = placed(&single, Policy::Vfio, &shape(1));
    assert_eq!(all.guests.len(), 4, "{all:?}");
}

/// OVMF's window of 32 GiB does not hold a BAR of 64 GiB. With 256 GiB asked for the window lies
/// at 256 GiB, which a host of 38 bits does not address.
#[test]
fn the_firmware_and_the_hosts_width_limit_vfio() {
    let cards = [("'mem32 16M', 'mem64p 64G'", Some(0)); 2];
    let wide = machine(46, &cards, false);
    let placement = placed(&wide, Policy::Vfio, &shape(1));
    assert_eq!(placement.guests.len(), 0);
    assert_eq!(binding(&placement), [Limit::AddressSpace]);
    let Obstacle::Firmware { size, .. } = placement.refused.unwrap().obstacle else {
        panic!("the firmware has no room");
    };
    assert_eq!(size, 64 * GIB);
    let mut hinted = shape(1);
    hinted.options.machine = Machine {
        mmio64_hint_mib: Some(262_144),
        ..Machine::default()
    };
    assert_eq!(placed(&wide, Policy::Vfio, &hinted).guests.len(), 2);
    let narrow = placed(&machine(38, &cards, false), Policy::Vfio, &hinted);
    assert_eq!(narrow.guests.len(), 0);
    assert!(matches!(
        narrow.refused.unwrap().obstacle,
        Obstacle::AddressWidth { bits: 38, .. }
    ));
    // A hole of 1 TiB ends beyond the 40 bits of the guest.
    let mut hole = shape(1);
    hole.options.machine.hole64 = Some(1 << 40);
    let refused = placed(&wide, Policy::Vfio, &hole).refused.unwrap();
    assert!(matches!(
        refused.obstacle,
        Obstacle::QemuWidth { bits: 40, .. }
    ));
}

#[test]
fn no_more_are_placed_than_are_asked_for() {
    let capture = machine(46, &[(SMALL, Some(0)); 4], false);
    let placement = asked(&capture, HYPERV, &shape(1), Some(2));
    assert_eq!(placement.guests.len(), 2);
    assert!(placement.is_as_asked() && placement.proven);
    assert_eq!(binding(&placement), []);
    let more = asked(&capture, HYPERV, &shape(1), Some(9));
    assert_eq!(more.guests.len(), 4);
    assert!(!more.is_as_asked() && more.is_used_up());
    assert_eq!(asked(&capture, HYPERV, &shape(1), Some(0)).guests, []);
    assert_eq!(placed(&capture, HYPERV, &shape(5)).guests, []);
}

/// The most guests by trying every way to give each card to a guest or to none. A guest has room
/// in 1.5 GiB from 63.5 GiB on for one big card and two small ones, or for six small ones.
fn by_trying(cards: &[(bool, Option<u32>)], count: usize) -> usize {
    fn valid(guest: &[(bool, Option<u32>)], count: usize) -> bool {
        let mut nodes: Vec<u32> = guest.iter().filter_map(|card| card.1).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let big = guest.iter().filter(|card| card.0).count();
        let small = guest.len() - big;
        let room = big == 1 && small <= 2 || big == 0 && small <= 6;
        guest.len() == count && nodes.len() <= 1 && room
    }
    fn go(
        cards: &[(bool, Option<u32>)],
        guests: &mut Vec<Vec<(bool, Option<u32>)>>,
        count: usize,
    ) -> usize {
        let Some((&card, rest)) = cards.split_first() else {
            let whole = guests.iter().filter(|guest| !guest.is_empty());
            let whole: Vec<_> = whole.collect();
            return match whole.iter().all(|guest| valid(guest, count)) {
                true => whole.len(),
                false => 0,
            };
        };
        let mut most = go(rest, guests, count);
        for index in 0..guests.len() {
            if guests[index].len() < count {
                guests[index].push(card);
                most = most.max(go(rest, guests, count));
                guests[index].pop();
            }
        }
        if guests.len() < cards.len() + 6 / count && guests.last().is_none_or(|g| !g.is_empty()) {
            guests.push(vec![card]);
            most = most.max(go(rest, guests, count));
            guests.pop();
        }
        most
    }
    go(cards, &mut Vec::new(), count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_distribution_serves_more_guests(
        cards in prop::collection::vec((any::<bool>(), prop::sample::select(vec![None, Some(0), Some(1)])), 0..7),
        count in 1_usize..4,
    ) {
        let described: Vec<_> = cards
            .iter()
            .map(|&(big, node)| (if big { BIG } else { SMALL }, node))
            .collect();
        let mut given = shape(count);
        given.gaps_are_given = (false, true);
        given.options.gaps.high = 1536 * MIB;
        let placement = placed(&machine(46, &described, false), HYPERV, &given);
        prop_assert!(placement.proven);
        prop_assert_eq!(placement.guests.len(), by_trying(&cards, count));
        for guest in &placement.guests {
            prop_assert_eq!(guest.devices.len(), count);
            prop_assert!(guest.nodes.len() <= 1);
        }
    }
}
