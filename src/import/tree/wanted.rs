//! Which files of a machine are worth keeping. Everything else is passed over unread, so that
//! memory depends on the number of functions and not on the size of the archive.

use super::path::{follow, function, impossible_function, root_bus, user};
use crate::capture::limits::{MAX_CONFIG, MAX_HOST, MAX_TABLE, MAX_VPD};
use crate::import::limits::MAX_ATTRIBUTE;

/// What to do with a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    /// Read the file, up to so many bytes.
    File(u64),
    /// Keep the target of the link.
    Link,
    /// Note that it exists.
    Existence,
    /// It shows that a function is in use; note the function's path and this name.
    User { function: usize, name: String },
    /// Named like a function, but impossible.
    Impossible,
    /// Of no use in a tree; it may be a text or an archive.
    Other,
    /// Of no use.
    Nothing,
}

/// Attributes of a function that are facts of their own in a capture.
const FACTS: &[&str] = &[
    "resource",
    "vendor",
    "device",
    "subsystem_vendor",
    "subsystem_device",
    "class",
    "revision",
    "numa_node",
    "reset_method",
    "power_state",
    "boot_vga",
    "sriov_totalvfs",
    "sriov_numvfs",
];

/// Attributes of a function that are kept as text.
pub(crate) const TEXTS: &[&str] = &[
    "acpi_index",
    "ari_enabled",
    "broken_parity_status",
    "consistent_dma_mask_bits",
    "current_link_speed",
    "current_link_width",
    "d3cold_allowed",
    "dma_mask_bits",
    "driver_override",
    "enable",
    "index",
    "irq",
    "label",
    "local_cpulist",
    "max_link_speed",
    "max_link_width",
    "modalias",
    "msi_bus",
    "removable",
    "resource0_resize",
    "resource1_resize",
    "resource2_resize",
    "resource3_resize",
    "resource4_resize",
    "resource5_resize",
    "secondary_bus_number",
    "sriov_drivers_autoprobe",
    "sriov_offset",
    "sriov_stride",
    "sriov_vf_device",
    "sriov_vf_total_msix",
    "subordinate_bus_number",
];

/// Attributes below `power/` that are kept as text.
pub(crate) const POWER: &[&str] = &["control", "runtime_status"];

/// Links of a function.
const LINKS: &[&str] = &["driver", "iommu_group", "iommu", "physfn", "firmware_node"];

/// Attributes of an ACPI object.
pub(crate) const ACPI: &[&str] = &["path", "hid", "uid", "adr", "sun", "real_power_state"];

/// Files below `proc`.
const PROC: &[&str] = &["cmdline", "iomem", "ioports", "version", "cpuinfo"];

/// Folders of `sys` that hold something of use; they mark the root of a machine.
const SYS: &[&str] = &[
    "devices", "bus", "kernel", "class", "firmware", "block", "module",
];

/// What the names of modules begin with whose parameters decide about assignment.
const MODULES: &[&str] = &["vfio", "kvm", "iommu", "vmd", "pci", "xen_pciback"];

/// Tables that hold a licence key and decide nothing.
const LICENCES: &[&str] = &["MSDM", "SLIC"];

/// Where the root of the machine is in a path: the number of parts before it.
pub(crate) fn root(parts: &[&str]) -> Option<usize> {
    (0..parts.len()).find(|&at| match parts.get(at..).unwrap_or_default() {
        ["sys", folder, ..] => SYS.contains(folder),
        ["proc", file] => PROC.contains(file),
        ["proc", "bus", "pci", ..] => true,
        ["var", "log", "dmesg"] | ["extra", "dmesg.txt"] => true,
        ["sos_commands", "kernel", "dmesg"] => true,
        _ => false,
    })
}

/// Whether a text attribute has a name that a tree's reader gives: its own, below `power/`, or
/// below `firmware_node/`.
#[cfg(feature = "analyzer")]
pub(crate) fn is_known_attribute(name: &str) -> bool {
    match name.split_once('/') {
        None => TEXTS.contains(&name) || name == "msi_irqs",
        Some(("power", name)) => POWER.contains(&name),
        Some(("firmware_node", name)) => ACPI.contains(&name),
        Some(_) => false,
    }
}

/// What to do with a path from the root of the machine.
pub(crate) fn want(parts: &[&str]) -> Want {
    match parts {
        ["sys", "devices", ..] => device(parts),
        ["sys", "bus", "pci", "slots", _, "address"] => Want::File(MAX_ATTRIBUTE),
        // A copy that followed the links has folders here.
        ["sys", "bus", "pci", "devices", name, below @ ..] if function(name).is_some() => {
            below_function(below, 5)
        }
        ["sys", "kernel", "iommu_groups", _] => Want::Existence,
        [
            "sys",
            "kernel",
            "iommu_groups",
            _,
            "name" | "type" | "reserved_regions",
        ] => Want::File(MAX_ATTRIBUTE),
        ["sys", "kernel", "iommu_groups", _, "devices", name] if function(name).is_some() => {
            Want::Existence
        }
        ["sys", "class", "iommu", below @ ..] => unit(below),
        ["sys", "class", "net" | "block", _] | ["sys", "block", _] => Want::Link,
        ["sys", "class", "dmi", "id", attribute] => dmi(attribute),
        ["sys", "kernel", "security", "lockdown"] => Want::File(MAX_ATTRIBUTE),
        ["sys", "module", name] if module(name) => Want::Existence,
        ["sys", "module", name, "parameters", _] if module(name) => Want::File(MAX_ATTRIBUTE),
        ["sys", "firmware", "efi"] => Want::Existence,
        ["sys", "firmware", "acpi", "tables", .., name] if licence(name) => Want::Nothing,
        ["sys", "firmware", "acpi", "tables", _] => Want::File(MAX_TABLE),
        ["sys", "firmware", "acpi", "tables", "data" | "dynamic", _] => Want::File(MAX_TABLE),
        ["sys", ..] => Want::Nothing,
        ["proc", file] if PROC.contains(file) => Want::File(MAX_HOST),
        ["proc", "bus", "pci", "devices"] => Want::File(MAX_HOST),
        ["proc", "bus", "pci", _, _] => Want::File(MAX_CONFIG),
        ["proc", ..] => Want::Nothing,
        ["var", "log", "dmesg"] | ["extra", "dmesg.txt"] => Want::File(MAX_HOST),
        ["sos_commands", "kernel", "dmesg"] => Want::File(MAX_HOST),
        _ => Want::Other,
    }
}

fn device(parts: &[&str]) -> Want {
    if let Some((_, below)) = follow(parts) {
        return below_function(below, parts.len() - below.len());
    }
    match parts {
        [_, _, "virtual", "iommu", below @ ..] => unit(below),
        [_, _, "virtual", "dmi", "id", attribute] => dmi(attribute),
        [_, _, .., bus, name] if root_bus(bus).is_some() => match *name {
            "firmware_node" => Want::Link,
            name if impossible_function(name) => Want::Impossible,
            _ => Want::Nothing,
        },
        [_, _, .., "iommu", name, folder, attribute] => unit(&[name, folder, attribute]),
        [_, _, system, .., attribute] if system.starts_with("LNXSYSTM:") => {
            if ACPI.contains(attribute) {
                Want::File(MAX_ATTRIBUTE)
            } else {
                Want::Nothing
            }
        }
        _ => Want::Nothing,
    }
}

/// `function` is the number of parts up to the function's own folder.
fn below_function(below: &[&str], function: usize) -> Want {
    match below {
        [] | ["reset"] => Want::Existence,
        ["config"] => Want::File(MAX_CONFIG),
        ["vpd"] => Want::File(MAX_VPD),
        [name] if FACTS.contains(name) || TEXTS.contains(name) => Want::File(MAX_ATTRIBUTE),
        ["msi_irqs", _] => Want::Existence,
        ["power", name] if POWER.contains(name) => Want::File(MAX_ATTRIBUTE),
        ["firmware_node", name] if ACPI.contains(name) => Want::File(MAX_ATTRIBUTE),
        [name] if LINKS.contains(name) => Want::Link,
        [name] if impossible_function(name) => Want::Impossible,
        ["iommu", below @ ..] => unit(below),
        _ => match user(below) {
            Some(name) => Want::User { function, name },
            None => Want::Nothing,
        },
    }
}

/// A remapping unit: `dmar0/intel-iommu/cap`, `ivhd0/amd-iommu/features`, `dmar0/devices/…`.
fn unit(below: &[&str]) -> Want {
    match below {
        [_] => Want::Existence,
        [_, "devices", name] if function(name).is_some() => Want::Existence,
        [_, folder, _] if folder.ends_with("-iommu") => Want::File(MAX_ATTRIBUTE),
        _ => Want::Nothing,
    }
}

/// A module whose parameters decide about assignment.
fn module(name: &str) -> bool {
    MODULES.iter().any(|start| name.starts_with(start))
}

/// `MSDM`, `SLIC1`.
fn licence(table: &str) -> bool {
    LICENCES.iter().any(|start| table.starts_with(start))
}

/// Serial numbers, UUIDs and asset tags name one particular machine and decide nothing.
fn dmi(attribute: &str) -> Want {
    let kept = [
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
    if kept.contains(&attribute) {
        Want::File(MAX_ATTRIBUTE)
    } else {
        Want::Nothing
    }
}

/// Whether a folder may hold something of use.
pub(crate) fn enter(parts: &[&str]) -> bool {
    let Some(&name) = parts.last() else {
        return true;
    };
    let Some(root) = (0..parts.len()).find(|&at| matches!(parts.get(at), Some(&"sys" | &"proc")))
    else {
        return parts.len() <= 8 && !name.starts_with('.');
    };
    let parts = parts.get(root..).unwrap_or_default();
    match parts {
        ["proc"] | ["sys"] => true,
        ["proc", "bus"] | ["proc", "bus", "pci"] | ["proc", "bus", "pci", _] => true,
        ["sys", folder] => SYS.contains(folder),
        [
            "sys",
            "devices",
            "system" | "tracepoint" | "software" | "breakpoint",
            ..,
        ] => false,
        ["sys", "devices", "virtual"] => true,
        ["sys", "devices", "virtual", kind, ..] => matches!(*kind, "iommu" | "dmi"),
        ["sys", "devices", ..] => parts.len() <= 40 && !within_user(parts),
        ["sys", "bus", bus, below @ ..] => {
            *bus == "pci" && matches!(below, [] | ["slots", ..] | ["devices"] | ["devices", _])
        }
        ["sys", "kernel", kind, ..] => matches!(*kind, "iommu_groups" | "security"),
        ["sys", "module", name] => module(name),
        ["sys", "module", _, folder] => *folder == "parameters",
        ["sys", "class", kind, ..] => matches!(*kind, "iommu" | "net" | "block" | "dmi"),
        ["sys", "firmware", kind, ..] => *kind == "acpi",
        _ => false,
    }
}

/// Below a device that is known as a user there is nothing more to learn.
fn within_user(parts: &[&str]) -> bool {
    let Some((_, above)) = parts.split_last() else {
        return false;
    };
    follow(above).is_some_and(|(_, below)| match below {
        // A controller comes before its disks.
        ["nvme", ..] => below.len() > 2,
        _ => user(below).is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want_of(path: &str) -> Want {
        let parts: Vec<&str> = path.split('/').collect();
        let root = root(&parts).unwrap_or(0);
        want(&parts[root..])
    }

    #[test]
    fn the_root_of_a_machine_is_found_below_any_prefix() {
        for (path, expected) in [
            ("sys/devices/pci0000:00", Some(0)),
            ("a/b/sys/kernel/iommu_groups", Some(2)),
            ("host/proc/cmdline", Some(1)),
            ("usr/sys/include", None),
            ("sys", None),
            ("x/proc/1/maps", None),
        ] {
            let parts: Vec<&str> = path.split('/').collect();
            assert_eq!(root(&parts), expected, "{path}");
        }
    }

    #[test]
    fn what_a_function_has_is_wanted_and_what_would_hurt_is_not() {
        let function = "x/sys/devices/pci0000:00/0000:00:04.0/0000:03:00.0";
        let want = |name: &str| want_of(&format!("{function}/{name}"));
        assert_eq!(want_of(function), Want::Existence);
        assert_eq!(want("config"), Want::File(MAX_CONFIG));
        assert_eq!(want("resource"), Want::File(MAX_ATTRIBUTE));
        assert_eq!(want("driver"), Want::Link);
        assert_eq!(want("reset"), Want::Existence);
        assert_eq!(
            want("net/eth0"),
            Want::User {
                function: 5,
                name: "eth0".to_owned()
            }
        );
        assert_eq!(want("0000:03:20.0"), Want::Impossible);
        // A copied tree may hold it; the collector reads it only when asked to.
        assert_eq!(want("vpd"), Want::File(MAX_VPD));
        for name in ["resource0", "rom", "remove", "subsystem"] {
            assert_eq!(want(name), Want::Nothing, "{name}");
        }
    }

    #[test]
    fn private_identities_are_left_where_they_are() {
        assert!(matches!(
            want_of("sys/class/dmi/id/product_name"),
            Want::File(_)
        ));
        for name in [
            "product_uuid",
            "product_serial",
            "board_serial",
            "chassis_asset_tag",
        ] {
            assert_eq!(want_of(&format!("sys/class/dmi/id/{name}")), Want::Nothing);
        }
        for name in ["MSDM", "SLIC", "dynamic/MSDM1"] {
            let path = format!("sys/firmware/acpi/tables/{name}");
            assert_eq!(want_of(&path), Want::Nothing, "a licence key");
        }
    }

    #[test]
    fn folders_that_hold_nothing_are_not_entered() {
        let enter = |path: &str| enter(&path.split('/').collect::<Vec<_>>());
        for path in [
            "a/b",
            "sys",
            "x/sys/devices/pci0000:00/0000:00:04.0/nvme/nvme0",
            "sys/class/iommu/dmar0",
            "sys/devices/platform/soc",
            "sys/bus/pci/slots/4",
            "sys/module/vfio_pci/parameters",
            "sys/kernel/security",
            "sys/firmware/acpi/tables/dynamic",
            "proc",
        ] {
            assert!(enter(path), "{path}");
        }
        for path in [
            "a/.git",
            "sys/devices/system",
            "sys/devices/virtual/net",
            "proc/1",
            "sys/fs",
            "sys/devices/pci0000:00/0000:00:04.0/net/eth0/queues",
            "sys/bus/usb",
            "sys/module/igb",
            "sys/module/vfio_pci/holders",
            "sys/kernel/debug",
            "sys/firmware/efi",
            "1/2/3/4/5/6/7/8/9",
        ] {
            assert!(!enter(path), "{path}");
        }
    }
}
