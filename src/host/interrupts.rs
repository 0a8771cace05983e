//! How a function interrupts.

use crate::bytes::{ConfigImage, Observed};
use crate::decode::config::cap::msi::Msi;
use crate::decode::config::cap::msix::MsiX;
use crate::decode::config::{ConfigSpace, Response};
use crate::spec::pci::{self, CapId};

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
    pub(super) fn of(config: &ConfigImage, space: &ConfigSpace) -> Self {
        let capability = |id| space.standard(config, id);
        Self {
            msi: capability(CapId::MSI).and_then(|msi| Msi::new(msi).vectors().into()),
            msix: capability(CapId::MSI_X).and_then(|msix| MsiX::new(msix).vectors().into()),
            line: (space.header.response == Response::Data)
                .then(|| config.u8(pci::INTERRUPT_PIN.offset))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dev, Machine, at};

    fn interrupts(device: Dev) -> Interrupts {
        Machine::with_device(device).facts(|facts| {
            let id = facts.host.find(at("01:00.0")).unwrap();
            facts.host.function(id).interrupts
        })
    }

    #[test]
    fn vectors_are_counted_from_both_capabilities() {
        let mut device = Dev::endpoint();
        device.msi = true;
        device.msix = Some((2048, 0, 0x8000));
        let both = interrupts(device);
        assert_eq!(both.msi, Observed::Present(1));
        assert_eq!(both.msix, Observed::Present(2048));
        assert_eq!(both.line, Some(1));
        assert_eq!(both.by_message(), Some(true));
    }

    #[test]
    fn a_complete_list_without_them_denies_messages() {
        let mut device = Dev::endpoint();
        device.msix = None;
        assert_eq!(interrupts(device).by_message(), Some(false));
    }

    #[test]
    fn a_list_that_was_not_captured_denies_nothing() {
        let header = interrupts(Dev::endpoint().cut(64));
        assert_eq!(header.by_message(), None);
        assert_eq!(header.line, Some(1));
        let ones = interrupts(Dev::endpoint().poke(0, &[0xff; 0x1000]));
        assert_eq!(ones.line, None);
    }
}
