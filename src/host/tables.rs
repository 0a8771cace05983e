//! The ACPI tables of a machine that have a decoder, decoded once.

use crate::bytes::{Decoded, Fault};
use crate::capture::Capture;
use crate::decode::acpi::Table;
use crate::decode::acpi::dmar::Dmar;
use crate::decode::acpi::fadt::Fadt;
use crate::decode::acpi::hest::Hest;
use crate::decode::acpi::iort::Iort;
use crate::decode::acpi::ivrs::Ivrs;
use crate::decode::acpi::madt::Madt;
use crate::decode::acpi::mcfg::Mcfg;
use crate::decode::acpi::srat::Srat;
use crate::decode::acpi::viot::Viot;

/// A captured table.
#[derive(Debug)]
pub struct AcpiTable<'c> {
    /// Its name in the capture: the signature, numbered where several tables share it.
    pub name: &'c str,
    /// Its bytes.
    pub bytes: &'c [u8],
    /// What it says.
    pub table: Table,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// The decoded tables of a machine, by name.
#[derive(Debug, Default)]
pub struct AcpiTables<'c> {
    tables: Vec<AcpiTable<'c>>,
}

/// One iterator for each kind of table: a machine may have several of a signature.
macro_rules! of_kind {
    ($($(#[$meta:meta])* $name:ident: $kind:ident,)*) => {
        $($(#[$meta])*
        pub fn $name(&self) -> impl Iterator<Item = (&AcpiTable<'c>, &$kind)> {
            self.iter().filter_map(|table| match &table.table {
                Table::$kind(decoded) => Some((table, decoded)),
                _ => None,
            })
        })*
    };
}

impl<'c> AcpiTables<'c> {
    /// Decodes the tables of a capture that have a decoder.
    pub(super) fn of(capture: &'c Capture) -> Self {
        let tables = capture
            .tables
            .iter()
            .filter(|(_, bytes)| Table::has_decoder(bytes))
            .filter_map(|(name, bytes)| {
                let Decoded {
                    value: table,
                    faults,
                } = Table::decode(bytes)?;
                Some(AcpiTable {
                    name,
                    bytes,
                    table,
                    faults,
                })
            })
            .collect();
        Self { tables }
    }

    /// Every table, by name.
    pub fn iter(&self) -> impl Iterator<Item = &AcpiTable<'c>> {
        self.tables.iter()
    }

    of_kind! {
        /// DMA remapping tables.
        dmar: Dmar,
        /// I/O virtualization tables.
        ivrs: Ivrs,
        /// Tables of memory mapped configuration space.
        mcfg: Mcfg,
        /// Tables of interrupt controllers.
        madt: Madt,
        /// Fixed description tables.
        fadt: Fadt,
        /// Tables of proximity domains.
        srat: Srat,
        /// Tables of hardware error sources.
        hest: Hest,
        /// Virtual I/O translation tables.
        viot: Viot,
        /// I/O remapping tables.
        iort: Iort,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    #[test]
    fn tables_that_share_a_signature_stay_apart() {
        let mut capture = Capture::default();
        let of = |base: u8| {
            let mut body = vec![0; 8];
            body.extend([0, 0, 0, base, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0]);
            table(b"MCFG", 1, &body)
        };
        capture.tables.insert("MCFG".to_owned(), of(0xe0));
        capture.tables.insert("MCFG2".to_owned(), of(0xf0));
        capture
            .tables
            .insert("DSDT".to_owned(), table(b"DSDT", 2, &[0; 64]));
        let tables = AcpiTables::of(&capture);
        let found: Vec<_> = tables
            .mcfg()
            .map(|(table, mcfg)| (table.name, mcfg.allocations[0].base))
            .collect();
        assert_eq!(found, [("MCFG", 0xe000_0000), ("MCFG2", 0xf000_0000)]);
        assert_eq!(tables.iter().count(), 2);
    }
}
