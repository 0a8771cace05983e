//! Standard capabilities, one file each.

pub mod af;
pub mod bridge_subsystem;
pub mod ea;
pub mod express;
pub mod msi;
pub mod msix;
pub mod pm;
pub mod vendor;
pub mod vpd;

use super::Structure;

/// Every standard capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[
    pm::STRUCTURE,
    vpd::STRUCTURE,
    msi::STRUCTURE,
    vendor::STRUCTURE,
    bridge_subsystem::STRUCTURE,
    express::STRUCTURE,
    msix::STRUCTURE,
    af::STRUCTURE,
    ea::STRUCTURE,
];
