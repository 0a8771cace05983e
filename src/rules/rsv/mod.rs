//! RSV: memory that the firmware reserves for a device.

mod rsv001_reserved_memory;
mod rsv002_reserved_memory_direct;
mod rsv003_reserved_range_malformed;
mod rsv005_reserved_memory_of_nobody;
mod rsv006_reserved_ranges_overlap;
mod rsv007_reserved_memory_reports_differ;
mod rsv008_log_differs_from_table;
mod rsv070_reserved_range_not_in_memory_map;

pub(in crate::rules) use rsv001_reserved_memory::RSV001;
pub(in crate::rules) use rsv002_reserved_memory_direct::RSV002;
pub(in crate::rules) use rsv003_reserved_range_malformed::RSV003;
pub(in crate::rules) use rsv005_reserved_memory_of_nobody::RSV005;
pub(in crate::rules) use rsv006_reserved_ranges_overlap::RSV006;
pub(in crate::rules) use rsv007_reserved_memory_reports_differ::RSV007;
pub(in crate::rules) use rsv008_log_differs_from_table::RSV008;
pub(in crate::rules) use rsv070_reserved_range_not_in_memory_map::RSV070;

use super::{Evidence, Locus, Value};
use crate::iommu::{ReservedRegion, TableKind};

/// The structure of a firmware table that reserves memory.
pub(in crate::rules) fn table_evidence(region: ReservedRegion) -> Evidence {
    let what = match region.table {
        TableKind::Dmar => "RMRR",
        TableKind::Ivrs => "IVMD",
        _ => "reserved memory",
    };
    Evidence::new(
        Locus::Table(region.table, region.span),
        what,
        Value::Range(region.range),
    )
}
