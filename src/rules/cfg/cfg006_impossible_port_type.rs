//! The port type does not fit the place or the header.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::decode::config::cap::express;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::HeaderType;
use crate::spec::pcie::PortType;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// The port type of an Express function is defined, fits its header type, and can occur at
    /// its place in the tree.
    ///
    /// ## Why it matters
    ///
    /// Isolation is judged by port type. Operating systems correct some wrong types and trust
    /// the others, so that a wrong one may merge or split what it should not.
    ///
    /// ## How it is decided
    ///
    /// Root ports, integrated endpoints and event collectors sit on root buses; endpoints have
    /// a type 0 header; a downstream port sits below an upstream port. Where a switch has its
    /// two types swapped, the corrected type is used, as in Linux. Without the PCI Express
    /// capability in the capture the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: check the isolation of everything below by hand, and look for a
    /// firmware update of the switch or device.
    CFG006 = {
        name: "impossible-port-type",
        summary: "The port type of the function is impossible for its header or its place",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pcie60.at("7.5.3.2 PCI Express Capabilities Register"),
            Document::Pcie60.at("1.3 PCI Express Fabric Components"),
            Document::LinuxPci.at("probe.c, set_pcie_port_type"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The type as captured and why it is impossible.
#[derive(Debug)]
struct ImpossibleType {
    port_type: PortType,
    why: Why,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    Reserved,
    BridgeHeader,
    NotOnRootBus,
    BelowDownstreamPort,
    BelowUpstreamPort,
}

impl fmt::Display for ImpossibleType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port_type = self.port_type;
        match self.why {
            Why::Reserved => write!(f, "port type {:#x} is reserved", port_type.0),
            Why::BridgeHeader => write!(f, "{port_type} with the header of a bridge"),
            Why::NotOnRootBus => write!(f, "{port_type} that is not on a root bus"),
            Why::BelowDownstreamPort => {
                write!(f, "{port_type} directly below a port that leads down")
            }
            Why::BelowUpstreamPort => write!(f, "{port_type} directly below another one"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let bridge = function.layout() == Some(HeaderType::BRIDGE);
    let has_parent = facts.topology.parent(id).is_some();
    let kind = facts.topology.kind(id);
    match kind {
        FunctionKind::Endpoint | FunctionKind::LegacyEndpoint if !bridge => return Outcome::Clean,
        FunctionKind::RcEndpoint if !bridge && !has_parent => return Outcome::Clean,
        FunctionKind::RootPort if !has_parent => return Outcome::Clean,
        _ => {}
    }
    let express = match function.express() {
        Observed::Present(express) => express,
        Observed::Absent => return Outcome::NotApplicable("not an Express function"),
        _ => return Outcome::CannotTell(Missing::standard(id, function)),
    };
    let Some(port_type) = express.port_type() else {
        return Outcome::CannotTell(Missing::standard(id, function));
    };
    let why = match (port_type, kind) {
        (_, FunctionKind::Reserved(_)) => Why::Reserved,
        (PortType::ENDPOINT | PortType::LEGACY_ENDPOINT | PortType::RC_ENDPOINT, _) if bridge => {
            Why::BridgeHeader
        }
        (PortType::ROOT_PORT | PortType::RC_ENDPOINT | PortType::RC_EVENT_COLLECTOR, _)
            if has_parent =>
        {
            Why::NotOnRootBus
        }
        (PortType::DOWNSTREAM_PORT, FunctionKind::UpstreamPort) => Why::BelowDownstreamPort,
        (PortType::UPSTREAM_PORT, FunctionKind::DownstreamPort) => Why::BelowUpstreamPort,
        _ => return Outcome::Clean,
    };
    let span = express.window().field_span(express::PORT_TYPE);
    Outcome::Fired(Finding::new(
        &CFG006,
        Subject::Function(id),
        Confidence::High,
        ImpossibleType { port_type, why },
        Evidence::new(
            Locus::Config(id, span),
            express::PORT_TYPE.name,
            Value::byte(port_type.0),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn reserved_types_and_bridge_headers_fire() {
        assert_eq!(
            answer_for(&CFG006, Dev::express(PortType(0xf))),
            fired("port type 0xf is reserved")
        );
        assert_eq!(
            answer_for(&CFG006, Dev::endpoint().byte(0x0e, 1)),
            fired("Express Endpoint with the header of a bridge")
        );
    }

    #[test]
    fn integrated_endpoints_belong_on_a_root_bus() {
        let integrated = || Dev::express(PortType::RC_ENDPOINT);
        assert_eq!(
            answer_for(&CFG006, integrated()),
            fired("Root Complex Integrated Endpoint that is not on a root bus")
        );
        let on_root = Machine::new().with("00:05.0", integrated());
        assert_eq!(answer(&CFG006, &on_root, "00:05.0"), Answer::Clean);
    }

    #[test]
    fn a_switch_with_swapped_types_fires_on_both_ports() {
        let machine = Machine::new()
            .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 3))
            .with("01:00.0", Dev::port(PortType::DOWNSTREAM_PORT, 2, 3))
            .with("02:00.0", Dev::port(PortType::UPSTREAM_PORT, 3, 3));
        assert_eq!(
            answer(&CFG006, &machine, "01:00.0"),
            fired("Downstream Port directly below a port that leads down")
        );
        assert_eq!(
            answer(&CFG006, &machine, "02:00.0"),
            fired("Upstream Port directly below another one")
        );
        assert_eq!(answer(&CFG006, &machine, "00:01.0"), Answer::Clean);
    }

    #[test]
    fn without_the_capability_there_is_nothing_to_judge() {
        assert_eq!(
            answer_for(&CFG006, Dev::conventional()),
            Answer::NotApplicable
        );
        assert_eq!(
            answer_for(&CFG006, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
