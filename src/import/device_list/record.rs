//! One function of a list, with the line of each of its facts.

use crate::addr::Sbdf;
use crate::capture::{FunctionProperties, FunctionRecord, Method, Origin, Reported, Resource};
use crate::import::lspci::{class_named, ids_named};
use crate::import::text::{hex16, printable};
use crate::import::writer::Writer;
use crate::spec::pci::HEADER_LAYOUT;

/// A value with its line.
type Said<T> = Option<(T, u32)>;

/// What a list says about one function.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) at: Sbdf,
    /// The line that begins it.
    pub(super) line: u32,
    /// Class in words or as a number of four digits.
    pub(super) class: Said<Words>,
    pub(super) vendor: Said<Words>,
    pub(super) device: Said<Words>,
    pub(super) subsystem_vendor: Said<Words>,
    pub(super) subsystem_device: Said<Words>,
    pub(super) revision: Said<u8>,
    pub(super) interface: Said<u8>,
    /// Class code with its programming interface.
    pub(super) class_code: Said<u32>,
    /// Header type without its bit 7.
    pub(super) layout: Said<u8>,
    pub(super) driver: Said<String>,
    pub(super) slot: Said<String>,
    pub(super) numa_node: Said<u32>,
    pub(super) group: Said<u32>,
    pub(super) resources: Vec<(Resource, u32)>,
}

/// A name, a number, or both: `Intel Corporation`, `8086`, `Intel Corporation [8086]`, `0x8086`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words {
    pub(super) name: String,
    pub(super) number: Option<u16>,
}

impl Words {
    /// Reads a value. `bare` says that four digits are a number and no name.
    pub(super) fn of(value: &str, bare: bool) -> Self {
        let value = value.trim();
        let number = value.strip_prefix("0x").and_then(hex16);
        if let Some(number) = number.or_else(|| hex16(value).filter(|_| bare)) {
            let (name, number) = (String::new(), Some(number));
            return Self { name, number };
        }
        let bracketed = value.strip_suffix(']').and_then(|rest| {
            let (name, number) = rest.rsplit_once('[')?;
            Some((name.trim_end(), hex16(number)?))
        });
        match bracketed {
            Some((name, number)) => Self {
                name: name.to_owned(),
                number: Some(number),
            },
            None => Self {
                name: value.to_owned(),
                number: None,
            },
        }
    }

    /// Nothing but four digits: then all values of the list are numbers.
    pub(super) fn is_bare(value: &str) -> bool {
        hex16(value.trim()).is_some()
    }
}

impl Record {
    pub(super) const fn new(at: Sbdf, line: u32) -> Self {
        Self {
            at,
            line,
            class: None,
            vendor: None,
            device: None,
            subsystem_vendor: None,
            subsystem_device: None,
            revision: None,
            interface: None,
            class_code: None,
            layout: None,
            driver: None,
            slot: None,
            numa_node: None,
            group: None,
            resources: Vec::new(),
        }
    }

    /// As a function of a capture.
    pub(super) fn finish(self, source: &str) -> FunctionRecord {
        let origin = |line| Origin::line(Method::Other, source, line);
        fn fact<T>(said: Said<T>, origin: impl Fn(u32) -> Origin) -> Option<Reported<T>> {
            said.map(|(value, line)| Reported::new(value, origin(line)))
        }
        let number = |said: &Said<Words>| {
            let (words, line) = said.as_ref()?;
            Some((words.number?, *line))
        };
        let (vendor, device) = (number(&self.vendor), number(&self.device));
        let named = |line| Origin::line(Method::Name, source, line);
        let by_name = match (&self.vendor, &self.device) {
            (Some((vendor, _)), Some((device, line)))
                if vendor.number.is_none() || device.number.is_none() =>
            {
                let name = format!("{} {}", vendor.name, device.name);
                ids_named(name.as_bytes()).map(|ids| (ids, *line))
            }
            _ => None,
        };
        let base_class = number(&self.class).or_else(|| {
            let (words, line) = self.class.as_ref()?;
            Some((class_named(words.name.as_bytes())?, *line))
        });
        let class_code = self.class_code.or_else(|| {
            let (base, interface) = (base_class?, self.interface?);
            Some((u32::from(base.0) << 8 | u32::from(interface.0), interface.1))
        });
        // A function without a subsystem says so with zeros or not at all.
        let subsystem = number(&self.subsystem_vendor)
            .zip(number(&self.subsystem_device))
            .filter(|pair| pair.0.0 != 0 || pair.1.0 != 0);
        let name = self.name();
        let mut record = FunctionRecord::default();
        let mut lines = Vec::new();
        if let Some((layout, line)) = self.layout {
            let field = HEADER_LAYOUT;
            let mut writer = Writer::new(source, &mut record.config, &mut lines);
            writer.set(line, field.offset, field.bit, field.width, layout.into());
        }
        record.properties = FunctionProperties {
            vendor: fact(vendor, origin).or_else(|| {
                let (ids, line) = by_name?;
                Some(Reported::new(ids.0, named(line)))
            }),
            device: fact(device, origin).or_else(|| {
                let (ids, line) = by_name?;
                Some(Reported::new(ids.1?, named(line)))
            }),
            subsystem_vendor: fact(subsystem.map(|pair| pair.0), origin),
            subsystem_device: fact(subsystem.map(|pair| pair.1), origin),
            base_class: fact(base_class.filter(|_| class_code.is_none()), origin),
            class: fact(class_code, origin),
            name: fact(name, origin),
            revision: fact(self.revision, origin),
            driver: fact(self.driver, origin),
            slot: fact(self.slot, origin),
            numa_node: fact(self.numa_node, origin),
            iommu_group: fact(self.group, origin),
            resources: self
                .resources
                .into_iter()
                .map(|(resource, line)| Reported::new(resource, origin(line)))
                .collect(),
            config_lines: lines,
            ..FunctionProperties::default()
        };
        record
    }

    /// Class, vendor and device as `lspci` joins them.
    fn name(&self) -> Said<String> {
        fn name(said: &Said<Words>) -> Option<&str> {
            said.as_ref().map(|(words, _)| words.name.as_str())
        }
        let device = [name(&self.vendor), name(&self.device)]
            .into_iter()
            .flatten()
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let class = name(&self.class).unwrap_or_default();
        let line = self.device.as_ref().map_or(self.line, |(_, line)| *line);
        let both = match (class.is_empty(), device.is_empty()) {
            (_, true) => return None,
            (true, false) => device,
            (false, false) => format!("{class}: {device}"),
        };
        Some((printable(both.as_bytes()), line))
    }
}
