//! Extended capabilities, one file each.

pub mod acs;
pub mod aer;
mod alternate_protocol;
pub mod ari;
pub mod ats;
mod cac;
mod data_link_feature;
mod device_3;
mod doe;
mod dpa;
pub mod dpc;
pub mod dvsec;
mod flit_logging;
mod frs;
mod hierarchy_id;
mod ide;
pub mod l1ss;
mod lane_margining;
mod lanes;
mod lnr;
pub mod ltr;
mod multicast;
mod npem;
pub mod pasid;
mod phy_16gt;
mod phy_32gt;
mod phy_64gt;
mod pmux;
mod power_budgeting;
pub mod pri;
pub mod ptm;
mod rc_internal_link;
mod rc_link;
mod rcec;
mod rcrb;
mod readiness_time;
pub mod rebar;
mod secondary;
pub mod serial;
mod sfi;
pub mod sriov;
mod tph;
mod vc;
pub mod vsec;

use super::Structure;

/// Every extended capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[
    aer::STRUCTURE,
    vc::STRUCTURE,
    serial::STRUCTURE,
    power_budgeting::STRUCTURE,
    rc_link::STRUCTURE,
    rc_internal_link::STRUCTURE,
    rcec::STRUCTURE,
    vc::MFVC,
    vc::WITH_MFVC,
    rcrb::STRUCTURE,
    vsec::STRUCTURE,
    cac::STRUCTURE,
    acs::STRUCTURE,
    ari::STRUCTURE,
    ats::STRUCTURE,
    sriov::STRUCTURE,
    multicast::STRUCTURE,
    pri::STRUCTURE,
    rebar::STRUCTURE,
    dpa::STRUCTURE,
    tph::STRUCTURE,
    ltr::STRUCTURE,
    secondary::STRUCTURE,
    pmux::STRUCTURE,
    pasid::STRUCTURE,
    lnr::STRUCTURE,
    dpc::STRUCTURE,
    l1ss::STRUCTURE,
    ptm::STRUCTURE,
    frs::STRUCTURE,
    readiness_time::STRUCTURE,
    dvsec::STRUCTURE,
    rebar::VF_STRUCTURE,
    data_link_feature::STRUCTURE,
    phy_16gt::STRUCTURE,
    lane_margining::STRUCTURE,
    hierarchy_id::STRUCTURE,
    npem::STRUCTURE,
    phy_32gt::STRUCTURE,
    alternate_protocol::STRUCTURE,
    sfi::STRUCTURE,
    doe::STRUCTURE,
    device_3::STRUCTURE,
    ide::STRUCTURE,
    phy_64gt::STRUCTURE,
    flit_logging::STRUCTURE,
];
