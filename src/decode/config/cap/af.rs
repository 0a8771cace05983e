//! Advanced Features capability (PCIe 6.0, 7.9.21): function level reset for conventional
//! functions inside a root complex.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Length of the structure in bytes; 6.
pub const LENGTH: Field = Field::number("Length", 0x02, 0, 8);
/// The function tells whether transactions are pending.
pub const TRANSACTIONS_PENDING_CAP: Field = Field::flag("Transactions Pending Capability", 0x03, 0);
/// The function can be reset on its own.
pub const FLR: Field = Field::flag("Function Level Reset Capability", 0x03, 1);
/// Transactions are pending.
pub const TRANSACTIONS_PENDING: Field = Field::flag("Transactions Pending", 0x05, 0);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::ADVANCED_FEATURES),
    Document::Pcie60.at("7.9.21 Conventional PCI Advanced Features Capability (AF)"),
    |_| {
        vec![
            Register::new("AF Length", 0x02, 1, &[LENGTH]),
            Register::new("AF Capabilities", 0x03, 1, &[TRANSACTIONS_PENDING_CAP, FLR]),
            Register::new("AF Control", 0x04, 1, &[INITIATE_FLR]),
            Register::new("AF Status", 0x05, 1, &[TRANSACTIONS_PENDING]),
        ]
    },
);

const INITIATE_FLR: Field = Field::flag("Initiate Function Level Reset", 0x04, 0);

/// A function's advanced features capability.
#[derive(Clone, Copy, Debug)]
pub struct AdvancedFeatures<'a> {
    window: Window<'a>,
}

impl<'a> AdvancedFeatures<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether the bit for function level reset is set.
    pub fn has_flr(self) -> Option<bool> {
        self.window.flag(FLR)
    }

    /// Whether the function tells if transactions are pending. Linux resets a function this
    /// way only where it does (drivers/pci/pci.c, `pci_af_flr`).
    pub fn has_transactions_pending(self) -> Option<bool> {
        self.window.flag(TRANSACTIONS_PENDING_CAP)
    }

    /// Whether transactions were pending.
    pub fn transactions_pending(self) -> Option<bool> {
        self.window.flag(TRANSACTIONS_PENDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn flr_and_transactions_pending_are_two_bits() {
        let of = |capabilities| {
            // id, next, length, capabilities, control, status
            let image = ConfigImage::from_bytes(vec![0x13, 0x00, 0x06, capabilities, 0x00, 0x01]);
            let af = AdvancedFeatures::new(image.window(0));
            assert_eq!(af.transactions_pending(), Some(true));
            (af.has_transactions_pending(), af.has_flr())
        };
        assert_eq!(of(0x03), (Some(true), Some(true)));
        assert_eq!(of(0x01), (Some(true), Some(false)));
        assert_eq!(of(0x02), (Some(false), Some(true)));
    }

    #[test]
    fn a_capability_that_was_not_captured_promises_no_reset() {
        let image = ConfigImage::from_bytes(vec![0x13, 0x00, 0x06]);
        assert_eq!(AdvancedFeatures::new(image.window(0)).has_flr(), None);
    }
}
