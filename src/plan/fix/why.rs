//! Why nothing helps against a finding.

/// Why no change takes a finding away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// It is how the device is made: another device is needed.
    Device,
    /// It is what the function is for: a port, a bridge, a part of the chipset, the IOMMU itself.
    PartOfHost,
    /// It is how the chipset is made: another machine is needed.
    Machine,
    /// The captured data are damaged, or record what happened: only a new capture can tell.
    Capture,
    /// Nothing was tried, because another finding that remains cannot be taken away.
    NotTried,
    /// What is known to help was tried, and is not enough here.
    NotEnough,
    /// Nothing is known to help that could be tried on this capture: no free slot, no register
    /// that was captured, no setting.
    NothingToTry,
}

impl Why {
    /// By the code of the rule; what holds for codes that say nothing by themselves is given.
    pub(super) fn of(code: &str, otherwise: Self) -> Self {
        match code {
            "DDA001" | "DDA002" | "DDA041" | "INT001" | "VFI001" | "VFI004" => Self::Device,
            "DDA003" | "VFI005" | "VFI006" => Self::PartOfHost,
            "INT006" => Self::Machine,
            "CFG001" | "CFG002" | "CFG004" => Self::Capture,
            _ if code.starts_with("CAP") || code.starts_with("IMP") => Self::Capture,
            _ => otherwise,
        }
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::PartOfHost => "part-of-host",
            Self::Machine => "machine",
            Self::Capture => "capture",
            Self::NotTried => "not-tried",
            Self::NotEnough => "not-enough",
            Self::NothingToTry => "nothing-to-try",
        }
    }
}
