//! Which functions are virtual, and of which physical function.

use super::{Function, FunctionId};
use crate::addr::{Bdf, Sbdf};
use crate::parallel;

/// Links each virtual function to its physical function: as reported (sysfs `physfn`), else
/// by the arithmetic of the SR-IOV capability (PCIe 6.0, 9.2.1.2), for functions whose ids
/// read as `ffff:ffff`. Blank ids are then filled in from the physical function.
pub(super) fn link(functions: &mut [Function<'_>]) {
    let mut links = parallel::map(functions, |_, function| {
        reported_physical(functions, function)
    });
    let blank: Vec<usize> = functions
        .iter()
        .zip(&links)
        .enumerate()
        .filter(|(_, (function, link))| link.is_none() && function.space.header.has_blank_ids())
        .map(|(index, _)| index)
        .collect();
    // A hostile capture may have many physical functions that claim the same wide range.
    let mut budget = 64 * functions.len();
    for (pf, function) in functions.iter().enumerate() {
        if blank.is_empty() || budget == 0 {
            break;
        }
        let Some(range) = VfRange::of(function) else {
            continue;
        };
        let from = blank.partition_point(|&index| address(functions, index) < range.first);
        for &index in blank.get(from..).unwrap_or_default() {
            let at = address(functions, index);
            if budget == 0 || at > range.last {
                break;
            }
            budget -= 1;
            if index != pf
                && range.contains(at)
                && let Some(link) = links.get_mut(index)
            {
                link.get_or_insert(FunctionId::new(pf));
            }
        }
    }
    apply(functions, &links);
}

/// The physical function as sysfs names it.
fn reported_physical(functions: &[Function<'_>], function: &Function<'_>) -> Option<FunctionId> {
    let at = function.physical_at?;
    let physical = functions.binary_search_by_key(&at, |other| other.at).ok()?;
    (at != function.at).then_some(FunctionId::new(physical))
}

fn apply(functions: &mut [Function<'_>], links: &[Option<FunctionId>]) {
    for (vf, pf) in links.iter().enumerate() {
        let Some(pf) = *pf else { continue };
        let Some(physical) = functions.get(pf.index()) else {
            continue;
        };
        let vendor = physical.identity.vendor;
        let device = physical
            .sriov()
            .present()
            .and_then(|sriov| sriov.vf_device_id());
        if let Some(function) = functions.get_mut(vf) {
            function.physical = Some(pf);
            function.identity.vendor = function.identity.vendor.or(vendor);
            function.identity.device = function.identity.device.or(device);
        }
    }
}

fn address(functions: &[Function<'_>], index: usize) -> Sbdf {
    let none = Sbdf::new(crate::addr::Segment(u32::MAX), Bdf::from_bits(u16::MAX));
    functions.get(index).map_or(none, |function| function.at)
}

/// The routing ids of the VFs that a PF has enabled.
struct VfRange {
    first: Sbdf,
    last: Sbdf,
    stride: u16,
}

impl VfRange {
    fn of(function: &Function<'_>) -> Option<Self> {
        let sriov = function.sriov().present()?;
        if !sriov.enabled()? {
            return None;
        }
        let count = sriov.num_vfs()?.checked_sub(1)?;
        let stride = sriov.vf_stride()?;
        let first = sriov.vf_address(function.at, 0)?;
        let end = Sbdf::new(first.segment, Bdf::from_bits(u16::MAX));
        let last = sriov.vf_address(function.at, count).unwrap_or(end);
        Some(Self {
            first,
            last,
            stride,
        })
    }

    fn contains(&self, at: Sbdf) -> bool {
        let Some(distance) = at.bdf.bits().checked_sub(self.first.bdf.bits()) else {
            return false;
        };
        match self.stride {
            0 => distance == 0,
            stride => distance % stride == 0,
        }
    }
}
