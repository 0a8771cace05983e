//! One entry of the description: a device, port or bridge.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::bar::Bar;
use super::options::{
    Acs, AdvancedFeatures, Ats, EaEntry, Express, Forwards, Msi, MsiX, Patch, PowerManagement,
    RawCapability, ResizableBar, Sriov,
};
use super::text::{Address, ByteRange, Class, HexBytes, Ids, Number, Position};
use crate::synth::Kind;

/// A function, several alike, or a bridge with everything below it. Absent members take the
/// value that is usual for the kind and class.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// What it is.
    pub kind: Kind,
    /// Device and function number; the next free ones where absent.
    pub at: Option<Position>,
    /// Full address in place of the one that the tree gives; may be impossible.
    pub address: Option<Address>,
    /// Number of such entries, each with everything below it.
    pub repeat: Option<u32>,
    /// Number of such functions in one device.
    pub functions: Option<u16>,
    /// What is on the bus below.
    pub device: Vec<Device>,

    /// Vendor and device id.
    pub id: Option<Ids>,
    /// Subsystem ids.
    pub subsystem: Option<Ids>,
    /// Class, by name or number.
    pub class: Option<Class>,
    /// Revision id.
    pub revision: Option<u8>,
    /// Multi-function bit, where it shall not be the true one.
    pub multifunction: Option<bool>,
    /// Command register, where it shall not be the usual one.
    pub command: Option<u16>,

    /// BARs in order of their registers.
    pub bars: Option<Vec<Bar>>,
    /// Size of the expansion ROM.
    pub rom: Option<Number>,
    /// Uses INTA#.
    pub intx: Option<bool>,
    /// MSI capability.
    pub msi: Option<Msi>,
    /// MSI-X capability.
    pub msix: Option<MsiX>,
    /// Power management capability.
    pub pm: Option<PowerManagement>,
    /// PCI Express capability.
    pub express: Option<Express>,
    /// Function level reset in the Express capability.
    pub flr: Option<bool>,
    /// Physical slot number of a port: makes it a port with a slot.
    pub slot: Option<u16>,
    /// The slot takes cards at run time.
    pub hotplug: bool,
    /// Conventional advanced features capability.
    pub af: Option<AdvancedFeatures>,
    /// Bodies of vendor-specific capabilities.
    pub vendor: Vec<HexBytes>,
    /// Enhanced allocation entries.
    pub ea: Vec<EaEntry>,
    /// Any other standard capability.
    pub capabilities: Vec<RawCapability>,

    /// Advanced error reporting.
    pub aer: Option<bool>,
    /// Access control services.
    pub acs: Option<Acs>,
    /// Endpoint: an ARI function. Port: ARI forwarding is on.
    pub ari: Option<bool>,
    /// Address translation services.
    pub ats: Option<Ats>,
    /// Page request interface.
    pub pri: bool,
    /// Process address space ids: their width in bits, 1 to 20.
    pub pasid: Option<u8>,
    /// Single root I/O virtualisation.
    pub sriov: Option<Sriov>,
    /// Resizable BARs.
    pub rebar: Vec<ResizableBar>,
    /// Resizable VF BARs.
    pub vf_rebar: Vec<ResizableBar>,
    /// Device serial number, `0x…`.
    pub serial: Option<Number>,
    /// Any other extended capability.
    pub extended: Vec<RawCapability>,

    /// Bridge: bus below it, where it shall not be the next free one.
    pub bus: Option<u8>,
    /// Bridge: bus numbers kept free below it.
    pub extra_buses: u8,
    /// Bridge: primary bus register, where it shall be wrong.
    pub primary: Option<u8>,
    /// Bridge: secondary bus register, where it shall be wrong.
    pub secondary: Option<u8>,
    /// Bridge: subordinate bus register, where it shall be wrong.
    pub subordinate: Option<u8>,
    /// Bridge: windows in place of the ones that fit what is below.
    pub forwards: Forwards,

    /// Whether the capture has the function at all.
    pub captured: Option<bool>,
    /// Bytes of the configuration space in the capture: 0, 64, 256, …
    pub captured_bytes: Option<u16>,
    /// Bytes within those that are not known.
    pub unknown: Vec<ByteRange>,
    /// Size of the whole space that the operating system sees.
    pub config_size: Option<u16>,
    /// Bytes written over the finished space.
    pub raw: Vec<Patch>,

    /// Driver bound to it.
    pub driver: Option<String>,
    /// NUMA node.
    pub numa: Option<u32>,
    /// IOMMU group as a kernel would report it.
    pub iommu_group: Option<u32>,
    /// Remapping unit as a kernel would name it.
    pub iommu_unit: Option<String>,
    /// Reserved regions of the group, `start end type`.
    pub reserved_regions: Option<Vec<String>>,
    /// Reset methods.
    pub reset_methods: Option<Vec<String>>,
    /// Power state.
    pub power_state: Option<String>,
    /// Primary display.
    pub boot_vga: Option<bool>,
    /// ACPI object.
    pub acpi_path: Option<String>,
    /// Host devices on top of it.
    pub used_by: Vec<String>,
    /// Windows device properties by `{fmtid} pid`.
    pub windows: BTreeMap<String, serde_json::Value>,
}
