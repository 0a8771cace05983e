//! Changes that may help against findings.

use std::collections::BTreeSet;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::capture::Capture;
use crate::host::{FunctionId, Host};
use crate::plan::Change;
use crate::policy::Policy;
use crate::select::Selector;
use crate::topology::{FunctionKind, Topology};

/// Free slots that are tried at most.
const MOST_SLOTS: usize = 16;

/// Findings that no change touches: where one stands, nothing is tried.
const HOPELESS: [&str; 5] = ["DDA001", "DDA002", "DDA003", "INT001", "VFI001"];

/// Changes that may help against these findings, most practical first: switching virtual
/// functions off, another slot, settings, newer firmware, another edition, and last the
/// settings that give protection up, each with its risk.
pub(super) fn candidates(
    capture: &Capture,
    at: Sbdf,
    policy: Policy,
    codes: &BTreeSet<&'static str>,
) -> Vec<Change> {
    let has = |wanted: &[&str]| wanted.iter().any(|code| codes.contains(code));
    if is_hopeless(codes) {
        return Vec::new();
    }
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let Some(id) = host.find(at) else {
        return Vec::new();
    };
    let function = host.function(id);
    let mut changes = Vec::new();
    let isolation =
        codes.iter().any(|code| code.starts_with("ACS")) || has(&["VFI002", "VFI007", "DDA028"]);
    let reserved = has(&["RSV001", "RSV002"]);
    if has(&["VFI003", "DDA010"]) {
        changes.push(Change::VirtualFunctions {
            device: Selector::Address(at),
            count: 0,
        });
    }
    if (isolation || reserved || has(&["IOM003"])) && !function.is_virtual() {
        // What is in the slot, and then each card with a switch that the slot is on.
        let switches = topology.upstream(id).skip(1);
        let switches = switches.filter(|&hop| topology.kind(hop) == FunctionKind::UpstreamPort);
        for card in std::iter::once(id).chain(switches) {
            changes.extend(
                free_ports(&host, &topology, card)
                    .take(MOST_SLOTS)
                    .map(|port| Change::Move {
                        device: Selector::Address(host.function(card).at),
                        port: Selector::Address(host.function(port).at),
                    }),
            );
        }
    }
    if has(&[
        "IOM001", "IOM002", "IOM003", "IOM004", "IOM040", "VFI005", "DDA028", "DDA030",
    ]) {
        changes.push(Change::Iommu);
    }
    if has(&["DDA004", "DDA028"]) {
        changes.push(Change::NativePcie);
    }
    if reserved {
        changes.push(Change::DropReserved(Selector::Address(at)));
    }
    if has(&["VFI007"])
        && let Some(other) = companion(&host, &topology, id)
    {
        changes.push(Change::DropReserved(Selector::Address(other)));
    }
    if isolation {
        changes.extend(isolating(&host, &topology, id));
    }
    if has(&["IOM003", "IOM005", "IOM006", "INT003", "DDA028"]) {
        changes.push(Change::CompleteTable);
    }
    if has(&["DDA029"]) {
        changes.push(Change::ServerEdition);
    }
    if has(&["IOM040"]) && policy == Policy::Vfio {
        changes.push(Change::UnsafeInterrupts);
    }
    if isolation && policy == Policy::Vfio {
        changes.push(Change::AcsOverride {
            downstream: true,
            multifunction: false,
        });
        changes.push(Change::AcsOverride {
            downstream: true,
            multifunction: true,
        });
    }
    changes
}

/// Ports with nothing below them that are not part of a card themselves.
fn free_ports(
    host: &Host<'_>,
    topology: &Topology,
    card: FunctionId,
) -> impl Iterator<Item = FunctionId> {
    let ports = host.iter().map(|(id, _)| id);
    ports.filter(move |&port| {
        topology.kind(port).is_downstream_port()
            && topology.children(port).is_empty()
            && topology.upstream(port).all(|hop| hop != card)
    })
}

/// Whether one of the findings is touched by no change.
pub(super) fn is_hopeless(codes: &BTreeSet<&'static str>) -> bool {
    HOPELESS.iter().any(|code| codes.contains(code))
}

/// Some firmware shows or hides the capability by a setting; which hop, varies. A hop that is one
/// of several functions needs it whatever it is.
fn isolating(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Vec<Change> {
    let hops = topology.upstream(id).filter(|&hop| {
        let kind = topology.kind(hop);
        let several = topology.is_multi_function(hop) == Some(true);
        kind.is_downstream_port() || kind != FunctionKind::Conventional && (hop == id || several)
    });
    hops.map(|hop| Change::Acs {
        hop: Selector::Address(host.function(hop).at),
        on: true,
    })
    .collect()
}

/// The other member of the group whose reserved memory stands against the device.
fn companion(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Option<Sbdf> {
    let facts = Facts::of(host, topology);
    let other = facts
        .direct_memory
        .companion(host, &facts.groups, &facts.predicted, id)?;
    Some(host.function(other).at)
}
