//! Object paths of WMI, as Win32_PnPAllocatedResource refers to resources and devices.

use serde_json::Value;

use super::builder::{is_instance_id, wide};
use crate::capture::NodeResource;

/// Device and resource of a whole relative path:
/// `Win32_PnPAllocatedResource.Antecedent="…",Dependent="…"`.
pub(super) fn allocation(text: &str) -> Option<(String, NodeResource)> {
    let (resource, device) = text.split_once(",Dependent=")?;
    let resource = resource.split_once("Antecedent=")?.1;
    Some((device_of(device)?, resource_of(resource)?))
}

/// The instance id that a reference to a device holds: an object path, the words in which
/// PowerShell prints a reference, or an object.
pub(super) fn device(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => device_of(text),
        Value::Object(members) => {
            let id = member(members, &["DeviceID", "PNPDeviceID"])?.as_str()?;
            is_instance_id(id).then(|| id.to_owned())
        }
        _ => None,
    }
}

/// The resource that a reference means.
pub(super) fn resource(value: &Value) -> Option<NodeResource> {
    match value {
        Value::String(text) => resource_of(text),
        Value::Object(members) => {
            if let Some(number) = member(members, &["IRQNumber"]).and_then(wide) {
                return interrupt(number);
            }
            if member(members, &["DMAChannel"]).is_some() {
                return Some(NodeResource::Other);
            }
            let start = member(members, &["StartingAddress"]).and_then(wide)?;
            let end = member(members, &["EndingAddress"]).and_then(wide);
            let class = member(members, &["CreationClassName", "CimClass", "__CLASS"]);
            let port = class.is_some_and(|class| class.to_string().contains("Port"));
            Some(match port {
                true => NodeResource::Port { start, end },
                false => NodeResource::Memory { start, end },
            })
        }
        _ => None,
    }
}

fn member<'v>(members: &'v serde_json::Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    names.iter().find_map(|wanted| {
        let mut found = members
            .iter()
            .filter(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.is_null());
        found.next().map(|(_, value)| value)
    })
}

/// Each level of nesting escapes quotes and backslashes once more. An instance id has single
/// backslashes and no quotes, so that all of them can be undone at once.
fn device_of(text: &str) -> Option<String> {
    let at = text.find("DeviceID")?;
    let rest = text.get(at + "DeviceID".len()..)?;
    let rest = rest.trim_start_matches([' ', '=', '\\', '"']);
    let end = rest.find('"').unwrap_or(rest.len());
    let mut id = String::with_capacity(end);
    for character in rest.get(..end)?.chars() {
        if character != '\\' || !id.ends_with('\\') {
            id.push(character);
        }
    }
    let id = id.trim_end_matches(['\\', ')', ' ']).replace("&amp;", "&");
    is_instance_id(&id).then_some(id)
}

fn resource_of(text: &str) -> Option<NodeResource> {
    let number = |name: &str| {
        let at = text.find(name)?;
        let rest = text.get(at + name.len()..)?;
        let rest = rest.trim_start_matches([' ', '=', '\\', '"']);
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end)?.parse::<u64>().ok()
    };
    if let Some(irq) = number("IRQNumber") {
        return interrupt(irq);
    }
    let start = number("StartingAddress");
    if text.contains("Win32_DeviceMemoryAddress") {
        return start.map(|start| NodeResource::Memory { start, end: None });
    }
    if text.contains("Win32_PortResource") {
        return start.map(|start| NodeResource::Port { start, end: None });
    }
    text.contains("Win32_DMAChannel")
        .then_some(NodeResource::Other)
}

fn interrupt(number: u64) -> Option<NodeResource> {
    let number = u32::try_from(number).ok()?;
    Some(NodeResource::Interrupt { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = r"PCI\VEN_8086&DEV_A1A3&SUBSYS_07151028&REV_09\3&11583659&0&FC";

    #[test]
    fn an_object_path_names_device_and_resource_through_every_level_of_escapes() {
        // The form of a comment in Microsoft's test framework, for 00:1f.4.
        let path = r#"Win32_PnPAllocatedResource.Antecedent="\\\\HOST\\root\\cimv2:Win32_DeviceMemoryAddress.StartingAddress=\"2449471488\"",Dependent="\\\\HOST\\root\\cimv2:Win32_PnPEntity.DeviceID=\"PCI\\\\VEN_8086&DEV_A1A3&SUBSYS_07151028&REV_09\\\\3&11583659&0&FC\"""#;
        let memory = NodeResource::Memory {
            start: 2_449_471_488,
            end: None,
        };
        assert_eq!(allocation(path), Some((ID.to_owned(), memory)));
    }

    #[test]
    fn both_ends_alone_and_as_objects_are_understood() {
        let irq = json!(r"\\HOST\root\cimv2:Win32_IRQResource.IRQNumber=4294967284");
        let message = NodeResource::Interrupt {
            number: 4_294_967_284,
        };
        assert_eq!(resource(&irq), Some(message.clone()));
        let words = json!("Win32_IRQResource (IRQNumber = 4294967284)");
        assert_eq!(resource(&words), Some(message.clone()));
        assert_eq!(
            resource(&json!({"IRQNumber": 4_294_967_284_u32})),
            Some(message)
        );
        let device_text = json!(format!(
            r#"Win32_PnPEntity (DeviceID = "{}")"#,
            ID.replace('\\', r"\\")
        ));
        assert_eq!(device(&device_text), Some(ID.to_owned()));
        assert_eq!(
            device(&json!(format!(r#"Win32_PnPEntity (DeviceID = "{ID}")"#))),
            Some(ID.to_owned())
        );
        assert_eq!(device(&json!({ "DeviceID": ID })), Some(ID.to_owned()));
        assert_eq!(
            resource(
                &json!({"StartingAddress": "61440", "CreationClassName": "Win32_PortResource"})
            ),
            Some(NodeResource::Port {
                start: 61440,
                end: None
            })
        );
        assert_eq!(device(&json!("nothing")), None);
        assert_eq!(resource(&json!(3)), None);
    }
}
