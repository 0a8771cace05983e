//! What the firmware left to Linux of PCI Express, by the kernel's log (ACPI `_OSC`).
//!
//! The kernel announces each root bridge and then says what it asked for and what it got
//! (drivers/acpi/pci_root.c). What it did not ask for was not refused.

use std::collections::BTreeMap;

use memchr::memmem;

use crate::addr::Segment;
use crate::host::{FunctionId, Host};
use crate::topology::{Node, Topology};

bitflags::bitflags! {
    /// Features that an operating system asks for: bits of the `_OSC` control field
    /// (PCI Firmware 3.3, 4.5.1).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct Control: u32 {
        /// Native hot plug of PCI Express.
        const HOT_PLUG = 1 << 0;
        /// Power management events.
        const PME = 1 << 2;
        /// Advanced error reporting.
        const AER = 1 << 3;
        /// The PCI Express capability structure.
        const EXPRESS = 1 << 4;
    }
}

impl Control {
    /// What Windows needs together before it uses anything of PCI Express ("Enabling PCI
    /// Express native control").
    pub const WINDOWS: Self = Self::HOT_PLUG.union(Self::PME).union(Self::EXPRESS);

    /// Names as Linux prints them between brackets. Others are of no concern here.
    fn named(list: &str) -> Self {
        let one = |word| match word {
            "PCIeHotplug" => Self::HOT_PLUG,
            "PME" => Self::PME,
            "AER" => Self::AER,
            "PCIeCapability" => Self::EXPRESS,
            _ => Self::empty(),
        };
        list.split_ascii_whitespace().map(one).collect()
    }
}

/// What came out for one root bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Negotiated {
    /// What the kernel got.
    pub granted: Control,
    /// What it asked for, or would have, and the firmware refused.
    pub refused: Control,
    /// Line of the log that says so, from 1; that of the refusal where there is one.
    pub line: u32,
}

/// The outcome for every root bus that the log names.
#[derive(Debug, Default)]
pub struct NativeControl {
    /// By root bus, with the last bus below it.
    buses: BTreeMap<Root, (u8, Option<Negotiated>)>,
}

/// Segment and bus of a root bridge.
type Root = (Segment, u8);

impl NativeControl {
    /// Reads the log of a capture; empty where there is none.
    pub(super) fn of(host: &Host<'_>) -> Self {
        let log = host.capture().host.get("log.txt");
        log.map(|log| Self::read(log)).unwrap_or_default()
    }

    /// What came out for the root bridge above a bus: that in whose range the bus lies. A bus
    /// whose bridge is not captured finds it too. `None` where the log does not tell.
    pub fn of_bus(&self, segment: Segment, bus: u8) -> Option<Negotiated> {
        let mut before = self.buses.range((segment, 0)..=(segment, bus));
        let (_, (last, outcome)) = before.next_back()?;
        outcome.filter(|_| bus <= *last)
    }

    /// The same for the bus at the top of a function's path.
    pub fn above(&self, topology: &Topology, id: FunctionId) -> Option<Negotiated> {
        match topology.top(id) {
            Node::RootBus { segment, bus } | Node::OrphanBus { segment, bus } => {
                self.of_bus(segment, bus)
            }
            Node::Function(_) => None,
        }
    }

    fn read(log: &[u8]) -> Self {
        let mut reader = Reader::default();
        let telling = TELLING.map(memmem::Finder::new);
        for (number, line) in (1..).zip(log.split(|&byte| byte == b'\n')) {
            // Nearly every line is about something else.
            if telling.iter().any(|words| words.find(line).is_some()) {
                reader.line(number, &String::from_utf8_lossy(line));
            }
        }
        let told = |(root, state): (Root, Progress)| (root, (state.last, state.outcome()));
        Self {
            buses: reader.bridges.into_iter().map(told).collect(),
        }
    }
}

/// What stands in every line that [`Reader::line`] takes something from.
const TELLING: [&str; 3] = [ROOT_BRIDGE, BOOT, "_OSC"];
const ROOT_BRIDGE: &str = "ACPI: PCI Root Bridge [";
const BOOT: &str = "Linux version ";

#[derive(Default)]
struct Reader {
    bridges: BTreeMap<Root, Progress>,
    /// Names of devices (`PNP0A08:00`) that stand for a root bridge.
    names: BTreeMap<String, Root>,
    /// The bridge announced last, until a device's name belongs to it.
    announced: Option<Root>,
}

/// What was said of one root bridge so far.
#[derive(Default)]
struct Progress {
    /// The name in [`Reader::names`].
    name: Option<String>,
    /// The last bus below it.
    last: u8,
    /// What the kernel asked for, where it says so before the answer.
    requested: Control,
    granted: Control,
    refused: Control,
    /// Lines of the grant and of the refusal.
    granted_at: Option<u32>,
    refused_at: Option<u32>,
}

/// What one line says.
#[derive(Clone, Copy)]
enum Message {
    Requested(Control),
    Granted(Control),
    Refused(Control),
    /// All that it would grant: the rest of what was requested is refused.
    AtMost(Control),
    /// Nothing was granted; all of it stays with the firmware.
    Retained,
    /// The whole of a request was turned down.
    RequestFailed,
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        if let Some((_, bridge)) = line.split_once(ROOT_BRIDGE) {
            self.announce(bridge);
        } else if line.contains(BOOT) {
            // Another boot: names may stand for other bridges.
            self.names.clear();
            self.announced = None;
        } else if let Some((before, message)) = message(line)
            && let Some(root) = self.root(before)
        {
            let unannounced = || Progress {
                last: root.1,
                ..Progress::default()
            };
            let progress = self.bridges.entry(root).or_insert_with(unannounced);
            progress.note(message, number);
        }
    }

    /// `PCI0] (domain 0000 [bus 00-ff])`, or `PCI0] (0000:00)` before Linux 2.6.35.
    fn announce(&mut self, bridge: &str) {
        let Some((root, last)) = announced(bridge) else {
            self.announced = None;
            return;
        };
        // What an earlier boot said of it does not count any more.
        let progress = Progress {
            last,
            ..Progress::default()
        };
        let earlier = self.bridges.insert(root, progress);
        if let Some(name) = earlier.and_then(|earlier| earlier.name)
            && self.names.get(&name) == Some(&root)
        {
            self.names.remove(&name);
        }
        self.announced = Some(root);
    }

    /// The bridge that a line is about, by what stands before the message:
    /// `acpi PNP0A08:00:`, or ` pci0000:00:` in old logs.
    fn root(&mut self, before: &str) -> Option<Root> {
        let name = before.trim_end().strip_suffix(':')?;
        let name = name.rsplit([' ', '\t']).next()?;
        let bus = name.strip_prefix("pci").and_then(|bus| bus.split_once(':'));
        if let Some((segment, bus)) = bus {
            return Some((Segment(hex(segment)?), u8::try_from(hex(bus)?).ok()?));
        }
        if let Some(root) = self.names.get(name) {
            return Some(*root);
        }
        let root = self.announced.take()?;
        self.names.insert(name.to_owned(), root);
        self.bridges.entry(root).or_default().name = Some(name.to_owned());
        Some(root)
    }
}

impl Progress {
    fn note(&mut self, message: Message, line: u32) {
        let refused = match message {
            Message::Requested(control) => {
                self.requested |= control;
                return;
            }
            Message::Granted(control) => {
                // A CXL bridge has a second line for what is of CXL.
                self.granted |= control;
                self.granted_at.get_or_insert(line);
                // Older kernels name what they ask for and what they get, not the difference.
                self.requested.difference(self.granted)
            }
            Message::Refused(control) => control,
            Message::AtMost(control) => self.requested.difference(control),
            Message::Retained => Control::all(),
            Message::RequestFailed => self.requested,
        };
        if !self.refused.contains(refused) {
            self.refused |= refused;
            self.refused_at = Some(line);
        }
    }

    fn outcome(&self) -> Option<Negotiated> {
        Some(Negotiated {
            granted: self.granted.difference(self.refused),
            refused: self.refused,
            line: self.refused_at.or(self.granted_at)?,
        })
    }
}

/// A root bridge, and the last bus below it as far as that is told.
fn announced(bridge: &str) -> Option<(Root, u8)> {
    let number = |digits: &str| u8::try_from(hex(digits)?).ok();
    let (_, place) = bridge.split_once("] (")?;
    let place = place.strip_prefix("domain ").unwrap_or(place);
    let (segment, buses) = place
        .split_once(" [bus ")
        .or_else(|| place.split_once(':'))?;
    let bus = number(buses.get(..2)?)?;
    let last = buses.get(2..5).and_then(|last| last.strip_prefix('-'));
    let last = last.and_then(number).unwrap_or(bus);
    Some(((Segment(hex(segment)?), bus), last))
}

/// What a line says about `_OSC` of a root bridge, and what stands before that.
fn message(line: &str) -> Option<(&str, Message)> {
    if let Some((before, text)) = line.split_once(" _OSC: ") {
        let list = |text: &str| Some(Control::named(text.split_once('[')?.1.split_once(']')?.0));
        let message = if text.starts_with("OS now controls [") {
            Message::Granted(list(text)?)
        } else if text.starts_with("OS requested [") {
            Message::Requested(list(text)?)
        } else if text.starts_with("platform willing to grant [") {
            Message::AtMost(list(text)?)
        } else if text.starts_with("platform does not support [")
            || text.starts_with("not requesting control; platform does not support [")
        {
            Message::Refused(list(text)?)
        } else if text.starts_with("platform retains control of PCIe features") {
            Message::Retained
        } else {
            // What the kernel supports, did not ask for, or took without asking.
            return None;
        };
        return Some((before, message));
    }
    let mask = |text: &str| {
        let digits = text.split_once("0x")?.1;
        let end = digits.find(|c: char| !c.is_ascii_hexdigit());
        Some(Control::from_bits_truncate(hex(digits.get(..end?)?)?))
    };
    if let Some((before, text)) = line.split_once("Requesting ACPI _OSC control (") {
        Some((before, Message::Requested(mask(text)?)))
    } else if let Some((before, text)) = line.split_once("ACPI _OSC control (") {
        let granted = text.contains(") granted");
        granted.then_some((before, Message::Granted(mask(text)?)))
    } else if let Some((before, text)) = line.split_once("ACPI _OSC request failed (") {
        let (_, returned) = text.split_once("returned control mask: ")?;
        Some((before, Message::AtMost(mask(&format!("{returned} "))?)))
    } else if let Some((before, _)) = line.split_once("ACPI _OSC control for PCIe not granted") {
        Some((before, Message::RequestFailed))
    } else {
        let (before, _) = line.split_once(" _OSC failed (")?;
        Some((before, Message::Retained))
    }
}

fn hex(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests;
