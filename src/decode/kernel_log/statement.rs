//! The kernel's words about a function's identity and resources.

use super::function::{LoggedFunction, ROM};
use super::line::hex;
use super::range::LoggedRange;

/// Ids, header and class of a function that was found.
pub(super) struct Identity<'l> {
    pub(super) ids: (u16, u16),
    pub(super) layout: u8,
    pub(super) class: Class,
    pub(super) kind: Option<&'l str>,
}

pub(super) enum Class {
    Full(u32),
    Base(u16),
}

/// `[8086:1237] type 00 class 0x060000 PCIe Root Port`; before Linux 3.5
/// `[8086:1237] type 0 class 0x000600`, and before 2.6.36
/// `found [8086:1237] class 000600 header type 00`.
pub(super) fn identity(text: &str) -> Option<Identity<'_>> {
    let text = text.strip_prefix("found ").unwrap_or(text);
    let (ids, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let (vendor, device) = ids.split_once(':')?;
    let id = |digits: &str| u16::try_from(hex(digits, 4..=4)?).ok();
    let ids = (id(vendor)?, id(device)?);
    let words: Vec<&str> = rest.splitn(5, ' ').collect();
    let byte = |digits: &str| u8::try_from(hex(digits, 1..=2)?).ok();
    match words[..] {
        ["type", layout, "class", class, ref kind @ ..] => {
            let digits = class.strip_prefix("0x")?;
            let number = u32::try_from(hex(digits, 6..=6)?).ok()?;
            let class = match layout.len() {
                1 => Class::Base(u16::try_from(number).ok()?),
                _ => Class::Full(number),
            };
            let layout = byte(layout)?;
            let kind = kind
                .first()
                .copied()
                .filter(|words| LoggedFunction::port_type(words).is_some());
            Some(Identity {
                ids,
                layout,
                class,
                kind,
            })
        }
        ["class", class, "header", "type", layout] => Some(Identity {
            ids,
            layout: byte(layout)?,
            class: Class::Base(u16::try_from(hex(class, 6..=6)?).ok()?),
            kind: None,
        }),
        _ => None,
    }
}

/// A statement about a resource.
pub(super) struct Statement {
    pub(super) place: Place,
    pub(super) range: LoggedRange,
    pub(super) outcome: Outcome,
}

#[derive(Clone, Copy)]
pub(super) enum Place {
    /// By the offset of its register.
    Register(u16),
    /// By the kernel's number.
    Bar(u8),
    /// A BAR of the virtual functions.
    Virtual(u8),
    /// A window of a bridge.
    Window,
}

#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// As the kernel read it.
    Read,
    /// It has this range now.
    Has,
    /// It found no place.
    Failed,
    /// Nothing that lasts.
    Other,
}

/// `reg 0x10: […]`, `BAR 0 […]: assigned`, `BAR 13: assigned […]`, `bridge window […]`,
/// `VF(n) BAR0 space: […] (contains BAR0 for 8 VFs)`, and their relatives.
pub(super) fn statement(text: &str) -> Option<Statement> {
    if let Some(rest) = text.strip_prefix("reg ") {
        let (register, rest) = rest.split_once([':', ' '])?;
        let register = register.strip_prefix("0x").unwrap_or(register);
        let place = Place::Register(u16::try_from(hex(register, 2..=3)?).ok()?);
        let range = match LoggedRange::parse(rest.trim_start()) {
            Some((range, _)) => range,
            None => LoggedRange::parse_old(rest.trim_start())?,
        };
        return Some(Statement {
            place,
            range,
            outcome: Outcome::Read,
        });
    }
    if let Some(rest) = text.strip_prefix("VF(n) BAR") {
        let (index, rest) = rest.split_once(" space: ")?;
        let (range, _) = LoggedRange::parse(rest)?;
        let place = Place::Virtual(index.parse().ok()?);
        return Some(Statement {
            place,
            range,
            outcome: Outcome::Has,
        });
    }
    // The kernel forgets the ROM's own address where it has a copy of it.
    if let Some(rest) = text.strip_prefix("Video device with shadowed ROM at ") {
        let (range, _) = LoggedRange::parse(rest)?;
        let (place, outcome) = (Place::Bar(ROM), Outcome::Has);
        return Some(Statement {
            place,
            range,
            outcome,
        });
    }
    let rest = text.strip_prefix("can't claim ").unwrap_or(text);
    let (place, rest) = if let Some(rest) = rest.strip_prefix("VF BAR ") {
        let (index, rest) = rest.split_once([' ', ':'])?;
        (Place::Virtual(index.parse().ok()?), rest)
    } else if let Some(rest) = rest.strip_prefix("BAR ") {
        let end = rest.find([' ', ':'])?;
        let (index, rest) = rest.split_at_checked(end)?;
        (Place::Bar(index.parse().ok()?), rest)
    } else if let Some(rest) = rest.strip_prefix("ROM ") {
        (Place::Bar(ROM), rest)
    } else {
        (Place::Window, rest.strip_prefix("bridge window ")?)
    };
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix(':') {
        let (words, range) = rest.trim_start().split_once('[')?;
        let range = range.split_once(']')?.0;
        let (range, _) = LoggedRange::parse(&format!("[{range}]"))?;
        let outcome = match words.trim_end() {
            "assigned" | "reassigned" => Outcome::Has,
            "failed to assign" => Outcome::Failed,
            _ => Outcome::Other,
        };
        return Some(Statement {
            place,
            range,
            outcome,
        });
    }
    let (range, after) = LoggedRange::parse(rest)?;
    let virtual_functions = matches!(place, Place::Virtual(_));
    let outcome = match after.trim() {
        // The size of one virtual function's BAR comes first, that of all follows.
        "" if virtual_functions => Outcome::Other,
        "" | "(disabled)" => match place {
            Place::Window => Outcome::Has,
            _ => Outcome::Read,
        },
        ": assigned" | ": reassigned" => Outcome::Has,
        ": failed to assign" => Outcome::Failed,
        after if virtual_functions && after.starts_with(": contains BAR") => Outcome::Has,
        _ => Outcome::Other,
    };
    Some(Statement {
        place,
        range,
        outcome,
    })
}
