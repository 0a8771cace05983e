//! ACPI tables that decide about assignment: who translates which device's DMA, where its
//! configuration space lies, and what the firmware keeps for itself.
//!
//! A table is decoded as far as it goes; a structure that cannot be read to its end becomes a
//! fault with its span, and what follows it is read all the same where its length allows.

pub mod device_scope;
pub mod dmar;
pub mod dump;
mod envelope;
pub mod fadt;
pub mod hest;
pub mod iort;
pub mod ivrs;
mod layout;
pub mod madt;
pub mod mcfg;
mod read;
mod sdt;
pub mod srat;
mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod viot;

pub use dump::dump;
pub use sdt::{SdtHeader, split_table};
pub use table::Table;
