//! What error messages of kernels, QEMU, libvirt and Hyper-V mean, and which rule explains them.
//!
//! A message is known by a few words that its line holds in order; whole sentences differ from
//! version to version.

mod hyperv;
mod kernel;
mod qemu;
mod remapping;
mod resources;

use crate::addr::Sbdf;

/// A message that is known.
#[derive(Debug)]
pub struct Message {
    /// Who prints it.
    pub source: Source,
    /// Words that the line holds, in this order, whatever their case.
    pub words: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it; empty where nothing needs to be done.
    pub advice: &'static str,
    /// Codes of the rules that explain it; none where no dump could show its cause.
    pub codes: &'static [&'static str],
}

/// Who prints a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// The Linux kernel.
    Linux,
    /// QEMU.
    Qemu,
    /// libvirt.
    Libvirt,
    /// Hyper-V, its cmdlets, or SurveyDDA.ps1.
    HyperV,
}

/// A known message in a text.
#[derive(Debug)]
pub struct Hit {
    /// The message.
    pub message: &'static Message,
    /// Lines that hold it, from 1.
    pub lines: Vec<u32>,
    /// The first of these lines, as it stands.
    pub first: String,
    /// Devices that the lines name, each once, in the order met.
    pub devices: Vec<Sbdf>,
    /// Location paths and instance ids of Windows that the lines hold, each once, in the order
    /// met.
    pub nodes: Vec<String>,
}

/// Longest part of a line that is looked at, in bytes.
const MAX_LINE: usize = 4096;
/// Most lines and devices kept of one message.
const MAX_KEPT: usize = 1000;

impl Source {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Qemu => "QEMU",
            Self::Libvirt => "libvirt",
            Self::HyperV => "Hyper-V",
        }
    }
}

/// Every known message; of two that fit a line the earlier counts.
pub fn known() -> impl Iterator<Item = &'static Message> {
    kernel::MESSAGES
        .iter()
        .chain(remapping::MESSAGES)
        .chain(resources::MESSAGES)
        .chain(qemu::MESSAGES)
        .chain(hyperv::MESSAGES)
}

/// The known messages of a text, in the order in which they first occur.
pub fn explain(text: &str) -> Vec<Hit> {
    let messages: Vec<(&'static Message, Vec<String>)> = known()
        .map(|message| {
            let words = message.words.iter();
            (
                message,
                words.map(|word| word.to_ascii_lowercase()).collect(),
            )
        })
        .collect();
    let mut places: Vec<Option<usize>> = vec![None; messages.len()];
    let mut hits: Vec<Hit> = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let line = cut(line);
        let lower = line.to_ascii_lowercase();
        let fits = |(_, words): &(_, Vec<String>)| holds(&lower, words);
        let Some(index) = messages.iter().position(fits) else {
            continue;
        };
        let (Some(place), Some((message, _))) = (places.get_mut(index), messages.get(index)) else {
            continue;
        };
        let place = *place.get_or_insert(hits.len());
        if hits.len() == place {
            hits.push(Hit {
                message,
                lines: Vec::new(),
                first: line.trim().to_owned(),
                devices: Vec::new(),
                nodes: Vec::new(),
            });
        }
        if let Some(hit) = hits.get_mut(place) {
            if hit.lines.len() < MAX_KEPT {
                hit.lines.push(number);
            }
            for device in devices(line) {
                if hit.devices.len() < MAX_KEPT && !hit.devices.contains(&device) {
                    hit.devices.push(device);
                }
            }
            for node in nodes(line) {
                if hit.nodes.len() < MAX_KEPT && !hit.nodes.iter().any(|known| known == node) {
                    hit.nodes.push(node.to_owned());
                }
            }
        }
    }
    hits
}

/// Whether a line holds the words in their order.
fn holds(line: &str, words: &[String]) -> bool {
    let mut rest = line;
    words.iter().all(|word| match rest.find(word.as_str()) {
        Some(at) => {
            rest = &rest[at + word.len()..];
            true
        }
        None => false,
    })
}

/// The addresses in a line: `0000:01:00.0`, or `01:00.0` in segment 0.
fn devices(line: &str) -> impl Iterator<Item = Sbdf> {
    line.split(|ch: char| !(ch.is_ascii_hexdigit() || ch == ':' || ch == '.'))
        .map(|token| token.trim_matches([':', '.']))
        .filter(|token| token.contains(':') && token.contains('.'))
        .filter_map(|token| token.parse().ok())
}

/// Names of Windows in a line: `PCIROOT(0)#PCI(0100)`, `PCI\VEN_8086&DEV_1572\…`.
fn nodes(line: &str) -> impl Iterator<Item = &str> {
    line.split(|ch: char| ch.is_whitespace() || "'\"“”,;".contains(ch))
        .map(|token| token.trim_end_matches(['.', ':', ']']))
        .filter(|token| {
            let starts = |start: &str| {
                token
                    .get(..start.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(start))
            };
            starts("PCIROOT(") || starts("PCI\\VEN_") || starts("PCIP\\VEN_")
        })
}

fn cut(line: &str) -> &str {
    let mut end = line.len().min(MAX_LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as programs printed them, with a code that explains each; none where no dump shows
    /// the cause.
    const REAL: &[(&str, Source, &str)] = &[
        // Linux drivers/vfio/vfio_iommu_type1.c
        (
            "[  105.9] vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param \"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform",
            Source::Linux,
            "IOM040",
        ),
        // Linux drivers/iommu/intel/iommu.c
        (
            "vfio-pci 0000:03:00.0: DMAR: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.",
            Source::Linux,
            "RSV002",
        ),
        // Linux drivers/iommu/iommu.c since 6.5
        (
            "vfio-pci 0000:03:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping. Contact your platform vendor.",
            Source::Linux,
            "RSV002",
        ),
        (
            "DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
            Source::Linux,
            "IOM002",
        ),
        (
            "Jul 12 10:00:00 host kernel: DMAR: [DMA Read] Request device [01:00.1] PASID ffffffff fault addr ffff0000 [fault reason 02] Present bit in context entry is clear",
            Source::Linux,
            "IOM003",
        ),
        (
            "[    0.000000] Warning: PCIe ACS overrides enabled; This may allow non-IOMMU protected peer-to-peer DMA",
            Source::Linux,
            "ACS001",
        ),
        (
            "acpi PNP0A08:00: _OSC: platform does not support [SHPCHotplug AER LTR]",
            Source::Linux,
            "DDA004",
        ),
        (
            "vfio-pci 0000:65:00.0: Cannot bind to PF with SRIOV enabled",
            Source::Linux,
            "VFI003",
        ),
        (
            "pci 0000:03:00.0: BAR 1: no space for [mem size 0x400000000 64bit pref]",
            Source::Linux,
            "BAR003",
        ),
        // Linux drivers/vfio/pci/vfio_pci_core.c, drivers/vfio/group.c
        (
            "vfio-pci 0000:3b:00.0: Adding kernel taint for vfio-noiommu group on device",
            Source::Linux,
            "IOM001",
        ),
        (
            "vfio-pci: probe of 0000:01:00.0 failed with error -22",
            Source::Linux,
            "VFI005",
        ),
        (
            "vfio-pci 0000:41:00.0: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff",
            Source::Linux,
            "BAR002",
        ),
        // Linux drivers/pci
        (
            "vfio-pci 0000:0a:00.0: not ready 65535ms after FLR; giving up",
            Source::Linux,
            "RST001",
        ),
        (
            "vfio-pci 0000:0a:00.0: Unable to change power state from D3hot to D0, device inaccessible",
            Source::Linux,
            "CAP001",
        ),
        (
            "pci 0000:02:00.0: VF BAR 0 [mem size 0x00080000 64bit pref]: can't assign; no space",
            Source::Linux,
            "BAR003",
        ),
        (
            "igb 0000:01:00.0: can't enable 7 VFs (bus 03 out of range of [bus 02])",
            Source::Linux,
            "TOP002",
        ),
        // Linux drivers/iommu
        (
            "DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 0x0 [fault reason 0x26] Blocked an interrupt request due to source-id verification failure",
            Source::Linux,
            "IOM002",
        ),
        (
            "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:02:00.0 domain=0x000f address=0xfffffffdf8000000 flags=0x0a00]",
            Source::Linux,
            "IMP075",
        ),
        (
            "AMD-Vi: [Firmware Bug]: : IOAPIC[4] not in IVRS table",
            Source::Linux,
            "IOM002",
        ),
        (
            "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0a:00.0 address=0x000000041f5a3c50]",
            Source::Linux,
            "ACS006",
        ),
        // QEMU hw/vfio
        (
            "qemu-system-x86_64: -device vfio-pci,host=01:00.0: vfio 0000:01:00.0: group 1 is not viable",
            Source::Qemu,
            "VFI002",
        ),
        (
            "qemu-system-x86_64: vfio: Cannot reset device 0000:04:00.0, depends on group 15 which is not owned.",
            Source::Qemu,
            "TOP003",
        ),
        (
            "qemu-kvm: -device vfio-pci,host=0000:02:00.0: vfio 0000:02:00.0: no iommu_group found: No such file or directory",
            Source::Qemu,
            "VFI005",
        ),
        (
            "qemu-system-x86_64: -device vfio-pci,host=01:00.0: vfio 0000:01:00.0: failed to setup container for group 1: memory listener initialization failed: Region pc.ram: vfio_dma_map(0x55d0, 0x0, 0xc0000, 0x7f10) = -12 (Cannot allocate memory)",
            Source::Qemu,
            "",
        ),
        (
            "vfio: Cannot read device rom at 0000:01:00.0",
            Source::Qemu,
            "DDA007",
        ),
        (
            "vfio: error getting device 0000:06:00.0 from group 17: Device or resource busy",
            Source::Qemu,
            "VFI002",
        ),
        // libvirt
        (
            "error: internal error: Device 0000:01:00.0 is behind a switch lacking ACS and cannot be assigned",
            Source::Libvirt,
            "ACS001",
        ),
        (
            "error: unsupported configuration: host doesn't support passthrough of host PCI devices",
            Source::Libvirt,
            "IOM001",
        ),
        (
            "error: internal error: Unable to reset PCI device 0000:03:00.0: no FLR, PM reset or bus reset available",
            Source::Libvirt,
            "RST002",
        ),
        // Microsoft's cmdlets and SurveyDDA.ps1
        (
            "Dismount-VMHostAssignableDevice : The operation failed. The current configuration does not allow for OS control of the PCI Express bus. Please check your BIOS or UEFI settings.",
            Source::HyperV,
            "DDA004",
        ),
        (
            "Traffic from this device may be redirected to other devices in the system.  Not assignable.",
            Source::HyperV,
            "ACS001",
        ),
        (
            "BIOS requires that this device remain attached to BIOS-owned memory.  Not assignable.",
            Source::HyperV,
            "RSV001",
        ),
        (
            "'VM1' Virtual Pci Express Port (Instance ID C2C9...): Failed to Power on with Error 'A hypervisor feature is not available to the user.' (0xC035001E).",
            Source::HyperV,
            "IOM001",
        ),
        // Easy-GPU-PV, issues 40, 125 and 153
        (
            "Virtual machine 'GPUPV' cannot be started. The upper MMIO region (0x00000017dffff000) is above the the supported physical address range. Make sure that the upper MMIO region is below 0x0000001000000000.",
            Source::HyperV,
            "DDA034",
        ),
        (
            "not compliant with currently set group policy.  See HyperV\\RequireSecureDeviceAssignment and HyperV\\RequireSupportedDeviceAssignment for more details.",
            Source::HyperV,
            "DDA031",
        ),
        // Get-VMHost, IovSupportReasons
        (
            "To use SR-IOV on this system, the system BIOS must be updated to allow Windows to control PCI Express. Contact your system manufacturer for an update.",
            Source::HyperV,
            "DDA004",
        ),
        (
            "SR-IOV cannot be used on this system as the PCI Express hardware does not support Access Control Services (ACS) at any root port. Contact your system vendor for further information.",
            Source::HyperV,
            "DDA014",
        ),
        (
            "Ensure that the system has chipset support for SR-IOV and that I/O virtualization is enabled in the BIOS.",
            Source::HyperV,
            "IOM001",
        ),
    ];

    #[test]
    fn messages_as_they_were_printed_lead_to_the_rule_that_explains_them() {
        for (line, source, code) in REAL {
            let hits = explain(line);
            let [hit] = hits.as_slice() else {
                panic!("{line}: {hits:?}");
            };
            assert_eq!(hit.message.source, *source, "{line}");
            assert!(
                hit.message.codes.contains(code)
                    || (code.is_empty() && hit.message.codes.is_empty()),
                "{line}: {:?}",
                hit.message.codes
            );
        }
    }

    #[test]
    fn every_code_is_a_rule_and_every_message_says_something() {
        let mut number = 0;
        for message in known() {
            number += 1;
            assert!(!message.words.is_empty() && !message.meaning.is_empty());
            for code in message.codes {
                assert!(crate::rules::find(code).is_some(), "{code} is no rule");
            }
        }
        assert!(number >= 50, "only {number} messages");
    }

    #[test]
    fn no_message_hides_another_one() {
        for message in known() {
            let line = message.words.join(" ");
            let hits = explain(&line);
            let first = hits.first().map(|hit| hit.message);
            assert!(
                first.is_some_and(|first| std::ptr::eq(first, message)),
                "{line} is taken for {first:?}"
            );
        }
    }

    #[test]
    fn devices_are_named_once_and_in_order() {
        let text = "vfio 0000:01:00.0: group 1 is not viable\n\
                    nothing\n\
                    vfio 0000:01:00.0: group 1 is not viable\n\
                    vfio 02:00.1: group 2 is not viable\n";
        let hits = explain(text);
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].lines, [1, 3, 4]);
        let devices: Vec<String> = hits[0].devices.iter().map(ToString::to_string).collect();
        assert_eq!(devices, ["0000:01:00.0", "0000:02:00.1"]);
    }

    #[test]
    fn names_of_windows_are_found() {
        let text = r"Add-VMAssignableDevice : The device 'PCIROOT(0)#PCI(0100)#PCI(0000)' was not found on server 'HOST'.
            'VM' Virtual Pci Express Port: PCIP\VEN_8086&DEV_1572\4&1, Element not found.";
        let nodes: Vec<String> = explain(text)
            .into_iter()
            .flat_map(|hit| hit.nodes)
            .collect();
        assert_eq!(
            nodes,
            [
                "PCIROOT(0)#PCI(0100)#PCI(0000)",
                r"PCIP\VEN_8086&DEV_1572\4&1"
            ]
        );
    }

    #[test]
    fn an_ordinary_log_holds_nothing_to_explain() {
        let text = "[    0.5] pci 0000:00:1c.0: PME# supported from D0 D3hot D3cold\n\
                    [    0.6] DMAR: DRHD base: 0x000000fed90000 flags: 0x1\n\
                    [    1.0] DMAR-IR: Enabled IRQ remapping in x2apic mode\n\
                    [    2.0] vfio-pci 0000:01:00.0: vgaarb: changed VGA decodes\n";
        assert!(explain(text).is_empty());
    }

    #[test]
    fn garbage_is_looked_at_and_passed_over() {
        let long = "é".repeat(100_000);
        assert!(explain(&long).is_empty());
        assert!(explain("\0\u{1b}[2J\n::::\n....:\n").is_empty());
    }
}
