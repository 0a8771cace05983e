//! Whether VFIO hands a group over as it stands, and whether it takes it then.
//!
//! A group is viable when no member is held by a driver of the host (Linux drivers/vfio,
//! `vfio_dev_viable`; since 5.18 drivers/iommu/iommu.c, `iommu_group_claim_dma_owner`). A viable
//! group may still be refused: for memory that the firmware reserves, or because interrupts are
//! not remapped.

use crate::analysis::direct_memory::direct_region;
use crate::analysis::reserved::reserved_regions;
use crate::host::{Function, FunctionId, Host};
use crate::iommu::Iommu;
use crate::topology::Topology;

/// How VFIO sees a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Viability {
    /// Members that a driver of the host holds: each must be detached.
    pub held: Vec<FunctionId>,
    /// Bridges and ports of the group: they may stay with their driver.
    pub may_stay: Vec<FunctionId>,
    /// Members with memory that the firmware reserves for them: VFIO refuses the whole group.
    pub reserved: Vec<FunctionId>,
    /// The capture tells which drivers are bound at all.
    pub drivers_known: bool,
}

impl Viability {
    /// Whether VFIO would hand the group over as it stands; `None` where the capture tells no
    /// drivers.
    pub fn is_viable(&self) -> Option<bool> {
        self.drivers_known.then_some(self.held.is_empty())
    }

    /// Of the members of a group.
    pub fn of(
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        members: impl IntoIterator<Item = FunctionId>,
    ) -> Self {
        let mut viability = Self {
            drivers_known: host
                .functions()
                .iter()
                .any(|function| function.reported.driver.is_some()),
            ..Self::default()
        };
        for id in members {
            let function = host.function(id);
            let bridge = topology.kind(id).is_bridge();
            let driver = function.reported.driver.as_ref();
            match driver {
                Some(driver) if !lets_go(&driver.value, bridge) => viability.held.push(id),
                _ if bridge => viability.may_stay.push(id),
                _ => {}
            }
            if has_direct_memory(host, topology, iommu, id, function) {
                viability.reserved.push(id);
            }
        }
        viability
    }
}

/// Whether a driver leaves the group free for VFIO: VFIO's own, the placeholder, and those of
/// ports, which do no DMA on their own account.
pub fn lets_go(driver: &str, bridge: bool) -> bool {
    driver.contains("vfio") || driver == "pci-stub" || driver == "pcieport" || {
        // Conventional bridges have no driver worth the name.
        bridge && driver == "shpchp"
    }
}

/// Whether the firmware reserves memory for the function that VFIO cannot leave out: by the
/// kernel's list, else by the tables.
fn has_direct_memory(
    host: &Host<'_>,
    topology: &Topology,
    iommu: &Iommu,
    id: FunctionId,
    function: &Function<'_>,
) -> bool {
    let by_table = || direct_region(host, topology, iommu, id).is_some();
    match reserved_regions(function) {
        // The list is the group's: the tables tell whose region it is.
        Some(mut regions) => {
            let any = regions.any(|region| !region.relaxable);
            any && (iommu.tables().is_empty() || by_table())
        }
        None => by_table(),
    }
}
