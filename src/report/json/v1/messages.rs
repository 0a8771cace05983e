//! `assignable.explain-log/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::FunctionId;
use crate::messages::Hit;
use crate::report::Report;
use crate::report::text::survey::device_name;
use crate::report::ties::{self, Said};

/// The known messages of a text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessagesDocument {
    /// Always `assignable.explain-log/1`.
    pub schema: String,
    /// The messages, in the order in which they first occur.
    pub messages: Vec<MessageItem>,
}

/// A known message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessageItem {
    /// `Linux`, `QEMU`, `libvirt` or `Hyper-V`.
    pub source: String,
    /// Lines that hold it, from 1; the first thousand.
    pub lines: Vec<u32>,
    /// The first of these lines.
    pub text: String,
    /// What it means.
    pub meaning: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Codes of the rules that explain it.
    pub codes: Vec<String>,
    /// Devices that the lines name.
    pub devices: Vec<String>,
    /// Location paths and instance ids of Windows that the lines hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// With a machine: what it says about the message; `null` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<TieItem>,
}

/// What a machine says about a message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TieItem {
    /// The devices that the message names.
    pub named: Vec<NamedItem>,
    /// What the message's rules say about them, or where it names none, whatever they hit.
    pub said: Vec<SaidItem>,
}

/// A device that a message names.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NamedItem {
    /// As the message writes it.
    pub text: String,
    /// Its address; absent where the machine has no such device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its ids and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What a rule says about a message's device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaidItem {
    /// The rule.
    pub code: String,
    /// The device; absent where it is the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `found`, `open` or `nothing`.
    pub answer: String,
    /// The finding, or what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The known messages as a document.
pub fn messages(hits: &[Hit], machine: Option<&Report<'_>>) -> MessagesDocument {
    MessagesDocument {
        schema: "assignable.explain-log/1".to_owned(),
        messages: hits
            .iter()
            .map(|hit| MessageItem::of(hit, machine))
            .collect(),
    }
}

impl MessageItem {
    fn of(hit: &Hit, machine: Option<&Report<'_>>) -> Self {
        let message = hit.message;
        Self {
            source: message.source.name().to_owned(),
            lines: hit.lines.clone(),
            text: hit.first.clone(),
            meaning: message.meaning.to_owned(),
            advice: (!message.advice.is_empty()).then(|| message.advice.to_owned()),
            codes: message
                .codes
                .iter()
                .map(|code| (*code).to_owned())
                .collect(),
            devices: hit.devices.iter().map(ToString::to_string).collect(),
            nodes: hit.nodes.clone(),
            machine: machine.map(|report| TieItem::of(report, hit)),
        }
    }
}

impl TieItem {
    fn of(report: &Report<'_>, hit: &Hit) -> Self {
        let named = ties::named(report, hit);
        let address = |id: FunctionId| report.facts.host.function(id).at.to_string();
        let said = hit.message.codes.iter().flat_map(|code| {
            let said = ties::said(report, code, &named).into_iter();
            said.map(|(of, said)| {
                let (answer, text) = match said {
                    Said::Found(finding) => ("found", Some(finding.message())),
                    Said::Open(gap) => ("open", Some(gap.missing.fact.describe().to_owned())),
                    Said::Nothing => ("nothing", None),
                };
                SaidItem {
                    code: (*code).to_owned(),
                    address: of.map(address),
                    answer: answer.to_owned(),
                    text,
                }
            })
        });
        Self {
            said: said.collect(),
            named: named
                .iter()
                .map(|named| NamedItem {
                    text: named.text.clone(),
                    address: named.id.map(address),
                    name: named.id.map(|id| device_name(report, id)),
                })
                .collect(),
        }
    }
}
