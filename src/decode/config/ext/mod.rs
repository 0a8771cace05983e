//! Extended capabilities, one file each.

pub mod acs;
pub mod sriov;

use super::Structure;

/// Every extended capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[acs::STRUCTURE, sriov::STRUCTURE];
