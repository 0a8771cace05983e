//! What Microsoft's survey script and its dismount cmdlet print to the console.

use serde_json::Value;

use super::builder::Builder;
use crate::capture::{
    DeviceNode, DismountRefusal, NodeProperty, Reported, ScriptAnswer, ScriptSentence,
};
use crate::spec::windows;

/// Sentences by a part that every revision has, in lower case.
const SENTENCES: &[(&str, ScriptSentence)] = &[
    (
        "remain attached to bios-owned memory",
        ScriptSentence::ReservedMemory,
    ),
    (
        "traffic from this device may be redirected",
        ScriptSentence::Redirectable,
    ),
    ("legacy express endpoint", ScriptSentence::LegacyDisplay),
    ("embedded endpoint", ScriptSentence::EmbeddedEndpoint),
    ("express endpoint --", ScriptSentence::ExpressEndpoint),
    (
        "legacy, non-vga pci device",
        ScriptSentence::LegacyNotDisplay,
    ),
    (
        "kept control of pci express",
        ScriptSentence::FirmwareControl,
    ),
    ("old-style pci device", ScriptSentence::OldStyle),
    (
        "unable to check resource requirements",
        ScriptSentence::Disabled,
    ),
    ("it has no interrupts at all", ScriptSentence::NoInterrupts),
    (
        "interrupts are message-based",
        ScriptSentence::MessageInterrupts,
    ),
    ("interrupts are line-based", ScriptSentence::LineInterrupts),
    ("it has no mmio space", ScriptSentence::NoMmio),
    ("mb of mmio", ScriptSentence::Mmio),
];

/// Sentences of a refused dismount.
const REFUSALS: &[(&str, DismountRefusal)] = &[
    (
        "has not supplied any directives",
        DismountRefusal::NoDirectives,
    ),
    (
        "not supported when passed through",
        DismountRefusal::NotSupported,
    ),
    (
        "does not have control of the pci express",
        DismountRefusal::NoNativeControl,
    ),
    (
        "control of the pci express bus",
        DismountRefusal::NoNativeControl,
    ),
    ("msvm_vmms_proxy_failed_load", DismountRefusal::ProxyFailed),
];

/// Lines that say nothing about a device.
const OTHER_LINES: &[&str] = &[
    "generating a list of pci express",
    "enable the device and rerun",
    "unfortunately, this machine",
    "for more information",
    "mmio space:",
];

/// Whether a text has a sentence of either.
pub(super) fn is_survey(head: &str) -> bool {
    let lower = head.to_ascii_lowercase();
    let said = SENTENCES.iter().map(|(part, _)| *part);
    let refused = REFUSALS.iter().map(|(part, _)| *part);
    said.chain(refused).any(|part| lower.contains(part))
}

/// Reads a text. What stands before the first sentence about a device is its name.
pub(super) fn read(text: &str, builder: &mut Builder) {
    let mut current: Option<(ScriptAnswer, u32)> = None;
    let mut reasons = false;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let line = uncommented(line);
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("unfortunately, this machine") {
            finish(&mut current, builder);
            builder.hyperv.iov_support = Some(false);
            reasons = true;
            continue;
        }
        let other = OTHER_LINES.iter().any(|part| lower.starts_with(part));
        if other || is_prompt(line) || !line.contains(|c: char| c.is_alphanumeric()) {
            continue;
        }
        if reasons {
            let list = &mut builder.hyperv.iov_support_reasons;
            if list.len() < 64 {
                list.push(line.to_owned());
            }
            continue;
        }
        if let Some((_, sense)) = SENTENCES.iter().find(|(part, _)| lower.contains(part)) {
            let (answer, _) = current.get_or_insert_with(|| (ScriptAnswer::default(), number));
            if answer.says.len() < 16 {
                answer.says.push(*sense);
            }
            if *sense == ScriptSentence::Mmio {
                let digits: String = line
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .take_while(|c| c.is_ascii_digit() || *c == ',')
                    .filter(|c| *c != ',')
                    .collect();
                answer.mmio_megabytes = digits.parse().ok();
            }
        } else if let Some(path) = location_path(line, &lower) {
            if let Some((answer, _)) = &mut current {
                answer.location_path = Some(path.to_owned());
            }
        } else if current
            .as_ref()
            .is_some_and(|(known, _)| known.name == line)
        {
            // Some revisions print the name once more before the path.
        } else if !lower.contains("not assignable") {
            finish(&mut current, builder);
            let answer = ScriptAnswer {
                name: line.chars().take(200).collect(),
                ..ScriptAnswer::default()
            };
            current = Some((answer, number));
        }
    }
    finish(&mut current, builder);
    refusal(text, builder);
}

/// A line without the comment that people write around what they quote: `# ` before it, an arrow
/// behind it.
fn uncommented(line: &str) -> &str {
    let line = line.trim_start_matches(['#', '>', ' ', '\t']);
    let end = line.find(" <-").unwrap_or(line.len());
    line.get(..end).unwrap_or(line).trim()
}

/// The path on a line of its own, behind a label in some revisions. `lower` is the line in lower
/// case.
fn location_path<'l>(line: &'l str, lower: &str) -> Option<&'l str> {
    let at = lower.find("pciroot(")?;
    let label = lower.get(..at)?.trim();
    let word = line.get(at..)?.split_whitespace().next()?;
    (label.is_empty() || label.starts_with("location")).then_some(word)
}

fn is_prompt(line: &str) -> bool {
    line.starts_with("PS ") && line.contains('>')
}

/// A name without a sentence behind it is some other line.
fn finish(current: &mut Option<(ScriptAnswer, u32)>, builder: &mut Builder) {
    let Some((answer, line)) = current.take() else {
        return;
    };
    if answer.says.is_empty() {
        return;
    }
    let mut node = DeviceNode::default();
    let origin = builder.origin(line);
    let mut property = |key: &str, value: Value| {
        let property = NodeProperty {
            value,
            kind: None,
            origin: origin.clone(),
        };
        node.properties.insert(key.to_owned(), property);
    };
    if !answer.name.is_empty() {
        property(windows::FRIENDLY_NAME.key, Value::from(answer.name.clone()));
    }
    if let Some(path) = &answer.location_path {
        property(windows::LOCATION_PATHS.key, Value::from(vec![path.clone()]));
    }
    // Only present devices are surveyed.
    property(windows::IS_PRESENT.key, Value::from(true));
    for (key, value) in implied(&answer.says) {
        property(key, value);
    }
    node.survey = Some(Reported::new(answer, origin.clone()));
    builder.nameless(node);
}

/// Properties that a sentence could not be printed without. The sentence about reserved memory
/// proves none: the script also prints it where the property is missing. Any other sentence
/// proves that the device needs no reserved memory, because that is asked first.
fn implied(says: &[ScriptSentence]) -> impl Iterator<Item = (&'static str, Value)> {
    let known = |sentence: &ScriptSentence| {
        !matches!(
            sentence,
            ScriptSentence::ReservedMemory | ScriptSentence::Unknown
        )
    };
    let passed = says.iter().all(known) && !says.is_empty();
    let free = passed.then_some((windows::RESERVED_MEMORY.key, Value::from(false)));
    free.into_iter().chain(implied_by_one(says))
}

fn implied_by_one(says: &[ScriptSentence]) -> impl Iterator<Item = (&'static str, Value)> {
    says.iter().filter_map(|sentence| {
        Some(match sentence {
            ScriptSentence::Redirectable => (windows::ACS_UP_HIERARCHY.key, Value::from(0)),
            ScriptSentence::ExpressEndpoint => (windows::DEVICE_TYPE.key, Value::from(2)),
            ScriptSentence::EmbeddedEndpoint => (windows::DEVICE_TYPE.key, Value::from(4)),
            ScriptSentence::LegacyDisplay | ScriptSentence::LegacyNotDisplay => {
                (windows::DEVICE_TYPE.key, Value::from(3))
            }
            ScriptSentence::FirmwareControl => (windows::DEVICE_TYPE.key, Value::from(5)),
            ScriptSentence::Disabled => (windows::PROBLEM_CODE.key, Value::from(22)),
            _ => return None,
        })
    })
}

/// A refused dismount, with the device that the command names.
fn refusal(text: &str, builder: &mut Builder) {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = flat.to_ascii_lowercase();
    let mut reasons: Vec<DismountRefusal> = REFUSALS
        .iter()
        .filter(|(part, _)| lower.contains(part))
        .map(|(_, reason)| *reason)
        .collect();
    reasons.dedup();
    if reasons.is_empty() {
        return;
    }
    let path = lower.find("pciroot(").and_then(|at| {
        let rest = flat.get(at..)?;
        let end = rest.find(['"', '\'', ' ']).unwrap_or(rest.len());
        rest.get(..end).map(str::to_owned)
    });
    let line = text.lines().position(|line| line.contains("Dismount-"));
    let line = line
        .and_then(|line| u32::try_from(line + 1).ok())
        .unwrap_or(1);
    let origin = builder.origin(line);
    let mut node = DeviceNode {
        dismount: Some(Reported::new(reasons, origin.clone())),
        ..DeviceNode::default()
    };
    if let Some(path) = path {
        let property = NodeProperty {
            value: Value::from(vec![path]),
            kind: None,
            origin,
        };
        node.properties
            .insert(windows::LOCATION_PATHS.key.to_owned(), property);
    }
    builder.nameless(node);
}
