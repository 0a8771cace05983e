//! How much memory values of unknown shape take.

use serde_json::Value;

use super::FunctionProperties;

/// Room of a map's node; a map with one entry takes a whole one.
const NODE: u64 = 640;

/// Bytes of the parsed values that a properties file holds beyond the members of this version.
pub(super) fn cost(properties: &FunctionProperties) -> u64 {
    let other: u64 = properties
        .other
        .iter()
        .map(|(key, value)| entry(key, value))
        .sum();
    let windows: u64 = properties
        .windows
        .iter()
        .map(|(key, fact)| entry(key, &fact.value))
        .sum();
    other + windows
}

fn entry(key: &str, value: &Value) -> u64 {
    NODE / 5 + key.len() as u64 + of(value)
}

/// The parser bounds the depth, so the recursion is bounded too.
fn of(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 32,
        Value::String(text) => 48 + text.len() as u64,
        Value::Array(items) => 48 + items.iter().map(of).sum::<u64>(),
        Value::Object(map) => {
            NODE + map
                .iter()
                .map(|(key, value)| entry(key, value))
                .sum::<u64>()
        }
    }
}
