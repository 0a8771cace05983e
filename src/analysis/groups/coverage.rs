//! Which functions ask for a group at all, and in which order: it decides who founds one.

use super::alias::Aliases;
use super::settings::{Settings, groups_reported};
use crate::addr::Sbdf;
use crate::analysis::reported_groups::is_described;
use crate::decode::acpi::viot::ViotBody;
use crate::host::{Function, FunctionId, Host};
use crate::iommu::{Iommu, TableKind};
use crate::spec::linux::Series;
use crate::spec::quirks::alias::{GRAPHICS_LEFT_OFF, STONEY_RIDGE};
use crate::topology::Topology;

/// Why a function gets no group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outside {
    /// The command line keeps the kernel from remapping.
    RemappingOff,
    /// The firmware describes no remapping unit.
    NoTable,
    /// No unit of its segment names it or covers the rest.
    NotCovered,
    /// It is a remapping unit itself.
    UnitItself,
    /// Its unit serves graphics alone and is left off.
    GraphicsUnit,
    /// The kernel leaves the whole remapping of this chip off.
    StoneyRidge,
    /// The kernel grouped others and not this one; no captured table says why.
    NotGrouped,
}

impl Outside {
    /// The reason, as a clause.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::RemappingOff => "the kernel is told to leave remapping off",
            Self::NoTable => "the firmware describes no remapping unit (no DMAR, IVRS or VIOT)",
            Self::NotCovered => "no remapping unit covers it",
            Self::UnitItself => "it is the remapping unit itself",
            Self::GraphicsUnit => "its remapping unit serves graphics alone and is left off",
            Self::StoneyRidge => "the kernel leaves the remapping unit of this chip off",
            Self::NotGrouped => {
                "the kernel reported none, and no remapping table was captured that says why"
            }
        }
    }
}

/// The answer for every function, and the order of those that get a group.
pub(super) struct Coverage {
    pub(super) outside: Vec<Option<Outside>>,
    pub(super) order: Vec<FunctionId>,
}

impl Coverage {
    pub(super) fn of(
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        settings: &Settings,
        aliases: &Aliases<'_, '_>,
    ) -> Self {
        let judge = Judge {
            host,
            iommu,
            aliases,
            whole: whole_host(host, iommu, settings),
            reported: groups_reported(host),
            graphics_off: graphics_units_off(host, iommu, settings),
            paravirtual: Paravirtual::of(host),
        };
        let outside: Vec<_> = host.iter().map(|(id, f)| judge.outside(id, f)).collect();
        let covered = |id: &FunctionId| outside.get(id.index()) == Some(&None);
        let mut order: Vec<_> = scan_order(host, topology)
            .into_iter()
            .filter(covered)
            .collect();
        if settings.kernel >= Series::V6_1 && iommu.units().len() > 1 {
            let rank = |id: &FunctionId| {
                let device = aliases.dma_device(*id).unwrap_or(*id);
                iommu.owner(device).map(|owner| judge.rank(owner.unit))
            };
            order.sort_by_cached_key(rank);
        }
        Self { outside, order }
    }
}

struct Judge<'a, 'c> {
    host: &'a Host<'c>,
    iommu: &'a Iommu,
    aliases: &'a Aliases<'a, 'c>,
    /// Why no function at all gets a group.
    whole: Option<Outside>,
    /// Some function has a reported group.
    reported: bool,
    /// Units that serve graphics alone and are left off.
    graphics_off: Vec<bool>,
    /// What a VIOT says, where it is the only table.
    paravirtual: Option<Paravirtual>,
}

impl Judge<'_, '_> {
    fn outside(&self, id: FunctionId, function: &Function<'_>) -> Option<Outside> {
        if self.whole.is_some() {
            return self.whole;
        }
        let device = self.aliases.dma_device(id)?;
        if self.iommu.tables().is_empty()
            && let Some(paravirtual) = &self.paravirtual
        {
            return paravirtual.outside(self.host.function(device).at);
        }
        if self.iommu.tables().is_empty() {
            // Coverage cannot be derived; but a kernel that grouped others and not this one
            // shows that no unit covers it.
            let none =
                self.reported && function.reported.iommu_group.is_none() && is_described(function);
            return match none {
                true if is_unit(function) => Some(Outside::UnitItself),
                true => Some(Outside::NotGrouped),
                false => None,
            };
        }
        match self.iommu.owner(device) {
            Some(owner) if self.graphics_off.get(owner.unit) == Some(&true) => {
                Some(Outside::GraphicsUnit)
            }
            Some(_) => None,
            None if is_unit(self.host.function(device)) => Some(Outside::UnitItself),
            None => Some(Outside::NotCovered),
        }
    }

    /// Each unit probes its own functions when it registers: units with explicit scopes in
    /// reverse order of the table, then those that cover the rest (Linux
    /// drivers/iommu/intel/dmar.c); AMD's in the order of the table.
    fn rank(&self, unit: usize) -> (u8, usize) {
        let units = self.iommu.units();
        let all = units.get(unit).is_some_and(|unit| unit.include_all);
        let amd = self
            .iommu
            .tables()
            .iter()
            .all(|table| table.kind == TableKind::Ivrs);
        match (amd, all) {
            (true, _) => (0, unit),
            (false, true) => (1, unit),
            (false, false) => (0, usize::MAX - unit),
        }
    }
}

/// Which functions a virtio-iommu translates (Linux drivers/acpi/viot.c).
struct Paravirtual {
    /// Segments and requester ids, both inclusive.
    ranges: Vec<((u16, u16), (u16, u16))>,
    /// Units that are PCI functions.
    units: Vec<Sbdf>,
}

impl Paravirtual {
    fn of(host: &Host<'_>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (_, table) in host.acpi().viot() {
            let all = found.get_or_insert_with(|| Self {
                ranges: Vec::new(),
                units: Vec::new(),
            });
            for node in &table.nodes {
                match node.body {
                    ViotBody::PciRange { segments, ids, .. } => {
                        all.ranges.push((segments, (ids.0.0, ids.1.0)));
                    }
                    ViotBody::VirtioIommuPci { segment, function } => {
                        all.units.push(Sbdf::new(segment, function));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn outside(&self, at: Sbdf) -> Option<Outside> {
        let id = at.bdf.bits();
        let inside = self.ranges.iter().any(|&(segments, ids)| {
            let segment = at.segment.0;
            (u32::from(segments.0)..=u32::from(segments.1)).contains(&segment)
                && (ids.0..=ids.1).contains(&id)
        });
        match self.units.contains(&at) {
            true => Some(Outside::UnitItself),
            false if inside => None,
            false => Some(Outside::NotCovered),
        }
    }
}

/// AMD's units are PCI functions of a class of their own.
fn is_unit(function: &Function<'_>) -> bool {
    let class = function.identity.class;
    class.is_some_and(|class| class.base_and_sub() == 0x0806)
}

fn whole_host(host: &Host<'_>, iommu: &Iommu, settings: &Settings) -> Option<Outside> {
    if settings.parameters.remapping_off.is_some() {
        return Some(Outside::RemappingOff);
    }
    let stoney_ridge = || {
        let root: Vec<_> = host.on_bus(crate::addr::Segment(0), 0).iter().collect();
        let is = |function: &&Function<'_>| {
            let ids = (function.identity.vendor, function.identity.device);
            ids == (Some(STONEY_RIDGE.0), Some(STONEY_RIDGE.1))
        };
        root.iter().any(is)
    };
    let tables = &host.capture().tables;
    if tables.keys().any(|name| name.starts_with("IVRS"))
        && !settings.parameters.force_amd
        && stoney_ridge()
    {
        return Some(Outside::StoneyRidge);
    }
    let named = |name: &str| {
        tables
            .keys()
            .any(|key| key.trim_end_matches(char::is_numeric) == name)
    };
    let others = ["FACP", "DSDT", "APIC", "MCFG"].into_iter().any(named);
    let remapping = ["DMAR", "IVRS", "VIOT", "IORT", "RIMT"]
        .into_iter()
        .any(named);
    let none = iommu.tables().is_empty() && others && !remapping && !groups_reported(host);
    none.then_some(Outside::NoTable)
}

/// Units that serve graphics alone, where the command line or the chipset leaves those off
/// (Linux drivers/iommu/intel/iommu.c, `init_no_remapping_devices`).
fn graphics_units_off(host: &Host<'_>, iommu: &Iommu, settings: &Settings) -> Vec<bool> {
    let listed = |function: &Function<'_>| {
        let ids = function.identity.vendor.zip(function.identity.device);
        ids.is_some_and(|ids| GRAPHICS_LEFT_OFF.contains(&ids))
    };
    if !settings.parameters.graphics_off && !host.functions().iter().any(listed) {
        return Vec::new();
    }
    let mut graphics: Vec<Option<bool>> = vec![None; iommu.units().len()];
    for (id, function) in host.iter() {
        let owner = iommu
            .owner(id)
            .and_then(|owner| graphics.get_mut(owner.unit));
        if let Some(only) = owner {
            let display = function
                .identity
                .class
                .is_some_and(|class| class.base() == 0x03);
            *only = Some(only.unwrap_or(true) && display);
        }
    }
    let units = iommu.units().iter().zip(graphics);
    units
        .map(|(unit, only)| !unit.include_all && only == Some(true))
        .collect()
}

/// All functions of a bus, then what is below each of its bridges in turn; virtual functions
/// appear later than all others, and so do domains of their own.
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
    let virtual_ones = host.iter().filter(|(_, f)| f.is_virtual());
    order.extend(virtual_ones.map(|(id, _)| id));
    order
}
