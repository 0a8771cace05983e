//! Paths of a Linux machine: which of them name functions, root buses and their users.

use crate::addr::Sbdf;

/// A function by the path of its directory below `sys/devices`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) at: Sbdf,
    /// The bridge above; `None` on a root bus.
    pub(crate) parent: Option<Sbdf>,
    pub(crate) root_bus: u8,
    /// The function whose driver made the root bus (Intel VMD).
    pub(crate) root_parent: Option<Sbdf>,
}

/// `0000:00:1f.0`, exactly as the kernel writes it.
pub(crate) fn function(name: &str) -> Option<Sbdf> {
    let at: Sbdf = name.parse().ok()?;
    (at.to_string() == name).then_some(at)
}

/// Named like a function, but with an impossible device or function number.
pub(crate) fn impossible_function(name: &str) -> bool {
    let hex = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let parts: Vec<&str> = name.split([':', '.']).collect();
    let &[domain, bus, device, number] = parts.as_slice() else {
        return false;
    };
    let shape = hex(domain, 4, 8) && hex(bus, 2, 2) && hex(device, 2, 2) && hex(number, 1, 1);
    shape && function(name).is_none()
}

/// Bus number of `pci0000:40`.
pub(crate) fn root_bus(name: &str) -> Option<u8> {
    let (domain, bus) = name.strip_prefix("pci")?.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shape = (4..=8).contains(&domain.len()) && digits(domain) && bus.len() == 2 && digits(bus);
    shape.then(|| u8::from_str_radix(bus, 16).ok()).flatten()
}

/// Follows a path from the first root bus on, as long as it goes through functions. Gives the
/// last function and what is left below it.
pub(crate) fn follow<'p, 'n>(parts: &'p [&'n str]) -> Option<(Route, &'p [&'n str])> {
    let mut rest = parts;
    let mut bus = None;
    let mut route: Option<Route> = None;
    while let Some((&name, below)) = rest.split_first() {
        if let Some(root) = root_bus(name) {
            bus = Some((root, route.map(|route| route.at)));
            route = None;
        } else if let (Some(at), Some((root_bus, root_parent))) = (function(name), bus) {
            let parent = route.map(|route| route.at);
            route = Some(Route {
                at,
                parent,
                root_bus,
                root_parent,
            });
        } else if bus.is_some() {
            break;
        }
        rest = below;
    }
    Some((route?, rest))
}

/// The network or block device that a path below a function stands for: `net/eth0`,
/// `ata1/host0/target0:0:0/0:0:0:0/block/sda`, `nvme/nvme0/nvme0n1`.
pub(crate) fn user(below: &[&str]) -> Option<String> {
    for (at, &name) in below.iter().enumerate() {
        let next = below.get(at + 1).copied();
        match name {
            "net" | "block" => return next.filter(|name| is_device_name(name)).map(str::to_owned),
            "nvme" => {
                let controller = next.filter(|name| is_device_name(name))?;
                let namespace = below.get(at + 2).filter(|name| name.starts_with("nvme"));
                return Some(namespace.map_or(controller.to_owned(), |name| head_of(name)));
            }
            _ => {}
        }
    }
    None
}

fn is_device_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 64 && !matches!(name, "uevent" | "power" | "subsystem")
}

/// `nvme0c1n2` is a path to `nvme0n2`.
fn head_of(namespace: &str) -> String {
    let Some((controller, rest)) = namespace.split_once('c') else {
        return namespace.to_owned();
    };
    match rest.split_once('n') {
        Some((path, number)) if path.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{controller}n{number}")
        }
        _ => namespace.to_owned(),
    }
}

/// The path that a link leads to, from the root of the machine; `None` where it leads out.
pub(crate) fn resolve(link: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => link
            .rsplit_once('/')
            .map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Option<(Route, Vec<&str>)> {
        let parts: Vec<&str> = path.split('/').collect();
        let (route, below) = follow(&parts)?;
        let skip = parts.len() - below.len();
        Some((route, parts[skip..].to_vec()))
    }

    fn at(text: &str) -> Sbdf {
        text.parse().unwrap()
    }

    #[test]
    fn bridges_above_and_the_root_bus_come_from_the_path() {
        let path = "sys/devices/pci0000:40/0000:40:01.0/0000:41:00.0/net/eth0";
        let (found, below) = route(path).unwrap();
        let parent = Some(at("0000:40:01.0"));
        let expected = Route {
            at: at("0000:41:00.0"),
            parent,
            root_bus: 0x40,
            root_parent: None,
        };
        assert_eq!((found, below), (expected, vec!["net", "eth0"]));
        let on_root = route("sys/devices/pci0000:40/0000:40:01.0").unwrap().0;
        assert_eq!(on_root.parent, None);
    }

    #[test]
    fn a_root_bus_below_a_function_begins_a_tree_of_its_own() {
        let path = "sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/x";
        let (found, _) = route(path).unwrap();
        let expected = Route {
            at: at("10000:e1:00.0"),
            parent: Some(at("10000:e0:06.0")),
            root_bus: 0xe0,
            root_parent: Some(at("0000:00:0e.0")),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn anything_may_stand_above_the_root_bus() {
        let path =
            "sys/devices/LNXSYSTM:00/LNXSYBUS:00/VMBUS:00/4c-1/pci0001:00/0001:00:02.0/config";
        let (found, below) = route(path).unwrap();
        assert_eq!((found.at, found.root_parent), (at("0001:00:02.0"), None));
        assert_eq!(below, ["config"]);
    }

    #[test]
    fn links_back_to_functions_are_no_functions() {
        let path = "sys/devices/pci0000:00/0000:00:01.0/iommu/ivhd0/devices/0000:02:00.0";
        let (found, below) = route(path).unwrap();
        assert_eq!(found.at, at("0000:00:01.0"));
        assert_eq!(below, ["iommu", "ivhd0", "devices", "0000:02:00.0"]);
        assert_eq!(route("sys/devices/pci0000:00/pci_bus/0000:00"), None);
        assert_eq!(route("sys/bus/pci/devices/0000:00:01.0"), None);
        let (found, below) =
            route("sys/devices/pci0000:00/0000:00:02.0/0000:00:02.0:pcie001").unwrap();
        assert_eq!((found.at, below.len()), (at("0000:00:02.0"), 1));
    }

    #[test]
    fn names_must_be_written_as_the_kernel_does() {
        for name in [
            "00:1f.0",
            "0000:0:1f.0",
            "0000:00:1F.0",
            "0000:00:20.0",
            "10000:00:00.0 ",
        ] {
            assert_eq!(function(name), None, "{name}");
        }
        assert!(impossible_function("0000:00:20.0") && impossible_function("0000:00:1f.8"));
        assert!(!impossible_function("0000:00:1f.0") && !impossible_function("0:0:0:0"));
        assert_eq!(root_bus("pci10000:e0"), Some(0xe0));
        for name in [
            "pci000:e0",
            "pci0000:e",
            "pci_bus",
            "pci0000:e0:00",
            "pci+000:e0",
        ] {
            assert_eq!(root_bus(name), None, "{name}");
        }
    }

    #[test]
    fn users_are_found_at_any_depth() {
        for (path, name) in [
            ("net/eth0/queues", "eth0"),
            ("virtio3/block/vda/vda1", "vda"),
            ("ata1/host0/target0:0:0/0:0:0:0/block/sr0", "sr0"),
            ("nvme/nvme0", "nvme0"),
            ("nvme/nvme0/nvme0n1/nvme0n1p3", "nvme0n1"),
            ("nvme/nvme1/nvme1c0n2", "nvme1n2"),
        ] {
            let below: Vec<&str> = path.split('/').collect();
            assert_eq!(user(&below).as_deref(), Some(name), "{path}");
        }
        for path in ["net", "drm/card0", "nvme", "msi_irqs/30"] {
            let below: Vec<&str> = path.split('/').collect();
            assert_eq!(user(&below), None, "{path}");
        }
    }

    #[test]
    fn a_link_resolves_within_the_machine_or_not_at_all() {
        let link = "sys/devices/pci0000:00/firmware_node";
        assert_eq!(
            resolve(link, "../LNXSYSTM:00/x").as_deref(),
            Some("sys/devices/LNXSYSTM:00/x")
        );
        assert_eq!(resolve(link, "/sys/x").as_deref(), Some("sys/x"));
        assert_eq!(resolve(link, "../../../../etc/passwd"), None);
    }
}
