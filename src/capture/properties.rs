//! What an operating system or a tool reports about one function.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::origin::{Reported, SourceLines};

/// `pci/<address>/properties.json`: reported facts, each with its origin.
///
/// A member that is absent was not reported; it is not false and not zero. Members that this
/// version does not know are kept in `other`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FunctionProperties {
    /// Vendor id as the kernel knows it (VFs read as ffff in their own space).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Reported<u16>>,
    /// Device id as the kernel knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Reported<u16>>,
    /// Subsystem vendor id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsystem_vendor: Option<Reported<u16>>,
    /// Subsystem id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsystem_device: Option<Reported<u16>>,
    /// Class code, `0xBBSSPP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Reported<u32>>,
    /// Base class and subclass, `0xBBSS`, where the source does not say the programming
    /// interface; then `class` is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_class: Option<Reported<u16>>,
    /// Class, vendor and device in the words of a tool, e.g.
    /// `PCI bridge: Intel Corporation Device 9d10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Reported<String>>,
    /// Revision id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<Reported<u8>>,
    /// What kind of PCI Express function the kernel found it to be, in the kernel's words
    /// (`PCIe Root Port`, `conventional PCI endpoint`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_type: Option<Reported<String>>,
    /// BARs, ROM, VF BARs and bridge windows as the kernel sized them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Reported<Resource>>,
    /// The source lists the BARs in order but without their numbers (`lspci -v`): the indices
    /// of `resources` are the lowest that the order allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_indices_inferred: Option<Reported<bool>>,
    /// Driver bound to the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<Reported<String>>,
    /// IOMMU group as the kernel numbered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<Reported<u32>>,
    /// Remapping unit that the kernel uses, e.g. `dmar0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_unit: Option<Reported<String>>,
    /// Types of the group's reserved regions (`direct`, `direct-relaxable`, `msi`, …), each as
    /// `start end type` in the kernel's words. An empty list was read and is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_regions: Option<Reported<Vec<String>>>,
    /// NUMA node; negative values of the kernel are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numa_node: Option<Reported<u32>>,
    /// Physical slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Reported<String>>,
    /// Reset methods in the kernel's order; an empty list means that it knows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_methods: Option<Reported<Vec<String>>>,
    /// The kernel offers a `reset` file: it knows a way to reset the function. Kernels before
    /// 5.15 say no more than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_offered: Option<Reported<bool>>,
    /// Power state (`D0`, `D3hot`, `D3cold`, …) before the space was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_state: Option<Reported<String>>,
    /// The firmware used it as the primary display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_vga: Option<Reported<bool>>,
    /// The physical function of a virtual function, `dddd:bb:dd.f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_function: Option<Reported<String>>,
    /// The bridge above it, as the tree shows it, `dddd:bb:dd.f`; empty on a root bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Reported<String>>,
    /// Number of the root bus at the top of its path (sysfs `pci0000:40` = 0x40).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_bus: Option<Reported<u8>>,
    /// The function that the root bus itself hangs below (Intel VMD), `dddd:bb:dd.f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_bus_parent: Option<Reported<String>>,
    /// ACPI object, e.g. `\_SB_.PCI0.RP05`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acpi_path: Option<Reported<String>>,
    /// VFs supported and enabled, as the kernel counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sriov_total_vfs: Option<Reported<u16>>,
    /// VFs enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sriov_num_vfs: Option<Reported<u16>>,
    /// Block or network devices of the host that sit on the function (`nvme0n1`, `eth0`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<Reported<String>>,
    /// Other attributes by name, as the kernel's text (`driver_override`, `sriov_stride`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Reported<BTreeMap<String, String>>>,
    /// Windows device properties by `{fmtid} pid`, kept as exported.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, Reported<serde_json::Value>>,
    /// Capabilities that a tool could not read for want of privilege.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_denied: Option<Reported<bool>>,
    /// Which lines of a source text hold which bytes of the configuration space.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config_lines: Vec<SourceLines>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl FunctionProperties {
    /// Base class and subclass, `0xBBSS`, from whichever fact says so.
    pub fn class_code(&self) -> Option<u16> {
        match &self.class {
            Some(class) => u16::try_from(class.value >> 8).ok(),
            None => self.base_class.as_ref().map(|class| class.value),
        }
    }
}

/// One address range that a function owns or forwards.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Place in the kernel's `resource` file: 0-5 BARs, 6 ROM, 7-12 VF BARs, then the bridge
    /// windows (I/O, memory, prefetchable).
    pub index: u8,
    /// First address, or 0-based where `unassigned`.
    #[serde(with = "hex_number")]
    #[cfg_attr(feature = "analyzer", schemars(with = "String"))]
    pub start: u64,
    /// Number of bytes or ports; `None` where only the address was reported.
    #[serde(
        with = "optional_hex_number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "analyzer", schemars(with = "Option<String>"))]
    pub len: Option<u64>,
    /// The kernel's resource flags; `None` where the source does not print them. From a text
    /// that says the type in words (lspci) only the bits for these words are set: I/O 0x100,
    /// memory 0x200, prefetchable 0x2000, 64-bit 0x100000.
    #[serde(
        with = "optional_hex_number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "analyzer", schemars(with = "Option<String>"))]
    pub flags: Option<u64>,
    /// It has a size but no address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unassigned: bool,
}

/// 64-bit numbers as `0x…` text: JSON readers keep only 53 bits of a number.
pub(super) mod hex_number {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::capture) fn serialize<S: Serializer>(
        value: &u64,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{value:#x}"))
    }

    pub(in crate::capture) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| de::Error::custom("expected a number as \"0x…\""))
    }

    pub(super) fn parse(text: &str) -> Option<u64> {
        u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
    }
}

pub(super) mod optional_hex_number {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::capture) fn serialize<S: Serializer>(
        value: &Option<u64>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::hex_number::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub(in crate::capture) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<u64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        super::hex_number::parse(&text)
            .map(Some)
            .ok_or_else(|| de::Error::custom("expected a number as \"0x…\""))
    }
}
