//! Standard capabilities, one file each.

pub mod express;
pub mod msi;
pub mod msix;

use super::Structure;

/// Every standard capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[msi::STRUCTURE, express::STRUCTURE, msix::STRUCTURE];
