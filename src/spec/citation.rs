//! Where a fact is defined.

use std::fmt;

/// A place in a specification, kernel source or vendor document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SpecRef {
    /// The document.
    pub document: Document,
    /// Section, table or function within it.
    pub section: &'static str,
}

/// The documents that this crate follows, each in the revision named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Document {
    /// PCI Local Bus Specification 3.0.
    Pci30,
    /// PCI-to-PCI Bridge Architecture Specification 1.2.
    PciBridge12,
    /// PCI Bus Power Management Interface Specification 1.2.
    PciPm12,
    /// PCI Express Base Specification 6.0.
    Pcie60,
    /// PCI Firmware Specification 3.3.
    PciFirmware33,
    /// PCI Code and ID Assignment Specification 1.11.
    PciCodes111,
    /// Intel Virtualization Technology for Directed I/O, chapter 8.
    VtD,
    /// AMD I/O Virtualization Technology (IOMMU) Specification, 48882.
    AmdIommu,
    /// ACPI Specification 6.5.
    Acpi65,
    /// I/O Remapping Table, platform design document, Arm DEN0049E.f.
    Iort,
    /// Virtual I/O Translation Table specification.
    Viot,
    /// Microsoft Learn: planning and deploying Discrete Device Assignment.
    DdaPlan,
    /// Microsoft's four posts on Discrete Device Assignment of November 2015.
    DdaBlog,
    /// Microsoft's SurveyDDA.ps1, revision 1.
    SurveyDda,
    /// Microsoft Learn: reference of the Hyper-V cmdlets.
    HyperVCmdlets,
    /// LISA, Microsoft's open source test framework for Linux on Hyper-V.
    Lisa,
    /// Windows SDK, pciprop.h.
    PciProp,
    /// Microsoft Learn: PCI Express native control and driver documentation.
    WindowsDrivers,
    /// Linux kernel source, drivers/iommu.
    LinuxIommu,
    /// Linux kernel source, drivers/pci.
    LinuxPci,
    /// Linux kernel source, drivers/vfio.
    LinuxVfio,
    /// OpenVMM, Microsoft's open source virtual machine monitor.
    OpenVmm,
    /// QEMU 10.2 source.
    Qemu,
    /// edk2, the firmware that OVMF is built from, 2022.11.
    Edk2,
    /// SeaBIOS 1.17 source.
    SeaBios,
}

impl Document {
    /// Title and revision, as printed in reports.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pci30 => "PCI Local Bus 3.0",
            Self::PciBridge12 => "PCI-to-PCI Bridge Architecture 1.2",
            Self::PciPm12 => "PCI Power Management 1.2",
            Self::Pcie60 => "PCI Express Base 6.0",
            Self::PciFirmware33 => "PCI Firmware 3.3",
            Self::PciCodes111 => "PCI Code and ID Assignment 1.11",
            Self::VtD => "Intel VT-d",
            Self::AmdIommu => "AMD IOMMU 48882",
            Self::Acpi65 => "ACPI 6.5",
            Self::Iort => "Arm DEN0049 IORT",
            Self::Viot => "VIOT",
            Self::DdaPlan => "Microsoft Learn: Discrete Device Assignment",
            Self::DdaBlog => "Microsoft: Discrete Device Assignment posts (2015)",
            Self::SurveyDda => "Microsoft SurveyDDA.ps1 r1",
            Self::HyperVCmdlets => "Microsoft Learn: Hyper-V cmdlets",
            Self::Lisa => "Microsoft LISA",
            Self::PciProp => "Windows SDK pciprop.h",
            Self::WindowsDrivers => "Microsoft Learn: Windows drivers",
            Self::LinuxIommu => "Linux drivers/iommu",
            Self::LinuxPci => "Linux drivers/pci",
            Self::LinuxVfio => "Linux drivers/vfio",
            Self::OpenVmm => "OpenVMM",
            Self::Qemu => "QEMU 10.2",
            Self::Edk2 => "edk2 2022.11",
            Self::SeaBios => "SeaBIOS 1.17",
        }
    }

    /// Reference to a section of this document.
    pub const fn at(self, section: &'static str) -> SpecRef {
        SpecRef {
            document: self,
            section,
        }
    }
}

impl fmt::Display for SpecRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.document.title(), self.section)
    }
}
