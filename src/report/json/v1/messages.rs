//! `assignable.explain-log/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::messages::Hit;

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
}

/// The known messages as a document.
pub fn messages(hits: &[Hit]) -> MessagesDocument {
    MessagesDocument {
        schema: "assignable.explain-log/1".to_owned(),
        messages: hits.iter().map(MessageItem::of).collect(),
    }
}

impl MessageItem {
    fn of(hit: &Hit) -> Self {
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
        }
    }
}
