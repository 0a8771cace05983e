//! ACS control as a kernel sets it (Linux drivers/pci/pci.c, `pci_enable_acs` and
//! `__pci_config_acs`; drivers/pci/quirks.c, `pci_dev_specific_enable_acs`).

use super::settings::{AcsControl, Settings, groups_reported};
use crate::bytes::FaultKind;
use crate::bytes::Observed;
use crate::decode::config::ext::acs::{AcsFlags, PartialFlags};
use crate::host::{AcsRegisters, Function, FunctionId, Host};
use crate::spec::linux::Series;
use crate::spec::pci;
use crate::spec::quirks::acs::BROKEN_SOURCE_VALIDATION;
use crate::topology::Topology;

/// Services of one function, as the kernel weighs them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Services {
    /// Services that it can give.
    pub capability: PartialFlags,
    /// Services that are on.
    pub control: PartialFlags,
}

impl Services {
    /// Services among `wanted` that are supported and off. What the capability lacks counts as
    /// not needed.
    pub fn off(&self, wanted: AcsFlags) -> AcsFlags {
        self.capability.set & self.control.clear() & wanted
    }

    /// Whether a service is supported and on; `None` where the capture does not tell.
    pub fn is_on(&self, service: AcsFlags) -> Option<bool> {
        let (capability, control) = (self.capability, self.control);
        if capability.clear().contains(service) || control.clear().contains(service) {
            Some(false)
        } else if (capability.set & control.set).contains(service) {
            Some(true)
        } else {
            None
        }
    }

    /// Services among `wanted` that may be supported and off, for all that the capture says.
    pub fn open(&self, wanted: AcsFlags) -> AcsFlags {
        let may_be_needed = self.capability.set | self.capability.unknown();
        let may_be_off = self.control.clear() | self.control.unknown();
        (may_be_needed & may_be_off & wanted).difference(self.off(wanted))
    }
}

/// The services of every function for one set of settings.
#[derive(Debug)]
pub struct Control<'a, 'c> {
    host: &'a Host<'c>,
    topology: &'a Topology,
    settings: &'a Settings,
    /// The captured control register was written by a kernel with an active IOMMU.
    touched: bool,
}

impl<'a, 'c> Control<'a, 'c> {
    /// For one host and one set of settings.
    pub fn new(host: &'a Host<'c>, topology: &'a Topology, settings: &'a Settings) -> Self {
        Self {
            host,
            topology,
            settings,
            touched: groups_reported(host),
        }
    }

    /// What isolation asks of a function.
    pub(super) fn wanted(&self, function: &Function<'_>) -> AcsFlags {
        let (ids, since) = BROKEN_SOURCE_VALIDATION;
        let identity = &function.identity;
        let listed = ids.iter().any(|&(vendor, device)| {
            (identity.vendor, identity.device) == (Some(vendor), Some(device))
        });
        match listed && self.settings.kernel >= since {
            true => AcsFlags::REQUIRED.difference(AcsFlags::SOURCE_VALIDATION),
            false => AcsFlags::REQUIRED,
        }
    }

    /// The services of a function; absent, not captured or malformed as its capability is.
    pub fn services(&self, id: FunctionId) -> Observed<Services> {
        let function = self.host.function(id);
        seen_by_kernel(function).map(|acs| Services {
            capability: acs.capability,
            control: self.control(id, acs.control, function.identity.has_wide_acs_registers()),
        })
    }

    fn control(&self, id: FunctionId, captured: PartialFlags, wide: bool) -> PartialFlags {
        // What the kernel switches on wherever it is supported.
        let mut control = union(captured, AcsFlags::REQUIRED);
        control = self.redirect_disabled(id, captured, control, wide);
        control = self.configured(id, captured, control, wide);
        match self.settings.control {
            AcsControl::AsEnabled => control,
            AcsControl::AsCaptured => PartialFlags {
                set: captured.set | (control.set & captured.unknown()),
                known: captured.known | control.known,
            },
        }
    }

    /// `pci=disable_acs_redir`: since 6.12 it starts from the firmware's value again.
    fn redirect_disabled(
        &self,
        id: FunctionId,
        captured: PartialFlags,
        control: PartialFlags,
        wide: bool,
    ) -> PartialFlags {
        let devices = self.settings.parameters.disable_redirect.iter();
        match self.first_match(id, devices) {
            None => control,
            Some((_, sure)) => {
                let from = match self.settings.kernel >= Series::V6_12 && !wide {
                    true => self.firmware(captured),
                    false => control,
                };
                either(control, without(from, REDIRECT), sure)
            }
        }
    }

    /// `pci=config_acs`, since 6.12. On the ports with wide registers a match only disables
    /// redirect.
    fn configured(
        &self,
        id: FunctionId,
        captured: PartialFlags,
        control: PartialFlags,
        wide: bool,
    ) -> PartialFlags {
        if self.settings.kernel < Series::V6_12 {
            return control;
        }
        let entries = &self.settings.parameters.configure;
        match self.first_match(id, entries.iter().map(|entry| &entry.devices)) {
            None => control,
            Some((_, sure)) if wide => either(control, without(control, REDIRECT), sure),
            Some((index, sure)) => {
                let Some(entry) = entries.get(index) else {
                    return control;
                };
                let firmware = self.firmware(captured);
                let configured = PartialFlags {
                    set: firmware.set.difference(entry.mask) | entry.on,
                    known: firmware.known | entry.mask,
                };
                either(control, configured, sure)
            }
        }
    }

    /// The first entry that names the function, and whether it surely does.
    fn first_match<'d>(
        &self,
        id: FunctionId,
        devices: impl Iterator<Item = &'d super::device_match::DeviceMatch>,
    ) -> Option<(usize, bool)> {
        devices.enumerate().find_map(|(index, device)| {
            match device.matches(self.host, self.topology, id) {
                Some(true) => Some((index, true)),
                Some(false) => None,
                None => Some((index, false)),
            }
        })
    }

    /// What the firmware had left. The kernel only adds: what is off now was off before.
    fn firmware(&self, captured: PartialFlags) -> PartialFlags {
        match self.touched {
            true => PartialFlags {
                set: AcsFlags::empty(),
                known: captured.clear(),
            },
            false => captured,
        }
    }
}

/// What `pci=disable_acs_redir` clears.
const REDIRECT: AcsFlags = AcsFlags::REQUEST_REDIRECT
    .union(AcsFlags::COMPLETION_REDIRECT)
    .union(AcsFlags::EGRESS_CONTROL);

fn union(flags: PartialFlags, more: AcsFlags) -> PartialFlags {
    PartialFlags {
        set: flags.set | more,
        known: flags.known | more,
    }
}

fn without(flags: PartialFlags, less: AcsFlags) -> PartialFlags {
    PartialFlags {
        set: flags.set.difference(less),
        known: flags.known | less,
    }
}

/// The second where it is sure, else what both agree on.
fn either(one: PartialFlags, other: PartialFlags, sure: bool) -> PartialFlags {
    if sure {
        return other;
    }
    let known = one.known & other.known & !(one.set ^ other.set);
    PartialFlags {
        set: one.set & known,
        known,
    }
}

/// The ACS capability as the kernel finds it: where the extended space cannot be reached, or
/// only repeats the first 256 bytes, the kernel sees none.
fn seen_by_kernel(function: &Function<'_>) -> Observed<AcsRegisters> {
    if function.config.size() == Some(pci::CONVENTIONAL_SIZE) {
        return Observed::Absent;
    }
    match function.acs_registers {
        Observed::Malformed(fault) if fault.kind == FaultKind::RepeatsConventionalSpace => {
            Observed::Absent
        }
        acs => acs,
    }
}
