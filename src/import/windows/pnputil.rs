//! XML of `pnputil /enum-devices … /format xml`.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

use super::builder::{Builder, plain_key, wide};
use super::key::{property_key, property_type};
use crate::capture::{NodeResource, Reported};
use crate::spec::windows::{self, ProblemCode};

/// Whether a text is such XML, by its beginning.
pub(super) fn is_xml(head: &str) -> bool {
    head.trim_start().starts_with('<') && head.contains("<PnpUtil")
}

/// Elements within one another, at most.
const MAX_DEPTH: usize = 32;

/// A property or resource element that is being read.
#[derive(Default)]
struct Open {
    key: Option<String>,
    kind: Option<u32>,
    values: Vec<String>,
    line: u32,
}

struct State<'b> {
    builder: &'b mut Builder,
    device: Option<String>,
    elements: Vec<String>,
    property: Option<Open>,
    text: String,
}

/// Reads a text as far as it is well formed; the error says where it is not.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), (u64, String)> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(true);
    let mut state = State {
        builder,
        device: None,
        elements: Vec::new(),
        property: None,
        text: String::new(),
    };
    let mut lines = Lines::new(text);
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        match event {
            Ok(Event::Start(start)) => {
                let line = lines.at(at);
                state.open(&start, line);
                if state.elements.len() > MAX_DEPTH {
                    return Err((at, "elements nested too deeply".to_owned()));
                }
            }
            Ok(Event::Empty(start)) => {
                let line = lines.at(at);
                state.open(&start, line);
                state.close();
            }
            Ok(Event::Text(words)) => match words.decode() {
                Ok(words) => state.text.push_str(&words),
                Err(error) => return Err((at, error.to_string())),
            },
            Ok(Event::GeneralRef(entity)) => state.text.push_str(&resolved(&entity)),
            Ok(Event::End(_)) => state.close(),
            Ok(Event::Eof) if state.elements.is_empty() => return Ok(()),
            Ok(Event::Eof) => return Err((at, "the text ends within an element".to_owned())),
            Ok(_) => {}
            Err(error) => return Err((reader.error_position(), error.to_string())),
        }
    }
}

impl State<'_> {
    fn open(&mut self, start: &BytesStart<'_>, line: u32) {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        self.text.clear();
        let attribute = |wanted: &[&str]| {
            start.attributes().flatten().find_map(|attribute| {
                let name =
                    String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
                let found = wanted.iter().any(|known| name.eq_ignore_ascii_case(known));
                let value = found
                    .then(|| attribute.normalized_value(XmlVersion::Implicit1_0).ok())
                    .flatten()?;
                Some(value.into_owned())
            })
        };
        if name.eq_ignore_ascii_case("Device") {
            if let Some(id) = attribute(&["InstanceId"]) {
                let _ = self.builder.node(&id);
                self.device = Some(id);
            }
        } else if self.device.is_some() {
            let key = attribute(&["Key", "KeyName", "Name", "PropertyKey"]);
            let key = key.and_then(|key| property_key(&key));
            if key.is_some() || name.eq_ignore_ascii_case("Resource") {
                self.property = Some(Open {
                    key,
                    kind: attribute(&["Type"]).and_then(|kind| property_type(&kind)),
                    values: attribute(&["Value", "Data"]).into_iter().collect(),
                    line,
                });
            }
        }
        self.elements.push(name);
    }

    fn close(&mut self) {
        let Some(name) = self.elements.pop() else {
            return;
        };
        let text = std::mem::take(&mut self.text).trim().to_owned();
        let Some(device) = self.device.clone() else {
            return;
        };
        if let Some(open) = &mut self.property {
            if !text.is_empty() && open.values.len() < 4096 {
                open.values.push(text.clone());
            }
            let ends = ["Property", "DeviceProperty"];
            if ends.iter().any(|end| name.eq_ignore_ascii_case(end)) {
                self.end_property(&device);
            } else if name.eq_ignore_ascii_case("Resource") {
                self.end_resource(&device, None);
            }
            return;
        }
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("Device") {
            self.device = None;
        } else if is("Status") {
            self.status(&device, &text);
        } else if !text.is_empty() {
            // The elements of a resource list are named after the kind of resource.
            let within = self
                .elements
                .iter()
                .any(|above| above.eq_ignore_ascii_case("Resources"));
            if within {
                self.property = Some(Open {
                    values: vec![text],
                    ..Open::default()
                });
                self.end_resource(&device, Some(&name));
            } else if let Some(key) = plain_key(&name)
                && !self.elements.iter().any(|above| above == "MatchingDrivers")
            {
                self.builder
                    .property(&device, key, Value::from(text), None, 0);
            }
        }
    }

    fn end_property(&mut self, device: &str) {
        let Some(open) = self.property.take() else {
            return;
        };
        let Some(key) = open.key else { return };
        let value = match open.values.as_slice() {
            [] => return,
            [one] if open.kind != Some(0x2012) => Value::from(one.as_str()),
            several => Value::from(several.to_vec()),
        };
        self.builder
            .property(device, &key, value, open.kind, open.line);
    }

    /// `IRQ 0xFFFFFFFC` or `Memory 0x00000000DF200000-0x00000000DF20FFFF`: the kind in a word,
    /// the numbers in hexadecimal.
    fn end_resource(&mut self, device: &str, name: Option<&str>) {
        let Some(open) = self.property.take() else {
            return;
        };
        let words = open.values.join(" ");
        let kind = format!("{} {words}", name.unwrap_or_default()).to_ascii_uppercase();
        let mut numbers = words
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.starts_with("0x") || word.bytes().all(|b| b.is_ascii_digit()))
            .filter_map(|word| wide(&Value::from(word)));
        let (Some(first), second) = (numbers.next(), numbers.next()) else {
            return;
        };
        let resource = if kind.contains("IRQ") || kind.contains("INTERRUPT") {
            match u32::try_from(first & 0xffff_ffff) {
                Ok(number) => NodeResource::Interrupt { number },
                Err(_) => return,
            }
        } else if kind.contains("MEM") {
            NodeResource::Memory {
                start: first,
                end: second,
            }
        } else if kind.contains("PORT") || kind.contains("I/O") || kind.contains("IO ") {
            NodeResource::Port {
                start: first,
                end: second,
            }
        } else {
            return;
        };
        let origin = self.builder.origin(open.line);
        if let Some(node) = self.builder.node(device) {
            node.resources.push(Reported::new(resource, origin));
        }
    }

    /// The words of the element are not translated.
    fn status(&mut self, device: &str, text: &str) {
        if self.elements.iter().any(|above| above == "MatchingDrivers") {
            return;
        }
        let (key, value) = match text {
            "Started" => (windows::PROBLEM_CODE.key, Value::from(0)),
            "Disabled" => (
                windows::PROBLEM_CODE.key,
                Value::from(ProblemCode::DISABLED.0),
            ),
            "Disconnected" => (windows::IS_PRESENT.key, Value::from(false)),
            _ => return,
        };
        self.builder.property(device, key, value, None, 0);
    }
}

/// Lines of byte offsets that only grow.
pub(super) struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl<'t> Lines<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    pub(super) fn at(&mut self, offset: u64) -> u32 {
        let to = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        let between = self.text.get(self.at..to).unwrap_or_default();
        let lines = between.iter().filter(|&&byte| byte == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = to.max(self.at);
        self.line
    }
}

/// The five entities of XML, and characters by number.
pub(super) fn resolved(entity: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return character.to_string();
    }
    let name = entity.decode().unwrap_or_default();
    match name.as_ref() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
    .to_owned()
}
