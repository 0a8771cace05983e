//! Names of device nodes in Windows before and after a dismount.

use crate::host::{FunctionId, Host};

/// The instance id of a function as the capture holds it: `PCI\VEN_…\…`.
pub fn instance_id(host: &Host<'_>, id: FunctionId) -> Option<String> {
    let properties = host.function(id).reported.windows.values();
    properties
        .filter_map(|property| property.value.as_str())
        .find(|text| {
            let upper = text.to_ascii_uppercase();
            let pci = upper.starts_with("PCI\\VEN_") || upper.starts_with("PCIP\\VEN_");
            pci && upper.matches('\\').count() == 2
        })
        .map(str::to_owned)
}

/// The same node once the device is dismounted: the enumerator is `PCIP`, the rest stays.
pub fn dismounted_id(instance_id: &str) -> String {
    match instance_id.split_once('\\') {
        Some((_, rest)) => format!("PCIP\\{rest}"),
        None => instance_id.to_owned(),
    }
}

/// The node on the host of a device that is or was dismounted.
pub fn mounted_id(instance_id: &str) -> String {
    match instance_id.split_once('\\') {
        Some((_, rest)) => format!("PCI\\{rest}"),
        None => instance_id.to_owned(),
    }
}

/// The device id part that the registers give, where the capture holds no instance id:
/// `PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03`.
pub fn device_id(host: &Host<'_>, id: FunctionId) -> Option<String> {
    let identity = host.function(id).identity;
    let (vendor, device) = (identity.vendor?, identity.device?);
    let (subsystem_vendor, subsystem) = identity.subsystem?;
    let revision = identity.revision?;
    Some(format!(
        "PCI\\VEN_{vendor:04X}&DEV_{device:04X}&SUBSYS_{subsystem:04X}{subsystem_vendor:04X}&REV_{revision:02X}"
    ))
}
