//! Fixed ACPI Description Table (ACPI 6.5, 5.2.9): what the firmware says of PCI Express as a
//! whole, and what kind of machine it is.

mod layout;

pub(super) use layout::GENERIC_ADDRESS;

use super::layout::Part;
use super::read::{array, u8_at, u16_at, u32_at};
use super::{SdtHeader, split_table};
use crate::bytes::Decoded;
use crate::spec::open_enum;

open_enum! {
    /// Preferred power management profile (ACPI 6.5, table 5.9).
    pub struct PmProfile(u8) {
        /// Not stated.
        UNSPECIFIED = 0 => "unspecified",
        /// Desktop.
        DESKTOP = 1 => "desktop",
        /// Mobile.
        MOBILE = 2 => "mobile",
        /// Workstation.
        WORKSTATION = 3 => "workstation",
        /// Server of an enterprise.
        ENTERPRISE_SERVER = 4 => "enterprise server",
        /// Server of a small office.
        SOHO_SERVER = 5 => "SOHO server",
        /// Appliance.
        APPLIANCE = 6 => "appliance PC",
        /// Performance server.
        PERFORMANCE_SERVER = 7 => "performance server",
        /// Tablet.
        TABLET = 8 => "tablet",
    }
}

/// A FADT (signature `FACP`), as far as anything here depends on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fadt {
    /// The common header.
    pub header: SdtHeader,
    /// What kind of machine it is.
    pub profile: PmProfile,
    /// IA-PC boot architecture flags; revisions before 2 have none.
    pub boot_flags: Option<u16>,
    /// Fixed feature flags.
    pub flags: Option<u32>,
    /// Arm boot architecture flags; revisions before 5.1 have none.
    pub arm_boot_flags: Option<u16>,
    /// Vendor of the hypervisor, for a guest's table.
    pub hypervisor: Option<[u8; 8]>,
    /// Bytes of the table that were captured.
    pub size: u32,
}

impl Fadt {
    /// Boot flag: VGA must not be probed.
    pub const VGA_NOT_PRESENT: u16 = 1 << 2;
    /// Boot flag: message signalled interrupts must not be used.
    pub const MSI_NOT_SUPPORTED: u16 = 1 << 3;
    /// Boot flag: active state power management must not be enabled.
    pub const PCIE_ASPM_CONTROLS: u16 = 1 << 4;

    /// Decodes a table. `None` where it does not reach the profile.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let profile = PmProfile(u8_at(table, 45)?);
        let revision = header.revision;
        let value = Self {
            profile,
            boot_flags: u16_at(table, 109).filter(|_| revision >= 2),
            flags: u32_at(table, 112),
            arm_boot_flags: u16_at(table, 129).filter(|_| revision >= 5),
            hypervisor: array(table, 268).filter(|_| revision >= 6),
            size: u32::try_from(table.len()).unwrap_or(u32::MAX),
            header,
        };
        Some(Decoded { value, faults })
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        vec![layout::table(self.size, self.header.revision)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    fn fadt(revision: u8, size: usize) -> Vec<u8> {
        let mut body = vec![0; size - 36];
        // Offsets by ACPI 6.5, table 5.9.
        body[45 - 36] = 4; // enterprise server
        if size > 112 {
            body[109 - 36] = 0x14; // no VGA, no ASPM
        }
        if size >= 276 {
            body[268 - 36..276 - 36].copy_from_slice(b"MicrosHv");
        }
        table(b"FACP", revision, &body)
    }

    #[test]
    fn boot_flags_say_whether_power_management_of_links_is_allowed() {
        let Decoded { value, faults } = Fadt::decode(&fadt(3, 244)).unwrap();
        assert_eq!(faults, []);
        assert_eq!(value.profile, PmProfile::ENTERPRISE_SERVER);
        let flags = value.boot_flags.unwrap();
        assert_eq!(flags & Fadt::PCIE_ASPM_CONTROLS, Fadt::PCIE_ASPM_CONTROLS);
        assert_eq!(flags & Fadt::MSI_NOT_SUPPORTED, 0);
        assert_eq!(flags & Fadt::VGA_NOT_PRESENT, Fadt::VGA_NOT_PRESENT);
        assert_eq!(value.hypervisor, None);
    }

    #[test]
    fn the_first_revision_has_no_boot_flags() {
        // There the two bytes are reserved (ACPI 1.0, 5.2.5).
        assert_eq!(Fadt::decode(&fadt(1, 116)).unwrap().value.boot_flags, None);
        assert_eq!(Fadt::decode(&fadt(3, 100)).unwrap().value.boot_flags, None);
    }

    #[test]
    fn a_guest_names_its_hypervisor() {
        let decoded = Fadt::decode(&fadt(6, 276)).unwrap();
        assert_eq!(decoded.value.hypervisor, Some(*b"MicrosHv"));
    }
}
