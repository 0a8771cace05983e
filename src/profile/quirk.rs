//! Known quirks of the survey script.

use std::fmt;

/// A way in which the script's answer departs from what it seems to say. The numbers are those
/// of this project's documentation (`docs/windows.md`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Quirk {
    /// Ranges are counted one byte short, and here the sum in MB shows it.
    S1,
    /// A message interrupt has a number that the script's pattern does not match.
    S2,
    /// A property that is missing counts as "needs reserved memory".
    S3,
    /// A property that is missing passes the check for ACS, or counts as an old-style device.
    S4,
    /// A value that the script does not know passes the check for ACS.
    S5,
    /// Resources of another device, whose id begins with this one's, are counted too.
    S6,
    /// Two ranges begin at the same address: the script's arithmetic fails.
    S7,
    /// The legacy VGA window is part of the sum.
    S8,
    /// A disabled device is not asked for interrupts and memory.
    S9,
    /// Every legacy display controller is let through.
    S11,
    /// The first location path is printed, and here it is not one of PCI.
    FirstPath,
}

impl Quirk {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::S4 => "S4",
            Self::S5 => "S5",
            Self::S6 => "S6",
            Self::S7 => "S7",
            Self::S8 => "S8",
            Self::S9 => "S9",
            Self::S11 => "S11",
            Self::FirstPath => "first-path",
        }
    }

    /// What it does, as a sentence without full stop.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::S1 => "counts each memory range one byte short, so that the sum is 1 MB too low",
            Self::S2 => "does not recognise the number of a message interrupt",
            Self::S3 => {
                "takes a missing RequiresReservedMemoryRegion for \"yes\" and refuses the device"
            }
            Self::S4 => {
                "compares a missing property with a number: missing ACS passes, a missing type is \
                 refused"
            }
            Self::S5 => "lets an unknown AcsCompatibleUpHierarchy value pass",
            Self::S6 => "counts the resources of another device whose instance id begins alike",
            Self::S7 => "fails to add up memory because two ranges begin at the same address",
            Self::S8 => "counts the legacy VGA window as MMIO space of the device",
            Self::S9 => "asks a disabled device for neither interrupts nor memory",
            Self::S11 => "lets every legacy display controller pass, which Hyper-V may not",
            Self::FirstPath => "prints the first location path, which is not the one of PCI",
        }
    }

    /// Whether it can turn the verdict round; the others change numbers or words.
    pub const fn decides(self) -> bool {
        matches!(
            self,
            Self::S2 | Self::S3 | Self::S4 | Self::S5 | Self::S6 | Self::S11
        )
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
