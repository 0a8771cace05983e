//! Whether Linux takes a function to be isolated from its peers (drivers/pci/pci.c,
//! `pci_acs_enabled`; drivers/pci/quirks.c, `pci_dev_specific_acs_enabled`).

use super::Settings;
use super::control::{Control, Services};
use crate::analysis::{Fact, Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::{Function, FunctionId, Host};
use crate::spec::quirks::acs::{
    ACS_QUIRKS, AcsQuirk, CAVIUM_ROOT_PORTS, INTEL_PCH_ROOT_PORTS, INTEL_SPT_ROOT_PORTS,
    WANGXUN_NICS, ZHAOXIN_PORTS, acs_quirks_of,
};
use crate::topology::{FunctionKind, Topology};

/// How one function stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Whether it is isolated from its peers, to the kernel.
    pub isolated: Tri,
    /// What decided.
    pub why: Why,
}

/// What decides whether a function counts as isolated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The kernel's table of exceptions.
    Quirk(AcsQuirk),
    /// `pcie_acs_override`, with the option that applies.
    Override(&'static str),
    /// Its ACS services are on.
    ServicesOn,
    /// These of its ACS services are off.
    ServicesOff(AcsFlags),
    /// It needs ACS and has none.
    NoCapability,
    /// It needs ACS, which lies in extended space that the kernel cannot reach.
    OutOfReach,
    /// It has no Express capability.
    Conventional,
    /// It is a bridge to or from conventional PCI.
    ConventionalBridge,
    /// An event collector, which the kernel never takes to be isolated.
    EventCollector,
    /// The only function of its device, which needs no ACS.
    SingleFunction,
    /// Of a kind that the kernel does not ask.
    NotAsked,
    /// The capture does not tell.
    Open,
}

/// The standing of every function.
#[derive(Debug)]
pub(super) struct Standings(Vec<Standing>);

impl Standings {
    pub(super) fn of(host: &Host<'_>, topology: &Topology, settings: &Settings) -> Self {
        let tables = &host.capture().tables;
        let judge = Judge {
            host,
            topology,
            settings,
            control: Control::new(host, topology, settings),
            // Without the tables: such a machine has an IVRS where its IOMMU is in use at all.
            amd: tables.keys().any(|name| name.starts_with("IVRS"))
                || !tables.contains_key("FACP") && !tables.contains_key("DMAR"),
        };
        Self(host.iter().map(|(id, _)| judge.standing(id)).collect())
    }

    pub(super) fn get(&self, id: FunctionId) -> Standing {
        self.0[id.index()]
    }
}

struct Judge<'a, 'c> {
    host: &'a Host<'c>,
    topology: &'a Topology,
    settings: &'a Settings,
    control: Control<'a, 'c>,
    /// The machine has an IVRS.
    amd: bool,
}

impl Judge<'_, '_> {
    fn standing(&self, id: FunctionId) -> Standing {
        let function = self.host.function(id);
        let kind = self.topology.kind(id);
        let identity = &function.identity;
        match (identity.vendor, identity.device) {
            _ if !self.settings.quirks => self.by_kind(id, function, kind),
            (Some(vendor), Some(device)) => acs_quirks_of(vendor, device)
                .find_map(|quirk| self.opinion(quirk, id, function, kind, device))
                .or_else(|| self.overridden(id, function, kind, (vendor, device)))
                .unwrap_or_else(|| self.by_kind(id, function, kind)),
            (vendor, _) => self.without_ids(id, function, kind, vendor),
        }
    }

    /// A function of which the capture lacks an id may be in the table of exceptions, as far as
    /// its vendor and kind allow that.
    fn without_ids(
        &self,
        id: FunctionId,
        function: &Function<'_>,
        kind: FunctionKind,
        vendor: Option<u16>,
    ) -> Standing {
        let plain = self.by_kind(id, function, kind);
        if kind == FunctionKind::RcEndpoint && vendor == Some(0x8086) {
            return Standing::yes(Why::Quirk(AcsQuirk::IntelRcEndpoint));
        }
        let port = kind.is_downstream_port() || kind == FunctionKind::UnknownBridge;
        let bridge = kind.is_bridge();
        let network = function
            .identity
            .class
            .is_none_or(|class| class.base() == 0x02);
        let conventional = kind == FunctionKind::Conventional;
        let open = ACS_QUIRKS
            .iter()
            .filter(|(v, ..)| vendor.is_none_or(|vendor| vendor == *v))
            .any(|&(v, _, quirk)| {
                let applies = match quirk {
                    AcsQuirk::MultiFunctionEndpoint => {
                        !bridge && !conventional && (network || v != 0x8086)
                    }
                    AcsQuirk::AmdSouthbridge => self.amd && self.topology.parent(id).is_none(),
                    AcsQuirk::IntelRcEndpoint => kind == FunctionKind::RcEndpoint,
                    AcsQuirk::WangxunNic => !bridge && network,
                    _ => port,
                };
                let against = matches!(quirk, AcsQuirk::ZhaoxinPort | AcsQuirk::WangxunNic);
                applies && (against || plain.isolated != Tri::Yes)
            });
        match plain.isolated {
            Tri::Yes | Tri::No if open => Standing::open(Missing::of(Fact::Ids, id)),
            _ => plain,
        }
    }

    fn by_kind(&self, id: FunctionId, function: &Function<'_>, kind: FunctionKind) -> Standing {
        match kind {
            FunctionKind::RootPort | FunctionKind::DownstreamPort => {
                self.by_capability(id, function)
            }
            FunctionKind::Endpoint
            | FunctionKind::LegacyEndpoint
            | FunctionKind::UpstreamPort
            | FunctionKind::RcEndpoint => match self.topology.is_multi_function(id) {
                Some(false) => Standing::yes(Why::SingleFunction),
                Some(true) => self.by_capability(id, function),
                None => match self.by_capability(id, function) {
                    isolated @ Standing {
                        isolated: Tri::Yes, ..
                    } => isolated,
                    _ => Standing::open(Missing::of(Fact::FunctionZero, id)),
                },
            },
            FunctionKind::Reserved(_) => Standing::yes(Why::NotAsked),
            FunctionKind::Unknown | FunctionKind::UnknownBridge => {
                Standing::open(Missing::standard(id, function))
            }
            FunctionKind::RcEventCollector => Standing::no(Why::EventCollector),
            FunctionKind::PcieToPci | FunctionKind::PciToPcie => {
                Standing::no(Why::ConventionalBridge)
            }
            _ => Standing::no(Why::Conventional),
        }
    }

    fn by_capability(&self, id: FunctionId, function: &Function<'_>) -> Standing {
        match self.control.services(id) {
            Observed::Present(services) => self.by_services(id, function, services),
            Observed::Absent if function.acs_registers.is_present() || out_of_reach(function) => {
                Standing::no(Why::OutOfReach)
            }
            Observed::Absent => Standing::no(Why::NoCapability),
            Observed::NotCaptured | Observed::Malformed(_) => {
                Standing::open(Missing::extended(id, function))
            }
        }
    }

    fn by_services(&self, id: FunctionId, function: &Function<'_>, services: Services) -> Standing {
        let wanted = self.control.wanted(function);
        let off = services.off(wanted);
        if !off.is_empty() {
            Standing::no(Why::ServicesOff(off))
        } else if services.open(wanted).is_empty() {
            Standing::yes(Why::ServicesOn)
        } else {
            let captured = function
                .acs_registers
                .present()
                .map(|acs| acs.control.known);
            let fact = match captured.is_some_and(|known| known.contains(AcsFlags::REQUIRED)) {
                true => Fact::FirmwareAcs,
                false => Fact::RegisterBits,
            };
            Standing::open(Missing::of(fact, id))
        }
    }

    /// The answer of one entry of the table, if it has one.
    fn opinion(
        &self,
        quirk: AcsQuirk,
        id: FunctionId,
        function: &Function<'_>,
        kind: FunctionKind,
        device: u16,
    ) -> Option<Standing> {
        let listed = |ranges: &[(u16, u16)]| {
            ranges
                .iter()
                .any(|&(first, last)| (first..=last).contains(&device))
        };
        // Listed ids are those of root ports, whether or not the capability was captured.
        let root_port = matches!(kind, FunctionKind::RootPort | FunctionKind::UnknownBridge);
        let isolated = Some(Standing::yes(Why::Quirk(quirk)));
        let if_so = |applies: bool| if applies { isolated } else { None };
        match quirk {
            AcsQuirk::MultiFunctionEndpoint | AcsQuirk::IsolatedPort => isolated,
            AcsQuirk::AmdSouthbridge => if_so(
                self.amd
                    && self.topology.is_multi_function(id) == Some(true)
                    && self.topology.parent(id).is_none(),
            ),
            AcsQuirk::IntelRcEndpoint => if_so(kind == FunctionKind::RcEndpoint),
            // The switch-over happens in chipset registers; it is taken to have worked.
            AcsQuirk::IntelPch => {
                if_so(root_port && INTEL_PCH_ROOT_PORTS.binary_search(&device).is_ok())
            }
            AcsQuirk::IntelSunrisePoint => {
                if !root_port || !listed(INTEL_SPT_ROOT_PORTS) {
                    return None;
                }
                let services = self.control.services(id).present()?;
                let standing = self.by_services(id, function, services);
                Some(match standing.isolated {
                    Tri::Yes => Standing::yes(Why::Quirk(quirk)),
                    _ => standing,
                })
            }
            AcsQuirk::CaviumRootPort => if_so(root_port && listed(CAVIUM_ROOT_PORTS)),
            AcsQuirk::AnnapurnaRootPort => if_so(root_port),
            AcsQuirk::ZhaoxinPort => match kind {
                FunctionKind::UnknownBridge => {
                    Some(Standing::open(Missing::standard(id, function)))
                }
                _ if kind.is_downstream_port() => {
                    Some(Standing::of(listed(ZHAOXIN_PORTS), Why::Quirk(quirk)))
                }
                _ => None,
            },
            AcsQuirk::WangxunNic => Some(Standing::of(listed(WANGXUN_NICS), Why::Quirk(quirk))),
        }
    }

    /// `pcie_acs_override`, which comes after the table and never applies beside a capability.
    fn overridden(
        &self,
        id: FunctionId,
        function: &Function<'_>,
        kind: FunctionKind,
        ids: (u16, u16),
    ) -> Option<Standing> {
        let overrides = &self.settings.parameters.overrides;
        if !overrides.is_active() || self.control.services(id) != Observed::Absent {
            return None;
        }
        let express = !matches!(function.express(), Observed::Absent);
        let option = match kind {
            _ if !express => return None,
            _ if overrides.ids.contains(&ids) => "id",
            FunctionKind::RootPort | FunctionKind::DownstreamPort if overrides.downstream => {
                "downstream"
            }
            FunctionKind::Endpoint
            | FunctionKind::LegacyEndpoint
            | FunctionKind::UpstreamPort
            | FunctionKind::RcEndpoint
                if overrides.multi_function
                    && self.topology.is_multi_function(id) == Some(true) =>
            {
                "multifunction"
            }
            _ => return None,
        };
        Some(Standing::yes(Why::Override(option)))
    }
}

/// Whether the ids alone say that a bridge is an Express port.
pub(super) fn is_listed_port(function: &Function<'_>) -> bool {
    let (Some(vendor), Some(device)) = (function.identity.vendor, function.identity.device) else {
        return false;
    };
    let listed = |ranges: &[(u16, u16)]| {
        let mut ranges = ranges.iter();
        ranges.any(|&(first, last)| (first..=last).contains(&device))
    };
    acs_quirks_of(vendor, device).any(|quirk| match quirk {
        AcsQuirk::IsolatedPort | AcsQuirk::AnnapurnaRootPort => true,
        AcsQuirk::IntelPch => INTEL_PCH_ROOT_PORTS.binary_search(&device).is_ok(),
        AcsQuirk::IntelSunrisePoint => listed(INTEL_SPT_ROOT_PORTS),
        AcsQuirk::CaviumRootPort => listed(CAVIUM_ROOT_PORTS),
        _ => false,
    })
}

/// Whether the function has extended space that could not be read.
fn out_of_reach(function: &Function<'_>) -> bool {
    function.express().is_present()
        && function.config.size() == Some(crate::spec::pci::CONVENTIONAL_SIZE)
}

impl Standing {
    const fn of(isolated: bool, why: Why) -> Self {
        let isolated = if isolated { Tri::Yes } else { Tri::No };
        Self { isolated, why }
    }

    const fn yes(why: Why) -> Self {
        Self::of(true, why)
    }

    const fn no(why: Why) -> Self {
        Self::of(false, why)
    }

    const fn open(missing: Missing) -> Self {
        Self {
            isolated: Tri::Unknown(missing),
            why: Why::Open,
        }
    }
}
