//! Tables and facts about the machine as a whole.

use std::fmt::Write as _;

use serde_json::Value;

use super::names::Names;
use super::{Changes, windows, words};
use crate::capture::{Capture, HyperV, WindowsHost};
use crate::import::{log_concerns, log_message};

/// Keys of the machine's identity that many machines share.
pub(super) const PLATFORM: &[&str] = &[
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_name",
    "board_vendor",
    "board_version",
    "chassis_type",
    "chassis_vendor",
    "product_family",
    "product_name",
    "product_sku",
    "product_version",
    "sys_vendor",
];

/// Tables of the ACPI specification and those that it reserves, as far as they describe
/// hardware. Licence keys (MSDM, SLIC), programs (WPBT) and records of errors are none.
const TABLES: &[&str] = &[
    "APIC", "CEDT", "DMAR", "DSDT", "ECDT", "FACP", "FACS", "HEST", "HMAT", "HPET", "IORT", "IVRS",
    "MADT", "MCFG", "PMTT", "PPTT", "PSDT", "RSDT", "SDEV", "SLIT", "SRAT", "SSDT", "VIOT", "WAET",
    "XSDT", "ERST", "EINJ", "BERT", "SPCR", "DBG2", "DRTM", "TPM2", "WSMT", "LPIT", "NFIT", "ASF!",
    "BGRT", "BOOT", "CSRT", "DBGP", "FPDT", "GTDT", "MCHI", "MPST", "RASF", "SBST", "SPMI", "TCPA",
    "UEFI", "WDAT", "WDRT", "WSPT", "XENV",
];

/// Parameters of the kernel that say how devices are treated. Their values stay.
const PARAMETERS: &[&str] = &[
    "acpi",
    "acpi_osi",
    "acpi_enforce_resources",
    "amd_iommu",
    "amd_iommu_dump",
    "amd_iommu_intr",
    "arm-smmu.disable_bypass",
    "console",
    "debug",
    "default_hugepagesz",
    "efi",
    "hugepages",
    "hugepagesz",
    "idle",
    "init_on_alloc",
    "intel_idle.max_cstate",
    "intel_iommu",
    "intremap",
    "ioapic",
    "iommu",
    "iommu.forcedac",
    "iommu.passthrough",
    "iommu.strict",
    "isolcpus",
    "kvm.ignore_msrs",
    "kvm_amd.nested",
    "kvm_amd.avic",
    "kvm_intel.nested",
    "loglevel",
    "maxcpus",
    "mem",
    "memmap",
    "mitigations",
    "modprobe.blacklist",
    "module_blacklist",
    "no_timer_check",
    "noapic",
    "nohz_full",
    "nomodeset",
    "nopat",
    "nosmt",
    "nox2apic",
    "panic",
    "pci",
    "pci-stub.ids",
    "pcie_acs_override",
    "pcie_aspm",
    "pcie_hp",
    "pcie_pme",
    "pcie_ports",
    "pcie_port_pm",
    "pnp",
    "processor.max_cstate",
    "quiet",
    "rcu_nocbs",
    "rd.driver.blacklist",
    "rd.driver.pre",
    "ro",
    "rw",
    "splash",
    "swiotlb",
    "tsc",
    "vfio-pci.disable_idle_d3",
    "vfio-pci.disable_vga",
    "vfio-pci.enable_sriov",
    "vfio-pci.ids",
    "vfio_iommu_type1.allow_unsafe_interrupts",
    "vfio_pci.ids",
    "vga",
    "video",
    "x2apic_phys",
    "xen-pciback.hide",
];

/// What `/proc/cpuinfo` says of a processor that is not about this one alone.
const PROCESSOR: &[&str] = &[
    "processor",
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "microcode",
    "cpu cores",
    "siblings",
    "physical id",
    "core id",
    "apicid",
    "initial apicid",
    "flags",
    "vmx flags",
    "bugs",
    "address sizes",
    "power management",
    "clflush size",
    "cache_alignment",
    "cache size",
    "cpuid level",
    "fpu",
    "fpu_exception",
    "wp",
    "bogomips",
    "cpu MHz",
    "TLB size",
    "Features",
    "CPU implementer",
    "CPU architecture",
    "CPU variant",
    "CPU part",
    "CPU revision",
];

/// Whether a table describes hardware. A number may follow the signature.
pub(super) fn keeps_table(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|signature| TABLES.contains(&signature))
}

/// Takes over the facts that are understood.
pub(super) fn redact(from: &Capture, to: &mut Capture, names: &Names, changes: &mut Changes) {
    for (name, bytes) in &from.host {
        let member = format!("host/{name}");
        let text = String::from_utf8_lossy(bytes);
        let clean = match name.as_str() {
            "cmdline" => command_line(&text),
            "version" => words::scrub(&text),
            "cpuinfo" => lines(&text, |line| {
                let key = line.split(':').next().unwrap_or_default().trim();
                PROCESSOR.contains(&key).then(|| line.to_owned())
            }),
            "iomem" | "ioports" => lines(&text, |line| {
                let range = line.split(" : ").next().unwrap_or_default().trim();
                let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
                range.chars().all(hex).then(|| words::scrub(line))
            }),
            "kernel-config" => lines(&text, option),
            "log.txt" => lines(&text, |line| log_line(line, names)),
            "iommu.json" => json(&text, &["units", "groups"]),
            "kernel.json" => json(&text, &["modules", "lockdown", "efi"]),
            "root-buses.json" => words::scrub(&text),
            WindowsHost::NAME => windows::redact_host(&text, names),
            HyperV::NAME => windows::redact_hyperv(&text, names),
            _ => {
                changes.add("host", "a member that is not understood left out");
                continue;
            }
        };
        if *clean != *text {
            changes.add(&member, difference(&text, &clean));
        }
        to.host.insert(name.clone(), clean.into_bytes());
    }
}

/// How many lines are gone, how many are changed.
fn difference(old: &str, new: &str) -> String {
    let pairs = old.lines().zip(new.lines());
    let gone = pairs
        .clone()
        .filter(|(old, new)| new.is_empty() && !old.is_empty());
    let changed = pairs
        .clone()
        .filter(|(old, new)| old != new && !new.is_empty());
    let (gone, changed) = (gone.count(), changed.count());
    let mut text = String::new();
    if gone > 0 {
        let _ = write!(text, "{gone} lines emptied");
    }
    if changed > 0 {
        let and = if gone > 0 { ", " } else { "" };
        let _ = write!(text, "{and}private words replaced in {changed}");
    }
    if text.is_empty() {
        text.push_str("rewritten");
    }
    text
}

/// Each line as `keep` gives it; one that it does not give becomes empty, so that line numbers
/// stay what they are.
fn lines(text: &str, keep: impl Fn(&str) -> Option<String>) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        clean.push_str(&keep(content).unwrap_or_default());
        clean.push_str(line.get(content.len()..).unwrap_or_default());
    }
    clean
}

/// A line of the kernel log that is about devices.
pub(super) fn log_line(line: &str, names: &Names) -> Option<String> {
    if !log_concerns(line) {
        return None;
    }
    let message = log_message(line);
    let head = line.len() - message.len();
    for start in ["Command line: ", "Kernel command line: "] {
        if let Some(words) = message.strip_prefix(start) {
            let head = line.get(..head).unwrap_or_default();
            return Some(format!("{head}{start}{}", command_line(words)));
        }
    }
    Some(words::scrub(&names.apply(line)))
}

/// Parameters that are known keep their values; of others not even the name stays.
fn command_line(text: &str) -> String {
    let clean = |word: &str| {
        let key = word.split('=').next().unwrap_or_default();
        match PARAMETERS.contains(&key) {
            true => words::scrub(word),
            false => "(redacted)".to_owned(),
        }
    };
    let mut line = String::new();
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end_matches(char::is_whitespace);
        if !word.is_empty() {
            line.push_str(&clean(word));
        }
        line.push_str(part.get(word.len()..).unwrap_or_default());
    }
    line
}

/// An option of the kernel that is switched, or a number.
fn option(line: &str) -> Option<String> {
    let plain = |value: &str| {
        matches!(value, "y" | "m" | "n") || value.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let kept = match line.split_once('=') {
        Some((name, value)) => name.starts_with("CONFIG_") && plain(value),
        None => line.starts_with("# CONFIG_") && line.ends_with(" is not set"),
    };
    kept.then(|| line.to_owned())
}

/// A document with its known keys, and the private words in its texts replaced.
fn json(text: &str, keys: &[&str]) -> String {
    let Ok(Value::Object(mut map)) = serde_json::from_str(text) else {
        return String::new();
    };
    map.retain(|key, _| keys.contains(&key.as_str()));
    map.values_mut().for_each(scrub);
    let mut clean = serde_json::to_string_pretty(&map).unwrap_or_default();
    clean.push('\n');
    clean
}

fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => *text = words::scrub(text),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(map) => map.values_mut().for_each(scrub),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_command_line_only_known_parameters_stay() {
        assert_eq!(
            command_line("BOOT_IMAGE=/vmlinuz root=UUID=1 ro intel_iommu=on acme.token=17 quiet\n"),
            "(redacted) (redacted) ro intel_iommu=on (redacted) quiet\n"
        );
    }

    #[test]
    fn the_log_keeps_its_line_numbers() {
        let text = "[    0.0] Command line: root=/dev/acme iommu=pt\n\
            [    1.0] usb 1-1: SerialNumber: 17\n\
            [    2.0] pci 0000:00:02.0: x\n";
        let clean = lines(text, |line| log_line(line, &Names::default()));
        assert_eq!(
            clean,
            "[    0.0] Command line: (redacted) iommu=pt\n\n[    2.0] pci 0000:00:02.0: x\n"
        );
        assert_eq!(
            difference(text, &clean),
            "1 lines emptied, private words replaced in 1"
        );
    }

    #[test]
    fn a_licence_key_is_no_description_of_hardware() {
        assert!(keeps_table("DMAR") && keeps_table("SSDT12"));
        assert!(!keeps_table("MSDM") && !keeps_table("SLIC") && !keeps_table("OEM1"));
        assert!(!keeps_table("X"));
    }
}
