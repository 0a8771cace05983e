//! Random trees: what holds for every one of them.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::addr::Sbdf;
use crate::testing::at;

/// ACS of one function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Acs {
    Without,
    Off,
    On,
}

#[derive(Clone, Debug)]
enum Node {
    /// A device of one or several functions.
    Device(Vec<Acs>),
    /// Upstream port, and downstream ports with what is below each. Odd ports share a slot with
    /// the one before.
    Switch(Acs, bool, Vec<(Acs, Option<Node>)>),
    /// A PCIe-to-PCI bridge.
    Bridge(Vec<Acs>),
}

fn acs() -> impl Strategy<Value = Acs> {
    prop_oneof![
        Just(Acs::Without),
        Just(Acs::Off),
        Just(Acs::On),
        Just(Acs::On)
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        3 => vec(acs(), 1..4).prop_map(Node::Device),
        1 => vec(acs(), 1..3).prop_map(Node::Bridge),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        let ports = vec((acs(), proptest::option::of(inner)), 1..4);
        (acs(), any::<bool>(), ports)
            .prop_map(|(own, packed, ports)| Node::Switch(own, packed, ports))
    })
}

/// Root ports, in pairs of one slot, with what is below each.
fn tree() -> impl Strategy<Value = Vec<(Acs, Option<Node>)>> {
    vec((acs(), proptest::option::of(node())), 1..5)
}

/// One function of a tree.
#[derive(Clone)]
struct Item {
    address: String,
    /// Builds it, without ACS.
    shape: Shape,
    acs: Acs,
    parent: Option<usize>,
}

#[derive(Clone, Copy)]
struct Shape {
    port_type: Option<PortType>,
    buses: Option<(u8, u8)>,
    several: bool,
}

#[derive(Default)]
struct Layout {
    items: Vec<Item>,
    last_bus: u8,
}

impl Layout {
    fn of(tree: &[(Acs, Option<Node>)]) -> Vec<Item> {
        let mut layout = Self::default();
        layout.ports(PortType::ROOT_PORT, true, 0, None, tree);
        layout.items
    }

    fn ports(
        &mut self,
        port_type: PortType,
        packed: bool,
        bus: u8,
        parent: Option<usize>,
        ports: &[(Acs, Option<Node>)],
    ) {
        for (index, (acs, below)) in ports.iter().enumerate() {
            let (device, function) = match packed {
                true => (1 + index / 2, index % 2),
                false => (1 + index, 0),
            };
            let several = packed && (index % 2 == 1 || index + 1 < ports.len());
            let address = format!("{bus:02x}:{device:02x}.{function}");
            self.last_bus += 1;
            let secondary = self.last_bus;
            let port = self.items.len();
            self.items.push(Item {
                address,
                shape: Shape {
                    port_type: Some(port_type),
                    buses: Some((secondary, secondary)),
                    several,
                },
                acs: *acs,
                parent,
            });
            if let Some(node) = below {
                self.node(secondary, port, node);
            }
            self.items[port].shape.buses = Some((secondary, self.last_bus));
        }
    }

    fn node(&mut self, bus: u8, parent: usize, node: &Node) {
        match node {
            Node::Device(functions) => self.device(bus, parent, PortType::ENDPOINT, functions),
            Node::Bridge(functions) => {
                self.last_bus += 1;
                let secondary = self.last_bus;
                let bridge = self.bridge(bus, parent, PortType::PCIE_TO_PCI, secondary);
                self.device(secondary, bridge, PortType::ENDPOINT, functions);
            }
            Node::Switch(acs, packed, ports) => {
                self.last_bus += 1;
                let secondary = self.last_bus;
                let upstream = self.bridge(bus, parent, PortType::UPSTREAM_PORT, secondary);
                self.items[upstream].acs = *acs;
                self.ports(
                    PortType::DOWNSTREAM_PORT,
                    *packed,
                    secondary,
                    Some(upstream),
                    ports,
                );
                self.items[upstream].shape.buses = Some((secondary, self.last_bus));
            }
        }
    }

    fn bridge(&mut self, bus: u8, parent: usize, port_type: PortType, secondary: u8) -> usize {
        self.items.push(Item {
            address: format!("{bus:02x}:00.0"),
            shape: Shape {
                port_type: Some(port_type),
                buses: Some((secondary, secondary)),
                several: false,
            },
            acs: Acs::Without,
            parent: Some(parent),
        });
        self.items.len() - 1
    }

    fn device(&mut self, bus: u8, parent: usize, port_type: PortType, functions: &[Acs]) {
        for (function, acs) in functions.iter().enumerate() {
            self.items.push(Item {
                address: format!("{bus:02x}:00.{function}"),
                shape: Shape {
                    port_type: Some(port_type),
                    buses: None,
                    several: functions.len() > 1,
                },
                acs: *acs,
                parent: Some(parent),
            });
        }
    }
}

fn dev(item: &Item, acs: Acs) -> Dev {
    let shape = item.shape;
    let dev = match (shape.port_type, shape.buses) {
        (Some(port_type), Some((secondary, subordinate))) => {
            Dev::port(port_type, secondary, subordinate)
        }
        (Some(port_type), None) => Dev::express(port_type),
        (None, _) => Dev::conventional(),
    };
    let dev = if shape.several {
        dev.poke(0x0e, &[if shape.buses.is_some() { 0x81 } else { 0x80 }])
    } else {
        dev
    };
    match acs {
        Acs::Without => dev,
        Acs::Off => dev.acs(0x1d, 0),
        Acs::On => dev.acs(0x1d, 0x1d),
    }
}

fn machine(items: &[Item]) -> Machine {
    items.iter().fold(Machine::new(), |machine, item| {
        machine.with(&item.address, dev(item, item.acs))
    })
}

type Sets = BTreeSet<BTreeSet<Sbdf>>;

fn sets(machine: &Machine) -> Sets {
    predict(machine, &settings(Series::V6_12), |groups, host| {
        groups
            .iter()
            .map(|(_, members)| members.iter().map(|&id| host.function(id).at).collect())
            .collect()
    })
}

fn refines(fine: &Sets, coarse: &Sets) -> bool {
    fine.iter()
        .all(|group| coarse.iter().any(|other| group.is_subset(other)))
}

/// The kernel's rules word for word, for trees without aliases and with every function covered.
fn word_for_word(items: &[Item]) -> Sets {
    let ok = |index: usize| -> bool {
        let item = &items[index];
        match item.shape.port_type {
            Some(PortType::PCIE_TO_PCI) => false,
            Some(PortType::ROOT_PORT | PortType::DOWNSTREAM_PORT) => item.acs == Acs::On,
            _ => !item.shape.several || item.acs == Acs::On,
        }
    };
    let path_ok =
        |index: usize| std::iter::successors(Some(index), |&hop| items[hop].parent).all(ok);
    let place = |index: usize| {
        let at: Sbdf = at(&items[index].address);
        (at.bus(), at.bdf.device())
    };
    let mut group: Vec<Option<usize>> = vec![None; items.len()];
    let mut founded = 0;
    // Bridges stand before what is below them, as in the order of scanning.
    let mut order: Vec<usize> = (0..items.len()).collect();
    let depth = |index: usize| std::iter::successors(Some(index), |&hop| items[hop].parent).count();
    order.sort_by_key(|&index| (depth(index), at(&items[index].address)));
    for index in order {
        let parents = || std::iter::successors(items[index].parent, |&hop| items[hop].parent);
        let mut last = index;
        let mut found = None;
        for bridge in parents() {
            if items[bridge].shape.port_type == Some(PortType::PCIE_TO_PCI) {
                last = bridge;
                found = group[bridge];
                break;
            }
        }
        if found.is_none() {
            for bridge in std::iter::successors(items[last].parent, |&hop| items[hop].parent) {
                if path_ok(bridge) {
                    break;
                }
                last = bridge;
                if group[bridge].is_some() {
                    found = group[bridge];
                    break;
                }
            }
        }
        if found.is_none() && items[last].shape.several && !ok(last) {
            found = (0..items.len())
                .filter(|&other| other != last && place(other) == place(last) && !ok(other))
                .find_map(|other| group[other]);
        }
        group[index] = Some(found.unwrap_or_else(|| {
            founded += 1;
            founded
        }));
    }
    (1..=founded)
        .map(|number| {
            (0..items.len())
                .filter(|&index| group[index] == Some(number))
                .map(|index| at(&items[index].address))
                .collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_those_of_the_rules_word_for_word(tree in tree()) {
        let items = Layout::of(&tree);
        prop_assert_eq!(sets(&machine(&items)), word_for_word(&items));
    }

    #[test]
    fn every_function_is_in_one_group(tree in tree()) {
        let items = Layout::of(&tree);
        let groups = sets(&machine(&items));
        let members: usize = groups.iter().map(BTreeSet::len).sum();
        let all: BTreeSet<Sbdf> = groups.into_iter().flatten().collect();
        prop_assert_eq!(members, items.len());
        prop_assert_eq!(all.len(), items.len());
    }

    /// Where every bridge has a group.
    #[test]
    fn more_acs_never_merges_and_less_never_splits(tree in tree(), which in any::<prop::sample::Index>()) {
        let mut items = Layout::of(&tree);
        let index = which.index(items.len());
        items[index].acs = Acs::Without;
        let without = sets(&machine(&items));
        items[index].acs = Acs::On;
        let with = sets(&machine(&items));
        prop_assert!(refines(&with, &without), "{:?} {:?}", with, without);
    }

    /// A definite group is the group under every completion of what is hidden; an open one is
    /// not the same under all of them. Functions that are not covered are among them.
    #[test]
    fn open_is_exactly_what_the_hidden_bits_can_change(
        tree in tree(),
        hidden in vec(any::<prop::sample::Index>(), 1..5),
        bare in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let items = Layout::of(&tree);
        let hidden: BTreeSet<usize> = hidden.iter().map(|index| index.index(items.len())).collect();
        let bare = bare.map(|index| index.index(items.len()));
        // Coverage as reported: all but one function, perhaps.
        let covered = |index: usize, dev: Dev| match (bare, Some(index) == bare) {
            (Some(_), false) => dev.group(7),
            _ => dev,
        };
        let complete = |answers: u32| {
            let mut number = 0;
            items.iter().enumerate().fold(Machine::new(), |machine, (index, item)| {
                let acs = if hidden.contains(&index) {
                    let on = answers >> number & 1 != 0;
                    number += 1;
                    if on { Acs::On } else { Acs::Without }
                } else {
                    item.acs
                };
                machine.with(&item.address, covered(index, dev(item, acs)))
            })
        };
        let completions: Vec<Sets> = (0..1 << hidden.len()).map(|answers| sets(&complete(answers))).collect();
        let cut = items.iter().enumerate().fold(Machine::new(), |machine, (index, item)| {
            let whole = dev(item, item.acs);
            let dev = if hidden.contains(&index) { whole.cut(0x100).report(|_| {}) } else { whole };
            machine.with(&item.address, covered(index, dev))
        });
        let group_in = |groups: &Sets, at: Sbdf| groups.iter().find(|group| group.contains(&at)).cloned();
        predict(&cut, &settings(Series::V6_12), |groups, host| {
            for (id, function) in host.iter() {
                let all: BTreeSet<_> = completions.iter().map(|groups| group_in(groups, function.at)).collect();
                if groups.is_definite(id) {
                    let own: BTreeSet<_> = groups.companions(id).iter().map(|&id| host.function(id).at).collect();
                    let own = (!own.is_empty()).then_some(own);
                    prop_assert_eq!(all, BTreeSet::from([own]), "{}", function.at);
                } else {
                    prop_assert!(all.len() > 1, "{} is open and always {:?}", function.at, all);
                    prop_assert!(!groups.missing(id).is_empty());
                }
            }
            Ok(())
        })?;
    }
}
