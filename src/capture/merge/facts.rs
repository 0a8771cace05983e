//! Two records of one function become one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use super::super::limits::MAX_CONFLICTS;
use super::super::{
    Conflict, FunctionProperties, FunctionRecord, Method, Origin, Reported, Resource, SourceLines,
};
use crate::addr::Sbdf;
use crate::bytes::BitConflict;

impl FunctionRecord {
    /// Takes over what `other` knows about the same function.
    pub(crate) fn merge(&mut self, at: Sbdf, other: Self, conflicts: &mut Vec<Conflict>) {
        let differing = self.config.merge(&other.config);
        for run in runs(&differing) {
            if conflicts.len() < MAX_CONFLICTS {
                conflicts.push(config_conflict(
                    at,
                    run,
                    &self.properties,
                    &other.properties,
                ));
            }
        }
        self.properties.merge(at, other.properties, conflicts);
    }
}

/// Facts that are reported at most once, by member.
macro_rules! single_facts {
    ($apply:ident!($($context:tt)*)) => {
        $apply!($($context)*
            vendor device subsystem_vendor subsystem_device class base_class name revision port_type
            driver iommu_group iommu_unit reserved_regions numa_node slot reset_methods reset_offered
            power_state boot_vga physical_function parent root_bus root_bus_parent acpi_path
            sriov_total_vfs sriov_num_vfs access_denied)
    };
}

macro_rules! merge_single_facts {
    ($to:ident $from:ident $facts:ident $($field:ident)*) => {
        $( $facts.one(stringify!($field), &mut $to.$field, $from.$field.take()); )*
    };
}

macro_rules! visit_single_facts {
    ($facts:ident $visit:ident $($field:ident)*) => {
        $( if let Some(fact) = &mut $facts.$field { $visit(&mut fact.origin.source) } )*
    };
}

impl FunctionProperties {
    fn merge(&mut self, at: Sbdf, mut other: Self, conflicts: &mut Vec<Conflict>) {
        let this = &mut *self;
        // A full class code says more than one without its last byte.
        if this.class.is_some() || other.class.is_some() {
            this.base_class = None;
            other.base_class = None;
        }
        // Tools word it differently from call to call.
        this.name = this.name.take().or(other.name.take());
        // Drivers come and go; a log tells of the past.
        later(&mut this.driver, &mut other.driver);
        let mut facts = Facts { at, conflicts };
        single_facts!(merge_single_facts!(this other facts));
        facts.resources(this, &mut other);
        facts.attributes(&mut this.attributes, other.attributes.take());
        for (key, fact) in other.windows {
            let mut slot = this.windows.remove(&key);
            facts.one(&key, &mut slot, Some(fact));
            this.windows.extend(slot.map(|fact| (key, fact)));
        }
        for (key, value) in other.other {
            this.other.entry(key).or_insert(value);
        }
        for user in other.used_by {
            if !this.used_by.iter().any(|known| known.value == user.value) {
                this.used_by.push(user);
            }
        }
        for lines in other.config_lines {
            if !this.config_lines.contains(&lines) {
                this.config_lines.push(lines);
            }
        }
    }

    /// Renames a source wherever a fact names it as its origin.
    pub(crate) fn rename_source(&mut self, from: &str, to: &str) {
        self.map_sources(&mut |source| (source == from).then(|| to.to_owned()));
    }

    /// Gives new names to sources wherever a fact names one as its origin; `None` keeps a name.
    pub(crate) fn map_sources(&mut self, map: &mut dyn FnMut(&str) -> Option<String>) {
        let mut rename = |source: &mut Option<String>| {
            if let Some(new) = source.as_deref().and_then(&mut *map) {
                *source = Some(new);
            }
        };
        let this = &mut *self;
        single_facts!(visit_single_facts!(this rename));
        let used_by = this.used_by.iter_mut().map(|fact| &mut fact.origin);
        let resources = this.resources.iter_mut().map(|fact| &mut fact.origin);
        let windows = this.windows.values_mut().map(|fact| &mut fact.origin);
        let attributes = this.attributes.iter_mut().map(|fact| &mut fact.origin);
        let inferred = this.resource_indices_inferred.iter_mut();
        let inferred = inferred.map(|fact| &mut fact.origin);
        used_by
            .chain(resources)
            .chain(windows)
            .chain(attributes)
            .chain(inferred)
            .for_each(|origin| rename(&mut origin.source));
        for lines in &mut this.config_lines {
            if let Some(new) = map(&lines.source) {
                lines.source = new;
            }
        }
    }
}

/// Of a fact that changes while the machine runs, what a log says gives way.
fn later<T>(kept: &mut Option<Reported<T>>, other: &mut Option<Reported<T>>) {
    let is_log = |fact: &Reported<T>| fact.origin.method == Method::KernelLog;
    match (&*kept, &*other) {
        (Some(mine), Some(theirs)) if is_log(theirs) && !is_log(mine) => *other = None,
        (Some(mine), Some(theirs)) if is_log(mine) && !is_log(theirs) => *kept = None,
        _ => {}
    }
}

/// Facts about one function on their way into another record.
struct Facts<'a> {
    at: Sbdf,
    conflicts: &'a mut Vec<Conflict>,
}

impl Facts<'_> {
    fn one<T: PartialEq + Serialize>(
        &mut self,
        fact: &str,
        slot: &mut Option<Reported<T>>,
        other: Option<Reported<T>>,
    ) {
        match (&*slot, other) {
            (None, other) => *slot = other,
            (Some(kept), Some(other)) if kept.value != other.value => {
                self.conflict(
                    fact,
                    (&kept.value, &kept.origin),
                    (&other.value, &other.origin),
                );
            }
            _ => {}
        }
    }

    fn conflict<T: Serialize>(&mut self, fact: &str, kept: (&T, &Origin), other: (&T, &Origin)) {
        if self.conflicts.len() < MAX_CONFLICTS {
            self.conflicts.push(Conflict {
                function: Some(self.at.to_string()),
                fact: fact.to_owned(),
                kept: format!("{} ({})", shown(kept.0), kept.1),
                other: format!("{} ({})", shown(other.0), other.1),
            });
        }
    }

    /// Indices that were only inferred give way to reported ones, without a conflict.
    fn resources(&mut self, to: &mut FunctionProperties, from: &mut FunctionProperties) {
        if from.resources.is_empty() {
            return;
        }
        match (
            &to.resource_indices_inferred,
            &from.resource_indices_inferred,
        ) {
            (None, Some(_)) if !to.resources.is_empty() => return,
            (Some(_), None) => {
                to.resource_indices_inferred = None;
                to.resources = std::mem::take(&mut from.resources);
                return;
            }
            (None, Some(_)) => {
                to.resource_indices_inferred = from.resource_indices_inferred.take();
            }
            _ => {}
        }
        let mut known: BTreeMap<u8, Reported<Resource>> = std::mem::take(&mut to.resources)
            .into_iter()
            .map(|r| (r.value.index, r))
            .collect();
        for other in std::mem::take(&mut from.resources) {
            match known.entry(other.value.index) {
                Entry::Vacant(slot) => _ = slot.insert(other),
                Entry::Occupied(mut slot) => {
                    self.resource(slot.get_mut(), other);
                }
            }
        }
        to.resources = known.into_values().collect();
    }

    /// A conflict only where both say something and the sayings differ; the kernel's own
    /// list says more than a text made from it.
    fn resource(&mut self, kept: &mut Reported<Resource>, mut other: Reported<Resource>) {
        if kept.origin.method == Method::Lspci && other.origin.method == Method::Sysfs {
            std::mem::swap(kept, &mut other);
        }
        let (known, new) = (&kept.value, &other.value);
        let lengths = known
            .len
            .zip(new.len)
            .is_some_and(|(known, new)| known != new);
        let starts = !known.unassigned && !new.unassigned && known.start != new.start;
        if lengths || starts {
            let fact = format!("resource {}", known.index);
            self.conflict(&fact, (known, &kept.origin), (new, &other.origin));
            return;
        }
        kept.value.len = kept.value.len.or(other.value.len);
        kept.value.flags = kept.value.flags.or(other.value.flags);
    }

    fn attributes(
        &mut self,
        slot: &mut Option<Reported<BTreeMap<String, String>>>,
        other: Option<Reported<BTreeMap<String, String>>>,
    ) {
        let (Some(kept), Some(other)) = (&mut *slot, &other) else {
            *slot = slot.take().or(other);
            return;
        };
        for (name, value) in &other.value {
            match kept.value.get(name) {
                None => _ = kept.value.insert(name.clone(), value.clone()),
                Some(known) if known != value => {
                    self.conflict(name, (known, &kept.origin), (value, &other.origin));
                }
                Some(_) => {}
            }
        }
    }
}

/// Conflicts in neighbouring bytes are one.
fn runs(conflicts: &[BitConflict]) -> impl Iterator<Item = &[BitConflict]> {
    conflicts.chunk_by(|a, b| a.offset.checked_add(1) == Some(b.offset))
}

fn config_conflict(
    at: Sbdf,
    run: &[BitConflict],
    kept: &FunctionProperties,
    other: &FunctionProperties,
) -> Conflict {
    let first = run.first().map_or(0, |conflict| conflict.offset);
    let last = run.last().map_or(0, |conflict| conflict.offset);
    let side = |value: fn(&BitConflict) -> u8, properties: &FunctionProperties| {
        let bytes: Vec<String> = run.iter().map(|c| format!("{:02x}", value(c))).collect();
        format!(
            "{} ({})",
            bytes.join(" "),
            config_origin(&properties.config_lines, first)
        )
    };
    Conflict {
        function: Some(at.to_string()),
        fact: match first == last {
            true => format!("configuration space {first:#05x}"),
            false => format!("configuration space {first:#05x} to {last:#05x}"),
        },
        kept: side(|conflict| conflict.bytes.0, kept),
        other: side(|conflict| conflict.bytes.1, other),
    }
}

fn config_origin(lines: &[SourceLines], offset: u16) -> String {
    lines
        .iter()
        .find_map(|lines| Some(format!("{}:{}", lines.source, lines.line_of(offset)?)))
        .unwrap_or_else(|| "binary".to_owned())
}

/// A value as a person would write it.
fn shown<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}
