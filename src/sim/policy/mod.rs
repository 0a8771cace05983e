//! Where each platform looks for address space, and in which order it hands it out.
//!
//! The numbers are those of the platforms' sources and documents, cited where they stand.

pub mod hyperv;
pub mod linux;
pub mod ovmf;
pub mod qemu;
pub mod seabios;
pub mod tree;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

/// Binary units.
pub(crate) const MIB: u64 = 1 << 20;
/// Binary units.
pub(crate) const GIB: u64 = 1 << 30;
