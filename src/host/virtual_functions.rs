//! Which functions are virtual, and of which physical function.

use std::collections::BTreeMap;

use crate::addr::{Bdf, Sbdf};

use super::{Function, FunctionId};

/// Links each virtual function to its physical function: as reported (sysfs `physfn`), else
/// by the arithmetic of the SR-IOV capability (PCIe 6.0, 9.2.1.2), for functions whose ids
/// read as `ffff:ffff`. Blank ids are then filled in from the physical function.
pub(super) fn link(functions: &mut [Function<'_>]) {
    let by_address = |functions: &[Function<'_>], at: Sbdf| {
        functions
            .binary_search_by_key(&at, |function| function.at)
            .ok()
    };
    let mut links: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, function) in functions.iter().enumerate() {
        let reported = function.reported.physical_function.as_ref();
        if let Some(pf) = reported.and_then(|text| text.value.parse().ok())
            && let Some(pf) = by_address(functions, pf)
            && pf != index
        {
            links.insert(index, pf);
        }
    }
    let blank: Vec<usize> = (0..functions.len())
        .filter(|index| {
            let function = functions.get(*index);
            function.is_some_and(|f| f.space.header.has_blank_ids()) && !links.contains_key(index)
        })
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
            if range.contains(at) {
                links.entry(index).or_insert(pf);
            }
        }
    }
    apply(functions, &links);
}

fn apply(functions: &mut [Function<'_>], links: &BTreeMap<usize, usize>) {
    for (&vf, &pf) in links {
        let Some(physical) = functions.get(pf) else {
            continue;
        };
        let vendor = physical.identity.vendor;
        let device = physical
            .sriov()
            .present()
            .and_then(|sriov| sriov.vf_device_id());
        if let Some(function) = functions.get_mut(vf) {
            function.physical = Some(FunctionId::new(pf));
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
