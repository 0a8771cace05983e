//! Under which ids a function's requests arrive (Linux drivers/pci/search.c,
//! `pci_for_each_dma_alias`).

use super::Assume;
use crate::host::{Function, FunctionId, Host};
use crate::spec::quirks::alias::{
    ALIAS_ADAPTEC, ALIAS_ANY, ALIAS_FUNCTION_0, ALIAS_FUNCTION_1, ALIAS_MIC_X200, ALIAS_VCA,
    TRANSLATION_ROOTS,
};
use crate::topology::{FunctionKind, Topology};

/// The functions under whose ids the requests of `id` arrive, from itself upwards. The last is
/// the one that the remapping unit sees. A bridge of unknown type is a port, which leaves ids
/// alone, or a conventional one, which does not.
pub(super) fn requesters(
    host: &Host<'_>,
    topology: &Topology,
    assume: Assume,
    id: FunctionId,
) -> impl Iterator<Item = FunctionId> {
    let bridges = topology
        .upstream(id)
        .skip(1)
        .take_while(move |&bridge| !listed(host.function(bridge), TRANSLATION_ROOTS))
        .filter(move |&bridge| match topology.kind(bridge) {
            FunctionKind::RootPort | FunctionKind::UpstreamPort | FunctionKind::DownstreamPort => {
                false
            }
            FunctionKind::UnknownBridge | FunctionKind::Unknown => assume == Assume::NotIsolated,
            _ => true,
        });
    std::iter::once(id).chain(bridges)
}

/// Whether the function may use the id of another function on its bus: then both are one to
/// the remapping unit.
pub(super) fn are_aliases(host: &Host<'_>, one: FunctionId, other: FunctionId) -> bool {
    let (one, other) = (host.function(one), host.function(other));
    uses_id_of(one, other.at.bdf.devfn()) || uses_id_of(other, one.at.bdf.devfn())
}

/// Whether any alias rule concerns the function at all: most need no search.
pub(super) fn has_aliases(function: &Function<'_>) -> bool {
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
}

fn uses_id_of(function: &Function<'_>, devfn: u8) -> bool {
    let own = function.at.bdf.devfn();
    let slot = own & !7;
    (listed(function, ALIAS_FUNCTION_0) && own & 7 != 0 && devfn == slot)
        || (listed(function, ALIAS_FUNCTION_1) && own & 7 != 1 && devfn == slot | 1)
        || (listed(function, ALIAS_MIC_X200) && matches!(devfn, 0x80 | 0x88 | 0x93))
        || (listed(function, ALIAS_VCA) && devfn & 7 <= 4)
        || listed(function, ALIAS_ANY)
        || (is_adaptec(function) && devfn == 0x08)
}

fn is_adaptec(function: &Function<'_>) -> bool {
    let (vendor, device, subvendor, subdevices) = ALIAS_ADAPTEC;
    let identity = &function.identity;
    (identity.vendor, identity.device) == (Some(vendor), Some(device))
        && identity
            .subsystem
            .is_some_and(|(sub, id)| sub == subvendor && subdevices.contains(&id))
}

fn listed(function: &Function<'_>, list: &[(u16, u16)]) -> bool {
    match (function.identity.vendor, function.identity.device) {
        (Some(vendor), Some(device)) => list.contains(&(vendor, device)),
        _ => false,
    }
}
