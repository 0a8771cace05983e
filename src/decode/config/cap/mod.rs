//! Standard capabilities, one file each.

pub mod af;
mod agp;
mod agp_bridge;
pub mod bridge_subsystem;
mod debug_port;
pub mod ea;
pub mod express;
mod flattening_portal;
mod hot_plug;
mod hot_swap;
mod hyper_transport;
pub mod msi;
pub mod msix;
mod pci_x;
pub mod pm;
mod resource_control;
mod sata;
mod secure_device;
mod slot_id;
pub mod vendor;
pub mod vpd;

use super::Structure;

/// Every standard capability whose layout is known, by id.
pub(super) const STRUCTURES: &[Structure] = &[
    pm::STRUCTURE,
    agp::STRUCTURE,
    vpd::STRUCTURE,
    slot_id::STRUCTURE,
    msi::STRUCTURE,
    hot_swap::STRUCTURE,
    pci_x::STRUCTURE,
    hyper_transport::STRUCTURE,
    vendor::STRUCTURE,
    debug_port::STRUCTURE,
    resource_control::STRUCTURE,
    hot_plug::STRUCTURE,
    bridge_subsystem::STRUCTURE,
    agp_bridge::STRUCTURE,
    secure_device::STRUCTURE,
    express::STRUCTURE,
    msix::STRUCTURE,
    sata::STRUCTURE,
    af::STRUCTURE,
    ea::STRUCTURE,
    flattening_portal::STRUCTURE,
];
