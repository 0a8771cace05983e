//! ACPI tables that decide about assignment: who translates which device's DMA.
//!
//! A table is decoded as far as it goes; a structure that cannot be read to its end becomes a
//! fault with its span, and what follows it is read all the same where its length allows.

pub mod device_scope;
pub mod dmar;
mod envelope;
pub mod ivrs;
mod sdt;

pub use sdt::{SdtHeader, split_table};
