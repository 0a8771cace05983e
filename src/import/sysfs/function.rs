//! One function's folder below `sys/devices`.

use std::collections::BTreeMap;

use super::{Folder, resource, sysfs, text};
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::capture::{FunctionProperties, FunctionRecord, Reported};
use crate::import::diagnostic::{DiagnosticKind, Diagnostics, shortened};
use crate::import::tree::path::{follow, function as function_name, resolve, user};
use crate::import::tree::wanted::{ACPI, POWER, TEXTS};
use crate::import::tree::{Entry, Tree};

/// Reads one function.
pub(super) fn read(tree: &Tree, folder: &Folder, diagnostics: &mut Diagnostics) -> FunctionRecord {
    let reader = Reader {
        tree,
        folder: &folder.path,
    };
    let mut record = FunctionRecord {
        config: reader.config(diagnostics),
        properties: reader.properties(diagnostics),
    };
    if let Some(route) = folder.route {
        let facts = &mut record.properties;
        facts.parent = Some(sysfs(
            route.parent.map_or(String::new(), |at| at.to_string()),
        ));
        facts.root_bus = Some(sysfs(route.root_bus));
        facts.root_bus_parent = route.root_parent.map(|at| sysfs(at.to_string()));
    }
    record
}

struct Reader<'t> {
    tree: &'t Tree,
    folder: &'t str,
}

impl Reader<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The length of the file tells how much could be read. Only root reads past byte 64, and
    /// then all of it.
    fn config(&self, diagnostics: &mut Diagnostics) -> ConfigImage {
        let path = self.path("config");
        let Some(bytes) = self.tree.file(&path) else {
            return ConfigImage::empty();
        };
        let name = self.folder.rsplit('/').next().and_then(function_name);
        if let Some(function) = name {
            let kind = match bytes.len() {
                64 | 128 | 256 | 4096 => None,
                0 => Some(DiagnosticKind::EmptySpace { function }),
                bytes @ 4097.. => Some(DiagnosticKind::SpaceTooLong { function, bytes }),
                bytes => Some(DiagnosticKind::PartialSpace { function, bytes }),
            };
            kind.into_iter()
                .for_each(|kind| diagnostics.member(&path, kind));
        }
        let size = match bytes.len() {
            256 => Some(256),
            4096.. => Some(4096),
            _ => None,
        };
        ConfigImage::from_bytes(bytes.to_vec()).with_size(size)
    }

    fn properties(&self, diagnostics: &mut Diagnostics) -> FunctionProperties {
        let mut facts = FunctionProperties {
            vendor: self.hex("vendor", diagnostics),
            device: self.hex("device", diagnostics),
            subsystem_vendor: self.hex("subsystem_vendor", diagnostics),
            subsystem_device: self.hex("subsystem_device", diagnostics),
            class: self.hex("class", diagnostics),
            revision: self.hex("revision", diagnostics),
            driver: self.target("driver").map(sysfs),
            iommu_unit: self.target("iommu").map(sysfs),
            physical_function: self.physical_function(),
            reset_methods: self.reset_methods(),
            reset_offered: self.tree.exists(&self.path("reset")).then(|| sysfs(true)),
            power_state: text(self.tree, &self.path("power_state")).map(sysfs),
            sriov_total_vfs: self.number("sriov_totalvfs", diagnostics),
            sriov_num_vfs: self.number("sriov_numvfs", diagnostics),
            acpi_path: self.acpi("path").map(sysfs),
            attributes: self.attributes(),
            ..FunctionProperties::default()
        };
        facts.iommu_group = self
            .target("iommu_group")
            .and_then(|group| group.parse().ok())
            .map(sysfs);
        // The kernel says -1 where it knows no node.
        let node: Option<Reported<i64>> = self.number("numa_node", diagnostics);
        facts.numa_node = node
            .and_then(|node| u32::try_from(node.value).ok())
            .map(sysfs);
        let vga: Option<Reported<u8>> = self.number("boot_vga", diagnostics);
        facts.boot_vga = vga.map(|vga| sysfs(vga.value != 0));
        let path = self.path("resource");
        if let Some(text) = self.tree.file(&path) {
            facts.resources = resource::read(text, &path, diagnostics);
        }
        facts
    }

    /// `0x8086`
    fn hex<T: TryFrom<u32>>(
        &self,
        name: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Reported<T>> {
        self.parse(name, diagnostics, |text| {
            T::try_from(u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()?).ok()
        })
    }

    fn number<T: std::str::FromStr>(
        &self,
        name: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Reported<T>> {
        self.parse(name, diagnostics, |text| text.parse().ok())
    }

    fn parse<T>(
        &self,
        name: &str,
        diagnostics: &mut Diagnostics,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Reported<T>> {
        let path = self.path(name);
        let text = text(self.tree, &path)?;
        let value = parse(&text);
        if value.is_none() {
            let text = shortened(&text);
            diagnostics.member(&path, DiagnosticKind::Attribute { text });
        }
        value.map(sysfs)
    }

    /// The last part of a link's target.
    fn target(&self, name: &str) -> Option<String> {
        let target = self.tree.link(&self.path(name))?;
        let last = target.rsplit('/').find(|part| !part.is_empty())?;
        Some(last.chars().take(256).collect())
    }

    fn physical_function(&self) -> Option<Reported<String>> {
        let at: Sbdf = function_name(&self.target("physfn")?)?;
        Some(sysfs(at.to_string()))
    }

    /// An empty file is an empty list; no file says nothing.
    fn reset_methods(&self) -> Option<Reported<Vec<String>>> {
        let text = self.tree.file(&self.path("reset_method"))?;
        let text = String::from_utf8_lossy(text);
        Some(sysfs(
            text.split_ascii_whitespace().map(str::to_owned).collect(),
        ))
    }

    /// An attribute of its ACPI object, in whichever way the copy holds it.
    fn acpi(&self, name: &str) -> Option<String> {
        let copied = text(self.tree, &self.path(&format!("firmware_node/{name}")));
        copied.or_else(|| {
            let link = self.path("firmware_node");
            let object = resolve(&link, self.tree.link(&link)?)?;
            text(self.tree, &format!("{object}/{name}"))
        })
    }

    fn attributes(&self) -> Option<Reported<BTreeMap<String, String>>> {
        let own = TEXTS
            .iter()
            .map(|name| ((*name).to_owned(), self.path(name)));
        let power = POWER.iter().map(|name| {
            let name = format!("power/{name}");
            (name.clone(), self.path(&name))
        });
        let mut all: BTreeMap<String, String> = own
            .chain(power)
            .filter_map(|(name, path)| Some((name, text(self.tree, &path)?)))
            .filter(|(_, value)| value != "(null)")
            .collect();
        for name in ACPI.iter().filter(|name| **name != "path") {
            all.extend(
                self.acpi(name)
                    .map(|value| (format!("firmware_node/{name}"), value)),
            );
        }
        all.extend(self.vectors().map(|list| ("msi_irqs".to_owned(), list)));
        (!all.is_empty()).then(|| sysfs(all))
    }
}

impl Reader<'_> {
    /// Message interrupts in use, as a list of the kernel's numbers: `24-31,40`.
    fn vectors(&self) -> Option<String> {
        let folder = self.path("msi_irqs");
        let names = self.tree.below(&folder).map(|(name, _)| name);
        let mut numbers: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => runs.push((number, number)),
            }
        }
        let run = |&(first, last): &(u32, u32)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        let list: Vec<String> = runs.iter().map(run).collect();
        (!list.is_empty()).then(|| list.join(","))
    }
}

/// `sys/bus/pci/slots/NAME/address` is `0000:02:00` for one device, `0000:02` for a whole bus.
pub(super) fn slots(tree: &Tree, functions: &mut BTreeMap<Sbdf, FunctionRecord>) {
    for (path, _) in tree.below("sys/bus/pci/slots") {
        let Some(slot) = path.strip_suffix("/address") else {
            continue;
        };
        let Some(address) = text(tree, &format!("sys/bus/pci/slots/{path}")) else {
            continue;
        };
        let device: Option<Sbdf> = format!("{address}.0").parse().ok();
        let bus: Option<Sbdf> = format!("{address}:00.0").parse().ok();
        // Two parts are a bus with its domain, three a device.
        let (first, last) = match (address.matches(':').count(), device, bus) {
            (2, Some(device), _) => (device.bdf.devfn(), device.bdf.devfn() | 7),
            (1, _, Some(_)) => (0, u8::MAX),
            _ => continue,
        };
        let Some(at) = device.filter(|_| address.matches(':').count() == 2).or(bus) else {
            continue;
        };
        let place = |devfn| Sbdf::new(at.segment, crate::addr::Bdf::from_devfn(at.bus(), devfn));
        for (_, record) in functions.range_mut(place(first)..=place(last)) {
            record
                .properties
                .slot
                .get_or_insert_with(|| sysfs(slot.to_owned()));
        }
    }
}

/// Network and block devices on each function.
pub(super) fn users(tree: &Tree, functions: &mut BTreeMap<Sbdf, FunctionRecord>) {
    let mut add = |at: Sbdf, name: &str| {
        if let Some(record) = functions.get_mut(&at) {
            let users = &mut record.properties.used_by;
            if users.len() < 64 && !users.iter().any(|known| known.value == name) {
                users.push(sysfs(name.to_owned()));
            }
        }
    };
    for (path, entry) in tree.iter() {
        match entry {
            Entry::Exists => {
                let parts: Vec<&str> = path.split('/').collect();
                if let Some((route, ["used_by", name])) = follow(&parts) {
                    add(route.at, name);
                }
            }
            Entry::Link(target) => {
                let Some(device) = resolve(path, target) else {
                    continue;
                };
                let parts: Vec<&str> = device.split('/').collect();
                if let Some((route, below)) = follow(&parts)
                    && let Some(name) = user(below)
                {
                    add(route.at, &name);
                }
            }
            Entry::File(_) => {}
        }
    }
    for record in functions.values_mut() {
        let users = &mut record.properties.used_by;
        users.sort_by(|a, b| a.value.cmp(&b.value));
        // A controller says nothing beside the disks that it has.
        let names: Vec<String> = users.iter().map(|user| user.value.clone()).collect();
        users.retain(|user| {
            let number = user.value.strip_prefix("nvme");
            let controller = number.is_some_and(|number| !number.contains('n'));
            let disk = |name: &String| {
                name.strip_prefix(&user.value)
                    .is_some_and(|rest| rest.starts_with('n'))
            };
            !(controller && names.iter().any(disk))
        });
    }
}

/// Group membership and reserved regions from the side of the groups.
pub(super) fn groups(tree: &Tree, functions: &mut BTreeMap<Sbdf, FunctionRecord>) {
    for (path, _) in tree.below("sys/kernel/iommu_groups") {
        let parts: Vec<&str> = path.split('/').collect();
        if let [number, "devices", name] = parts[..]
            && let (Ok(group), Some(at)) = (number.parse(), function_name(name))
            && let Some(record) = functions.get_mut(&at)
        {
            record
                .properties
                .iommu_group
                .get_or_insert_with(|| sysfs(group));
        }
    }
    for record in functions.values_mut() {
        let Some(group) = &record.properties.iommu_group else {
            continue;
        };
        let path = format!("sys/kernel/iommu_groups/{}/reserved_regions", group.value);
        let Some(regions) = tree.file(&path) else {
            continue;
        };
        let regions = String::from_utf8_lossy(regions);
        let lines = regions
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        record.properties.reserved_regions = Some(sysfs(lines.map(str::to_owned).collect()));
    }
}
