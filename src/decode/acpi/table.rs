//! Any table, by its signature.

use super::dmar::Dmar;
use super::fadt::Fadt;
use super::hest::Hest;
use super::iort::Iort;
use super::ivrs::Ivrs;
use super::layout::Part;
use super::madt::Madt;
use super::mcfg::Mcfg;
use super::sdt::header_part;
use super::srat::Srat;
use super::viot::Viot;
use super::{SdtHeader, split_table};
use crate::bytes::Decoded;
use crate::spec::Document;

/// A decoded table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Table {
    /// DMA remapping, Intel.
    Dmar(Dmar),
    /// I/O virtualization, AMD.
    Ivrs(Ivrs),
    /// Memory mapped configuration space.
    Mcfg(Mcfg),
    /// Interrupt controllers (`APIC`).
    Madt(Madt),
    /// Fixed description (`FACP`).
    Fadt(Fadt),
    /// Proximity domains.
    Srat(Srat),
    /// Hardware error sources.
    Hest(Hest),
    /// virtio-iommu.
    Viot(Viot),
    /// I/O remapping, Arm.
    Iort(Iort),
    /// A table without a decoder, or one too short for it.
    Other(SdtHeader),
}

impl Table {
    /// Signatures of the tables that have a decoder.
    pub const SIGNATURES: [&'static [u8; 4]; 9] = [
        b"APIC", b"DMAR", b"FACP", b"HEST", b"IORT", b"IVRS", b"MCFG", b"SRAT", b"VIOT",
    ];

    /// Whether a table has a decoder, by its signature.
    pub fn has_decoder(bytes: &[u8]) -> bool {
        Self::SIGNATURES
            .iter()
            .any(|known| bytes.starts_with(*known))
    }

    /// Decodes a table by its signature. `None` where not even the common header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        fn as_table<T>(decoded: Decoded<T>, variant: fn(T) -> Table) -> Decoded<Table> {
            Decoded {
                value: variant(decoded.value),
                faults: decoded.faults,
            }
        }
        let known = match bytes.get(..4)? {
            b"DMAR" => Dmar::decode(bytes).map(|table| as_table(table, Self::Dmar)),
            b"IVRS" => Ivrs::decode(bytes).map(|table| as_table(table, Self::Ivrs)),
            b"MCFG" => Mcfg::decode(bytes).map(|table| as_table(table, Self::Mcfg)),
            b"APIC" => Madt::decode(bytes).map(|table| as_table(table, Self::Madt)),
            b"FACP" => Fadt::decode(bytes).map(|table| as_table(table, Self::Fadt)),
            b"SRAT" => Srat::decode(bytes).map(|table| as_table(table, Self::Srat)),
            b"HEST" => Hest::decode(bytes).map(|table| as_table(table, Self::Hest)),
            b"VIOT" => Viot::decode(bytes).map(|table| as_table(table, Self::Viot)),
            b"IORT" => Iort::decode(bytes).map(|table| as_table(table, Self::Iort)),
            _ => None,
        };
        known.or_else(|| {
            let mut faults = Vec::new();
            let (header, _) = split_table(bytes, &mut faults)?;
            Some(Decoded {
                value: Self::Other(header),
                faults,
            })
        })
    }

    /// The common header.
    pub const fn header(&self) -> &SdtHeader {
        match self {
            Self::Dmar(table) => &table.header,
            Self::Ivrs(table) => &table.header,
            Self::Mcfg(table) => &table.header,
            Self::Madt(table) => &table.header,
            Self::Fadt(table) => &table.header,
            Self::Srat(table) => &table.header,
            Self::Hest(table) => &table.header,
            Self::Viot(table) => &table.header,
            Self::Iort(table) => &table.header,
            Self::Other(header) => header,
        }
    }

    /// Its structures in the order of the table, the header first. `bytes` is what it was
    /// decoded from.
    pub(super) fn parts(&self, bytes: &[u8]) -> Vec<Part> {
        match self {
            Self::Dmar(table) => table.parts(),
            Self::Ivrs(table) => table.parts(),
            Self::Mcfg(table) => table.parts(),
            Self::Madt(table) => table.parts(),
            Self::Fadt(table) => table.parts(),
            Self::Srat(table) => table.parts(),
            Self::Hest(table) => table.parts(),
            Self::Viot(table) => table.parts(),
            Self::Iort(table) => table.parts(bytes),
            Self::Other(_) => {
                let spec = Document::Acpi65.at("5.2.6 System Description Table Header");
                vec![header_part("table header", 36, spec, &[])]
            }
        }
    }
}
