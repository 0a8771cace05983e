//! Bytes into structures: values and faults, no judgement and no I/O.
//!
//! Nothing here panics, loops or guesses, whatever the bytes. A structure that cannot be
//! read to its end is decoded as far as it goes, and the fault says where it stopped.

pub mod acpi;
pub mod config;
pub mod kernel_log;
pub mod vpd;
