//! Whether Linux takes a function to be isolated (drivers/pci/pci.c, `pci_acs_enabled`;
//! drivers/pci/quirks.c, `pci_dev_specific_acs_enabled`).

use super::{Assume, Options};
use crate::bytes::{FaultKind, Observed};
use crate::decode::config::ext::acs::{Acs, AcsFlags};
use crate::host::{Function, FunctionId, Host};
use crate::spec::pci;
use crate::spec::quirks::acs::{
    ACS_QUIRKS, AcsQuirk, CAVIUM_ROOT_PORTS, INTEL_PCH_ROOT_PORTS, INTEL_SPT_ROOT_PORTS,
    WANGXUN_NICS, ZHAOXIN_PORTS,
};
use crate::topology::{FunctionKind, Topology};

/// The judge of single functions.
pub(super) struct Judge<'a, 'c> {
    pub(super) host: &'a Host<'c>,
    pub(super) topology: &'a Topology,
    pub(super) options: Options,
    pub(super) assume: Assume,
    /// The capture holds an IVRS.
    pub(super) amd: bool,
}

impl Judge<'_, '_> {
    /// Whether the function is isolated from its peers.
    pub(super) fn isolated(&self, id: FunctionId) -> bool {
        let function = self.host.function(id);
        let kind = self.topology.kind(id);
        if let Some(answer) = self.quirk(id, function, kind) {
            return answer;
        }
        match kind {
            FunctionKind::RootPort | FunctionKind::DownstreamPort => self.by_capability(function),
            FunctionKind::Endpoint
            | FunctionKind::LegacyEndpoint
            | FunctionKind::UpstreamPort
            | FunctionKind::RcEndpoint => match self.topology.is_multi_function(id) {
                Some(false) => true,
                Some(true) => self.by_capability(function),
                None => self.assumed(),
            },
            FunctionKind::Reserved(_) => true,
            FunctionKind::Unknown | FunctionKind::UnknownBridge => self.assumed(),
            _ => false,
        }
    }

    /// Whether the function and every bridge above it are isolated.
    pub(super) fn path_isolated(&self, id: FunctionId) -> bool {
        self.topology.upstream(id).all(|hop| self.isolated(hop))
    }

    const fn assumed(&self) -> bool {
        matches!(self.assume, Assume::Isolated)
    }

    /// Required services that the capability lacks count as not needed.
    fn by_capability(&self, function: &Function<'_>) -> bool {
        let acs = match seen_by_kernel(function) {
            Observed::Present(acs) => acs,
            Observed::Absent => return false,
            Observed::NotCaptured | Observed::Malformed(_) => return self.assumed(),
        };
        if !self.options.as_captured {
            return true;
        }
        let (capability, control) = (acs.capability(), acs.control());
        let needed = capability.set & AcsFlags::REQUIRED;
        if control.clear().intersects(needed) {
            return false;
        }
        let open = capability.unknown() & AcsFlags::REQUIRED & !control.set;
        (control.unknown() & needed | open).is_empty() || self.assumed()
    }

    /// The answer of the quirk table, if it has one. A function without ids may be in it: then
    /// it is isolated, or it is judged by its registers.
    fn quirk(&self, id: FunctionId, function: &Function<'_>, kind: FunctionKind) -> Option<bool> {
        let identity = &function.identity;
        let (Some(vendor), Some(device)) = (identity.vendor, identity.device) else {
            return self.assumed().then_some(true);
        };
        ACS_QUIRKS
            .iter()
            .filter(|(v, d, _)| *v == vendor && d.is_none_or(|d| d == device))
            .find_map(|(.., quirk)| self.opinion(*quirk, id, function, kind, device))
    }

    fn opinion(
        &self,
        quirk: AcsQuirk,
        id: FunctionId,
        function: &Function<'_>,
        kind: FunctionKind,
        device: u16,
    ) -> Option<bool> {
        let listed = |ranges: &[(u16, u16)]| {
            ranges
                .iter()
                .any(|&(first, last)| (first..=last).contains(&device))
        };
        let root_port = kind == FunctionKind::RootPort;
        match quirk {
            AcsQuirk::MultiFunctionEndpoint | AcsQuirk::IsolatedPort => Some(true),
            AcsQuirk::AmdSouthbridge => {
                let applies = self.amd
                    && self.topology.is_multi_function(id) == Some(true)
                    && self.topology.parent(id).is_none();
                applies.then_some(true)
            }
            AcsQuirk::IntelRcEndpoint => (kind == FunctionKind::RcEndpoint).then_some(true),
            // The switch-over happens in chipset registers; it is taken to have worked.
            AcsQuirk::IntelPch => {
                (root_port && INTEL_PCH_ROOT_PORTS.binary_search(&device).is_ok()).then_some(true)
            }
            AcsQuirk::IntelSunrisePoint => {
                let acs = seen_by_kernel(function).present()?;
                (root_port && listed(INTEL_SPT_ROOT_PORTS))
                    .then(|| !self.options.as_captured || sunrise_point(acs, self.assumed()))
            }
            AcsQuirk::CaviumRootPort => (root_port && listed(CAVIUM_ROOT_PORTS)).then_some(true),
            AcsQuirk::AnnapurnaRootPort => root_port.then_some(true),
            AcsQuirk::ZhaoxinPort => kind.is_downstream_port().then(|| listed(ZHAOXIN_PORTS)),
            AcsQuirk::WangxunNic => Some(listed(WANGXUN_NICS)),
        }
    }
}

/// The capability and control registers are double words at +4 and +8.
fn sunrise_point(acs: Acs<'_>, assumed: bool) -> bool {
    let required = u32::from(AcsFlags::REQUIRED.bits());
    match (acs.window().u32(4), acs.window().u32(8)) {
        (Some(capability), Some(control)) => {
            control & capability & required == capability & required
        }
        _ => assumed,
    }
}

/// The ACS capability as the kernel finds it: where the extended space cannot be reached, or
/// only repeats the first 256 bytes, the kernel sees none.
fn seen_by_kernel<'c>(function: &Function<'c>) -> Observed<Acs<'c>> {
    if function.config.size() == Some(pci::CONVENTIONAL_SIZE) {
        return Observed::Absent;
    }
    match function.acs() {
        Observed::Malformed(fault) if fault.kind == FaultKind::RepeatsConventionalSpace => {
            Observed::Absent
        }
        acs => acs,
    }
}
