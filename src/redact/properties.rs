//! Reported facts of one function.

use std::collections::BTreeMap;

use super::names::Names;
use super::{Changes, values, words};
use crate::addr::Sbdf;
use crate::capture::{FunctionProperties, Reported};
use crate::import::is_known_attribute;

/// Keeps the facts that this version knows, each with its origin.
pub(super) fn redact(
    at: Sbdf,
    properties: &FunctionProperties,
    names: &mut Names,
    changes: &mut Changes,
) -> FunctionProperties {
    const FILE: &str = "properties.json";
    let mut kept = properties.clone();
    for _ in std::mem::take(&mut kept.other).keys() {
        changes.of(at, FILE, "a fact unknown to this version left out");
    }
    for user in &mut kept.used_by {
        let new = names.device(&user.value);
        if new != user.value {
            changes.of(at, FILE, "used_by: name of a device replaced");
            user.value = new;
        }
    }
    if let Some(attributes) = &mut kept.attributes {
        let all = std::mem::take(&mut attributes.value);
        for (key, value) in all {
            if !is_known_attribute(&key) {
                changes.of(at, FILE, "an attribute that is not understood left out");
                continue;
            }
            let clean = words::scrub(&value);
            if clean != value {
                changes.of(at, FILE, format!("attribute {key}: private words replaced"));
            }
            attributes.value.insert(key, clean);
        }
    }
    for text in [
        &mut kept.driver,
        &mut kept.slot,
        &mut kept.name,
        &mut kept.acpi_path,
    ] {
        let Some(text) = text else { continue };
        let clean = words::scrub(&text.value);
        if clean != text.value {
            changes.of(at, FILE, "private words replaced");
            text.value = clean;
        }
    }
    windows(at, &mut kept.windows, names, changes);
    // Names of sources may be names of customers.
    kept.map_sources(&mut |source| Some(names.source(source)));
    kept
}

/// Windows device properties: numbers and truth values stay, and texts that are ids or paths
/// of the bus.
fn windows(
    at: Sbdf,
    properties: &mut BTreeMap<String, Reported<serde_json::Value>>,
    names: &Names,
    changes: &mut Changes,
) {
    let all = properties.len();
    properties.retain(|key, _| values::is_property_key(key));
    if properties.len() < all {
        changes.of(
            at,
            "properties.json",
            "windows: facts without a property key left out",
        );
    }
    for (key, fact) in properties {
        if values::redact(&mut fact.value, names) {
            changes.of(
                at,
                "properties.json",
                format!("windows {key}: text replaced"),
            );
        }
    }
}
