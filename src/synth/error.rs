//! What can be wrong with a description.

use std::fmt;

use crate::addr::{Sbdf, Segment};

/// A description that does not make a machine.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SynthError {
    /// The text is not TOML, or a value of it has no meaning.
    #[error("line {line}: {message}")]
    Text {
        /// Line of the description, counted from 1.
        line: usize,
        /// What is wrong, in the words of the TOML reader.
        message: String,
    },
    /// The text is well formed, but describes something that cannot be built.
    #[error("{place}: {problem}")]
    Machine {
        /// The entry concerned.
        place: Place,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// An entry of the description: `root[0].device[2].device[0]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Index among the roots.
    pub root: usize,
    /// Index among the devices, level by level.
    pub devices: Vec<usize>,
}

/// Why an entry cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The segment has no bus number left.
    BusesExhausted {
        /// The segment.
        segment: Segment,
    },
    /// A root names a bus that an earlier root of its segment already uses.
    BusTaken {
        /// The segment.
        segment: Segment,
        /// The bus.
        bus: u8,
    },
    /// Every segment number is used.
    SegmentsExhausted,
    /// The bus has no device number left.
    DevicesExhausted {
        /// The bus.
        bus: u8,
    },
    /// The device has no function number left.
    FunctionsExhausted {
        /// The bus.
        bus: u8,
    },
    /// Two functions would have one address.
    AddressTaken {
        /// The address.
        address: Sbdf,
    },
    /// The machine exceeds [`super::MAX_FUNCTIONS`].
    TooManyFunctions,
    /// Devices are listed below something that has no bus below it.
    NoBusBelow,
    /// The BARs need more registers than the header has.
    NoBarRegister,
    /// An expansion ROM is a power of two from 2 KiB to 16 MiB.
    RomSize,
    /// MSI-X without a place needs a memory BAR of at least 4096 bytes.
    NoBarForMsiX,
    /// The capabilities do not fit into their part of the configuration space.
    CapabilitiesTooLong,
    /// More VFs are enabled than there are, or they leave the 16-bit routing ids.
    VfCount,
    /// A raw patch lies outside the function's configuration space.
    PatchOutside {
        /// Its offset.
        offset: u16,
    },
}

impl Place {
    pub(super) const fn root(root: usize) -> Self {
        Self {
            root,
            devices: Vec::new(),
        }
    }
}

impl Problem {
    pub(super) const fn at(self, place: Place) -> SynthError {
        SynthError::Machine {
            place,
            problem: self,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root[{}]", self.root)?;
        self.devices
            .iter()
            .try_for_each(|index| write!(f, ".device[{index}]"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BusesExhausted { segment } => {
                write!(f, "segment {segment} has no bus number left")
            }
            Self::BusTaken { segment, bus } => {
                write!(
                    f,
                    "bus {bus:02x} of segment {segment} is used by an earlier root"
                )
            }
            Self::SegmentsExhausted => f.write_str("no segment number is left"),
            Self::DevicesExhausted { bus } => write!(f, "bus {bus:02x} has no device number left"),
            Self::FunctionsExhausted { bus } => {
                write!(f, "the device on bus {bus:02x} has no function number left")
            }
            Self::AddressTaken { address } => write!(f, "{address} is already taken"),
            Self::TooManyFunctions => {
                write!(f, "more than {} functions", super::MAX_FUNCTIONS)
            }
            Self::NoBusBelow => f.write_str("only a bridge or port has devices below it"),
            Self::NoBarRegister => f.write_str("the BARs need more registers than the header has"),
            Self::RomSize => f.write_str("a ROM is a power of two from 2K to 16M"),
            Self::NoBarForMsiX => {
                f.write_str("MSI-X needs a memory BAR of at least 4096 bytes, or a place")
            }
            Self::CapabilitiesTooLong => f.write_str("the capabilities exceed their space"),
            Self::VfCount => f.write_str("impossible number of VFs"),
            Self::PatchOutside { offset } => {
                write!(f, "the patch at {offset:#x} leaves the configuration space")
            }
        }
    }
}
