//! What a capture holds of a Windows host beside the functions: device nodes, the host, and
//! virtual machines. Members that this version does not know go.

use serde::Serialize;

use super::names::Names;
use super::values;
use super::words;
use crate::capture::{Capture, DeviceNodes, HyperV, PoolDevice, WindowsHost};

/// What stands for a member that cannot be read: it cannot be read afterwards either.
const UNREADABLE: &str = "(redacted)\n";

/// Registry values of the host that say how devices are treated, by the start of their path.
const POLICIES: &str = r"software\policies\microsoft\windows\hyperv\";

/// The device nodes of a capture, where they can be read.
pub(super) fn nodes(capture: &Capture) -> Option<DeviceNodes> {
    DeviceNodes::parse(capture.devnodes.as_deref()?).ok()
}

/// What the Hyper-V role reported, where it can be read.
pub(super) fn hyperv(capture: &Capture) -> Option<HyperV> {
    serde_json::from_slice(capture.host.get(HyperV::NAME)?).ok()
}

/// `pnp/devnodes.json` with ids and paths of the bus, numbers and what is answered in set words.
pub(super) fn redact_nodes(bytes: &[u8], names: &mut Names) -> Vec<u8> {
    let Ok(mut nodes) = DeviceNodes::parse(bytes) else {
        return UNREADABLE.as_bytes().to_vec();
    };
    nodes.other.clear();
    for node in &mut nodes.nodes {
        node.other.clear();
        redact_text(&mut node.instance_id, names);
        node.properties
            .retain(|key, _| values::is_property_key(key));
        for property in node.properties.values_mut() {
            values::redact(&mut property.value, names);
            rename(&mut property.origin.source, names);
        }
        node.registry.retain(|_, value| value.is_number());
        for resource in &mut node.resources {
            rename(&mut resource.origin.source, names);
        }
        if let Some(survey) = &mut node.survey {
            survey.value.name = values::text_of(&survey.value.name, names);
            rename(&mut survey.origin.source, names);
        }
        if let Some(dismount) = &mut node.dismount {
            rename(&mut dismount.origin.source, names);
        }
    }
    nodes.to_bytes()
}

/// `host/windows.json` with the edition, boot options that are words, and policies.
pub(super) fn redact_host(text: &str, names: &Names) -> String {
    let Ok(mut host) = serde_json::from_str::<WindowsHost>(text) else {
        return UNREADABLE.to_owned();
    };
    host.other.clear();
    let texts = [&mut host.edition, &mut host.product, &mut host.product_type];
    for text in texts.into_iter().flatten() {
        *text = words::scrub(text);
    }
    let options = std::mem::take(&mut host.boot);
    let options = options.into_iter();
    host.boot = options
        .map(|(option, value)| {
            (
                values::text_of(&option, names),
                values::text_of(&value, names),
            )
        })
        .collect();
    host.registry
        .retain(|path, value| path.to_ascii_lowercase().starts_with(POLICIES) && value.is_number());
    written(&host)
}

/// `host/hyperv.json` with virtual machines under new names.
pub(super) fn redact_hyperv(text: &str, names: &Names) -> String {
    let Ok(mut hyperv) = serde_json::from_str::<HyperV>(text) else {
        return UNREADABLE.to_owned();
    };
    hyperv.other.clear();
    for reason in &mut hyperv.iov_support_reasons {
        *reason = words::scrub(&names.apply(reason));
    }
    redact_devices(&mut hyperv.pool, names);
    for machine in hyperv.machines.iter_mut().flatten() {
        machine.other.clear();
        machine.name = names.machine(&machine.name);
        redact_text(&mut machine.state, names);
        redact_text(&mut machine.automatic_stop_action, names);
        redact_devices(&mut machine.devices, names);
    }
    written(&hyperv)
}

fn redact_devices(devices: &mut Option<Vec<PoolDevice>>, names: &Names) {
    for device in devices.iter_mut().flatten() {
        device.other.clear();
        redact_text(&mut device.instance_path, names);
        redact_text(&mut device.location_path, names);
        redact_text(&mut device.pool, names);
    }
}

fn redact_text(text: &mut Option<String>, names: &Names) {
    if let Some(text) = text {
        *text = values::text_of(text, names);
    }
}

fn rename(source: &mut Option<String>, names: &mut Names) {
    if let Some(source) = source {
        *source = names.source(source);
    }
}

fn written(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
