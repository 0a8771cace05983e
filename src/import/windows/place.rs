//! Which functions the device nodes of a Windows export stand for.
//!
//! A node is placed by its location path where a dump from Linux knows the same path (bus
//! numbers change between boots and systems), else by the bus number and address that Windows
//! reports. What has neither keeps an address of [`Segment::UNPLACED`], which is made up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::builder::wide;
use super::facts::{self, Ids};
use super::path::{Hops, paths_of, windows_path};
use crate::addr::{Bdf, Sbdf, Segment};
use crate::capture::limits::{MAX_CONFLICTS, MAX_FUNCTIONS};
use crate::capture::{
    Capture, Conflict, DeviceNode, DeviceNodes, FunctionProperties, FunctionRecord, Method, Origin,
    Reported,
};
use crate::spec::windows;

/// Takes the facts that nodes gave to functions away again, so that the nodes can be placed
/// anew among more functions.
pub(in crate::import) fn lift(part: &mut Capture) {
    let Some(nodes) = nodes_of(part) else {
        return;
    };
    for node in &nodes.nodes {
        let Some(at) = node.function.as_ref().and_then(|at| at.parse().ok()) else {
            continue;
        };
        let Some(record) = part.functions.get_mut(&at) else {
            continue;
        };
        record.properties = without_windows(&record.properties);
        let empty = record.properties == FunctionProperties::default();
        if record.config.is_empty() && empty {
            part.functions.remove(&at);
        }
    }
}

/// The properties without those that Windows reported.
fn without_windows(properties: &FunctionProperties) -> FunctionProperties {
    let by_windows = |fact: &Value| {
        let method = fact.get("origin").and_then(|origin| origin.get("method"));
        method.and_then(Value::as_str) == Some("windows-property")
    };
    let Ok(Value::Object(mut members)) = serde_json::to_value(properties) else {
        return properties.clone();
    };
    members.retain(|_, value| !by_windows(value));
    for value in members.values_mut() {
        match value {
            Value::Array(items) => items.retain(|item| !by_windows(item)),
            Value::Object(facts) if !facts.contains_key("origin") => {
                facts.retain(|_, fact| !by_windows(fact));
            }
            _ => {}
        }
    }
    serde_json::from_value(Value::Object(members)).unwrap_or_else(|_| properties.clone())
}

fn nodes_of(capture: &Capture) -> Option<DeviceNodes> {
    DeviceNodes::parse(capture.devnodes.as_ref()?).ok()
}

/// Gives every node that stands for a PCI device its function.
pub(in crate::import) fn place(capture: &mut Capture) {
    let Some(mut nodes) = nodes_of(capture) else {
        return;
    };
    fold_answers(&mut nodes.nodes);
    let known = paths_of(&capture.functions);
    let mut placer = Placer {
        by_path: known.iter().map(|(at, hops)| (hops.clone(), *at)).collect(),
        taken: BTreeMap::new(),
        unplaced: 0,
    };
    // A dismounted device has two nodes: the present one of the proxy driver counts.
    let mut order: Vec<usize> = (0..nodes.nodes.len()).collect();
    let rank = |node: &DeviceNode| {
        let proxy = node.enumerator() == Some(windows::ENUMERATOR_PCIP);
        (node.is_present() != Some(true), !proxy)
    };
    order.sort_by_key(|&index| nodes.nodes.get(index).map(rank));
    for &index in &order {
        let Some(node) = nodes.nodes.get_mut(index) else {
            continue;
        };
        node.function = None;
        if !stands_for_function(node)
            || capture.functions.len() + placer.taken.len() >= MAX_FUNCTIONS
        {
            continue;
        }
        let at = placer.address(capture, node);
        node.function = Some(at.to_string());
        placer.taken.insert(at, index);
    }
    let parents = facts::parents(&nodes.nodes);
    let mut conflicts = std::mem::take(&mut capture.manifest.conflicts);
    for (&at, &index) in &placer.taken {
        let Some(node) = nodes.nodes.get(index) else {
            continue;
        };
        let existing = capture.functions.get(&at);
        let raw = existing.is_some_and(|record| !record.config.is_empty());
        let tree = existing.is_some_and(|record| record.properties.parent.is_some());
        let mut properties = facts::of(node, raw);
        if !tree && let Some(parent) = parents.get(&index) {
            let origin = Origin::of(Method::WindowsProperty);
            properties.parent = Some(Reported::new(parent.clone(), origin));
        }
        let record = FunctionRecord {
            properties,
            ..FunctionRecord::default()
        };
        match capture.functions.get_mut(&at) {
            None => _ = capture.functions.insert(at, record),
            Some(known) => known.merge(at, only_new(record, known), &mut conflicts),
        }
    }
    conflicts.extend(placer.strangers(capture, &nodes.nodes));
    conflicts.truncate(MAX_CONFLICTS);
    capture.manifest.conflicts = conflicts;
    capture.devnodes = Some(nodes.to_bytes());
}

/// What another system calls by other words, or numbers by itself, is no contradiction: the
/// first source stands. Ids and class are compared.
fn only_new(mut record: FunctionRecord, known: &FunctionRecord) -> FunctionRecord {
    let (new, known) = (&mut record.properties, &known.properties);
    macro_rules! give_way {
        ($($field:ident)*) => {
            $( if known.$field.is_some() { new.$field = None; } )*
        };
    }
    give_way!(driver name acpi_path numa_node root_bus parent resource_indices_inferred);
    if !known.resources.is_empty() {
        new.resources.clear();
        new.resource_indices_inferred = None;
    }
    if known.class.is_some() {
        new.base_class = None;
    }
    record
}

/// Nodes of PCI devices that are there, and devices that a console text names.
fn stands_for_function(node: &DeviceNode) -> bool {
    if node.is_present() == Some(false) {
        return false;
    }
    match node.enumerator() {
        Some(enumerator) => {
            enumerator.eq_ignore_ascii_case(windows::ENUMERATOR_PCI)
                || enumerator.eq_ignore_ascii_case(windows::ENUMERATOR_PCIP)
        }
        None => node.instance_id.is_none(),
    }
}

/// What a console text says of a device belongs to its node, where another export has it: by
/// location path, else by a name that only one node has.
fn fold_answers(nodes: &mut Vec<DeviceNode>) {
    let (answers, mut rest): (Vec<_>, Vec<_>) = std::mem::take(nodes)
        .into_iter()
        .partition(|node| node.instance_id.is_none());
    for answer in answers {
        let path = windows_path(&answer);
        let name = answer.text(windows::FRIENDLY_NAME);
        let by_path = path.as_ref().and_then(|path| {
            rest.iter().position(|node| {
                node.is_present() != Some(false) && windows_path(node).as_ref() == Some(path)
            })
        });
        let named = |node: &DeviceNode| {
            let names = [windows::FRIENDLY_NAME, windows::DESCRIPTION];
            name.is_some() && names.iter().any(|&key| node.text(key) == name)
        };
        let by_name = || {
            let mut found = (0..rest.len()).filter(|&index| rest.get(index).is_some_and(named));
            found.next().filter(|_| found.next().is_none())
        };
        let home = by_path.or_else(|| path.is_none().then(by_name).flatten());
        match home.and_then(|index| rest.get_mut(index)) {
            Some(node) => {
                node.survey = node.survey.take().or(answer.survey);
                node.dismount = node.dismount.take().or(answer.dismount);
            }
            None => rest.push(answer),
        }
    }
    *nodes = rest;
}

struct Placer {
    by_path: BTreeMap<Hops, Sbdf>,
    taken: BTreeMap<Sbdf, usize>,
    unplaced: u16,
}

impl Placer {
    fn address(&mut self, capture: &Capture, node: &DeviceNode) -> Sbdf {
        let ids = Ids::of(node);
        let fits = |at: &Sbdf| {
            let record = capture.functions.get(at);
            !self.taken.contains_key(at) && record.is_none_or(|record| ids.fit(record))
        };
        let by_path = windows_path(node).and_then(|path| self.by_path.get(&path).copied());
        let found = [by_path, reported_address(node)]
            .into_iter()
            .flatten()
            .find(fits);
        if let Some(at) = found {
            return at;
        }
        loop {
            // From bus 1 on: bus 0 is a root bus.
            self.unplaced = self.unplaced.wrapping_add(1);
            let bdf = Bdf::from_bits(0x100_u16.wrapping_add((self.unplaced - 1) << 3));
            let at = Sbdf::new(Segment::UNPLACED, bdf);
            if !self.taken.contains_key(&at) || self.unplaced == u16::MAX {
                return at;
            }
        }
    }

    /// Nodes whose address belongs to a device with other ids.
    fn strangers(&self, capture: &Capture, nodes: &[DeviceNode]) -> Vec<Conflict> {
        let unplaced = self
            .taken
            .iter()
            .filter(|(at, _)| at.segment == Segment::UNPLACED);
        unplaced
            .filter_map(|(_, &index)| {
                let node = nodes.get(index)?;
                let at = reported_address(node)?;
                let record = capture.functions.get(&at)?;
                if Ids::of(node).fit(record) {
                    return None;
                }
                Some(Conflict {
                    function: Some(at.to_string()),
                    fact: "device at this address".to_owned(),
                    kept: Ids::in_record(record).to_string(),
                    other: format!("{} (Windows property)", Ids::of(node)),
                })
            })
            .collect()
    }
}

/// Where Windows says that the device is. The bus number holds the segment above its low 8
/// bits; the address holds the device above the function. Without them the words of the
/// location, whose numbers are decimal in every language.
fn reported_address(node: &DeviceNode) -> Option<Sbdf> {
    let number = |property| node.value(property).and_then(wide);
    let by_numbers = || {
        let bus = number(windows::BUS_NUMBER)?;
        let address = number(windows::ADDRESS)?;
        at(bus >> 8, bus & 0xff, address >> 16, address & 0xffff)
    };
    by_numbers().or_else(|| {
        let numbers = location_numbers(node.text(windows::LOCATION_INFO)?);
        match numbers.as_slice() {
            [bus, device, function] => at(bus >> 8, bus & 0xff, *device, *function),
            [segment, bus, device, function] => at(*segment, *bus, *device, *function),
            _ => None,
        }
    })
}

/// With ARI, device 0 has functions above 7.
fn at(segment: u64, bus: u64, device: u64, function: u64) -> Option<Sbdf> {
    let segment = Segment(u32::try_from(segment).ok()?);
    let (bus, device) = (u8::try_from(bus).ok()?, u8::try_from(device).ok()?);
    let function = u8::try_from(function).ok()?;
    let bdf = match (device, function) {
        (0, 8..) => Bdf::from_bits(u16::from(bus) << 8 | u16::from(function)),
        _ => Bdf::new(bus, device, function)?,
    };
    Some(Sbdf::new(segment, bdf))
}

/// The decimal numbers in the words of a location. The untranslated form is
/// `@System32\drivers\pci.sys,#65536;PCI bus %1, device %2, function %3;(0,28,0)`.
pub(super) fn location_numbers(text: &str) -> Vec<u64> {
    let text = match (text.starts_with('@'), text.rsplit_once('(')) {
        (true, Some((_, numbers))) => numbers,
        _ => text,
    };
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .take(8)
        .filter_map(|digits| digits.parse().ok())
        .collect()
}
