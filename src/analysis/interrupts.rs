//! How a function interrupts.

use crate::bytes::Observed;
use crate::host::Function;
use crate::spec::pci;

/// Interrupt mechanisms of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interrupts {
    /// Vectors by MSI, 1 to 32.
    pub msi: Observed<u16>,
    /// Vectors by MSI-X, 1 to 2048.
    pub msix: Observed<u16>,
    /// INTA# to INTD# as 1 to 4; 0 = no line. `None` = not captured.
    pub line: Option<u8>,
}

impl Interrupts {
    /// Reads them from configuration space.
    pub fn of(function: &Function<'_>) -> Self {
        Self {
            msi: function.msi().and_then(|msi| msi.vectors().into()),
            msix: function.msix().and_then(|msix| msix.vectors().into()),
            line: function
                .responds()
                .then(|| function.config.u8(pci::INTERRUPT_PIN.offset))
                .flatten(),
        }
    }

    /// Whether it can interrupt by message; `None` where not captured.
    pub const fn by_message(self) -> Option<bool> {
        match (self.msi, self.msix) {
            (Observed::Present(_), _) | (_, Observed::Present(_)) => Some(true),
            (Observed::Absent, Observed::Absent) => Some(false),
            _ => None,
        }
    }
}
