//! RSV: memory that the firmware reserves for a device.

mod rsv001_reserved_memory;
mod rsv002_reserved_memory_direct;

pub(in crate::rules) use rsv001_reserved_memory::RSV001;
pub(in crate::rules) use rsv002_reserved_memory_direct::RSV002;

use super::{Evidence, Locus, Value};
use crate::iommu::{ReservedRegion, TableKind};

/// The structure of a firmware table that reserves memory.
fn table_evidence(region: ReservedRegion) -> Evidence {
    let what = match region.table {
        TableKind::Dmar => "RMRR",
        TableKind::Ivrs => "IVMD",
    };
    Evidence::new(
        Locus::Table(region.table, region.span),
        what,
        Value::Range(region.range),
    )
}
