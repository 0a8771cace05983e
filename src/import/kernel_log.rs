//! The log of a Linux kernel, from `dmesg` or a journal.
//!
//! It is kept as it is; what it says is for the analyses.

/// Name of the log among the facts about the host.
pub(super) const NAME: &str = "log.txt";

/// Lines with a marker that make a text a kernel log.
const ENOUGH: usize = 3;

/// What messages begin with that only a kernel prints.
const MARKERS: &[&[u8]] = &[
    b"Linux version ",
    b"Command line: ",
    b"Kernel command line: ",
    b"BIOS-e820: ",
    b"ACPI: PCI Root Bridge [",
    b"ACPI: DMAR 0x",
    b"ACPI: IVRS 0x",
    b"acpi PNP0A0",
    b"pci 0000:",
    b"pci_bus 0000:",
    b"pcieport 0000:",
    b"vfio-pci 0000:",
    b"DMAR: ",
    b"DMAR-IR: ",
    b"AMD-Vi: ",
    b"iommu: ",
];

/// Whether several lines are messages of a kernel, with or without a time before them.
pub(crate) fn is_log(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n');
    lines
        .filter(|line| is_message(line))
        .nth(ENOUGH - 1)
        .is_some()
}

/// A marker stands at the start of a line, or behind `[    0.123456]`, `kernel:` or the like.
fn is_message(line: &[u8]) -> bool {
    let line = line.get(..256).unwrap_or(line);
    let begins = |text: &[u8]| MARKERS.iter().any(|marker| text.starts_with(marker));
    let behind = |at: usize| line.get(at + 1..).map(<[u8]>::trim_ascii_start);
    let ends = line.iter().enumerate();
    begins(line.trim_ascii_start())
        || ends
            .filter(|(_, byte)| matches!(byte, b']' | b':' | b'>'))
            .filter_map(|(at, _)| behind(at))
            .any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_known_with_and_without_a_time() {
        for prefix in [
            "",
            "[    0.632345] ",
            "   [Di Mär 24 07:10:54 2026] ",
            "> ",
            "<6>",
            "Jan 05 08:40:49 host kernel: ",
            "[    1.599926 <    0.260579>] ",
            "2024-12-17 14:39:28,478 DEBUG:\t",
        ] {
            let text = format!(
                "{prefix}ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n\
                 {prefix}something else\r\n\
                 {prefix}pci 0000:00:00.0: [8086:1237] type 00 class 0x060000\n\
                 {prefix}DMAR: IOMMU enabled\n"
            );
            assert!(is_log(text.as_bytes()), "{text}");
            let two = text.split("DMAR").next().unwrap();
            assert!(!is_log(two.as_bytes()), "{two}");
        }
    }

    #[test]
    fn an_lspci_text_is_no_log() {
        let text = "00:01.0 PCI bridge: Intel DMAR: x\n\tKernel driver in use: pcieport\n\
            0000:01:00.0 VGA compatible controller: AMD\n\tKernel driver in use: vfio-pci\n\
            \tCapabilities: [100 v1] Vendor Specific Information: ID=0001\n\
            \tIOMMU group: 1\n";
        assert!(!is_log(text.repeat(3).as_bytes()));
    }
}
