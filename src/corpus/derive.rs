//! Changes to a base case: what is left out, cut, patched and set.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::CaseError;
use super::file::{CaseFile, ConfigPatch, SetProperties, TablesFrom};
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::capture::{Capture, DeviceNodes, FunctionProperties, FunctionRecord};

/// Applies everything but `tables_from`, in this order: omit, patch, cut, set.
pub(super) fn apply(case: &str, capture: &mut Capture, file: &CaseFile) -> Result<(), CaseError> {
    for member in &file.omit {
        omit(case, capture, member)?;
    }
    patch(case, capture, &file.patch)?;
    if let Some(limit) = file.captured_bytes {
        for record in capture.functions.values_mut() {
            record.config = cut(&record.config, usize::from(limit.0));
        }
    }
    for (name, value) in &file.host {
        let known = capture.host.get(name);
        let mut member = known
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        merge_json(&mut member, value);
        let text = member.to_string().into_bytes();
        capture.host.insert(name.clone(), text);
    }
    if !file.nodes.is_empty() {
        let known = capture.devnodes.as_ref();
        let mut nodes = known
            .and_then(|bytes| DeviceNodes::parse(bytes).ok())
            .unwrap_or_default();
        for node in &file.nodes {
            let own = node.instance_id.as_deref().unwrap_or_default();
            match nodes.nodes.iter_mut().find(|known| known.has_id(own)) {
                Some(known) => {
                    known.properties.extend(node.properties.clone());
                    known.survey = node.survey.clone().or(known.survey.take());
                    known.dismount = node.dismount.clone().or(known.dismount.take());
                }
                None => nodes.nodes.push(node.clone()),
            }
        }
        capture.devnodes = Some(nodes.to_bytes());
    }
    file.set
        .iter()
        .try_for_each(|set| set_properties(case, capture, set))
}

fn merge_json(to: &mut Value, from: &Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            for (key, value) in from {
                merge_json(to.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (to, from) => *to = from.clone(),
    }
}

/// Takes over ACPI tables of another case, in place of those of the same name.
pub(super) fn take_tables(
    case: &str,
    capture: &mut Capture,
    from: &TablesFrom,
    other: &Capture,
) -> Result<(), CaseError> {
    let Some(names) = &from.tables else {
        capture.tables.extend(other.tables.clone());
        return Ok(());
    };
    for name in names {
        let Some(table) = other.tables.get(name) else {
            let member = format!("acpi/{name} in {}", from.case);
            return Err(CaseError::NoMember {
                case: case.to_owned(),
                member,
            });
        };
        capture.tables.insert(name.clone(), table.clone());
    }
    Ok(())
}

/// SHA-256 of a configuration space in lower-case hexadecimal: of its bytes and, where some
/// bits are not known, of the mask behind them.
pub fn config_sha256(image: &ConfigImage) -> String {
    let mut hash = Sha256::new();
    hash.update(image.bytes());
    hash.update(image.known_mask().unwrap_or_default());
    let digest: &[u8] = &hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn omit(case: &str, capture: &mut Capture, member: &str) -> Result<(), CaseError> {
    let found = match member.split_once('/') {
        Some(("acpi", name)) => capture.tables.remove(name).is_some(),
        Some(("host", name)) => capture.host.remove(name).is_some(),
        Some(("source", name)) => capture.sources.remove(name).is_some(),
        Some(("pnp", "devnodes.json")) => capture.devnodes.take().is_some(),
        _ => member
            .parse()
            .is_ok_and(|at: Sbdf| capture.functions.remove(&at).is_some()),
    };
    if found {
        return Ok(());
    }
    Err(CaseError::NoMember {
        case: case.to_owned(),
        member: member.to_owned(),
    })
}

fn patch(case: &str, capture: &mut Capture, patches: &[ConfigPatch]) -> Result<(), CaseError> {
    let mut checked: BTreeMap<Sbdf, String> = BTreeMap::new();
    for patch in patches {
        let function = patch.function;
        let record = record(case, capture, function)?;
        // Each patch states the space as it was before the first one.
        let found = match checked.entry(function) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(config_sha256(&record.config)),
        };
        if *found != patch.sha256 {
            return Err(CaseError::OtherBase {
                case: case.to_owned(),
                function,
                found: found.clone(),
                expected: patch.sha256.clone(),
            });
        }
        let Some(image) = patched(&record.config, usize::from(patch.offset), &patch.bytes.0) else {
            let (case, offset) = (case.to_owned(), patch.offset);
            return Err(CaseError::PatchOutside {
                case,
                function,
                offset,
            });
        };
        record.config = image;
    }
    Ok(())
}

fn patched(image: &ConfigImage, at: usize, new: &[u8]) -> Option<ConfigImage> {
    let range = at..at + new.len();
    let mut bytes = image.bytes().to_vec();
    bytes.get_mut(range.clone())?.copy_from_slice(new);
    let patched = match image.known_mask() {
        None => ConfigImage::from_bytes(bytes),
        Some(mask) => {
            let mut mask = mask.to_vec();
            mask.get_mut(range)?.fill(0xff);
            ConfigImage::from_masked(bytes, mask)
        }
    };
    Some(patched.with_size(image.size()))
}

fn cut(image: &ConfigImage, limit: usize) -> ConfigImage {
    let kept = |bytes: &[u8]| bytes.iter().take(limit).copied().collect();
    let cut = match image.known_mask() {
        None => ConfigImage::from_bytes(kept(image.bytes())),
        Some(mask) => ConfigImage::from_masked(kept(image.bytes()), kept(mask)),
    };
    cut.with_size(image.size())
}

fn set_properties(case: &str, capture: &mut Capture, set: &SetProperties) -> Result<(), CaseError> {
    let function = set.function;
    let record = record(case, capture, function)?;
    let fail = |property: &str, problem: String| CaseError::Property {
        case: case.to_owned(),
        function,
        property: property.to_owned(),
        problem,
    };
    let unknown = || "there is no such property".to_owned();
    for property in &set.unset {
        let mut object = as_object(&record.properties);
        object
            .remove(property)
            .ok_or_else(|| fail(property, "it is not set".to_owned()))?;
        record.properties = from_object(object).map_err(|problem| fail(property, problem))?;
    }
    for (property, value) in &set.properties {
        let mut object = as_object(&record.properties);
        let value = match (property.as_str(), value) {
            ("windows", Value::Object(values)) => {
                let mut all = match object.remove("windows") {
                    Some(Value::Object(all)) => all,
                    _ => serde_json::Map::new(),
                };
                all.extend(
                    values
                        .iter()
                        .map(|(key, value)| (key.clone(), synthetic(value))),
                );
                Value::Object(all)
            }
            ("resources" | "used_by", Value::Array(values)) => {
                Value::Array(values.iter().map(synthetic).collect())
            }
            _ => synthetic(value),
        };
        object.insert(property.clone(), value);
        let properties = from_object(object).map_err(|problem| fail(property, problem))?;
        // A name that is no member of this version would be kept and never read.
        if properties.other.contains_key(property) {
            return Err(fail(property, unknown()));
        }
        record.properties = properties;
    }
    Ok(())
}

fn record<'a>(
    case: &str,
    capture: &'a mut Capture,
    function: Sbdf,
) -> Result<&'a mut FunctionRecord, CaseError> {
    capture
        .functions
        .get_mut(&function)
        .ok_or_else(|| CaseError::NoFunction {
            case: case.to_owned(),
            function,
        })
}

/// A value with the origin of everything that a case states itself. TOML has no word for
/// nothing: `{ absent = true }` is it.
fn synthetic(value: &Value) -> Value {
    let absent = value.get("absent").is_some();
    let value = if absent { &Value::Null } else { value };
    serde_json::json!({ "value": value, "origin": { "method": "synthetic" } })
}

fn as_object(properties: &FunctionProperties) -> serde_json::Map<String, Value> {
    match serde_json::to_value(properties) {
        Ok(Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    }
}

fn from_object(object: serde_json::Map<String, Value>) -> Result<FunctionProperties, String> {
    serde_json::from_value(Value::Object(object)).map_err(|error| error.to_string())
}
