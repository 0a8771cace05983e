//! Which lines of a kernel log are about PCI, its firmware and its remapping. The others are
//! nobody's business.

/// What a message begins with.
const BEGINNINGS: &[&str] = &[
    "ACPI",
    "AMD-Vi",
    "BIOS-e820",
    "Command line:",
    "DMAR",
    "DMI:",
    "Kernel command line:",
    "Linux version ",
    "PCI",
    "VFIO",
    "acpi ",
    "e820:",
    "efi: EFI",
    "hyperv",
    "Hyper-V",
    "iommu",
    "ivhd",
    "kvm",
    "pci",
    "pnp ",
    "smpboot: CPU0",
    "system 00:",
    "vfio",
    "vgaarb",
    "virtio_iommu",
    "vmd ",
    "x2apic",
    "x86/PAT",
];

/// What a message of some driver says when it is about these things.
const PHRASES: &[&str] = &[
    "AMD-Vi",
    "BAR ",
    "DMAR",
    "ECAM",
    "IOMMU",
    "IRQ remapping",
    "Interrupt remapping",
    "Invalid PCI ROM",
    "MMCONFIG",
    "PCIe Bus Error",
    "SR-IOV",
    "VFs",
    "_OSC",
    "after FLR",
    "bridge window",
    "change power state",
    "device inaccessible",
    "iommu",
    "pending transaction",
    "reset; giving up",
    "vfio",
];

/// Whether a line is about these things. It may begin with a level (`<6>`) and a time
/// (`[    0.123456]`).
pub(crate) fn concerns(line: &str) -> bool {
    let message = message(line);
    BEGINNINGS.iter().any(|start| message.starts_with(start))
        || PHRASES.iter().any(|phrase| message.contains(phrase))
}

/// A line without its level and time.
pub(crate) fn message(line: &str) -> &str {
    let behind = |text: &'_ str, open: char, close: char| -> Option<usize> {
        text.starts_with(open)
            .then(|| text.find(close).map(|end| end + close.len_utf8()))
            .flatten()
    };
    let mut at = behind(line, '<', '>').unwrap_or(0);
    at += behind(line.get(at..).unwrap_or_default(), '[', ']').unwrap_or(0);
    line.get(at..).unwrap_or_default().trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_pci_and_remapping_are_kept_and_others_are_not() {
        for line in [
            "[    0.000000] Linux version 6.12.95 (x@y)",
            "[    0.1] pci 0000:00:02.0: [1b36:000c] type 01 class 0x060400 PCIe Root Port",
            "<6>[    0.2] ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])",
            "acpi PNP0A08:00: _OSC: OS now controls [PME AER PCIeCapability LTR]",
            "[    0.3] DMAR: DRHD base: 0x000000fed90000 flags: 0x0",
            "[    1.0] nvme 0000:01:00.0: Adding to iommu group 12",
            "[    1.1] igb 0000:03:00.0: 4 VFs allocated",
            "[    0.4] x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT",
        ] {
            assert!(concerns(line), "{line}");
        }
        for line in [
            "[    2.0] usb 1-1: SerialNumber: 0123456789",
            "[    2.1] igb 0000:03:00.0: eth0: (PCIe:2.5Gb/s:Width x1) 52:54:00:12:34:56",
            "[    2.2] systemd[1]: Set hostname to <box>.",
            "[    2.3] EXT4-fs (sda1): mounted filesystem 11111111-2222-3333-4444-555555555555",
            "",
        ] {
            assert!(!concerns(line), "{line}");
        }
    }

    #[test]
    fn a_message_stands_behind_its_level_and_time() {
        for line in ["<6>[    0.1] pci x", "[    0.1] pci x", "<6>pci x", "pci x"] {
            assert_eq!(message(line), "pci x", "{line}");
        }
        assert_eq!(message("[open"), "[open");
        assert_eq!(message(""), "");
    }
}
