//! The function keeps the machine going and is no device for a guest.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::{Facts, Missing};
use crate::bytes::Span;
use crate::host::{Function, FunctionId};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, ClassCode, HeaderType};
use crate::topology::FunctionKind;

use super::type_evidence;

rule! {
    /// ## What it checks
    ///
    /// The function is no bridge, port, event collector or IOMMU, and its port type is defined.
    ///
    /// ## Why it matters
    ///
    /// Ports and bridges carry the traffic of others, and event collectors and IOMMUs belong to
    /// the root complex. Hyper-V assigns none of them.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property DeviceType (6 to 14), the port type, the header type and the class
    /// code. A function with the header of an endpoint and another class is none of them, even
    /// where its capabilities were not captured. With none of these the answer is "cannot
    /// tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: assign the device below the port instead.
    ///
    /// VFIO: the same; bridges stay with the host even where their group is given away
    /// (VFI001).
    DDA003 = {
        name: "bridge-or-port",
        summary: "The function is a bridge or port, or belongs to the root complex",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::PciProp.at("DEVPKEY_PciDevice_DeviceType"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What it is.
#[derive(Debug)]
enum NotADevice {
    Kind(FunctionKind),
    Reported(DeviceType),
    Iommu,
}

impl fmt::Display for NotADevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(FunctionKind::Reserved(code)) => {
                write!(f, "has the reserved port type {:#x}", code.0)
            }
            Self::Kind(FunctionKind::UpstreamPort) => f.write_str("is an upstream port"),
            Self::Kind(kind) => write!(f, "is a {kind}"),
            Self::Reported(reported) => write!(f, "Windows reports the type {reported}"),
            Self::Iommu => f.write_str("is an IOMMU"),
        }
    }
}

/// Class of IOMMUs and of root complex event collectors (PCI Code and ID Assignment 1.11).
const IOMMU: u16 = 0x0806;
const EVENT_COLLECTOR: u16 = 0x0807;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    let function = facts.host.function(id);
    let class = function.identity.class.map(ClassCode::base_and_sub);
    let reported = function.windows.device_type.map(DeviceType);
    // Without the capability list the kind is what Windows reports.
    let read = function.port_type().is_definite();
    let violation = match (kind, reported) {
        (_, Some(reported))
            if !read && (reported.is_bridge() || reported == DeviceType::EVENT_COLLECTOR) =>
        {
            NotADevice::Reported(reported)
        }
        (FunctionKind::RcEventCollector | FunctionKind::Reserved(_), _) => NotADevice::Kind(kind),
        _ if kind.is_bridge() => NotADevice::Kind(kind),
        (_, Some(reported)) if reported.is_bridge() || reported == DeviceType::EVENT_COLLECTOR => {
            NotADevice::Reported(reported)
        }
        _ if class == Some(IOMMU) => NotADevice::Iommu,
        (FunctionKind::Unknown, None) => {
            let bridge = class.is_some_and(|class| class >> 8 == 0x06);
            let endpoint = function.layout() == Some(HeaderType::ENDPOINT);
            return match class {
                Some(class) if class != EVENT_COLLECTOR && (endpoint || !bridge) => Outcome::Clean,
                _ => Outcome::CannotTell(Missing::standard(id, function)),
            };
        }
        _ => return Outcome::Clean,
    };
    let evidence = evidence(id, function, &violation);
    Outcome::Fired(Finding::new(
        &DDA003,
        Subject::Function(id),
        Confidence::High,
        violation,
        evidence,
    ))
}

fn evidence(id: FunctionId, function: &Function<'_>, violation: &NotADevice) -> Evidence {
    let header = |what: &'static str, offset, bytes, value: Option<u64>| {
        let seen = value.map_or(Value::AsReported, |value| Value::Register { value, bytes });
        let locus = match value {
            Some(_) => Locus::Config(id, Span::new(offset, bytes.into())),
            None => Locus::Reported(id, "class"),
        };
        Evidence::new(locus, what, seen)
    };
    let class = || {
        header(
            "Class Code",
            0x09,
            3,
            function.config.field(pci::CLASS_CODE),
        )
    };
    match violation {
        NotADevice::Iommu | NotADevice::Kind(FunctionKind::HostBridge) => class(),
        NotADevice::Kind(FunctionKind::UnknownBridge) if function.layout().is_none() => class(),
        NotADevice::Kind(
            FunctionKind::PciBridge | FunctionKind::CardBusBridge | FunctionKind::UnknownBridge,
        ) => header(
            "Header Layout",
            0x0e,
            1,
            function.config.field(pci::HEADER_LAYOUT),
        ),
        _ => type_evidence(id, function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::{Dev, Machine};

    fn on_root(device: Dev) -> Answer {
        answer(&DDA003, &Machine::new().with("00:02.0", device), "00:02.0")
    }

    #[test]
    fn ports_bridges_and_event_collectors_fire() {
        assert_eq!(on_root(Dev::root_port(1)), fired("is a root port"));
        assert_eq!(on_root(Dev::pci_bridge(1)), fired("is a PCI bridge"));
        assert_eq!(
            on_root(Dev::express(PortType::RC_EVENT_COLLECTOR)),
            fired("is a root complex event collector")
        );
        assert_eq!(
            on_root(Dev::conventional().class(0x06_00_00)),
            fired("is a host bridge")
        );
        assert_eq!(
            on_root(Dev::express(PortType(0xc))),
            fired("has the reserved port type 0xc")
        );
    }

    #[test]
    fn an_iommu_fires_by_its_class() {
        assert_eq!(
            on_root(Dev::conventional().class(0x08_06_00)),
            fired("is an IOMMU")
        );
    }

    #[test]
    fn what_windows_reports_counts() {
        let port = Dev::endpoint().unread().windows(windows::DEVICE_TYPE, 8);
        assert_eq!(on_root(port), fired("Windows reports the type root port"));
        let device = Dev::endpoint().unread().windows(windows::DEVICE_TYPE, 2);
        assert_eq!(on_root(device), Answer::Clean);
    }

    #[test]
    fn endpoints_are_clean_even_with_the_header_alone() {
        assert_eq!(answer_for(&DDA003, Dev::endpoint()), Answer::Clean);
        assert_eq!(answer_for(&DDA003, Dev::endpoint().cut(64)), Answer::Clean);
        assert_eq!(
            answer_for(&DDA003, Dev::endpoint().class(0x08_07_00).cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }

    #[test]
    fn without_type_header_and_class_nothing_can_be_said() {
        assert_eq!(
            answer_for(&DDA003, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
