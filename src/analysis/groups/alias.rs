//! Under which ids a function's requests arrive (Linux drivers/pci/search.c,
//! `pci_for_each_dma_alias`, and the DMA alias quirks).

use std::collections::BTreeMap;

use super::assume::Assume;
use super::standing::is_listed_port;
use crate::addr::Segment;
use crate::host::{Function, FunctionId, Host};
use crate::spec::linux::Series;
use crate::spec::quirks::alias::{
    ALIAS_ADAPTEC, ALIAS_ANY, ALIAS_FUNCTION_0, ALIAS_FUNCTION_1, ALIAS_MIC_X200, ALIAS_VCA,
    SWITCHTEC, TRANSLATION_ROOTS, TRANSPARENT_BRIDGES, VMD,
};
use crate::topology::{FunctionKind, Topology};

/// The last segment that firmware can describe; domains above are made by drivers.
const LAST_SEGMENT: u32 = 0xffff;

/// Who uses whose ids on one host.
pub(super) struct Aliases<'a, 'c> {
    host: &'a Host<'c>,
    topology: &'a Topology,
    kernel: Series,
    /// An alias rule concerns some function of its bus: most buses need no search.
    on_bus: Vec<bool>,
    /// The controller behind which a domain of its own lies; `None` where that is not known.
    controllers: BTreeMap<Segment, Option<FunctionId>>,
}

impl<'a, 'c> Aliases<'a, 'c> {
    pub(super) fn of(host: &'a Host<'c>, topology: &'a Topology, kernel: Series) -> Self {
        Self {
            host,
            topology,
            kernel,
            on_bus: with_aliases_on_their_bus(host),
            controllers: controllers(host),
        }
    }

    /// The function that requests of `id` come from to the root complex: the controller of its
    /// domain, or itself. `None` where the controller is not known.
    pub(super) fn dma_device(&self, id: FunctionId) -> Option<FunctionId> {
        match self.controllers.get(&self.host.function(id).at.segment) {
            None => Some(id),
            Some(controller) => *controller,
        }
    }

    /// The functions under whose ids the requests of `id` arrive, from itself upwards. The last
    /// is the one that the remapping unit sees. A bridge of unknown type is a port, which
    /// leaves ids alone, or a conventional one, which does not.
    pub(super) fn requesters(
        &self,
        assume: Assume,
        id: FunctionId,
    ) -> impl Iterator<Item = FunctionId> {
        let own = self.dma_device(id).unwrap_or(id);
        let bridges = self
            .topology
            .upstream(own)
            .skip(1)
            .take_while(|&bridge| !listed(self.host.function(bridge), TRANSLATION_ROOTS))
            .filter(move |&bridge| match self.topology.kind(bridge) {
                FunctionKind::RootPort
                | FunctionKind::UpstreamPort
                | FunctionKind::DownstreamPort => false,
                FunctionKind::UnknownBridge | FunctionKind::Unknown => {
                    !assume.of(true) && !is_listed_port(self.host.function(bridge))
                }
                _ => {
                    let (bridges, since) = TRANSPARENT_BRIDGES;
                    !(self.kernel >= since && listed(self.host.function(bridge), bridges))
                }
            });
        std::iter::once(own).chain(bridges)
    }

    /// Other functions on the bus with which the function shares an id: they are one to the
    /// remapping unit.
    pub(super) fn partners(
        &self,
        assume: Assume,
        id: FunctionId,
    ) -> impl Iterator<Item = FunctionId> {
        let function = self.host.function(id);
        let at = function.at;
        let range = match self.on_bus.get(id.index()) {
            Some(true) => self.host.ids_on_bus(at.segment, at.bus()),
            _ => self.host.ids_on_bus(Segment(u32::MAX), 0),
        };
        range.filter(move |&other| {
            let partner = self.host.function(other);
            other != id
                && (uses_id_of(function, partner.at.bdf.devfn(), assume)
                    || uses_id_of(partner, at.bdf.devfn(), assume))
        })
    }

    /// Whether the function may be the controller of a domain of which that is not known.
    pub(super) fn may_be_controller(&self, id: FunctionId) -> bool {
        let mut domains = self.controllers.values();
        domains.any(Option::is_none)
            && !self.controllers.values().any(|own| *own == Some(id))
            && listed(self.host.function(id), VMD)
    }

    /// Functions whose aliases are set in registers that no capture holds.
    pub(super) fn is_open(&self, id: FunctionId) -> bool {
        is_switchtec(self.host.function(id))
    }
}

fn with_aliases_on_their_bus(host: &Host<'_>) -> Vec<bool> {
    let mut result = vec![false; host.functions().len()];
    for (id, function) in host.iter() {
        if has_aliases(function) {
            for other in host.ids_on_bus(function.at.segment, function.at.bus()) {
                if let Some(flag) = result.get_mut(other.index()) {
                    if *flag && other.index() < id.index() {
                        break;
                    }
                    *flag = true;
                }
            }
        }
    }
    result
}

/// The controller of each domain that a driver made: as reported, or the only one there is.
fn controllers(host: &Host<'_>) -> BTreeMap<Segment, Option<FunctionId>> {
    let mut domains: BTreeMap<Segment, Option<FunctionId>> = BTreeMap::new();
    let beyond = host
        .functions()
        .partition_point(|function| function.at.segment.0 <= LAST_SEGMENT);
    for function in host.functions().get(beyond..).unwrap_or_default() {
        let reported = function.reported.root_bus_parent.as_ref();
        let reported = reported
            .and_then(|parent| parent.value.parse().ok())
            .and_then(|at| host.find(at));
        let entry = domains.entry(function.at.segment).or_default();
        *entry = entry.or(reported);
    }
    if domains.values().any(Option::is_none) {
        let mut candidates = host
            .iter()
            .filter(|(_, function)| listed(function, VMD))
            .map(|(id, _)| id);
        let only = match (candidates.next(), candidates.next(), domains.len()) {
            (Some(only), None, 1) => Some(only),
            _ => None,
        };
        for controller in domains.values_mut() {
            *controller = controller.or(only);
        }
    }
    domains
}

fn has_aliases(function: &Function<'_>) -> bool {
    [
        ALIAS_FUNCTION_0,
        ALIAS_FUNCTION_1,
        ALIAS_MIC_X200,
        ALIAS_VCA,
        ALIAS_ANY,
    ]
    .into_iter()
    .any(|list| listed(function, list))
        || is_adaptec(function)
        || is_switchtec(function)
}

fn uses_id_of(function: &Function<'_>, devfn: u8, assume: Assume) -> bool {
    let own = function.at.bdf.devfn();
    let slot = own & !7;
    (listed(function, ALIAS_FUNCTION_0) && own & 7 != 0 && devfn == slot)
        || (listed(function, ALIAS_FUNCTION_1) && own & 7 != 1 && devfn == slot | 1)
        || (listed(function, ALIAS_MIC_X200) && matches!(devfn, 0x80 | 0x88 | 0x93))
        || (listed(function, ALIAS_VCA) && devfn & 7 <= 4)
        || listed(function, ALIAS_ANY)
        || (is_adaptec(function) && devfn == 0x08)
        || (is_switchtec(function) && !assume.of(false))
}

fn is_adaptec(function: &Function<'_>) -> bool {
    let (vendor, device, subvendor, subdevices) = ALIAS_ADAPTEC;
    let identity = &function.identity;
    (identity.vendor, identity.device) == (Some(vendor), Some(device))
        && identity
            .subsystem
            .is_some_and(|(sub, id)| sub == subvendor && subdevices.contains(&id))
}

/// A non-transparent bridge of a Switchtec switch.
fn is_switchtec(function: &Function<'_>) -> bool {
    let identity = &function.identity;
    let (Some(vendor), Some(device)) = (identity.vendor, identity.device) else {
        return false;
    };
    SWITCHTEC
        .iter()
        .any(|&(v, first, last)| v == vendor && (first..=last).contains(&device))
        && identity
            .class
            .is_none_or(|class| class.base_and_sub() == 0x0680)
}

fn listed(function: &Function<'_>, list: &[(u16, u16)]) -> bool {
    match (function.identity.vendor, function.identity.device) {
        (Some(vendor), Some(device)) => list.contains(&(vendor, device)),
        _ => false,
    }
}
