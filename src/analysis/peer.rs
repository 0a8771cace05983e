//! Which way requests between two functions take: peer-to-peer inside a switch or device, up
//! through the root complex, or nowhere (PCIe 6.0, 6.12.1 and 6.12.3).
//!
//! Only what ACS decides is judged. Whether a root complex passes requests on from one of its
//! ports to another cannot be read from configuration space.

use crate::analysis::groups::{Control, Services, Settings};
use crate::analysis::{Fact, Missing};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::decode::config::ext::ats::Ats;
use crate::host::{FunctionId, Host};
use crate::spec::pcie::ExtCapId;
use crate::topology::{FunctionKind, Topology};

/// Where requests from one function to another go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// They turn around below the root complex and are never translated by an IOMMU.
    Direct,
    /// They go up to the root complex, which translates them and may send them down again.
    ThroughRootComplex,
    /// They are refused on the way.
    Blocked,
    /// The capture lacks what decides.
    Unknown(Missing),
    /// One of the two is the other, or a bridge above it.
    NotPeers,
}

/// What decides a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// The two hang on a conventional bus, where everyone hears everyone.
    ConventionalBus,
    /// The port or function has no ACS: nothing keeps its requests from its peers.
    NoAcs(FunctionId),
    /// Request redirect is off.
    RedirectOff(FunctionId),
    /// Request redirect is on.
    RedirectOn(FunctionId),
    /// Egress control lets requests to this target through, redirect or not.
    EgressOpen(FunctionId),
    /// Egress control refuses requests to this target.
    EgressClosed(FunctionId),
    /// Translated requests go direct (DT).
    DirectTranslated(FunctionId),
    /// Translated requests are refused (TB).
    TranslationBlocked(FunctionId),
    /// Redirected requests come back to the port that they arrived at, which forwards nothing
    /// upwards (UF is off, or there is no ACS).
    NoUpstreamForwarding(FunctionId),
    /// The two have only the root complex in common.
    RootComplex,
}

/// The way from one function to another.
#[derive(Clone, Debug)]
pub struct PeerPath {
    /// Requests with ordinary addresses.
    pub requests: (Route, Option<Turn>),
    /// Requests with addresses that the device translated itself (ATS); `None` where the device
    /// has no ATS, or has it switched off.
    pub translated: Option<(Route, Option<Turn>)>,
    /// Completion redirect on the way back; `None` where it does not matter or is not captured.
    pub completions_redirected: Option<bool>,
    /// Ports between the two with redirect or egress control on: what
    /// `pci=disable_acs_redir=` would have to name for requests to go direct.
    pub redirecting: Vec<FunctionId>,
}

/// Judges pairs of functions of one host.
#[derive(Debug)]
pub struct Peers<'a, 'c> {
    host: &'a Host<'c>,
    topology: &'a Topology,
    control: Control<'a, 'c>,
}

/// Where the paths of two functions part.
struct Fork {
    /// The lowest bridge above both; `None` for the root complex.
    common: Option<FunctionId>,
    /// The hops directly below it on either side.
    from: FunctionId,
    to: FunctionId,
}

impl<'a, 'c> Peers<'a, 'c> {
    /// For one host; control registers are those that the settings say.
    pub fn new(host: &'a Host<'c>, topology: &'a Topology, settings: &'a Settings) -> Self {
        Self {
            host,
            topology,
            control: Control::new(host, topology, settings),
        }
    }

    /// The way from one function to another.
    pub fn path(&self, from: FunctionId, to: FunctionId) -> PeerPath {
        let Some(fork) = self.fork(from, to) else {
            return PeerPath {
                requests: (Route::NotPeers, None),
                translated: None,
                completions_redirected: None,
                redirecting: Vec::new(),
            };
        };
        let translated = self.uses_ats(from).then(|| self.route(&fork, true));
        let requests = self.route(&fork, false);
        let back = match requests.0 {
            Route::Direct => self.services(fork.to),
            _ => None,
        };
        PeerPath {
            requests,
            translated,
            completions_redirected: back
                .and_then(|services| services.is_on(AcsFlags::COMPLETION_REDIRECT)),
            redirecting: self.redirecting(&fork, from, to),
        }
    }

    fn fork(&self, from: FunctionId, to: FunctionId) -> Option<Fork> {
        let mut left: Vec<_> = self.topology.upstream(from).collect();
        let mut right: Vec<_> = self.topology.upstream(to).collect();
        let mut common = None;
        while let (Some(one), Some(other)) = (left.last(), right.last()) {
            if one != other {
                break;
            }
            common = left.pop();
            right.pop();
        }
        Some(Fork {
            common,
            from: left.last().copied()?,
            to: right.last().copied()?,
        })
    }

    fn route(&self, fork: &Fork, translated: bool) -> (Route, Option<Turn>) {
        let same_bus = self.on_one_bus(fork);
        match fork.common {
            None if !self.is_whole(fork) => {
                let missing = Missing::of(Fact::BridgeAbove, fork.from);
                (Route::Unknown(missing), None)
            }
            None if !(same_bus && self.is_one_device(fork)) => {
                (Route::ThroughRootComplex, Some(Turn::RootComplex))
            }
            Some(bridge) if self.is_conventional(bridge) => {
                (Route::Direct, Some(Turn::ConventionalBus))
            }
            Some(bridge) if self.topology.kind(bridge) == FunctionKind::UnknownBridge => {
                let function = self.host.function(bridge);
                (Route::Unknown(Missing::standard(bridge, function)), None)
            }
            _ => self.at_ingress(fork, translated),
        }
    }

    /// The decision of the port or function that the requests enter the common bus through.
    fn at_ingress(&self, fork: &Fork, translated: bool) -> (Route, Option<Turn>) {
        let ingress = fork.from;
        let function = self.host.function(ingress);
        if self.is_conventional(ingress)
            || self.topology.kind(ingress) == FunctionKind::Conventional
        {
            return (Route::Direct, Some(Turn::NoAcs(ingress)));
        }
        let services = match self.control.services(self.acs_of(ingress)) {
            Observed::Present(services) => services,
            Observed::Absent => return (Route::Direct, Some(Turn::NoAcs(ingress))),
            _ => return (Route::Unknown(Missing::extended(ingress, function)), None),
        };
        let bits = Route::Unknown(Missing::of(Fact::RegisterBits, ingress));
        let on = |service| services.is_on(service);
        if translated {
            match (
                on(AcsFlags::TRANSLATION_BLOCKING),
                on(AcsFlags::DIRECT_TRANSLATED),
            ) {
                (Some(true), _) => {
                    return (Route::Blocked, Some(Turn::TranslationBlocked(ingress)));
                }
                (Some(false), Some(true)) => {
                    return (Route::Direct, Some(Turn::DirectTranslated(ingress)));
                }
                (Some(false), Some(false)) => {}
                _ => return (bits, None),
            }
        }
        let redirect = on(AcsFlags::REQUEST_REDIRECT);
        match on(AcsFlags::EGRESS_CONTROL) {
            Some(false) => {}
            Some(true) => match (self.egress_blocked(fork), redirect) {
                (Some(false), _) => return (Route::Direct, Some(Turn::EgressOpen(ingress))),
                (Some(true), Some(false)) => {
                    return (Route::Blocked, Some(Turn::EgressClosed(ingress)));
                }
                (Some(true), Some(true)) => return self.redirected(fork),
                _ => return (bits, None),
            },
            None => return (bits, None),
        }
        match redirect {
            Some(true) => self.redirected(fork),
            Some(false) => (Route::Direct, Some(Turn::RedirectOff(ingress))),
            None => (bits, None),
        }
    }

    /// Redirected requests reach each port above with an address that lies below that port: it
    /// must forward them upwards.
    fn redirected(&self, fork: &Fork) -> (Route, Option<Turn>) {
        let above = fork
            .common
            .into_iter()
            .flat_map(|id| self.topology.upstream(id));
        for port in above.filter(|&hop| self.topology.kind(hop).is_downstream_port()) {
            match self.control.services(port) {
                Observed::Present(services) => {
                    match services.is_on(AcsFlags::UPSTREAM_FORWARDING) {
                        Some(true) => {}
                        Some(false) => {
                            return (Route::Blocked, Some(Turn::NoUpstreamForwarding(port)));
                        }
                        None => {
                            let missing = Missing::of(Fact::RegisterBits, port);
                            return (Route::Unknown(missing), None);
                        }
                    }
                }
                Observed::Absent => {
                    return (Route::Blocked, Some(Turn::NoUpstreamForwarding(port)));
                }
                _ => {
                    let missing = Missing::extended(port, self.host.function(port));
                    return (Route::Unknown(missing), None);
                }
            }
        }
        (Route::ThroughRootComplex, Some(Turn::RedirectOn(fork.from)))
    }

    /// Whether the egress control vector refuses (or redirects) what goes to the other side. It
    /// has a bit for each port number, or, inside a device, for each function number.
    fn egress_blocked(&self, fork: &Fork) -> Option<bool> {
        let acs = self.host.function(self.acs_of(fork.from)).acs().present()?;
        let target = self.host.function(fork.to);
        let number = match self.topology.kind(fork.from).is_downstream_port() {
            true => target.express().present()?.port_number()?,
            false => target.at.bdf.function(),
        };
        acs.egress_blocked(number)
    }

    /// Ports on either side, up to where the paths part, that redirect or filter.
    fn redirecting(&self, fork: &Fork, from: FunctionId, to: FunctionId) -> Vec<FunctionId> {
        if fork.common.is_none() {
            return Vec::new();
        }
        let side = |start: FunctionId, end: FunctionId| {
            let mut hops: Vec<_> = Vec::new();
            for hop in self.topology.upstream(start) {
                hops.push(hop);
                if hop == end {
                    break;
                }
            }
            hops
        };
        let mut ports = side(from, fork.from);
        ports.extend(side(to, fork.to));
        ports.retain(|&port| {
            let redirecting = [
                AcsFlags::REQUEST_REDIRECT,
                AcsFlags::COMPLETION_REDIRECT,
                AcsFlags::EGRESS_CONTROL,
            ];
            let services = self.services(port);
            let on = |service| services.is_some_and(|s| s.is_on(service) == Some(true));
            redirecting.into_iter().any(on)
        });
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    fn services(&self, id: FunctionId) -> Option<Services> {
        self.control.services(self.acs_of(id)).present()
    }

    /// Whose ACS capability speaks for a function: a virtual one's own, where it was captured,
    /// else that of its physical function.
    fn acs_of(&self, id: FunctionId) -> FunctionId {
        match self.host.function(id).physical {
            Some(physical) if !self.control.services(id).is_present() => physical,
            _ => id,
        }
    }

    fn uses_ats(&self, id: FunctionId) -> bool {
        let function = self.host.function(id);
        let ats = function.space.extended(function.config, ExtCapId::ATS);
        ats.present()
            .is_some_and(|window| Ats::new(window).enabled() != Some(false))
    }

    fn on_one_bus(&self, fork: &Fork) -> bool {
        self.topology.top(fork.from) == self.topology.top(fork.to)
    }

    /// Whether two hops on one bus are functions of one device.
    fn is_one_device(&self, fork: &Fork) -> bool {
        let home = |id: FunctionId| self.host.function(id).physical.unwrap_or(id);
        let (one, other) = (home(fork.from), home(fork.to));
        let mut siblings = self.topology.siblings(self.host, one);
        one == other || siblings.any(|sibling| sibling == other)
    }

    fn is_whole(&self, fork: &Fork) -> bool {
        self.topology.is_rooted(fork.from) && self.topology.is_rooted(fork.to)
    }

    fn is_conventional(&self, bridge: FunctionId) -> bool {
        matches!(
            self.topology.kind(bridge),
            FunctionKind::PcieToPci | FunctionKind::PciBridge | FunctionKind::CardBusBridge
        )
    }
}
