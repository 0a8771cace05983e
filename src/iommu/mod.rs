//! Who translates each function's DMA, and which memory the firmware reserves for it.
//!
//! Read from the captured DMAR or IVRS table, with paths walked through the bridges' bus
//! numbers as captured. What a table says of devices that the capture does not hold stays a
//! table entry without a function.

mod amd;
mod intel;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::addr::{Sbdf, Segment};
use crate::bytes::{Fault, Span};
use crate::decode::acpi::{self, dmar::Dmar};
use crate::host::{FunctionId, Host};
use crate::range::AddrRange;
use crate::topology::Topology;

/// The remapping tables of a host, resolved to its functions.
#[derive(Debug, Default)]
pub struct Iommu {
    tables: Vec<Table>,
    units: Vec<Unit>,
    /// Index into `units` for each function.
    owners: Vec<Option<Ownership>>,
    /// Reserved memory by the function or bridge that the table names.
    scoped: BTreeMap<FunctionId, Vec<ReservedRegion>>,
    /// Reserved memory by requester id.
    memory: Vec<MemoryBlock>,
}

/// Reserved memory of a range of requester ids.
#[derive(Clone, Copy, Debug)]
struct MemoryBlock {
    segment: Segment,
    first: u16,
    last: u16,
    region: ReservedRegion,
}

/// A remapping table that was captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// Its name in the capture, e.g. `DMAR`.
    pub name: String,
    /// Which table it is.
    pub kind: TableKind,
    /// It says that interrupts can be remapped: DMAR flag bit 0, or an IVRS at all.
    pub interrupt_remapping: bool,
    /// What is wrong with its bytes.
    pub faults: Vec<Fault>,
}

/// A remapping unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Register base.
    pub base: u64,
    /// It covers what no other unit of its segment names.
    pub include_all: bool,
    /// Where it stands in the table.
    pub span: Span,
}

/// Which unit translates a function, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ownership {
    /// Index into [`Iommu::units`].
    pub unit: usize,
    /// Why.
    pub reason: OwnershipReason,
}

/// Why a unit translates a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnershipReason {
    /// The table names the function.
    Named,
    /// The table names a bridge above it.
    BelowNamedBridge(FunctionId),
    /// The unit covers the rest of its segment.
    IncludeAll,
    /// A range, or the entry for all devices, holds its id.
    Range,
}

/// Memory that the firmware reserves for a function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReservedRegion {
    /// The addresses.
    pub range: AddrRange,
    /// Where it stands in the table.
    pub span: Span,
    /// The table.
    pub table: TableKind,
}

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TableKind {
    /// Intel's RMRR.
    Dmar,
    /// AMD's IVMD.
    Ivrs,
}

impl TableKind {
    /// Its signature.
    pub const fn signature(self) -> &'static str {
        match self {
            Self::Dmar => "DMAR",
            Self::Ivrs => "IVRS",
        }
    }
}

impl Iommu {
    /// Reads the tables of a host. Without a table there is nothing in it.
    pub fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let mut iommu = Self {
            owners: vec![None; host.functions().len()],
            ..Self::default()
        };
        for table in host.acpi().iter() {
            let (kind, interrupt_remapping) = match &table.table {
                acpi::Table::Dmar(dmar) => {
                    intel::resolve(&mut iommu, host, topology, dmar);
                    (TableKind::Dmar, dmar.flags & Dmar::INTERRUPT_REMAPPING != 0)
                }
                acpi::Table::Ivrs(ivrs) => {
                    amd::resolve(&mut iommu, host, ivrs);
                    (TableKind::Ivrs, true)
                }
                _ => continue,
            };
            iommu.tables.push(Table {
                name: table.name.to_owned(),
                kind,
                interrupt_remapping,
                faults: table.faults.clone(),
            });
        }
        iommu
    }

    /// The tables that were captured.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The units, in the order of the tables.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Which unit translates a function; `None` where no table was captured or none names it.
    pub fn owner(&self, id: FunctionId) -> Option<Ownership> {
        self.owners.get(id.index()).copied().flatten()
    }

    /// Memory that the firmware reserves for a function: named itself, through a bridge above
    /// it (VT-d, 8.4), or by its requester id. A virtual function has its physical function's.
    pub fn reserved<'i>(
        &'i self,
        host: &'i Host<'_>,
        topology: &'i Topology,
        id: FunctionId,
    ) -> impl Iterator<Item = ReservedRegion> + 'i {
        let (physical, at) = translated_as(host, id);
        let bits = at.bdf.bits();
        let by_scope = topology
            .upstream(physical)
            .filter_map(|hop| self.scoped.get(&hop))
            .flatten()
            .copied();
        let by_id = self
            .memory
            .iter()
            .filter(move |block| {
                block.segment == at.segment && (block.first..=block.last).contains(&bits)
            })
            .map(|block| block.region);
        by_scope.chain(by_id)
    }

    /// Gives a function to a unit, unless another one has it.
    fn claim(&mut self, id: FunctionId, unit: usize, reason: OwnershipReason) {
        if let Some(owner @ None) = self.owners.get_mut(id.index()) {
            *owner = Some(Ownership { unit, reason });
        }
    }
}

/// The function whose requester id stands for this one in the tables: the physical function
/// of a virtual one.
fn translated_as(host: &Host<'_>, id: FunctionId) -> (FunctionId, Sbdf) {
    let id = host.function(id).physical.unwrap_or(id);
    (id, host.function(id).at)
}
