//! Capabilities as a description states them: a flag where the usual form will do, a table
//! where it will not.

use serde::Deserialize;

use super::bar::Bar;
use super::text::{HexBytes, Ids, Number, Window};

/// `"full"`, `"none"`, `"disabled"`, or the two words.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"full\", \"none\", \"disabled\" or { cap, ctrl }"
)]
pub enum Acs {
    /// One of the usual states.
    Named(AcsState),
    /// The registers themselves.
    Words(AcsWords),
}

/// The usual states of access control services.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AcsState {
    /// Everything that the kind can have, switched on as Linux does.
    Full,
    /// No capability.
    None,
    /// The capability is there and off.
    Disabled,
}

/// The registers of access control services (PCIe 6.0, 7.7.11).
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcsWords {
    /// Capability word without the size of the egress control vector.
    pub cap: u16,
    /// Control word.
    pub ctrl: u16,
    /// Egress control vector; its length gives the size.
    pub vector: HexBytes,
}

/// `true`, `false`, or the number of vectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged, expecting = "expected true, false or a number of vectors")]
pub enum Msi {
    /// One vector, or none.
    Present(bool),
    /// 1, 2, 4, 8, 16 or 32; other numbers are rounded up.
    Vectors(u8),
}

/// `false`, the number of vectors, or the whole place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected false, a number of vectors or { vectors, bar, table, pba }"
)]
pub enum MsiX {
    /// `false`: none; `true`: one vector.
    Present(bool),
    /// 1 to 2048, in the first memory BAR.
    Vectors(u16),
    /// With its place.
    Place(MsiXPlace),
}

/// Where MSI-X lies (PCIe 6.0, 7.7.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MsiXPlace {
    /// 1 to 2048.
    pub vectors: u16,
    /// BAR of both tables, 0 to 7.
    pub bar: u8,
    /// Offset of the vectors.
    pub table: u32,
    /// Offset of the pending bits.
    pub pba: u32,
}

/// `true`, `false`, or the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected true, false or { no_soft_reset, state, pme }"
)]
pub enum PowerManagement {
    /// The usual one, or none.
    Present(bool),
    /// The state of the function.
    State(PowerWords),
}

/// Power management state (PCI PM 1.2, chapter 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PowerWords {
    /// Going from D3hot to D0 keeps the function's state.
    pub no_soft_reset: bool,
    /// Power state, 0 to 3.
    pub state: u8,
    /// States from which it can wake, bit 0 = D0 … bit 4 = D3cold.
    pub pme: u8,
}

/// `true`, `false`, or the registers that may differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected true, false or { version, type, speed, width }"
)]
pub enum Express {
    /// The usual one, or none.
    Present(bool),
    /// With its details.
    Words(ExpressWords),
}

/// Details of the PCI Express capability (PCIe 6.0, 7.5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpressWords {
    /// Capability version, 1 or 2.
    pub version: u8,
    /// Device/Port Type in place of the one of the kind.
    #[serde(rename = "type")]
    pub port_type: Option<u8>,
    /// Link speed, 1 = 2.5 GT/s … 6 = 64 GT/s.
    pub speed: u8,
    /// Link width in lanes.
    pub width: u8,
}

/// Advanced features of a conventional function (PCI 3.0 ECN, advanced capabilities): `{}` has both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdvancedFeatures {
    /// Transactions Pending.
    pub tp: bool,
    /// Function level reset.
    pub flr: bool,
}

/// `true`, or the registers of address translation services.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged, expecting = "expected true, false or { enabled }")]
pub enum Ats {
    /// Present and off, or absent.
    Present(bool),
    /// Present.
    State {
        /// Switched on.
        enabled: bool,
    },
}

/// Single root I/O virtualisation (PCIe 6.0, 9.3.3).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sriov {
    /// VFs that the hardware has.
    pub total: u16,
    /// VFs that are switched on.
    pub enabled: u16,
    /// Vendor and device id of the VFs; the vendor is not used.
    pub id: Option<Ids>,
    /// First VF Offset.
    pub offset: Option<u16>,
    /// VF Stride.
    pub stride: Option<u16>,
    /// VF BARs, each the size for one VF.
    pub bars: Vec<Bar>,
    /// MSI-X vectors of each VF.
    pub msix: Option<u16>,
    /// Access control services of each VF.
    pub acs: Option<Acs>,
    /// Driver bound to each VF.
    pub driver: Option<String>,
    /// IOMMU group of the first VF; each further one has the next number.
    pub iommu_group: Option<u32>,
    /// Bytes of each VF's configuration space in the capture.
    pub captured_bytes: Option<u16>,
}

/// One resizable BAR (PCIe 6.0, 7.8.6).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResizableBar {
    /// BAR number.
    pub bar: u8,
    /// Sizes that it can have; a power of two from 1M on.
    pub sizes: Vec<Number>,
    /// Size that it has.
    pub current: Number,
}

/// One entry of enhanced allocation (PCIe 6.0, 7.8.5).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EaEntry {
    /// BAR equivalent indicator: 0-5 BAR, 6 behind the bridge, 7 none, 8 ROM, 9-14 VF BAR.
    pub bei: u8,
    /// Primary properties: 0 memory, 1 prefetchable, 2 I/O, 3 and 4 VF memory.
    #[serde(default)]
    pub properties: u8,
    /// First address.
    pub base: Number,
    /// Length in bytes; a multiple of four.
    pub size: Number,
}

/// A capability that the description states byte by byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCapability {
    /// Capability id.
    pub id: u16,
    /// Version of an extended capability.
    #[serde(default = "one")]
    pub version: u8,
    /// What follows the header.
    #[serde(default)]
    pub bytes: HexBytes,
}

/// Windows of a bridge in place of those that the synthesiser would choose.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forwards {
    /// I/O ports.
    pub io: Option<Window>,
    /// Memory.
    pub memory: Option<Window>,
    /// Prefetchable memory.
    pub prefetchable: Option<Window>,
}

/// Bytes written over the finished space.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Offset from the start of the space.
    pub offset: u16,
    /// The bytes.
    pub bytes: HexBytes,
}

impl Ats {
    /// Whether it is on; `None` where there is no capability.
    pub const fn enabled(self) -> Option<bool> {
        match self {
            Self::Present(false) => None,
            Self::Present(true) => Some(false),
            Self::State { enabled } => Some(enabled),
        }
    }
}

impl Default for PowerWords {
    fn default() -> Self {
        Self {
            no_soft_reset: true,
            state: 0,
            pme: 0b01001,
        }
    }
}

impl Default for ExpressWords {
    fn default() -> Self {
        Self {
            version: 2,
            port_type: None,
            speed: 3,
            width: 4,
        }
    }
}

impl Default for AdvancedFeatures {
    fn default() -> Self {
        Self {
            tp: true,
            flr: true,
        }
    }
}

const fn one() -> u8 {
    1
}
