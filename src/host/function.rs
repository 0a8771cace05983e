//! One function of a machine.

use super::{AcsRegisters, Interrupts, OwnResets, WindowsFacts};
use crate::addr::Sbdf;
use crate::bytes::{ConfigImage, Decoded, Fault, Observed};
use crate::capture::{FunctionProperties, FunctionRecord, property_texts};
use crate::decode::config::cap::express::Express;
use crate::decode::config::cap::msi::Msi;
use crate::decode::config::cap::msix::MsiX;
use crate::decode::config::ext::acs::Acs;
use crate::decode::config::ext::sriov::SrIov;
use crate::decode::config::{ConfigSpace, Response};
use crate::decode::kernel_log::LoggedFunction;
use crate::spec::pci::{CapId, ClassCode, HeaderType};
use crate::spec::pcie::{ExtCapId, PortType};
use crate::spec::quirks;
use crate::spec::windows::DeviceProperty;

/// Index of a function within its [`Host`](super::Host).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId(u32);

/// One function: its configuration space, decoded, and what was reported about it.
#[derive(Debug)]
pub struct Function<'c> {
    /// Address within the capture.
    pub at: Sbdf,
    /// The sparse image.
    pub config: &'c ConfigImage,
    /// Header and capability lists of the image.
    pub space: ConfigSpace,
    /// What is wrong with the image.
    pub faults: Vec<Fault>,
    /// Facts from outside configuration space.
    pub reported: &'c FunctionProperties,
    /// What Windows reported among them, as numbers.
    pub windows: WindowsFacts,
    /// Who made it and what it is.
    pub identity: Identity,
    /// The physical function, where this is a virtual one.
    pub physical: Option<FunctionId>,
    /// The physical function as reported.
    pub(super) physical_at: Option<Sbdf>,
    // What follows is read from the image once, while it is at hand: on a large machine it takes
    // longer to fetch an image again than to decode it.
    port_type: Observed<PortType>,
    /// Its ACS registers.
    pub acs_registers: Observed<AcsRegisters>,
    /// How it interrupts.
    pub interrupts: Interrupts,
    /// The resets that its configuration space offers.
    pub own_resets: OwnResets,
}

/// Ids and class, from configuration space or, where that is blank or missing, as reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// Vendor id.
    pub vendor: Option<u16>,
    /// Device id.
    pub device: Option<u16>,
    /// Subsystem vendor and device id.
    pub subsystem: Option<(u16, u16)>,
    /// Class code.
    pub class: Option<ClassCode>,
    /// Revision id.
    pub revision: Option<u8>,
}

impl FunctionId {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Position in [`Host::functions`](super::Host::functions).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl<'c> Function<'c> {
    pub(super) fn decode(at: Sbdf, record: &'c FunctionRecord) -> Self {
        let Decoded {
            value: space,
            faults,
        } = ConfigSpace::decode(&record.config);
        let identity = Identity::resolve(&record.config, &space, &record.properties);
        let physical_at = record.properties.physical_function.as_ref();
        Self {
            physical_at: physical_at.and_then(|reported| reported.value.parse().ok()),
            port_type: port_type(&record.config, &space, &record.properties),
            acs_registers: AcsRegisters::of(&record.config, &space, &identity),
            interrupts: Interrupts::of(&record.config, &space),
            own_resets: OwnResets::of(&record.config, &space),
            at,
            config: &record.config,
            space,
            faults,
            reported: &record.properties,
            windows: WindowsFacts::of(&record.properties),
            identity,
            physical: None,
        }
    }

    /// Whether any of its configuration space holds data.
    pub fn responds(&self) -> bool {
        self.space.header.response == Response::Data
    }

    /// Layout of its header.
    pub fn layout(&self) -> Option<HeaderType> {
        self.responds()
            .then_some(self.space.header.layout)
            .flatten()
    }

    /// Its PCI Express capability.
    pub fn express(&self) -> Observed<Express<'c>> {
        self.space
            .standard(self.config, CapId::EXPRESS)
            .map(Express::new)
    }

    /// Device/Port Type of its PCI Express capability; as the kernel named it where the
    /// capability was not captured.
    pub const fn port_type(&self) -> Observed<PortType> {
        self.port_type
    }

    /// Its ACS capability.
    pub fn acs(&self) -> Observed<Acs<'c>> {
        self.space
            .extended(self.config, ExtCapId::ACS)
            .map(Acs::new)
    }

    /// Its SR-IOV capability.
    pub fn sriov(&self) -> Observed<SrIov<'c>> {
        self.space
            .extended(self.config, ExtCapId::SR_IOV)
            .map(SrIov::new)
    }

    /// The most virtual functions that it can be switched to: as the system reports, whose
    /// driver may set a lower limit, else TotalVFs (PCIe 6.0, 9.3.3.6).
    pub fn most_virtual_functions(&self) -> Option<u16> {
        let reported = self.reported.sriov_total_vfs.as_ref();
        let reported = reported.map(|total| total.value);
        reported.or_else(|| self.sriov().present()?.total_vfs())
    }

    /// Its MSI capability.
    pub fn msi(&self) -> Observed<Msi<'c>> {
        self.space.standard(self.config, CapId::MSI).map(Msi::new)
    }

    /// Its MSI-X capability.
    pub fn msix(&self) -> Observed<MsiX<'c>> {
        self.space
            .standard(self.config, CapId::MSI_X)
            .map(MsiX::new)
    }

    /// A Windows property that is a text.
    pub fn windows_text(&self, property: DeviceProperty) -> Option<&'c str> {
        self.reported.windows.get(property.key)?.value.as_str()
    }

    /// The texts of a Windows property that is a list; a single text is a list of one.
    pub fn windows_list(&self, property: DeviceProperty) -> impl Iterator<Item = &'c str> {
        let reported = self.reported.windows.get(property.key);
        property_texts(reported.map(|reported| &reported.value))
    }

    /// Whether it is a virtual function: linked to its physical function, or, where that one
    /// is not captured, told by its blank ids.
    pub fn is_virtual(&self) -> bool {
        self.physical.is_some() || self.space.header.has_blank_ids()
    }
}

impl Identity {
    /// By the decoded image, and by what was reported beside it.
    pub(crate) fn resolve(
        config: &ConfigImage,
        space: &ConfigSpace,
        reported: &FunctionProperties,
    ) -> Self {
        let header = &space.header;
        let readable = header.response == Response::Data;
        let blank = !readable || header.has_blank_ids();
        let own = |value: Option<u16>| if blank { None } else { value };
        let value = |fact: &Option<crate::capture::Reported<u16>>| fact.as_ref().map(|f| f.value);
        let endpoint = readable && header.layout == Some(HeaderType::ENDPOINT);
        let subsystem = endpoint
            .then(|| Some((config.u16(0x2c)?, config.u16(0x2e)?)))
            .flatten()
            .filter(|&ids| ids != (0, 0));
        let reported_subsystem = || {
            let ids = (
                value(&reported.subsystem_vendor)?,
                value(&reported.subsystem_device)?,
            );
            (ids != (0, 0)).then_some(ids)
        };
        Self {
            vendor: own(header.vendor).or_else(|| value(&reported.vendor)),
            device: own(header.device).or_else(|| value(&reported.device)),
            subsystem: subsystem.or_else(reported_subsystem),
            class: header
                .class
                .filter(|_| readable)
                .or_else(|| reported_class(reported)),
            revision: header
                .revision
                .filter(|_| readable)
                .or_else(|| reported.revision.as_ref().map(|revision| revision.value)),
        }
    }
}

impl Identity {
    /// Whether it is one of the Intel root ports whose ACS registers are 4 bytes wide.
    pub fn has_wide_acs_registers(&self) -> bool {
        let ids = self.vendor.zip(self.device);
        ids.is_some_and(|(vendor, device)| quirks::has_wide_acs_registers(vendor, device))
    }
}

fn port_type(
    config: &ConfigImage,
    space: &ConfigSpace,
    reported: &FunctionProperties,
) -> Observed<PortType> {
    let express = space.standard(config, CapId::EXPRESS).map(Express::new);
    let captured = express.and_then(|express| express.port_type().into());
    match (captured, &reported.port_type) {
        (Observed::NotCaptured, Some(reported)) => reported_port_type(&reported.value),
        (captured, _) => captured,
    }
}

/// The kind of function that a kernel log names.
fn reported_port_type(words: &str) -> Observed<PortType> {
    match LoggedFunction::port_type(words) {
        Some(Some(port_type)) => Observed::Present(port_type),
        Some(None) => Observed::Absent,
        None => Observed::NotCaptured,
    }
}

/// The class as reported. A listing without programming interfaces leaves that byte open; it
/// counts as 0, except that a non-volatile memory controller (0108) counts as NVMe: the older
/// interface of that class was never built.
fn reported_class(reported: &FunctionProperties) -> Option<ClassCode> {
    if let Some(class) = &reported.class {
        return Some(ClassCode(class.value));
    }
    let class = u32::from(reported.class_code()?);
    let nvme = class == ClassCode::NVME >> 8;
    Some(ClassCode(if nvme { ClassCode::NVME } else { class << 8 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Method, Origin, Reported};

    #[test]
    fn a_listing_without_programming_interfaces_still_tells_classes_apart() {
        let class = |base: u16| {
            let base_class = Some(Reported::new(base, Origin::of(Method::Lspci)));
            reported_class(&FunctionProperties {
                base_class,
                ..FunctionProperties::default()
            })
        };
        assert!(class(0x0108).is_some_and(ClassCode::is_nvme));
        assert_eq!(class(0x0300), Some(ClassCode(0x03_0000)));
        assert_eq!(reported_class(&FunctionProperties::default()), None);
    }
}
