//! One printed function against ours.

use std::collections::BTreeMap;

use assignable::bytes::ConfigImage;
use assignable::decode::config::dump::{DumpedRegister, DumpedStructure, Part, dump};
use assignable::decode::config::{CapabilityId, ConfigSpace, Response};
use assignable::spec::pci::HeaderType;

use crate::derived;
use crate::rules::{Form, NOT_COMPARED, Rule, TITLES, all};
use crate::text::{Block, Capability, Printed, flags};

/// What was compared, by structure, and what differs.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) facts: BTreeMap<String, usize>,
    pub(crate) differences: Vec<Difference>,
    /// Labels of lspci that no rule knows, with how often they occur.
    pub(crate) unknown: BTreeMap<String, usize>,
}

/// A fact on which lspci and we differ.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Difference {
    /// Our title of the structure.
    pub(crate) structure: String,
    /// Register and field, or what else.
    pub(crate) what: String,
    /// What lspci and we say.
    pub(crate) values: (String, String),
}

impl Outcome {
    fn agree(&mut self, structure: &str) {
        *self.facts.entry(structure.to_owned()).or_default() += 1;
    }

    fn check(&mut self, structure: &str, what: &str, theirs: &str, ours: &str) {
        if theirs == ours {
            self.agree(structure);
        } else {
            self.differences.push(Difference {
                structure: structure.to_owned(),
                what: what.to_owned(),
                values: (theirs.to_owned(), ours.to_owned()),
            });
        }
    }

    /// Compares everything that lspci printed of a function.
    pub(crate) fn function(&mut self, printed: &Printed, image: &ConfigImage) {
        let space = ConfigSpace::decode(image).value;
        // Of bytes that are all ones lspci prints what they would mean.
        if space.header.response != Response::Data {
            *self
                .unknown
                .entry("spaces without data".to_owned())
                .or_default() += 1;
            return;
        }
        let dumped = dump(image, &space);
        if let Some(header) = dumped.first() {
            let cardbus = header.part == Part::Header(Some(HeaderType::CARDBUS));
            let name = if cardbus { "CardBus header" } else { "header" };
            self.block(name, &printed.header, header);
        }
        // `<chain looped>` and the like: where lspci gives up.
        let ends = |one: &&Capability| !one.title.starts_with('<');
        for capability in printed.capabilities.iter().filter(ends) {
            self.capability(capability, &dumped);
        }
        let capabilities = printed.capabilities.iter().filter(ends);
        let theirs: Vec<_> = capabilities.map(|one| one.offset).collect();
        let ours: Vec<_> = space.capabilities.iter().map(|one| one.offset).collect();
        // `<access denied>`: what lspci was given ends before the list does.
        if printed.header.contains_key("Capabilities") {
            return;
        }
        self.check(
            "lists",
            "offsets",
            &format!("{theirs:x?}"),
            &format!("{ours:x?}"),
        );
    }

    fn capability(&mut self, printed: &Capability, dumped: &[DumpedStructure]) {
        let name = title(printed);
        let found = dumped.iter().find(|structure| {
            structure.offset == printed.offset && matches!(structure.part, Part::Capability(_))
        });
        let Some(structure) = found else {
            let what = format!("the capability at {:#x}", printed.offset);
            self.check(&name, &what, "there", "not there");
            return;
        };
        let ours = structure.part.to_string();
        // lspci prints the same words for both ids.
        let same = name == "Virtual Channel" && ours == "Virtual Channel (with MFVC)";
        self.check(&name, "id", &name, if same { &name } else { &ours });
        let version = structure.version.map(|version| version.to_string());
        let theirs = printed.version.map(|version| version.to_string());
        if matches!(structure.part, Part::Capability(CapabilityId::Extended(_))) {
            match theirs {
                Some(theirs) => self.check(&name, "version", &theirs, &version.unwrap_or_default()),
                // Old ones did not print it.
                None => {
                    let key = format!("{name}: version, which is not printed");
                    *self.unknown.entry(key).or_default() += 1;
                }
            }
        }
        self.special(&name, printed, structure);
        let mut body = printed.body.clone();
        body.insert(String::new(), printed.title.clone());
        self.block(&name, &body, structure);
    }

    /// Facts whose form has no rule: counts and serial numbers.
    fn special(&mut self, name: &str, printed: &Capability, structure: &DumpedStructure) {
        let words = &printed.title;
        if let Some(count) = words.split("Count=").nth(1) {
            let count = count.split(' ').next().unwrap_or_default();
            if let Some((enabled, capable)) = count.split_once('/') {
                let of = |field| match field_raw(structure, "Message Control", field) {
                    Some(log) => (1_u64 << log).to_string(),
                    None => "?".to_owned(),
                };
                self.check(
                    name,
                    "count enabled",
                    enabled,
                    &of("Multiple Message Enable"),
                );
                self.check(
                    name,
                    "count capable",
                    capable,
                    &of("Multiple Message Capable"),
                );
            } else {
                let size = field_raw(structure, "Message Control", "Table Size - 1");
                let size = size.map_or_else(|| "?".to_owned(), |last| (last + 1).to_string());
                self.check(name, "count", count, &size);
            }
        }
        if let Some(serial) = words.strip_prefix("Device Serial Number ") {
            let digits = serial.replace('-', "");
            let half = |register| register_raw(structure, register).unwrap_or(u64::MAX);
            let ours = format!(
                "{:08x}{:08x}",
                half("Serial Number (Upper DW)"),
                half("Serial Number (Lower DW)")
            );
            self.check(name, "serial number", &digits, &ours);
        }
    }

    /// `Memory at febf0000 (64-bit, prefetchable)`, `I/O ports at e000`.
    fn region(&mut self, name: &str, number: &str, text: &str, structure: &DumpedStructure) {
        // From a tree lspci prints what Linux says of a region whose register is zero.
        if text.contains("[virtual]") {
            let key = format!("{name}: regions marked [virtual]");
            *self.unknown.entry(key).or_default() += 1;
            return;
        }
        let register_of = |number: &str| match name {
            "header" => format!("Base Address Register {number}"),
            _ => format!("VF BAR{number}"),
        };
        // The window of a CardBus bridge is no BAR in our words.
        if name == "CardBus header" {
            return;
        }
        let register = register_of(number);
        let found = |register: &str| structure.registers.iter().find(|one| one.name == register);
        let before = number
            .parse::<u8>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        let before = before.map(|number| register_of(&number.to_string()));
        let wide = before.is_some_and(|before| found(&before).is_some_and(|one| one.bytes == 8));
        if found(&register).is_none() && wide {
            self.check(name, "upper half of a 64-bit BAR", "a BAR", "no BAR");
            return;
        }
        let raw = |field| field_raw(structure, &register, field);
        let text = text.trim();
        let (at, io) = match (
            text.strip_prefix("Memory at "),
            text.strip_prefix("I/O ports at "),
        ) {
            (Some(at), _) => (at, 0),
            (_, Some(at)) => (at, 1),
            _ => return,
        };
        let what = |field: &str| format!("{register}/{field}");
        let shown = |raw: Option<u64>| raw.map_or_else(|| "?".to_owned(), |raw| raw.to_string());
        self.check(name, &what("Space"), &io.to_string(), &shown(raw("Space")));
        if io == 0 {
            let kind = match at {
                at if at.contains("64-bit") => "2",
                at if at.contains("low-1M") => "1",
                _ => "0",
            };
            let prefetchable = if at.contains("non-prefetchable") {
                "0"
            } else {
                "1"
            };
            self.check(name, &what("Type"), kind, &shown(raw("Type")));
            let ours = shown(raw("Prefetchable"));
            self.check(name, &what("Prefetchable"), prefetchable, &ours);
        }
        let digits: String = at.chars().take_while(char::is_ascii_hexdigit).collect();
        if let (Ok(at), Some(low)) = (u64::from_str_radix(&digits, 16), raw("Base Address")) {
            self.check(
                name,
                &what("Base Address"),
                &format!("{at:#x}"),
                &format!("{low:#x}"),
            );
        }
    }

    /// `current size: 16MB, supported: 16MB 32MB` of one resizable BAR.
    fn resizable(&mut self, name: &str, number: &str, text: &str, structure: &DumpedStructure) {
        let pairs = structure.registers.windows(2);
        let shown = |register: &DumpedRegister, name: &str| {
            let field = register.fields.iter().find(|field| field.name == name);
            field.map(ToString::to_string).unwrap_or_default()
        };
        let sizes = |text: String| {
            let short = text.replace(" MiB", "MB").replace(" GiB", "GB");
            short.replace(" TiB", "TB").replace(", ", " ")
        };
        let mut found = pairs.filter(|pair| {
            pair[0].name == "Resizable BAR Capability" && shown(&pair[1], "BAR Index") == number
        });
        let (Some(pair), Some((current, supported))) =
            (found.next(), text.split_once(", supported:"))
        else {
            self.check(name, "BAR Index", number, "not there");
            return;
        };
        let current = current.trim().trim_start_matches("current size: ");
        let ours = sizes(shown(&pair[1], "BAR Size"));
        self.check(name, "BAR Size", current, &ours);
        let ours = sizes(shown(&pair[0], "Supported Sizes"));
        self.check(name, "Supported Sizes", supported.trim(), &ours);
    }

    /// `0ns`: the value times its scale.
    fn latency(&mut self, name: &str, words: &str, text: &str, structure: &DumpedStructure) {
        let (register, value, scale) = match words {
            "Max snoop latency" => (
                "Max Snoop Latency",
                "Max Snoop LatencyValue",
                "Max Snoop LatencyScale",
            ),
            _ => (
                "Max No-Snoop Latency",
                "Max No-Snoop LatencyValue",
                "Max No-Snoop LatencyScale",
            ),
        };
        let raw = |field| field_raw(structure, register, field).unwrap_or(u64::MAX);
        let ours = raw(value) << (5 * raw(scale).min(5));
        self.check(name, register, text.trim(), &format!("{ours}ns"));
    }

    fn block(&mut self, name: &str, block: &Block, structure: &DumpedStructure) {
        for (label, text) in block {
            if let Some(number) = label.strip_prefix("Region ") {
                self.region(name, number, text, structure);
                continue;
            }
            if let Some(number) = label.strip_prefix("BAR ") {
                self.resizable(name, number, text, structure);
                continue;
            }
            if label.ends_with("snoop latency") {
                self.latency(name, label, text, structure);
                continue;
            }
            let derived = derived::facts(name, label, text, structure);
            for (what, theirs, ours) in derived.iter().flatten() {
                self.check(name, what, theirs, ours);
            }
            // Most of a CardBus header is as in the others.
            let own = all().any(|rule| rule.structure == name && rule.label == label);
            let name_of_rules = match name {
                "CardBus header" if !own => "header",
                other => other,
            };
            let mut rules = all()
                .filter(|rule| rule.structure == name_of_rules && rule.label == label)
                .peekable();
            if rules.peek().is_none() && derived.is_none() && !label.is_empty() {
                let key = format!("{name}: {label}");
                *self.unknown.entry(key).or_default() += 1;
            }
            for rule in rules {
                self.rule(name, rule, text, structure);
            }
        }
    }

    fn rule(&mut self, name: &str, rule: &Rule, text: &str, structure: &DumpedStructure) {
        for (word, set) in flags(text) {
            if rule.flags.is_empty() {
                continue;
            }
            let Some((_, field)) = rule.flags.iter().find(|(known, _)| *known == word) else {
                // Another rule of the line may know it.
                let elsewhere = all()
                    .filter(|other| other.structure == rule.structure && other.label == rule.label)
                    .any(|other| other.flags.iter().any(|(known, _)| *known == word));
                let known =
                    |(structure, flag, _): &(&str, &str, &str)| *structure == name && *flag == word;
                if !elsewhere && !NOT_COMPARED.iter().any(known) {
                    let key = format!("{name}: {} {word}±", rule.label);
                    *self.unknown.entry(key).or_default() += 1;
                }
                continue;
            };
            // Of devices and bridges, which have one label for different registers.
            if register(structure, rule.register).is_none() && shared(rule) {
                continue;
            }
            let field: &str = field;
            let (field, set) = match field.strip_prefix('(') {
                Some(field) => (field, !set),
                None => (field, set),
            };
            let Some(raw) = field_raw(structure, rule.register, field) else {
                let what = format!("{}/{field}", rule.register);
                self.check(name, &what, if set { "+" } else { "-" }, "not there");
                continue;
            };
            let sign = |set: bool| if set { "+" } else { "-" };
            let what = format!("{}/{field}", rule.register);
            self.check(name, &what, sign(set), sign(raw != 0));
        }
        if register(structure, rule.register).is_none() && shared(rule) {
            return;
        }
        for (before, form, field) in rule.values {
            let Some(value) = behind(text, before) else {
                continue;
            };
            let (register, field) = match field.strip_suffix('/') {
                Some(register) => (register, ""),
                None => field.split_once("::").unwrap_or((rule.register, field)),
            };
            let ours = match field {
                "" => register_raw(structure, register).or_else(|| {
                    // Registers with one field of the same name.
                    field_raw(structure, register, register)
                }),
                field => field_raw(structure, register, field),
            };
            let what = format!("{register}/{field}");
            let Some(ours) = ours else {
                self.check(name, &what, value, "not there");
                continue;
            };
            match form {
                Form::Dec => self.number(name, &what, value, 10, ours),
                Form::Count => {
                    let shown = field_shown(structure, register, field);
                    let ours = shown.and_then(|shown| shown.parse().ok()).unwrap_or(ours);
                    self.number(name, &what, value, 10, ours);
                }
                Form::Hex => self.number(name, &what, value, 16, ours),
                Form::Shown => {
                    let shown = field_shown(structure, register, field);
                    let value = value.split(',').next().unwrap_or_default().trim();
                    let ours = shown.as_deref().map_or("?", in_bytes);
                    let value = value.to_owned();
                    let length = ours.len().min(value.len());
                    self.check(name, &what, &value[..length], ours);
                }
                Form::Words(words) => {
                    // Words that the table lacks say that the code has no meaning.
                    let mut fitting = words.iter().filter(|(word, _)| value.starts_with(word));
                    let exact = fitting.clone().find(|(_, code)| *code == ours);
                    if let Some((word, code)) = exact.or_else(|| fitting.next()) {
                        self.check(
                            name,
                            &what,
                            &format!("{word} ({code})"),
                            &format!("{word} ({ours})"),
                        );
                    }
                }
            }
        }
    }

    fn number(&mut self, name: &str, what: &str, text: &str, radix: u32, ours: u64) {
        let text = text.trim_start_matches("0x");
        let digits: String = text.chars().take_while(|ch| ch.is_digit(radix)).collect();
        if let Ok(theirs) = u64::from_str_radix(&digits, radix) {
            self.check(name, what, &format!("{theirs:#x}"), &format!("{ours:#x}"));
        }
    }
}

/// Whether another rule tells of another register under the same label.
fn shared(rule: &Rule) -> bool {
    all().any(|other| {
        other.structure == rule.structure
            && other.label == rule.label
            && other.register != rule.register
    })
}

/// What we call a printed capability; lspci's own words where it is unknown to the table.
fn title(printed: &Capability) -> String {
    let title = printed.title.as_str();
    // Older ones have no words for what the header of a vendor's structure says.
    if title.starts_with("Vendor Specific Information <") {
        let ours = match printed.offset {
            0x100.. => "Vendor Specific (VSEC)",
            _ => "Vendor Specific",
        };
        return ours.to_owned();
    }
    let mut titles = TITLES.iter().chain(crate::wordings::TITLES);
    let known = titles.find(|(theirs, _)| title.starts_with(theirs));
    if let Some((_, ours)) = known {
        return (*ours).to_owned();
    }
    // Ids that this lspci has no name for.
    let id = title
        .strip_prefix("Extended Capability ID ")
        .or_else(|| title.strip_prefix('#').filter(|_| printed.offset >= 0x100))
        .and_then(|id| u16::from_str_radix(id.trim_start_matches("0x"), 16).ok());
    match id {
        Some(id) => CapabilityId::Extended(assignable::spec::pcie::ExtCapId(id)).to_string(),
        None => title.to_owned(),
    }
}

/// What follows some words.
fn behind<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    if before.is_empty() {
        return Some(text.trim());
    }
    let at = text.find(before)? + before.len();
    text.get(at..)
}

/// Sizes as lspci prints them.
fn in_bytes(shown: &str) -> &str {
    match shown {
        "1 KiB" => "1024 bytes",
        "2 KiB" => "2048 bytes",
        "4 KiB" => "4096 bytes",
        other => other,
    }
}

/// A register by its name; `Name#1` is the second of that name.
fn register<'d>(structure: &'d DumpedStructure, name: &str) -> Option<&'d DumpedRegister> {
    let (name, nth) = match name.split_once('#') {
        Some((name, nth)) => (name, nth.parse().ok()?),
        None => (name, 0),
    };
    let mut found = structure.registers.iter().filter(|one| one.name == name);
    found.nth(nth)
}

pub(crate) fn register_raw(structure: &DumpedStructure, name: &str) -> Option<u64> {
    register(structure, name)?.value.complete()
}

/// A field by its name; `Name@1` is bit 1 of it.
pub(crate) fn field_raw(structure: &DumpedStructure, name: &str, field: &str) -> Option<u64> {
    let (field, bit) = match field.split_once('@') {
        Some((field, bit)) => (field, Some(bit.parse::<u32>().ok()?)),
        None => (field, None),
    };
    let fields = &register(structure, name)?.fields;
    let found = fields.iter().find(|one| one.name == field)?;
    // Offsets within a BAR are printed with their low bits.
    let raw = match found.kind {
        assignable::spec::Kind::Address => found.raw.map(|raw| raw << found.low),
        _ => found.raw,
    };
    match bit {
        Some(bit) => raw.map(|raw| raw >> bit & 1),
        None => raw,
    }
}

fn field_shown(structure: &DumpedStructure, name: &str, field: &str) -> Option<String> {
    let fields = &register(structure, name)?.fields;
    let found = fields.iter().find(|one| one.name == field)?;
    Some(found.to_string())
}
