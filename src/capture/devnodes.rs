//! `pnp/devnodes.json`: the device nodes of a Windows host, with or without an address.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::origin::{Origin, Reported};
use crate::spec::windows::{self, DeviceProperty, ProblemCode};

/// `pnp/devnodes.json`.
///
/// The nodes are kept as exported. What belongs to a PCI function also stands in the
/// `windows` member of its `properties.json`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct DeviceNodes {
    /// Every node, by instance id where it has one.
    #[serde(default)]
    pub nodes: Vec<DeviceNode>,
    /// The export lists the allocated resources of every node: one without any has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resources_complete: bool,
    /// The export asked every node for all its properties: one that is missing is not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub properties_complete: bool,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// One device node.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DeviceNode {
    /// Its instance id as exported; absent where the source names the device in words alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The function that it stands for, `dddd:bb:dd.f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Device properties by `{FMTID} pid`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, NodeProperty>,
    /// Resources allocated to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Reported<NodeResource>>,
    /// What Microsoft's survey script printed about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<Reported<ScriptAnswer>>,
    /// What a refused dismount printed about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismount: Option<Reported<Vec<DismountRefusal>>>,
    /// Values below the `Device Parameters` key of the registry, by path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, Value>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A device property with the type that the exporter saw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct NodeProperty {
    /// The value as exported.
    pub value: Value,
    /// `DEVPROP_TYPE_` number (devpropdef.h), where the export has it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<u32>,
    /// Who says so.
    pub origin: Origin,
}

/// A resource allocated to a node. Addresses are 64 bits wide and stand as `"0x…"`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NodeResource {
    /// An interrupt by its number. Message interrupts have negative numbers, which stand here
    /// as unsigned 32-bit numbers.
    Interrupt {
        /// The number.
        number: u32,
    },
    /// Memory.
    Memory {
        /// First address.
        #[serde(with = "super::properties::hex_number")]
        #[cfg_attr(feature = "analyzer", schemars(with = "String"))]
        start: u64,
        /// Last address; absent where only the first was exported.
        #[serde(
            with = "super::properties::optional_hex_number",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        #[cfg_attr(feature = "analyzer", schemars(with = "Option<String>"))]
        end: Option<u64>,
    },
    /// I/O ports.
    Port {
        /// First port.
        #[serde(with = "super::properties::hex_number")]
        #[cfg_attr(feature = "analyzer", schemars(with = "String"))]
        start: u64,
        /// Last port; absent where only the first was exported.
        #[serde(
            with = "super::properties::optional_hex_number",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        #[cfg_attr(feature = "analyzer", schemars(with = "Option<String>"))]
        end: Option<u64>,
    },
    /// Something else, such as a DMA channel.
    #[serde(other)]
    Other,
}

/// What Microsoft's survey script printed about one device.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ScriptAnswer {
    /// The device as the script named it.
    pub name: String,
    /// The sentences in order, each by its sense.
    pub says: Vec<ScriptSentence>,
    /// The location path that it printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// MB of MMIO space that it printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mmio_megabytes: Option<u64>,
}

/// The sentences of a refused `Dismount-VMHostAssignableDevice` by their sense.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DismountRefusal {
    /// The maker supplied no directives for securing the device in a guest.
    NoDirectives,
    /// The device is not supported when passed through.
    NotSupported,
    /// The operating system does not control the PCI Express bus.
    NoNativeControl,
    /// The proxy driver failed to load.
    ProxyFailed,
    /// A sentence that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The sentences of Microsoft's survey script by their sense.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ScriptSentence {
    /// The firmware keeps the device attached to its memory. Not assignable.
    ReservedMemory,
    /// Traffic may be redirected to other devices. Not assignable.
    Redirectable,
    /// Express endpoint.
    ExpressEndpoint,
    /// Embedded endpoint.
    EmbeddedEndpoint,
    /// Legacy Express endpoint that is a graphics controller.
    LegacyDisplay,
    /// Legacy Express endpoint of another class. Not assignable.
    LegacyNotDisplay,
    /// The firmware kept control of PCI Express. Not assignable.
    FirmwareControl,
    /// Conventional PCI, a switch port and so on. Not assignable.
    OldStyle,
    /// Disabled: resources unknown.
    Disabled,
    /// It has no interrupts.
    NoInterrupts,
    /// Its interrupts are messages.
    MessageInterrupts,
    /// Its interrupts are all by line. Not assignable.
    LineInterrupts,
    /// It has no MMIO space.
    NoMmio,
    /// It needs MMIO space.
    Mmio,
    /// A sentence that a newer script prints.
    #[serde(other)]
    Unknown,
}

impl DeviceNodes {
    /// Reads the member as a capture holds it.
    ///
    /// # Errors
    /// Where it is no JSON of this form.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The member as a capture holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// The node with an instance id, in any case.
    pub fn find(&self, instance_id: &str) -> Option<&DeviceNode> {
        self.nodes.iter().find(|node| node.has_id(instance_id))
    }
}

impl DeviceNode {
    /// Whether this is its instance id, in any case.
    pub fn has_id(&self, instance_id: &str) -> bool {
        self.instance_id
            .as_ref()
            .is_some_and(|own| own.eq_ignore_ascii_case(instance_id))
    }

    /// The value of a property.
    pub fn value(&self, property: DeviceProperty) -> Option<&Value> {
        self.properties
            .get(property.key)
            .map(|property| &property.value)
    }

    /// A property that is a number or a truth value.
    pub fn number(&self, property: DeviceProperty) -> Option<u32> {
        self.value(property).and_then(property_number)
    }

    /// A property that is a text.
    pub fn text(&self, property: DeviceProperty) -> Option<&str> {
        self.value(property)?.as_str()
    }

    /// The texts of a property that is a list; a single text is a list of one.
    pub fn list(&self, property: DeviceProperty) -> impl Iterator<Item = &str> {
        property_texts(self.value(property))
    }

    /// Its problem code; 0 where it reports none.
    pub fn problem_code(&self) -> Option<u32> {
        property_problem(self.value(windows::PROBLEM_CODE)?)
    }

    /// Whether its device is there; `None` where the export does not say.
    pub fn is_present(&self) -> Option<bool> {
        if self.problem_code() == Some(ProblemCode::PHANTOM.0) {
            return Some(false);
        }
        self.number(windows::IS_PRESENT).map(|is| is != 0)
    }

    /// Its instance id without the enumerator, in upper case: the same before and after a
    /// dismount.
    pub fn tail(&self) -> Option<String> {
        self.instance_id.as_deref().map(instance_tail)
    }

    /// The enumerator: what stands before the first backslash of the instance id.
    pub fn enumerator(&self) -> Option<&str> {
        let id = self.instance_id.as_ref()?;
        id.split_once('\\').map(|(enumerator, _)| enumerator)
    }
}

/// An instance id without the enumerators of PCI devices, in upper case: the same before and
/// after a dismount.
pub fn instance_tail(instance_id: &str) -> String {
    let upper = instance_id.to_ascii_uppercase();
    match upper.split_once('\\') {
        Some((windows::ENUMERATOR_PCI | windows::ENUMERATOR_PCIP, tail)) => tail.to_owned(),
        _ => upper,
    }
}

/// The texts of a property's value; a single text is a list of one.
pub fn property_texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let several = value.and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(several.filter_map(Value::as_str))
}

/// A problem code as a number, or by its name as PowerShell prints it.
pub fn property_problem(value: &Value) -> Option<u32> {
    property_number(value).or_else(|| Some(ProblemCode::of_name(value.as_str()?)?.0))
}

/// A property's value as exported: a number, a truth value, or either of them as text.
pub fn property_number(value: &Value) -> Option<u32> {
    match value {
        Value::Bool(truth) => Some(u32::from(*truth)),
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => {
            let text = text.trim();
            if text.eq_ignore_ascii_case("true") {
                return Some(1);
            }
            if text.eq_ignore_ascii_case("false") {
                return Some(0);
            }
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_truth_values_are_read_in_each_exported_form() {
        for (value, read) in [
            (Value::from(3), Some(3)),
            (Value::from("3"), Some(3)),
            (Value::from("0x1f"), Some(0x1f)),
            (Value::from(true), Some(1)),
            (Value::from("False"), Some(0)),
            (Value::from("Falsch"), None),
            (Value::from(-1), None),
            (Value::from(1_u64 << 32), None),
            (Value::Null, None),
        ] {
            assert_eq!(property_number(&value), read, "{value}");
        }
        assert_eq!(property_problem(&"CM_PROB_PHANTOM".into()), Some(45));
        assert_eq!(property_problem(&"CM_PROB_NONE".into()), Some(0));
    }

    #[test]
    fn a_dismount_changes_the_enumerator_alone() {
        // Microsoft, Discrete Device Assignment posts, part 1.
        let after = r"PCIP\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0010";
        let before = after.replace("PCIP", "pci");
        assert_eq!(instance_tail(after), instance_tail(&before));
        assert_ne!(
            instance_tail(r"ACPI\PNP0A08\0"),
            instance_tail(r"PCI\PNP0A08\0")
        );
    }
}
