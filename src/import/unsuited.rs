//! Outputs that people send and that do not say enough: which they are, and what to send instead.

use std::fmt;

/// An output that names devices without their ids or registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unsuited {
    /// `lspci -t`.
    LspciTree,
    /// `lshw` in any of its forms.
    Lshw,
    /// `inxi`.
    Inxi,
    /// `hwinfo`.
    Hwinfo,
    /// `virsh nodedev-list`.
    NodedevList,
    /// `driverctl list-devices`.
    Driverctl,
    /// `lsusb`.
    Lsusb,
    /// `dxdiag`, `msinfo32` and the like.
    Msinfo,
    /// What QEMU, libvirt or Hyper-V said when an assignment failed.
    Messages,
}

/// Lines that are looked at.
const LINES: usize = 2000;

impl Unsuited {
    /// What a text is that no importer knows.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        text.split(|&byte| byte == b'\n')
            .take(LINES)
            .find_map(|line| {
                let line = line.get(..400).unwrap_or(line);
                of_line(String::from_utf8_lossy(line).trim())
            })
    }
}

fn of_line(line: &str) -> Option<Unsuited> {
    if line.starts_with("-[") && line.contains("]-") {
        return Some(Unsuited::LspciTree);
    }
    if line.contains("pci@0000:") || line.starts_with("Bus info  ") || line.starts_with("*-core") {
        return Some(Unsuited::Lshw);
    }
    if line.contains("bus-ID: ") && (line.contains("driver: ") || line.contains("chip-ID: ")) {
        return Some(Unsuited::Inxi);
    }
    if line.starts_with("SysFS BusID: ") || line.starts_with("SysFS ID: /devices/pci") {
        return Some(Unsuited::Hwinfo);
    }
    let node = line.trim_start_matches(['|', '+', '-', ' ']);
    if node.strip_prefix("pci_").is_some_and(|rest| {
        rest.split('_').count() == 4
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    }) {
        return Some(Unsuited::NodedevList);
    }
    if let Some((at, driver)) = line.split_once(' ')
        && at.len() >= 12
        && at.parse::<crate::addr::Sbdf>().is_ok()
        && driver
            .strip_suffix(" [*]")
            .unwrap_or(driver)
            .split(' ')
            .count()
            == 1
    {
        return Some(Unsuited::Driverctl);
    }
    if line.starts_with("Bus 0") && line.contains(" Device ") && line.contains(": ID ") {
        return Some(Unsuited::Lsusb);
    }
    if line.contains("qemu") && line.contains("vfio")
        || line.contains("Add-VMAssignableDevice :")
        || line.contains("Dismount-VMHostAssignableDevice :")
    {
        return Some(Unsuited::Messages);
    }
    (line.starts_with("OS Name") && line.contains("Microsoft Windows")
        || line == "[System Summary]"
        || line.starts_with("DxDiag Notes"))
    .then_some(Unsuited::Msinfo)
}

impl fmt::Display for Unsuited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINUX: &str = "send the output of 'sudo lspci -vvvnnxxxx' instead";
        match self {
            Self::LspciTree => write!(
                f,
                "the output of 'lspci -t' has the tree and names, but neither ids nor registers; {LINUX}"
            ),
            Self::Lshw => write!(
                f,
                "the output of lshw names devices, but has neither their registers nor their IOMMU \
                 groups; {LINUX}"
            ),
            Self::Inxi => write!(
                f,
                "the output of inxi lists only some devices, and no bridge between them; {LINUX}"
            ),
            Self::Hwinfo => write!(
                f,
                "the output of hwinfo names devices, but has neither their registers nor their \
                 IOMMU groups; {LINUX}"
            ),
            Self::NodedevList => f.write_str(
                "'virsh nodedev-list' has addresses and nothing else; send the output of 'virsh \
                 nodedev-dumpxml' for each of them, or of 'sudo lspci -vvvnnxxxx'",
            ),
            Self::Driverctl => write!(
                f,
                "a list of addresses and drivers says nothing else about the devices; {LINUX}"
            ),
            Self::Lsusb => write!(
                f,
                "the output of lsusb is about USB devices, not about PCI functions; {LINUX}"
            ),
            Self::Msinfo => f.write_str(
                "a summary of a Windows system does not name its PCI devices in full; send an \
                 export of them, e.g. from Collect-Assignable.ps1 or 'Get-PnpDevice | \
                 Get-PnpDeviceProperty | ConvertTo-Json'",
            ),
            Self::Messages => write!(
                f,
                "error messages say what failed, and 'assignable explain-log' what they mean; for \
                 the machine, {LINUX}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_is_known_by_a_line_of_it() {
        for (text, expected) in [
            (
                "$ lspci -tv\n-[0000:00]-+-00.0  Intel Corporation Device\n",
                Unsuited::LspciTree,
            ),
            ("          bus info: pci@0000:01:00.0\n", Unsuited::Lshw),
            ("    \"businfo\" : \"pci@0000:01:00.0\",\n", Unsuited::Lshw),
            (
                "  Device-1: Intel driver: i915 v: kernel bus-ID: 00:02.0\n",
                Unsuited::Inxi,
            ),
            ("  SysFS BusID: 0000:00:1f.2\n", Unsuited::Hwinfo),
            ("  +- pci_0000_01_00_0\n", Unsuited::NodedevList),
            ("pci_0000_01_00_0\n", Unsuited::NodedevList),
            ("0000:01:00.0 vfio-pci [*]\n", Unsuited::Driverctl),
            ("0000:01:00.1 (none)\n", Unsuited::Driverctl),
            ("Bus 001 Device 002: ID 8087:0026 Intel\n", Unsuited::Lsusb),
            (
                "qemu-system-x86_64: -device vfio-pci,host=01:00.0: vfio 0000:01:00.0: group 1 is not viable\n",
                Unsuited::Messages,
            ),
            ("OS Name\tMicrosoft Windows Server 2022\n", Unsuited::Msinfo),
        ] {
            assert_eq!(Unsuited::of(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn prose_is_none_of_them() {
        for text in [
            "",
            "device 01:00.0 is fine\n",
            "0000:01:00.0 works well for me\n",
            "pci_x\n",
        ] {
            assert_eq!(Unsuited::of(text.as_bytes()), None, "{text}");
        }
    }
}
