//! Named exceptions for single devices, as the Linux kernel lists them. Facts, no logic.

pub mod acs;
pub mod alias;
mod device;

pub use device::*;
