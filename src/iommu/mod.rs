//! Who translates each function's DMA, and which memory the firmware reserves for it.
//!
//! Read from the captured DMAR, IVRS, VIOT or IORT table, with paths walked through the bridges' bus
//! numbers as captured. What a table says of devices that the capture does not hold stays a
//! table entry without a function.

mod amd;
mod arm;
mod intel;
mod scope;
#[cfg(test)]
mod tests;
mod virtual_units;

pub use scope::{Found, Scope, ScopeOwner};

use std::collections::BTreeMap;

use crate::addr::{RequesterId, Sbdf, Segment};
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
    scopes: Vec<Scope>,
    /// The one function that opens a domain beyond 16 bits, where there is just one.
    domain_controller: Option<FunctionId>,
    /// Index into `units` for each function.
    owners: Vec<Option<Ownership>>,
    /// Functions that a unit took from another one, which an IVRS table names as well.
    contested: Vec<Contested>,
    /// Reserved memory by the function or bridge that the table names.
    scoped: BTreeMap<FunctionId, Vec<ReservedRegion>>,
    /// Reserved memory by requester id.
    memory: Vec<MemoryBlock>,
}

/// A function that two units of a table without scopes cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contested {
    /// The function.
    pub function: FunctionId,
    /// Index into [`Iommu::units`] of the unit that had it before.
    pub before: usize,
    /// Index of the one that has it now.
    pub unit: usize,
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
    /// Whether it says that interrupts can be remapped: by DMAR flag bit 0, or by being an IVRS
    /// at all. `None` for tables that say nothing of it.
    pub interrupt_remapping: Option<bool>,
    /// What is wrong with its bytes.
    pub faults: Vec<Fault>,
}

/// A remapping unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// The table that describes it.
    pub table: TableKind,
    /// PCI segment.
    pub segment: Segment,
    /// Register base.
    pub base: u64,
    /// It covers what no other unit of its segment names.
    pub include_all: bool,
    /// The PCI function that the unit itself is (AMD).
    pub device: Option<RequesterId>,
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
    /// A range holds its id.
    Range,
    /// An entry for all devices of the segment.
    All,
    /// Another device's entry says that it uses this function's id as an alias.
    Alias,
    /// It is a virtual function, translated as its physical function.
    WithPhysicalFunction(FunctionId),
    /// It belongs to a domain that a controller opens (Intel VMD), translated as that
    /// controller.
    WithController(FunctionId),
}

impl OwnershipReason {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::BelowNamedBridge(_) => "below-named-bridge",
            Self::IncludeAll => "include-all",
            Self::Range => "range",
            Self::All => "all",
            Self::Alias => "alias",
            Self::WithPhysicalFunction(_) => "with-physical-function",
            Self::WithController(_) => "with-controller",
        }
    }

    /// The reason for a function that is translated as another one, or as itself.
    fn of(host: &Host<'_>, id: FunctionId, translated: FunctionId, own: Self) -> Self {
        if id == translated {
            own
        } else if host.function(id).physical == Some(translated) {
            Self::WithPhysicalFunction(translated)
        } else {
            Self::WithController(translated)
        }
    }
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
    /// Intel's units and reserved memory.
    Dmar,
    /// AMD's units and reserved memory.
    Ivrs,
    /// Virtio's units.
    Viot,
    /// Units of Arm machines.
    Iort,
    /// Memory mapped configuration space.
    Mcfg,
    /// Interrupt controllers (MADT).
    Madt,
    /// The event timer.
    Hpet,
}

impl TableKind {
    /// Its signature.
    pub const fn signature(self) -> &'static str {
        match self {
            Self::Dmar => "DMAR",
            Self::Ivrs => "IVRS",
            Self::Viot => "VIOT",
            Self::Iort => "IORT",
            Self::Mcfg => "MCFG",
            Self::Madt => "APIC",
            Self::Hpet => "HPET",
        }
    }
}

impl Iommu {
    /// Reads the tables of a host. Without a table there is nothing in it.
    pub fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let mut iommu = Self {
            owners: vec![None; host.functions().len()],
            domain_controller: only_domain_controller(host),
            ..Self::default()
        };
        for table in host.acpi().iter() {
            let (kind, interrupt_remapping) = match &table.table {
                acpi::Table::Dmar(dmar) => {
                    intel::resolve(&mut iommu, host, topology, dmar);
                    let remaps = dmar.flags & Dmar::INTERRUPT_REMAPPING != 0;
                    (TableKind::Dmar, Some(remaps))
                }
                acpi::Table::Ivrs(ivrs) => {
                    amd::resolve(&mut iommu, host, ivrs);
                    (TableKind::Ivrs, Some(true))
                }
                acpi::Table::Viot(viot) => {
                    virtual_units::resolve(&mut iommu, host, viot);
                    (TableKind::Viot, None)
                }
                acpi::Table::Iort(iort) => {
                    arm::resolve(&mut iommu, host, iort);
                    (TableKind::Iort, None)
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

    /// Every scope entry of the DMAR table with what it names, in the order of the table.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Functions that two units of an IVRS or VIOT table cover, each time that one took it from
    /// another.
    pub fn contested(&self) -> &[Contested] {
        &self.contested
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
        let of = self.translated_as(host, id);
        let by_scope = of
            .into_iter()
            .flat_map(|(translated, _)| topology.upstream(translated))
            .filter_map(|hop| self.scoped.get(&hop))
            .flatten()
            .copied();
        let by_id = of.into_iter().flat_map(|(_, at)| {
            let bits = at.bdf.bits();
            let blocks = self.memory.iter();
            let here = blocks.filter(move |block| {
                block.segment == at.segment && (block.first..=block.last).contains(&bits)
            });
            here.map(|block| block.region)
        });
        by_scope.chain(by_id)
    }

    /// The function whose requester id stands for this one in the tables: the physical function
    /// of a virtual one, and the controller of a domain beyond 16 bits (Intel VMD). `None`
    /// where that controller is not known.
    fn translated_as(&self, host: &Host<'_>, id: FunctionId) -> Option<(FunctionId, Sbdf)> {
        let physical = host.function(id).physical.unwrap_or(id);
        let function = host.function(physical);
        if function.at.segment.0 <= u32::from(u16::MAX) {
            return Some((physical, function.at));
        }
        let reported = function.reported.root_bus_parent.as_ref();
        let controller = match reported.and_then(|text| text.value.parse().ok()) {
            Some(at) => host.find(at)?,
            None => self.domain_controller?,
        };
        let at = host.function(controller).at;
        (at.segment.0 <= u32::from(u16::MAX)).then_some((controller, at))
    }

    /// Gives a function to a unit, whoever had it before.
    fn claim(&mut self, id: FunctionId, unit: usize, reason: OwnershipReason) {
        if let Some(owner) = self.owners.get_mut(id.index()) {
            let before = owner.replace(Ownership { unit, reason });
            let before = before.map(|before| before.unit);
            if let Some(before) = before.filter(|&before| before != unit) {
                self.contested.push(Contested {
                    function: id,
                    before,
                    unit,
                });
            }
        }
    }
}

/// The one function that opens a domain of its own, where there is just one: Intel's volume
/// management device (Linux drivers/pci/controller/vmd.c, `vmd_ids`).
fn only_domain_controller(host: &Host<'_>) -> Option<FunctionId> {
    const VMD: &[u16] = &[
        0x201d, 0x28c0, 0x467f, 0x4c3d, 0xa77f, 0x7d0b, 0xad0b, 0x9a0b, 0xb60b, 0xb06f,
    ];
    let is_one = |id: &FunctionId| {
        let identity = &host.function(*id).identity;
        identity.vendor == Some(0x8086)
            && identity.device.is_some_and(|device| VMD.contains(&device))
    };
    let mut found = host.iter().map(|(id, _)| id).filter(is_one);
    let only = found.next()?;
    found.next().is_none().then_some(only)
}
