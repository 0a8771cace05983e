//! In which order the kernel asks for groups: it decides who founds one.

use super::Options;
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::topology::Topology;

/// Every covered function in probe order.
pub(super) fn probe_order(
    host: &Host<'_>,
    topology: &Topology,
    iommu: &Iommu,
    options: Options,
) -> Vec<FunctionId> {
    let scan = scan_order(host, topology);
    if iommu.tables().is_empty() {
        // Coverage cannot be derived; but a kernel that grouped others and not this one shows
        // that no unit covers it (AMD's host bridge, and the unit's own function).
        let grouped = |id: &FunctionId| host.function(*id).reported.iommu_group.is_some();
        let all = !scan.iter().any(grouped);
        return scan.into_iter().filter(|id| all || grouped(id)).collect();
    }
    let covered = |id: &FunctionId| iommu.owner(*id).is_some();
    if !options.probe_by_unit {
        return scan.into_iter().filter(covered).collect();
    }
    // Each unit probes its own functions when it registers: units with explicit scopes in
    // reverse order of the table, then those that cover the rest (Linux
    // drivers/iommu/intel/dmar.c); AMD's in the order of the table.
    let rank = |unit: usize| {
        let all = iommu.units().get(unit).is_some_and(|unit| unit.include_all);
        let amd = iommu.units().iter().all(|unit| !unit.include_all);
        match (amd, all) {
            (true, _) => (0, unit),
            (false, true) => (1, unit),
            (false, false) => (0, usize::MAX - unit),
        }
    };
    let mut order: Vec<_> = scan
        .into_iter()
        .enumerate()
        .filter_map(|(place, id)| Some((rank(iommu.owner(id)?.unit), place, id)))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, id)| id).collect()
}

/// All functions of a bus, then what is below each of its bridges in turn; virtual functions
/// appear later than all others.
fn scan_order(host: &Host<'_>, topology: &Topology) -> Vec<FunctionId> {
    let mut order = Vec::with_capacity(host.functions().len());
    for (index, _) in topology.tops() {
        let mut stack = vec![topology.below(index)];
        while let Some(bus) = stack.pop() {
            order.extend(
                bus.iter()
                    .copied()
                    .filter(|&id| !host.function(id).is_virtual()),
            );
            let below = bus.into_iter().rev().map(|id| topology.children(id));
            stack.extend(below.filter(|children| !children.is_empty()));
        }
    }
    order.extend(
        host.iter()
            .filter(|(_, f)| f.is_virtual())
            .map(|(id, _)| id),
    );
    order
}
