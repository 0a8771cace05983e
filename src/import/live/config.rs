//! How the kernel was built, as far as it concerns remapping and VFIO.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::capture::load::read_limited;

/// Name of the member below `host/`.
pub(super) const NAME: &str = "kernel-config";
/// Bytes of a configuration; real ones have 300,000.
const MAX: u64 = 4 << 20;

/// What options begin with, behind `CONFIG_`.
const OPTIONS: &[&str] = &[
    "ACPI_TABLE_UPGRADE",
    "AMD_IOMMU",
    "ARM_SMMU",
    "HOTPLUG_PCI",
    "HYPERV",
    "INTEL_IOMMU",
    "IOMMU",
    "IRQ_REMAP",
    "KVM",
    "PCI",
    "VFIO",
    "VIRTIO_IOMMU",
    "VMD",
    "X86_X2APIC",
];

/// Lines of `/proc/config.gz`, or else of `/boot/config-RELEASE`.
pub(super) fn read(root: &Path, release: &str) -> io::Result<String> {
    let packed =
        fs::File::open(root.join("proc/config.gz")).and_then(|file| text(GzDecoder::new(file)));
    let text = match packed {
        Ok(text) => text,
        Err(error) if release.is_empty() || release.contains('/') => return Err(error),
        Err(_) => {
            let file = fs::File::open(root.join(format!("boot/config-{release}")))?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other("not a file"));
            }
            text(file)?
        }
    };
    Ok(options(&text))
}

fn text(reader: impl Read) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&read_limited(reader, MAX, 0)?).into_owned())
}

/// `CONFIG_VFIO=m`, or `# CONFIG_VFIO_NOIOMMU is not set`.
fn options(text: &str) -> String {
    let about = |line: &&str| {
        let option = line.strip_prefix("# ").unwrap_or(line);
        let name = option.strip_prefix("CONFIG_").unwrap_or_default();
        OPTIONS.iter().any(|start| name.starts_with(start))
    };
    text.lines()
        .filter(about)
        .fold(String::new(), |all, line| all + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_about_remapping_are_kept_set_or_not() {
        let text = "# Linux/x86 6.1\nCONFIG_LOCALVERSION=\"-mine\"\nCONFIG_VFIO_PCI=m\n\
            # CONFIG_VFIO_NOIOMMU is not set\nCONFIG_BUILD_SALT=\"x\"\nCONFIG_INTEL_IOMMU=y\n";
        let kept = "CONFIG_VFIO_PCI=m\n# CONFIG_VFIO_NOIOMMU is not set\nCONFIG_INTEL_IOMMU=y\n";
        assert_eq!(options(text), kept);
    }
}
