//! Device entries of an IVHD block (48882, 5.2.2.5).

use crate::addr::RequesterId;
use crate::bytes::Span;
use crate::decode::acpi::envelope::Envelope;
use crate::decode::acpi::read::{array, u16_at, u32_at};

/// One device entry and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceEntry {
    /// The entry's type.
    pub kind: u8,
    /// Device id; reserved in some types.
    pub device: RequesterId,
    /// Data setting: pass-through of legacy interrupts.
    pub setting: u8,
    /// Source id of alias entries (42h, 43h), device id of special ones (48h).
    pub source: Option<RequesterId>,
    /// Handle and variety of a special device (48h): 1 I/O APIC, 2 HPET.
    pub special: Option<(u8, u8)>,
    /// Extended settings (46h, 47h) as read.
    pub extended: Option<u32>,
    /// The ACPI device that an entry of type F0h names.
    pub acpi: Option<AcpiDevice>,
    /// Everything behind the data setting, as read.
    pub tail: Vec<u8>,
    /// Where it stands in the table.
    pub span: Span,
}

/// A device of the ACPI namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcpiDevice {
    /// Hardware id.
    pub hid: [u8; 8],
    /// Compatible id.
    pub cid: [u8; 8],
    /// Format of the unique id as read: 0 none, 1 integer, 2 text.
    pub uid_format: u8,
    /// Unique id.
    pub uid: Uid,
}

/// Unique id of an ACPI device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Uid {
    /// The entry has none.
    None,
    /// A number.
    Number(u64),
    /// Text; tables have an object path here.
    Text(String),
    /// A format that is not defined, or a length that contradicts it.
    Unknown(Vec<u8>),
}

impl DeviceEntry {
    /// Every device of the segment.
    pub const ALL: u8 = 0x01;
    /// One device.
    pub const SELECT: u8 = 0x02;
    /// First device of a range.
    pub const RANGE_START: u8 = 0x03;
    /// Last device of a range.
    pub const RANGE_END: u8 = 0x04;
    /// One device that uses another one's id.
    pub const ALIAS_SELECT: u8 = 0x42;
    /// First device of a range that uses another one's id.
    pub const ALIAS_RANGE_START: u8 = 0x43;
    /// One device with extended settings.
    pub const EXTENDED_SELECT: u8 = 0x46;
    /// First device of a range with extended settings.
    pub const EXTENDED_RANGE_START: u8 = 0x47;
    /// I/O APIC or HPET.
    pub const SPECIAL: u8 = 0x48;
    /// ACPI device by hardware id.
    pub const ACPI_HID: u8 = 0xf0;

    /// Length of the entry at the start of the slice; `None` for types whose length is not
    /// defined (80h to EFh and F1h on).
    pub(super) fn length(bytes: &[u8]) -> Option<usize> {
        match *bytes.first()? {
            kind @ 0..0x80 => Some(4 << (kind >> 6)),
            Self::ACPI_HID => Some(22 + usize::from(*bytes.get(21)?)),
            _ => None,
        }
    }

    pub(super) fn decode(envelope: Envelope<'_>) -> Option<Self> {
        let [kind, low, high, setting, tail @ ..] = envelope.bytes else {
            return None;
        };
        let (kind, id) = (*kind, |at| u16_at(tail, at).map(RequesterId));
        let source = match kind {
            Self::ALIAS_SELECT | Self::ALIAS_RANGE_START | Self::SPECIAL => id(1),
            _ => None,
        };
        let special = match (kind, tail) {
            (Self::SPECIAL, [handle, _, _, variety]) => Some((*handle, *variety)),
            _ => None,
        };
        let extended = match kind {
            Self::EXTENDED_SELECT | Self::EXTENDED_RANGE_START => u32_at(tail, 0),
            _ => None,
        };
        let acpi = (kind == Self::ACPI_HID).then(|| AcpiDevice::decode(tail));
        Some(Self {
            kind,
            device: RequesterId(u16::from_le_bytes([*low, *high])),
            setting: *setting,
            source,
            special,
            extended,
            acpi: acpi.flatten(),
            tail: tail.to_vec(),
            span: envelope.span(),
        })
    }
}

impl AcpiDevice {
    fn decode(tail: &[u8]) -> Option<Self> {
        let uid_format = *tail.get(16)?;
        let uid = tail.get(18..)?;
        Some(Self {
            hid: array(tail, 0)?,
            cid: array(tail, 8)?,
            uid_format,
            uid: match (uid_format, uid) {
                (0, []) => Uid::None,
                (1, uid) if uid.len() == 8 => Uid::Number(u64::from_le_bytes(array(uid, 0)?)),
                (2, uid) => {
                    let end = uid.iter().position(|&byte| byte == 0);
                    let text = uid.get(..end.unwrap_or(uid.len()))?;
                    Uid::Text(String::from_utf8_lossy(text).into_owned())
                }
                (_, uid) => Uid::Unknown(uid.to_vec()),
            },
        })
    }
}
