//! Changes to a host, as they are typed.

use std::fmt;
use std::str::FromStr;

use crate::select::Selector;
use crate::sim::Bytes;

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A port or function isolates (`acs@PORT=on`), or does not.
    Acs {
        /// The hop.
        hop: Selector,
        /// All services that isolation asks for are there and on; otherwise all are off.
        on: bool,
    },
    /// The kernel takes ports or functions for isolated that do not say so
    /// (`acs-override=downstream,multifunction`). Windows has no such thing.
    AcsOverride {
        /// Ports.
        downstream: bool,
        /// Functions of a device.
        multifunction: bool,
    },
    /// The firmware reserves no memory for a device (`rmrr@DEVICE=off`).
    DropReserved(Selector),
    /// The firmware describes an IOMMU, and the system uses it (`iommu=on`).
    Iommu,
    /// VFIO is told to go without interrupt remapping (`unsafe-interrupts=on`). Windows has no
    /// such thing.
    UnsafeInterrupts,
    /// The firmware leaves PCI Express to the operating system (`native-pcie=on`).
    NativePcie,
    /// The firmware's table describes remapping units for every device and every I/O APIC
    /// (`iommu-table=complete`).
    CompleteTable,
    /// The host runs a server edition of Windows (`edition=server`).
    ServerEdition,
    /// The card of a device sits below another port (`slot@DEVICE=PORT`).
    Move {
        /// A function of the card.
        device: Selector,
        /// The port.
        port: Selector,
    },
    /// A resizable BAR has another size (`bar2@DEVICE=32G`).
    Resize {
        /// The device.
        device: Selector,
        /// 0 to 5.
        bar: u8,
        /// Bytes.
        size: Bytes,
    },
    /// A device has this many virtual functions (`vfs@DEVICE=8`); 0 switches them off.
    VirtualFunctions {
        /// The physical function.
        device: Selector,
        /// How many.
        count: u16,
    },
}

/// Text that is no change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeSyntax(pub String);

const FORMS: &str = "acs@PORT=on|off, acs-override=downstream,multifunction, rmrr@DEVICE=off, \
                     iommu=on, unsafe-interrupts=on, native-pcie=on, iommu-table=complete, \
                     edition=server, slot@DEVICE=PORT, bar2@DEVICE=32G, vfs@DEVICE=8";

impl FromStr for Change {
    type Err = ChangeSyntax;

    fn from_str(text: &str) -> Result<Self, ChangeSyntax> {
        let wanted = || ChangeSyntax(format!("'{text}' is no change; known are {FORMS}"));
        let (what, value) = text.rsplit_once('=').ok_or_else(wanted)?;
        let (key, subject) = match what.split_once('@') {
            Some((key, subject)) => (key, Some(subject)),
            None => (what, None),
        };
        let selector = |text: &str| {
            text.parse::<Selector>()
                .map_err(|error| ChangeSyntax(format!("'{text}': {error}")))
        };
        let subject = subject.map(selector).transpose()?;
        Ok(match (key, subject, value) {
            ("acs", Some(hop), "on") => Self::Acs { hop, on: true },
            ("acs", Some(hop), "off") => Self::Acs { hop, on: false },
            ("acs-override", None, list) => {
                let words: Vec<&str> = list.split(',').collect();
                let known = |word: &&str| matches!(*word, "downstream" | "multifunction");
                if !words.iter().all(known) {
                    return Err(wanted());
                }
                Self::AcsOverride {
                    downstream: words.contains(&"downstream"),
                    multifunction: words.contains(&"multifunction"),
                }
            }
            ("rmrr", Some(device), "off") => Self::DropReserved(device),
            ("iommu", None, "on") => Self::Iommu,
            ("unsafe-interrupts", None, "on") => Self::UnsafeInterrupts,
            ("native-pcie", None, "on") => Self::NativePcie,
            ("iommu-table", None, "complete") => Self::CompleteTable,
            ("edition", None, "server") => Self::ServerEdition,
            ("slot", Some(device), port) => Self::Move {
                device,
                port: selector(port)?,
            },
            ("vfs", Some(device), count) => Self::VirtualFunctions {
                device,
                count: count.parse().map_err(|_| wanted())?,
            },
            (key, Some(device), size) => {
                let bar = key.strip_prefix("bar").and_then(|bar| bar.parse().ok());
                let bar: u8 = bar.filter(|&bar| bar < 6).ok_or_else(wanted)?;
                let size: Bytes = size.parse().map_err(|_| wanted())?;
                if !size.0.is_power_of_two() || size.0 < 1 << 20 {
                    return Err(ChangeSyntax(format!(
                        "'{text}': a resizable BAR has a power of two in size, 1M at least"
                    )));
                }
                Self::Resize { device, bar, size }
            }
            _ => return Err(wanted()),
        })
    }
}

/// As it is typed.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acs { hop, on } => write!(f, "acs@{hop}={}", if *on { "on" } else { "off" }),
            Self::AcsOverride {
                downstream,
                multifunction,
            } => f.write_str(match (downstream, multifunction) {
                (true, true) => "acs-override=downstream,multifunction",
                (true, false) => "acs-override=downstream",
                (false, _) => "acs-override=multifunction",
            }),
            Self::DropReserved(device) => write!(f, "rmrr@{device}=off"),
            Self::Iommu => f.write_str("iommu=on"),
            Self::UnsafeInterrupts => f.write_str("unsafe-interrupts=on"),
            Self::NativePcie => f.write_str("native-pcie=on"),
            Self::CompleteTable => f.write_str("iommu-table=complete"),
            Self::ServerEdition => f.write_str("edition=server"),
            Self::Move { device, port } => write!(f, "slot@{device}={port}"),
            Self::Resize { device, bar, size } => write!(f, "bar{bar}@{device}={size}"),
            Self::VirtualFunctions { device, count } => write!(f, "vfs@{device}={count}"),
        }
    }
}

impl fmt::Display for ChangeSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ChangeSyntax {}
