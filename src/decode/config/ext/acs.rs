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

/// The services that the hardware can give, as a set.
pub const SERVICES: Field = Field::hex("ACS Services", 0x04, 0, 8);
/// Everything that is switched on.
pub const CONTROLS: Field = Field::hex("ACS Control", 0x06, 0, 16);
/// The enhanced services (bits 7 to 12 of the control word) exist.
pub const ENHANCED: Field = Field::flag("ACS Enhanced Capability", 0x04, 7);
/// Bits in the egress control vector.
pub const VECTOR_SIZE: Field = Field::count("Egress Control Vector Size", 0x04, 8, 8);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::ACS),
    Document::Pcie60.at("7.7.11 ACS Extended Capability"),
    |window| Acs::new(window).registers(),
);

const CAPABILITY: Register = Register::new(
    "ACS Capability",
    0x04,
    2,
    &[
        Field::flag("ACS Source Validation", 0x04, 0),
        Field::flag("ACS Translation Blocking", 0x04, 1),
        Field::flag("ACS P2P Request Redirect", 0x04, 2),
        Field::flag("ACS P2P Completion Redirect", 0x04, 3),
        Field::flag("ACS Upstream Forwarding", 0x04, 4),
        Field::flag("ACS P2P Egress Control", 0x04, 5),
        Field::flag("ACS Direct Translated P2P", 0x04, 6),
        ENHANCED,
        VECTOR_SIZE,
    ],
);
const CONTROL: Register = Register::new(
    "ACS Control",
    0x06,
    2,
    &[
        Field::flag("ACS Source Validation Enable", 0x06, 0),
        Field::flag("ACS Translation Blocking Enable", 0x06, 1),
        Field::flag("ACS P2P Request Redirect Enable", 0x06, 2),
        Field::flag("ACS P2P Completion Redirect Enable", 0x06, 3),
        Field::flag("ACS Upstream Forwarding Enable", 0x06, 4),
        Field::flag("ACS P2P Egress Control Enable", 0x06, 5),
        Field::flag("ACS Direct Translated P2P Enable", 0x06, 6),
        Field::flag("ACS I/O Request Blocking Enable", 0x06, 7),
        Field::code(
            "ACS DSP Memory Target Access Control",
            0x06,
            8,
            2,
            TARGET_ACCESS,
        ),
        Field::code(
            "ACS USP Memory Target Access Control",
            0x06,
            10,
            2,
            TARGET_ACCESS,
        ),
        Field::flag("ACS Unclaimed Request Redirect Control", 0x06, 12),
    ],
);
const TARGET_ACCESS: &[(u64, &str)] = &[
    (0, "direct request access"),
    (1, "request blocking"),
    (2, "request redirect"),
];
const VECTOR: [&str; 8] = [
    "Egress Control Vector [31:0]",
    "Egress Control Vector [63:32]",
    "Egress Control Vector [95:64]",
    "Egress Control Vector [127:96]",
    "Egress Control Vector [159:128]",
    "Egress Control Vector [191:160]",
    "Egress Control Vector [223:192]",
    "Egress Control Vector [255:224]",
];

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

    /// Whether the enhanced services exist. Without them bits 7 to 12 of the control word mean
    /// nothing.
    pub fn enhanced(self) -> Option<bool> {
        self.window.flag(ENHANCED)
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

    /// Whether the egress control vector blocks or redirects requests to the port or function
    /// with this number; `None` without a bit for it or where not captured.
    pub fn egress_blocked(self, number: u8) -> Option<bool> {
        if u16::from(number) >= self.vector_bits()? {
            return None;
        }
        let word = 0x08 + 4 * u16::from(number / 32);
        self.window.bits(word, number % 32, 1).map(|bit| bit != 0)
    }

    fn registers(self) -> Vec<Register> {
        let mut registers = vec![CAPABILITY, CONTROL];
        let words = self.vector_bits().unwrap_or(0).div_ceil(32);
        for (word, name) in (0..words).zip(VECTOR) {
            registers.push(Register::plain(name, 0x08 + 4 * word, 4));
        }
        registers
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    fn image(capability: u16, control: u16, vector: &[u8]) -> ConfigImage {
        let mut bytes = vec![0x0d, 0x00, 0x01, 0x00]; // id, version 1, end of list
        bytes.extend(capability.to_le_bytes());
        bytes.extend(control.to_le_bytes());
        bytes.extend_from_slice(vector);
        ConfigImage::from_bytes(bytes)
    }

    #[test]
    fn a_port_with_isolation_on() {
        // SV TB RR CR UF DT possible; SV RR CR UF on
        let image = image(0x005f, 0x001d, &[]);
        let acs = Acs::new(image.window(0));
        assert_eq!(acs.capability().set.to_string(), "SV TB RR CR UF DT");
        assert_eq!(acs.control().set, AcsFlags::REQUIRED);
        assert!(acs.control().unknown().is_empty());
        assert_eq!(acs.control().clear().to_string(), "TB EC DT");
        assert_eq!((acs.enhanced(), acs.vector_bits()), (Some(false), None));
    }

    #[test]
    fn each_service_has_its_bit() {
        for (bit, short) in (0..7).zip(["SV", "TB", "RR", "CR", "UF", "EC", "DT"]) {
            let image = image(1 << bit, 0x7f & !(1 << bit), &[]);
            let acs = Acs::new(image.window(0));
            assert_eq!(acs.capability().set.to_string(), short);
            assert_eq!(acs.control().clear().to_string(), short);
        }
    }

    #[test]
    fn the_vector_size_has_eight_bits_and_zero_means_256() {
        for size in 0..=255_u8 {
            let image = image(u16::from_le_bytes([0x20, size]), 0, &[]);
            let expected = if size == 0 { 256 } else { u16::from(size) };
            assert_eq!(Acs::new(image.window(0)).vector_bits(), Some(expected));
        }
    }

    #[test]
    fn the_vector_has_a_bit_for_each_number() {
        // 33 bits: two words; numbers 0 and 32 are blocked
        let image = image(0x2120, 0x0020, &[0x01, 0, 0, 0, 0x01, 0, 0, 0]);
        let acs = Acs::new(image.window(0));
        assert_eq!(acs.egress_blocked(0), Some(true));
        assert_eq!(acs.egress_blocked(1), Some(false));
        assert_eq!(acs.egress_blocked(32), Some(true));
        assert_eq!(acs.egress_blocked(33), None);
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x10);
    }

    #[test]
    fn a_vector_of_256_bits_ends_at_28h() {
        assert_eq!(
            STRUCTURE.certain_length(image(0x0020, 0, &[]).window(0)),
            0x28
        );
        assert_eq!(
            STRUCTURE.certain_length(image(0x001d, 0, &[]).window(0)),
            0x08
        );
        assert_eq!(
            STRUCTURE.certain_length(image(0x2020, 0, &[]).window(0)),
            0x0c
        );
    }

    #[test]
    fn a_single_bit_of_a_text_is_known_alone() {
        let mut image = ConfigImage::empty();
        image.set_bits(0x06, 2, 1, 1).unwrap();
        image.set_bits(0x06, 3, 1, 0).unwrap();
        let control = Acs::new(image.window(0)).control();
        assert_eq!(control.set, AcsFlags::REQUEST_REDIRECT);
        assert_eq!(control.clear(), AcsFlags::COMPLETION_REDIRECT);
        assert_eq!(control.unknown().to_string(), "SV TB UF EC DT");
    }

    #[test]
    fn the_register_table_names_the_bits_that_the_flags_read() {
        let names = |register: Register| {
            register
                .fields
                .iter()
                .take(7)
                .map(|field| (field.bit, field.name))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(CAPABILITY)[4], (4, "ACS Upstream Forwarding"));
        for (capability, control) in names(CAPABILITY).into_iter().zip(names(CONTROL)) {
            assert_eq!(
                control,
                (capability.0, format!("{} Enable", capability.1).as_str())
            );
        }
    }
}
