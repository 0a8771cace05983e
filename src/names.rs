//! Names of vendors, devices and classes, from a list of PCI ids.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::host::{Function, Identity};
use crate::spec::id_list;
use crate::spec::pci::ClassCode;

/// A list of PCI ids: the built-in one, or one that the user named.
#[derive(Debug, Default)]
pub struct Names {
    custom: Option<IdList>,
}

/// A parsed `pci.ids` file.
#[derive(Debug, Default)]
struct IdList {
    version: Option<String>,
    vendors: BTreeMap<u16, (String, BTreeMap<u16, String>)>,
    classes: BTreeMap<u16, String>,
}

/// The date of the list inside the pinned `pci-ids` crate ([`id_list`]).
const BUILT_IN_VERSION: &str = "2025.07.11";

impl Names {
    /// The list that is compiled in.
    pub const fn built_in() -> Self {
        Self { custom: None }
    }

    /// A list in the format of `pci.ids`. `None` where the text holds no vendor at all.
    pub fn parse(text: &str) -> Option<Self> {
        let list = IdList::parse(text);
        (!list.vendors.is_empty()).then_some(Self { custom: Some(list) })
    }

    /// Version of the list, e.g. `2025.07.11`.
    pub fn version(&self) -> &str {
        match &self.custom {
            Some(list) => list.version.as_deref().unwrap_or("unknown"),
            None => BUILT_IN_VERSION,
        }
    }

    /// Name of a vendor.
    pub fn vendor(&self, id: u16) -> Option<&str> {
        match &self.custom {
            Some(list) => list.vendors.get(&id).map(|(name, _)| name.as_str()),
            None => id_list::vendor(id),
        }
    }

    /// Name of a device.
    pub fn device(&self, vendor: u16, device: u16) -> Option<&str> {
        match &self.custom {
            Some(list) => list
                .vendors
                .get(&vendor)?
                .1
                .get(&device)
                .map(String::as_str),
            None => id_list::device(vendor, device),
        }
    }

    /// Name of a class: its sub-class, else its base class.
    pub fn class(&self, class: ClassCode) -> Option<Cow<'_, str>> {
        if class.is_nvme() {
            return Some(Cow::Borrowed("NVMe controller"));
        }
        match &self.custom {
            Some(list) => {
                let name = list.classes.get(&class.base_and_sub())?;
                Some(Cow::Borrowed(name.as_str()))
            }
            None => id_list::subclass(class.base_and_sub())
                .or_else(|| id_list::class(class.base()))
                .map(Cow::Borrowed),
        }
    }

    /// What a function is called: by its ids, or where it has none, in the words of the tool
    /// that listed it.
    pub fn call(&self, function: &Function<'_>) -> String {
        let identity = &function.identity;
        match &function.reported.name {
            Some(name) if identity.vendor.is_none() => name.value.clone(),
            _ => self.describe(identity),
        }
    }

    /// What an identity stands for: class, vendor and device, as far as known. Numbers stand in
    /// for names that the list lacks.
    pub fn describe(&self, identity: &Identity) -> String {
        let class = match identity.class {
            Some(class) => self
                .class(class)
                .map_or_else(|| format!("Class {class}"), Cow::into_owned),
            None => "Unknown class".to_owned(),
        };
        match (identity.vendor, identity.device) {
            (Some(vendor), Some(device)) => {
                let vendor_name = self.vendor(vendor).map_or_else(
                    || format!("vendor {vendor:04x}"),
                    |name| short_vendor(name).to_owned(),
                );
                match self.device(vendor, device) {
                    Some(name) => format!("{class}: {vendor_name} {name}"),
                    None => format!("{class}: {vendor_name} device {device:04x}"),
                }
            }
            _ => class,
        }
    }
}

/// Vendor names carry legal forms that only take space in a table.
fn short_vendor(name: &str) -> &str {
    let bracketed = name
        .rsplit_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'))
        .filter(|short| !short.is_empty() && !short.contains("ex-"));
    if let Some(short) = bracketed {
        return short;
    }
    let mut name = name;
    for suffix in [
        " Corporation",
        ", Inc.",
        " Inc.",
        " Co., Ltd.",
        " Co Ltd",
        " Technology",
        " Semiconductor",
    ] {
        name = name.strip_suffix(suffix).unwrap_or(name);
    }
    name.trim_end_matches([',', ' '])
}

impl IdList {
    fn parse(text: &str) -> Self {
        let mut list = Self::default();
        let mut vendor: Option<u16> = None;
        let mut class: Option<u8> = None;
        for line in text.lines() {
            if let Some(version) = line.strip_prefix("#\tVersion: ") {
                list.version = Some(version.trim().to_owned());
            } else if line.starts_with('#') || line.trim().is_empty() || line.starts_with("\t\t") {
            } else if let Some(sub) = line.strip_prefix('\t') {
                if let (Some(vendor), Some((id, name))) = (vendor, entry(sub, 4)) {
                    if let Some((_, devices)) = list.vendors.get_mut(&vendor) {
                        devices.insert(id, name.to_owned());
                    }
                } else if let (Some(base), Some((sub, name))) = (class, entry(sub, 2)) {
                    list.classes
                        .insert(u16::from(base) << 8 | sub, name.to_owned());
                }
            } else if let Some(rest) = line.strip_prefix("C ") {
                vendor = None;
                class = entry(rest, 2).and_then(|(id, _)| u8::try_from(id).ok());
            } else if let Some((id, name)) = entry(line, 4) {
                class = None;
                vendor = Some(id);
                list.vendors.insert(id, (name.to_owned(), BTreeMap::new()));
            } else {
                (vendor, class) = (None, None);
            }
        }
        list
    }
}

/// `1234  Name` with an id of `digits` digits.
fn entry(line: &str, digits: usize) -> Option<(u16, &str)> {
    let (id, name) = line.split_at_checked(digits)?;
    let id = u16::from_str_radix(id, 16).ok()?;
    name.starts_with("  ").then(|| (id, name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "#\tVersion: 2026.01.02\n1234  Acme, Inc.\n\t0001  Rocket\n\t\t1234 0002  Board\nC 01  Storage\n\t08  Memory\n\t\t02  NVMe\n";

    #[test]
    fn a_users_list_replaces_the_built_in_one() {
        let names = Names::parse(LIST).unwrap();
        assert_eq!(names.version(), "2026.01.02");
        assert_eq!(names.vendor(0x1234), Some("Acme, Inc."));
        assert_eq!(names.device(0x1234, 1), Some("Rocket"));
        assert_eq!(names.vendor(0x8086), None);
        assert_eq!(names.class(ClassCode(0x010800)).as_deref(), Some("Memory"));
        assert!(Names::parse("no ids here").is_none());
    }

    #[test]
    fn unknown_ids_keep_their_numbers() {
        let identity = Identity {
            vendor: Some(0x8086),
            device: Some(0xfffe),
            class: Some(ClassCode(0xee_ee_ee)),
            ..Identity::default()
        };
        let text = Names::built_in().describe(&identity);
        assert_eq!(text, "Class eeeeee: Intel device fffe");
    }

    #[test]
    fn legal_forms_are_left_out_of_vendor_names() {
        assert_eq!(short_vendor("Intel Corporation"), "Intel");
        assert_eq!(short_vendor("Advanced Micro Devices, Inc. [AMD]"), "AMD");
        assert_eq!(short_vendor("Red Hat, Inc."), "Red Hat");
        assert_eq!(
            short_vendor("Samsung Electronics Co Ltd"),
            "Samsung Electronics"
        );
    }
}
