//! Vital Product Data within `assignable.decode/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::FaultItem;
use super::hex;
use crate::bytes::Decoded;
use crate::decode::vpd::{Body, Keyword, Resource, Vpd};
use crate::report::vpd;

/// What the maker of a device wrote about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VpdItem {
    /// Bytes that were read.
    pub bytes: usize,
    /// The resources in order, the end tag among them.
    pub resources: Vec<VpdResource>,
    /// What is wrong with the bytes.
    pub faults: Vec<FaultItem>,
}

/// One resource.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VpdResource {
    /// Its name, in the words of lspci.
    pub title: String,
    /// First byte, from the start of the data.
    pub offset: String,
    /// Number of bytes, the tag included.
    pub length: u32,
    /// The text of an identifier string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The fields of a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<VpdKeyword>,
}

/// One field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VpdKeyword {
    /// Its two characters.
    pub keyword: String,
    /// Its name in the words of lspci; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// First byte, from the start of the data.
    pub offset: String,
    /// The value as a reader wants to see it.
    pub value: String,
    /// The bytes, in hexadecimal.
    pub raw: String,
}

impl VpdItem {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let Decoded { value, faults } = Vpd::decode(bytes);
        Self {
            bytes: bytes.len(),
            resources: value.resources.iter().map(VpdResource::of).collect(),
            faults: faults.iter().map(FaultItem::of).collect(),
        }
    }
}

impl VpdResource {
    fn of(resource: &Resource) -> Self {
        let (text, keywords) = match &resource.body {
            Body::Identifier(name) => (Some(vpd::text(name)), &[][..]),
            Body::ReadOnly(keywords) | Body::ReadWrite(keywords) => (None, keywords.as_slice()),
            Body::End | Body::Unknown { .. } => (None, &[][..]),
        };
        Self {
            title: vpd::title(&resource.body),
            offset: hex(resource.span.offset, 3),
            length: resource.span.len,
            text,
            keywords: keywords.iter().map(VpdKeyword::of).collect(),
        }
    }
}

impl VpdKeyword {
    fn of(keyword: &Keyword) -> Self {
        let raw = keyword.data.iter().map(|byte| format!("{byte:02x}"));
        Self {
            keyword: vpd::name(keyword),
            title: keyword.title().map(str::to_owned),
            offset: hex(keyword.span.offset, 3),
            value: vpd::value(keyword),
            raw: raw.collect::<Vec<_>>().join(" "),
        }
    }
}
