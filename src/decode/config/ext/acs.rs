//! Access Control Services (PCIe 6.0, 6.12 and 7.7.11).

use bitflags::bitflags;

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

bitflags! {
    /// The seven original services; the same bit positions in capability and control.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    pub struct AcsFlags: u16 {
        /// Source validation: a request must carry a bus number from below the port.
        const SOURCE_VALIDATION = 1 << 0;
        /// Translation blocking: requests that claim to be translated are refused.
        const TRANSLATION_BLOCKING = 1 << 1;
        /// Peer-to-peer requests go up to the root complex.
        const REQUEST_REDIRECT = 1 << 2;
        /// Peer-to-peer completions go up to the root complex.
        const COMPLETION_REDIRECT = 1 << 3;
        /// Requests that hit the port's own secondary side go up.
        const UPSTREAM_FORWARDING = 1 << 4;
        /// Peer-to-peer by destination, from the egress control vector.
        const EGRESS_CONTROL = 1 << 5;
        /// Translated peer-to-peer requests go direct.
        const DIRECT_TRANSLATED = 1 << 6;
    }
}

impl AcsFlags {
    /// What isolation of one function from its peers takes: SV, RR, CR and UF = 0x1d
    /// (Linux drivers/iommu/iommu.c, `REQ_ACS_FLAGS`).
    pub const REQUIRED: Self = Self::SOURCE_VALIDATION
        .union(Self::REQUEST_REDIRECT)
        .union(Self::COMPLETION_REDIRECT)
        .union(Self::UPSTREAM_FORWARDING);

    /// The abbreviations of the specification.
    pub const SHORT: [(Self, &'static str); 7] = [
        (Self::SOURCE_VALIDATION, "SV"),
        (Self::TRANSLATION_BLOCKING, "TB"),
        (Self::REQUEST_REDIRECT, "RR"),
        (Self::COMPLETION_REDIRECT, "CR"),
        (Self::UPSTREAM_FORWARDING, "UF"),
        (Self::EGRESS_CONTROL, "EC"),
        (Self::DIRECT_TRANSLATED, "DT"),
    ];
}

impl std::fmt::Display for AcsFlags {
    /// `SV RR CR UF`; `none` where empty.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        for (flag, short) in Self::SHORT {
            if self.contains(flag) {
                write!(f, "{separator}{short}")?;
                separator = " ";
            }
        }
        if separator.is_empty() {
            f.write_str("none")?;
        }
        Ok(())
    }
}

/// Bits in the egress control vector; 0 stands for 256.
pub const VECTOR_SIZE: Field = Field::number("Egress Control Vector Size", 0x04, 8, 8);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure {
    id: CapabilityId::Extended(ExtCapId::ACS),
    spec: Document::Pcie60.at("7.7.11 ACS Extended Capability"),
    registers: |_| {
        vec![
            Register::new("ACS Capability", 0x04, 2, &[VECTOR_SIZE]),
            Register::plain("ACS Control", 0x06, 2),
        ]
    },
};

/// A function's ACS capability.
#[derive(Clone, Copy, Debug)]
pub struct Acs<'a> {
    window: Window<'a>,
}

/// Bits of which some may be unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartialFlags {
    /// Set bits among the known ones.
    pub set: AcsFlags,
    /// Bits that the capture holds.
    pub known: AcsFlags,
}

impl PartialFlags {
    /// Bits known to be clear.
    pub const fn clear(self) -> AcsFlags {
        self.known.difference(self.set)
    }

    /// Bits that the capture does not hold.
    pub const fn unknown(self) -> AcsFlags {
        self.known.complement()
    }
}

impl<'a> Acs<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Services that the hardware can give.
    pub fn capability(self) -> PartialFlags {
        self.flags_at(0x04)
    }

    /// Services that are switched on.
    pub fn control(self) -> PartialFlags {
        self.flags_at(0x06)
    }

    /// Services that are switched on, of the Intel root ports whose registers are 4 bytes wide
    /// ([`crate::spec::quirks::has_wide_acs_registers`]).
    pub fn wide_control(self) -> PartialFlags {
        self.flags_at(0x08)
    }

    /// Length of the egress control vector in bits, 1 to 256; `None` without egress control
    /// or where not captured.
    pub fn vector_bits(self) -> Option<u16> {
        if !self.capability().set.contains(AcsFlags::EGRESS_CONTROL) {
            return None;
        }
        match self.window.field(VECTOR_SIZE)? {
            0 => Some(256),
            bits => u16::try_from(bits).ok(),
        }
    }

    fn flags_at(self, offset: u16) -> PartialFlags {
        if let Some(word) = self.window.u16(offset) {
            return PartialFlags {
                set: AcsFlags::from_bits_truncate(word),
                known: AcsFlags::all(),
            };
        }
        let (mut set, mut known) = (AcsFlags::empty(), AcsFlags::empty());
        for (bit, flag) in (0..).zip(AcsFlags::all().iter()) {
            if let Some(value) = self.window.bits(offset, bit, 1) {
                known |= flag;
                set.set(flag, value != 0);
            }
        }
        PartialFlags { set, known }
    }
}
