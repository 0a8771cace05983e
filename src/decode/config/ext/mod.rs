//! Extended capabilities, one file each.

pub mod acs;
pub mod aer;
pub mod ari;
pub mod ats;
pub mod dpc;
pub mod dvsec;
pub mod l1ss;
pub mod ltr;
pub mod pasid;
pub mod pri;
pub mod ptm;
pub mod rebar;
pub mod serial;
pub mod sriov;
pub mod vsec;

use super::Structure;

/// Every extended capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[
    aer::STRUCTURE,
    serial::STRUCTURE,
    vsec::STRUCTURE,
    acs::STRUCTURE,
    ari::STRUCTURE,
    ats::STRUCTURE,
    sriov::STRUCTURE,
    pri::STRUCTURE,
    rebar::STRUCTURE,
    ltr::STRUCTURE,
    pasid::STRUCTURE,
    dpc::STRUCTURE,
    l1ss::STRUCTURE,
    ptm::STRUCTURE,
    dvsec::STRUCTURE,
    rebar::VF_STRUCTURE,
];
