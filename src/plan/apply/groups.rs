//! IOMMU groups of a changed host.

use super::{Change, fact, isolation};
use crate::addr::Sbdf;
use crate::analysis::groups::{Groups, Options};
use crate::capture::Capture;
use crate::host::Host;
use crate::iommu::Iommu;
use crate::topology::Topology;

/// What the kernel is told to take for isolated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Assumed {
    pub(super) downstream: bool,
    pub(super) multifunction: bool,
}

/// Replaces the reported groups by those that the kernel would make of the changed host. A
/// capture without groups gets some where the IOMMU was switched on, and none otherwise.
pub(super) fn report(
    capture: &mut Capture,
    original: &Capture,
    changes: &[Change],
    assumed: &Assumed,
) {
    let had = original
        .functions
        .values()
        .any(|record| record.properties.iommu_group.is_some());
    if !had && !changes.contains(&Change::Iommu) {
        return;
    }
    let reset = changes.contains(&Change::Iommu) && !had;
    let groups = predicted(capture, assumed);
    for (at, group) in groups {
        let properties = &mut capture.function(at).properties;
        properties.iommu_group = group.map(fact);
    }
    if reset {
        // Nothing was reserved for DMA while there was none; the tables say what would be.
        for record in capture.functions.values_mut() {
            record.properties.reserved_regions = None;
        }
    }
}

/// The number of each function's group. The override is played by giving ACS to what it
/// names, in a copy that is thrown away.
fn predicted(capture: &Capture, assumed: &Assumed) -> Vec<(Sbdf, Option<u32>)> {
    let mut copy = capture.clone();
    for at in overridden(capture, assumed) {
        // What cannot be changed for want of bytes stays as it is.
        let _ = isolation::set_acs(&mut copy, at, true);
    }
    let host = Host::from_capture(&copy);
    let topology = Topology::of(&host);
    let iommu = Iommu::of(&host, &topology);
    let options = Options {
        as_captured: false,
        ..Options::for_host(&host)
    };
    let groups = Groups::predict(&host, &topology, &iommu, options);
    let mut numbers = vec![None; host.functions().len()];
    for (number, (_, members)) in (0..).zip(groups.iter()) {
        for id in members {
            if let Some(place) = numbers.get_mut(id.index()) {
                *place = Some(number);
            }
        }
    }
    let addresses = host.functions().iter().map(|function| function.at);
    addresses.zip(numbers).collect()
}

fn overridden(capture: &Capture, assumed: &Assumed) -> Vec<Sbdf> {
    if !assumed.downstream && !assumed.multifunction {
        return Vec::new();
    }
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    host.iter()
        .filter(|&(id, _)| {
            let port = topology.kind(id).is_downstream_port();
            let several = topology.is_multi_function(id) == Some(true);
            assumed.downstream && port || assumed.multifunction && several && !port
        })
        .map(|(_, function)| function.at)
        .collect()
}
