//! Two exports of one Windows host become one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::limits::MAX_CONFLICTS;
use super::super::{Conflict, DeviceNode, DeviceNodes, HyperV, Origin, WindowsHost};
use super::sizes;

/// Nodes are joined by instance id, property by property; those without one are added.
pub(super) fn merge_nodes(
    to: &mut Option<Vec<u8>>,
    from: Option<Vec<u8>>,
    conflicts: &mut Vec<Conflict>,
) {
    let (kept, other) = match (&*to, from) {
        (None, from) => {
            *to = from;
            return;
        }
        (Some(kept), Some(other)) if *kept != other => (kept, other),
        _ => return,
    };
    let (Ok(mut nodes), Ok(others)) = (DeviceNodes::parse(kept), DeviceNodes::parse(&other)) else {
        conflicts.push(sizes("pnp/devnodes.json", kept, &other));
        return;
    };
    let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
    for (index, node) in nodes.nodes.iter().enumerate() {
        if let Some(id) = &node.instance_id {
            by_id.entry(id.to_ascii_uppercase()).or_insert(index);
        }
    }
    for node in others.nodes {
        let id = node.instance_id.as_ref().map(|id| id.to_ascii_uppercase());
        let known = id.as_ref().and_then(|id| by_id.get(id)).copied();
        if let Some(known) = known.and_then(|index| nodes.nodes.get_mut(index)) {
            known.merge(node, conflicts);
        } else if node.instance_id.is_some() || !nodes.nodes.contains(&node) {
            if let Some(id) = id {
                by_id.insert(id, nodes.nodes.len());
            }
            nodes.nodes.push(node);
        }
    }
    nodes.resources_complete |= others.resources_complete;
    nodes.properties_complete |= others.properties_complete;
    for (key, value) in others.other {
        nodes.other.entry(key).or_insert(value);
    }
    *to = Some(nodes.to_bytes());
}

impl DeviceNode {
    fn merge(&mut self, other: Self, conflicts: &mut Vec<Conflict>) {
        for (key, property) in other.properties {
            match self.properties.entry(key) {
                Entry::Vacant(slot) => _ = slot.insert(property),
                Entry::Occupied(slot) => {
                    let (kept, second) = (&slot.get().value, &property.value);
                    if !same(kept, second) && conflicts.len() < MAX_CONFLICTS {
                        conflicts.push(Conflict {
                            function: self.function.clone(),
                            fact: slot.key().clone(),
                            kept: format!("{kept} ({})", slot.get().origin),
                            other: format!("{second} ({})", property.origin),
                        });
                    }
                }
            }
        }
        for resource in other.resources {
            if !self
                .resources
                .iter()
                .any(|known| known.value == resource.value)
            {
                self.resources.push(resource);
            }
        }
        self.survey = self.survey.take().or(other.survey);
        self.dismount = self.dismount.take().or(other.dismount);
        self.function = self.function.take().or(other.function);
        for (key, value) in other.registry {
            self.registry.entry(key).or_insert(value);
        }
        for (key, value) in other.other {
            self.other.entry(key).or_insert(value);
        }
    }
}

/// Whether two exports of a value say the same: one tool prints numbers as texts, another a
/// list of one as a text.
fn same(kept: &serde_json::Value, other: &serde_json::Value) -> bool {
    use super::super::{property_problem, property_texts};
    if kept == other {
        return true;
    }
    if let (Some(kept), Some(other)) = (property_problem(kept), property_problem(other)) {
        return kept == other;
    }
    let texts = |value| {
        property_texts(Some(value))
            .map(str::trim)
            .collect::<Vec<_>>()
    };
    let (kept, other) = (texts(kept), texts(other));
    !kept.is_empty() && kept == other
}

/// Settings of the host: what the first lacks is taken from the second.
pub(super) fn merge_host(to: &mut BTreeMap<String, Vec<u8>>, from: &mut BTreeMap<String, Vec<u8>>) {
    if let (Some(kept), Some(other)) = (to.get_mut(HyperV::NAME), from.get(HyperV::NAME))
        && let (Ok(mut hyperv), Ok(second)) = (
            serde_json::from_slice::<HyperV>(kept),
            serde_json::from_slice::<HyperV>(other),
        )
    {
        hyperv.merge(second);
        *kept = serde_json::to_vec_pretty(&hyperv).unwrap_or_default();
        from.remove(HyperV::NAME);
    }
    if let (Some(kept), Some(other)) = (to.get_mut(WindowsHost::NAME), from.get(WindowsHost::NAME))
        && let (Ok(mut windows), Ok(second)) = (
            serde_json::from_slice::<WindowsHost>(kept),
            serde_json::from_slice::<WindowsHost>(other),
        )
    {
        windows.merge(second);
        *kept = serde_json::to_vec_pretty(&windows).unwrap_or_default();
        from.remove(WindowsHost::NAME);
    }
}

impl HyperV {
    fn merge(&mut self, other: Self) {
        self.iov_support = self.iov_support.or(other.iov_support);
        for reason in other.iov_support_reasons {
            if !self.iov_support_reasons.contains(&reason) {
                self.iov_support_reasons.push(reason);
            }
        }
        for device in other.pool.into_iter().flatten() {
            let pool = self.pool.get_or_insert_default();
            if !pool.contains(&device) {
                pool.push(device);
            }
        }
        for machine in other.machines.into_iter().flatten() {
            let machines = self.machines.get_or_insert_default();
            let known = machines.iter_mut().find(|known| known.name == machine.name);
            let Some(known) = known else {
                machines.push(machine);
                continue;
            };
            macro_rules! fill {
                ($($field:ident)*) => {
                    $( if known.$field.is_none() { known.$field = machine.$field; } )*
                };
            }
            fill!(state generation automatic_stop_action dynamic_memory low_mmio_bytes
                high_mmio_bytes high_mmio_base_megabytes guest_controlled_cache_types
                nested_virtualization clustered gpu_partition);
            for device in machine.devices.into_iter().flatten() {
                let devices = known.devices.get_or_insert_default();
                if !devices.contains(&device) {
                    devices.push(device);
                }
            }
        }
        for (key, value) in other.other {
            self.other.entry(key).or_insert(value);
        }
    }
}

impl WindowsHost {
    fn merge(&mut self, other: Self) {
        self.edition = self.edition.take().or(other.edition);
        self.product = self.product.take().or(other.product);
        self.product_type = self.product_type.take().or(other.product_type);
        self.build = self.build.or(other.build);
        self.physical_address_bits = self.physical_address_bits.or(other.physical_address_bits);
        for (key, value) in other.boot {
            self.boot.entry(key).or_insert(value);
        }
        for (key, value) in other.registry {
            self.registry.entry(key).or_insert(value);
        }
        for (key, value) in other.other {
            self.other.entry(key).or_insert(value);
        }
    }
}

/// Points every origin in the source text `from` to `to`.
pub(super) fn rename_source(devnodes: &mut Option<Vec<u8>>, from: &str, to: &str) {
    let Some(mut nodes) = devnodes
        .as_ref()
        .and_then(|bytes| DeviceNodes::parse(bytes).ok())
    else {
        return;
    };
    let rename = |origin: &mut Origin| {
        if origin.source.as_deref() == Some(from) {
            origin.source = Some(to.to_owned());
        }
    };
    for node in &mut nodes.nodes {
        node.properties
            .values_mut()
            .for_each(|property| rename(&mut property.origin));
        node.resources
            .iter_mut()
            .for_each(|resource| rename(&mut resource.origin));
        if let Some(survey) = &mut node.survey {
            rename(&mut survey.origin);
        }
        if let Some(dismount) = &mut node.dismount {
            rename(&mut dismount.origin);
        }
    }
    *devnodes = Some(nodes.to_bytes());
}
