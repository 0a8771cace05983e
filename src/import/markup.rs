//! XML that names PCI functions: `virsh nodedev-dumpxml` (libvirt) and the export of hwloc's
//! `lstopo`.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use super::text::printable;
use crate::addr::{Bdf, Sbdf, Segment};
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Capture, FunctionProperties, Method, Origin, Reported};

/// Elements within each other. libvirt's go five deep; hwloc's follow caches and cores.
const MAX_DEPTH: usize = 128;

/// Whether a text is one of these.
pub(super) fn is_markup(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    let has = |words: &[u8]| head.windows(words.len()).any(|window| window == words);
    start.starts_with(b"<")
        && (has(b"<capability type='pci'") || has(b"<capability type=\"pci\"") || has(b"<topology"))
        || has(b"<capability type='pci'>") && has(b"<device>")
}

/// Reads the functions of a text. What breaks off is used as far as it goes.
pub(super) fn read(text: &[u8], source: &str, diagnostics: &mut Diagnostics) -> Capture {
    let mut functions = Functions {
        source,
        lines: Lines::of(text),
        found: BTreeMap::new(),
    };
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader::from_str(&text);
    // Several exports may follow each other, with prompts between them.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut depth = 0_usize;
    let mut device: Option<Device> = None;
    let mut element = Vec::new();
    loop {
        let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    break;
                }
                start.local_name().as_ref().clone_into(&mut element);
                open(&start, position, &mut device, &mut functions);
            }
            Ok(Event::Empty(start)) => {
                open(&start, position, &mut device, &mut functions);
            }
            Ok(Event::Text(text)) => {
                if let Some(device) = &mut device {
                    device.text(&element, &text, functions.lines.at(position));
                }
            }
            Ok(Event::End(end)) => {
                depth = depth.saturating_sub(1);
                if end.local_name().as_ref() == b"device"
                    && let Some(device) = device.take()
                {
                    device.finish(&mut functions);
                }
                element.clear();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let place = Place::Line(functions.lines.at(position));
                let problem = error.to_string();
                diagnostics.at(place, DiagnosticKind::Unreadable { problem });
                break;
            }
        }
    }
    let mut capture = Capture::default();
    for (at, properties) in functions.found {
        capture.function(at).properties = properties;
    }
    capture
}

/// The functions found so far.
struct Functions<'a> {
    source: &'a str,
    lines: Lines,
    found: BTreeMap<Sbdf, FunctionProperties>,
}

impl Functions<'_> {
    fn get(&mut self, at: Sbdf) -> Option<&mut FunctionProperties> {
        let room = self.found.len() < MAX_FUNCTIONS;
        (room || self.found.contains_key(&at)).then(|| self.found.entry(at).or_default())
    }

    fn fact<T>(&self, value: T, line: u32) -> Reported<T> {
        Reported::new(value, Origin::line(Method::Other, self.source, line))
    }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        Self(ends.map(|(at, _)| at).collect())
    }

    /// The line of a byte, counted from 1.
    fn at(&self, position: usize) -> u32 {
        let before = self.0.partition_point(|&end| end < position);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}

/// A `<device>` of libvirt while it is being read.
#[derive(Default)]
struct Device {
    pci: bool,
    /// Domain, bus, slot, function.
    address: [Option<u32>; 4],
    class: Option<(u32, u32)>,
    vendor: Option<(u16, u32)>,
    product: Option<(u16, u32)>,
    driver: Option<(String, u32)>,
    in_driver: bool,
    numa_node: Option<(u32, u32)>,
    group: Option<(u32, u32)>,
    /// Functions that stand in the same group.
    members: Vec<Sbdf>,
    in_group: bool,
    physical: Option<(Sbdf, u32)>,
    in_physical: bool,
}

fn open(
    start: &BytesStart<'_>,
    position: usize,
    device: &mut Option<Device>,
    functions: &mut Functions<'_>,
) {
    let line = functions.lines.at(position);
    match start.local_name().as_ref() {
        b"device" => *device = Some(Device::default()),
        b"object" => hwloc(start, line, functions),
        name => {
            if let Some(device) = device {
                device.open(name, start, line);
            }
        }
    }
}

/// A value of an element, as text.
fn value(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    Some(printable(&attribute.value))
}

/// `0x1f` or `31`, as libvirt writes numbers.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn address(start: &BytesStart<'_>) -> Option<Sbdf> {
    let part = |name| number(&value(start, name)?);
    joined([part("domain"), part("bus"), part("slot"), part("function")])
}

fn joined(parts: [Option<u32>; 4]) -> Option<Sbdf> {
    let [domain, bus, slot, function] = parts;
    let byte = |part: Option<u32>| u8::try_from(part?).ok();
    let bdf = Bdf::new(byte(bus)?, byte(slot)?, byte(function)?)?;
    Some(Sbdf::new(Segment(domain?), bdf))
}

impl Device {
    fn open(&mut self, name: &[u8], start: &BytesStart<'_>, line: u32) {
        let id = || value(start, "id").and_then(|id| u16::try_from(number(&id)?).ok());
        match name {
            b"capability" => {
                let kind = value(start, "type").unwrap_or_default();
                self.pci |= kind == "pci";
                self.in_physical = kind == "phys_function";
            }
            b"vendor" => self.vendor = self.vendor.or(id().map(|id| (id, line))),
            b"product" => self.product = self.product.or(id().map(|id| (id, line))),
            b"driver" => self.in_driver = true,
            b"iommuGroup" => {
                let number = value(start, "number").and_then(|text| number(&text));
                self.group = number.map(|number| (number, line));
                self.in_group = true;
                self.in_physical = false;
            }
            b"numa" => {
                self.numa_node = value(start, "node").and_then(|node| Some((number(&node)?, line)));
            }
            b"address" => {
                let at = address(start);
                if self.in_group {
                    self.members
                        .extend(at.filter(|_| self.members.len() < MAX_FUNCTIONS));
                } else if self.in_physical {
                    self.physical = at.map(|at| (at, line));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, element: &[u8], text: &[u8], line: u32) {
        let text = printable(text);
        let slot = match element {
            b"domain" => 0,
            b"bus" => 1,
            b"slot" => 2,
            b"function" => 3,
            b"class" => {
                self.class = self.class.or(number(&text).map(|class| (class, line)));
                return;
            }
            b"name" if self.in_driver => {
                self.driver = Some((text, line));
                self.in_driver = false;
                return;
            }
            _ => return,
        };
        if let Some(part) = self.address.get_mut(slot) {
            *part = part.or(number(&text));
        }
    }

    fn finish(self, functions: &mut Functions<'_>) {
        let Some(at) = joined(self.address).filter(|_| self.pci) else {
            return;
        };
        macro_rules! facts {
            ($($field:ident = $value:expr;)*) => {$(
                let fact = $value.map(|(value, line)| functions.fact(value, line));
                if let (Some(fact), Some(found)) = (fact, functions.get(at)) {
                    found.$field.get_or_insert(fact);
                }
            )*};
        }
        // Even a function without any fact exists.
        functions.get(at);
        facts! {
            vendor = self.vendor;
            device = self.product;
            class = self.class;
            driver = self.driver;
            numa_node = self.numa_node;
            iommu_group = self.group;
            physical_function = self.physical.map(|(at, line)| (at.to_string(), line));
        }
        if let Some((group, line)) = self.group {
            for member in self.members {
                let fact = functions.fact(group, line);
                if let Some(found) = functions.get(member) {
                    found.iommu_group.get_or_insert(fact);
                }
            }
        }
    }
}

/// `<object type="PCIDev" pci_busid="0000:01:00.0" pci_type="0300 [10de:1eb8] [10de:12a2] a1"/>`
/// of hwloc, and bridges in the same form; without a class in hwloc 1.
fn hwloc(start: &BytesStart<'_>, line: u32, functions: &mut Functions<'_>) {
    let Some(at) = value(start, "pci_busid").and_then(|at| at.parse::<Sbdf>().ok()) else {
        return;
    };
    let kind = value(start, "pci_type").unwrap_or_default();
    let hex = |word: &str| {
        u16::from_str_radix(word, 16)
            .ok()
            .filter(|_| word.len() == 4)
    };
    let pair = |word: &str| {
        let (first, second) = word.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
        Some((hex(first)?, hex(second)?))
    };
    let words: Vec<&str> = kind.split(' ').collect();
    let class = words.first().and_then(|word| hex(word));
    let mut pairs = words.iter().filter_map(|word| pair(word));
    let (ids, subsystem) = (pairs.next(), pairs.next().filter(|&ids| ids != (0, 0)));
    let revision = words.last().filter(|word| word.len() == 2);
    let revision = revision.and_then(|word| u8::from_str_radix(word, 16).ok());
    let facts = FunctionProperties {
        vendor: ids.map(|ids| functions.fact(ids.0, line)),
        device: ids.map(|ids| functions.fact(ids.1, line)),
        subsystem_vendor: subsystem.map(|ids| functions.fact(ids.0, line)),
        subsystem_device: subsystem.map(|ids| functions.fact(ids.1, line)),
        base_class: class.map(|class| functions.fact(class, line)),
        revision: revision.map(|revision| functions.fact(revision, line)),
        ..FunctionProperties::default()
    };
    if let Some(found) = functions.get(at)
        && *found == FunctionProperties::default()
    {
        *found = facts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(text: &str) -> Capture {
        let mut diagnostics = Diagnostics::new("text.xml");
        read(text.as_bytes(), "text.xml", &mut diagnostics)
    }

    const NODEDEV: &str = "$ virsh nodedev-dumpxml pci_0000_01_00_0\n<device>\n  <name>pci_0000_01_00_0</name>\n  <driver>\n    <name>vfio-pci</name>\n  </driver>\n  <capability type='pci'>\n    <class>0x030000</class>\n    <domain>0</domain>\n    <bus>1</bus>\n    <slot>0</slot>\n    <function>0</function>\n    <product id='0x1eb8'>TU104GL</product>\n    <vendor id='0x10de'>NVIDIA</vendor>\n    <iommuGroup number='13'>\n      <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n      <address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/>\n    </iommuGroup>\n    <numa node='1'/>\n  </capability>\n</device>\n";

    #[test]
    fn a_node_device_of_libvirt_is_a_function_with_lines() {
        assert!(is_markup(NODEDEV.as_bytes()));
        let capture = imported(NODEDEV);
        let function = &capture.functions[&"01:00.0".parse().unwrap()].properties;
        let vendor = function.vendor.as_ref().unwrap();
        assert_eq!((vendor.value, vendor.origin.line), (0x10de, Some(14)));
        assert_eq!(function.device.as_ref().unwrap().value, 0x1eb8);
        assert_eq!(function.class.as_ref().unwrap().value, 0x03_0000);
        assert_eq!(function.driver.as_ref().unwrap().value, "vfio-pci");
        assert_eq!(function.numa_node.as_ref().unwrap().value, 1);
        assert_eq!(function.iommu_group.as_ref().unwrap().value, 13);
        let neighbour = &capture.functions[&"01:00.1".parse().unwrap()].properties;
        assert_eq!(neighbour.iommu_group.as_ref().unwrap().value, 13);
        assert_eq!(neighbour.vendor, None);
    }

    #[test]
    fn several_exports_in_one_text_are_all_read_and_a_cut_one_as_far_as_it_is_whole() {
        let other = NODEDEV
            .replace("<bus>1</bus>", "<bus>2</bus>")
            .replace("bus='0x01'", "bus='0x02'");
        let both = imported(&[NODEDEV, &other].concat());
        assert_eq!(both.functions.len(), 4);
        let half = imported(&[NODEDEV, other.split("<product").next().unwrap()].concat());
        assert_eq!(half.functions.len(), 2);
    }

    #[test]
    fn objects_of_hwloc_are_functions() {
        let text = "<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n<object type=\"Bridge\" bridge_type=\"1-1\" pci_busid=\"0000:00:01.0\" pci_type=\"0604 [8086:1901] [0000:0000] 05\">\n<object type=\"PCIDev\" pci_busid=\"10000:01:00.0\" pci_type=\"0108 [144d:a808] [144d:a801] 00\"/>\n</object></topology>\n";
        assert!(is_markup(text.as_bytes()));
        let capture = imported(text);
        let bridge = &capture.functions[&"00:01.0".parse().unwrap()].properties;
        assert_eq!(bridge.base_class.as_ref().unwrap().value, 0x0604);
        assert_eq!(bridge.revision.as_ref().unwrap().value, 5);
        assert_eq!(bridge.subsystem_vendor, None);
        let disk = &capture.functions[&"10000:01:00.0".parse().unwrap()].properties;
        assert_eq!(disk.subsystem_device.as_ref().unwrap().value, 0xa801);
    }
}
