//! Facts drawn from a host and its tree: isolation, interrupts, resets, demand for address
//! space. No blame: that is for the rules.

pub mod acs;
pub mod device_type;
pub mod direct_memory;
pub mod groups;
pub mod interrupt_remapping;
pub mod kernel;
pub mod missing;
pub mod native_control;
pub mod peer;
pub mod reported_groups;
pub mod reserved;
pub mod reset;
pub mod resources;
pub mod sriov;
mod tri;
pub mod viability;

pub use missing::{Fact, Missing};
pub use tri::Tri;

use crate::decode::acpi::dmar::Dmar;
use crate::decode::acpi::ivrs::Ivrs;
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::parallel;
use crate::topology::Topology;

/// Everything that rules may look at.
#[derive(Debug)]
pub struct Facts<'h, 'c> {
    /// The machine.
    pub host: &'h Host<'c>,
    /// Its tree.
    pub topology: &'h Topology,
    /// Isolation of each function's path.
    pub acs: acs::AcsAnalysis,
    /// IOMMU groups as the kernel reported them.
    pub groups: reported_groups::ReportedGroups,
    /// The captured remapping tables, resolved to functions.
    pub iommu: Iommu,
    /// IOMMU groups as the capture's own kernel would make them with remapping on.
    pub predicted: groups::Groups,
    /// Groups that VFIO refuses for one member's reserved memory.
    pub direct_memory: direct_memory::DirectMemory,
    /// Who reaches whom although the predicted groups differ, by address.
    pub exposures: Vec<groups::Exposure>,
    /// Whether interrupts are remapped, as VFIO asks.
    pub interrupt_remapping: interrupt_remapping::InterruptRemapping,
    /// What the firmware left to Linux of PCI Express.
    pub native_control: native_control::NativeControl,
    /// What the capture holds about the host as a whole.
    pub platform: Platform,
    profiles: Vec<Profile>,
}

/// Facts about one function that several rules ask for, drawn once.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// How it can be reset.
    pub resets: reset::Resets,
    /// What its BARs ask for; `None` where nothing is known about them.
    pub demand: Option<resources::Demand>,
}

/// Facts about the host as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Platform {
    /// The kernel put at least one function into an IOMMU group: DMA remapping is active.
    pub groups_reported: bool,
    /// A DMAR, IVRS, VIOT or IORT table is among the captured tables.
    pub remapping_table: bool,
    /// The processor translates guest addresses itself (EPT, NPT), by `/proc/cpuinfo`.
    pub second_level_translation: Option<bool>,
    /// Any ACPI table was captured, so that a missing one means that there is none.
    pub tables_captured: bool,
}

impl<'h, 'c> Facts<'h, 'c> {
    /// Analyses a host.
    pub fn of(host: &'h Host<'c>, topology: &'h Topology) -> Self {
        let translation = || {
            let iommu = Iommu::of(host, topology);
            let settings = groups::Settings::for_host(host).with_remapping();
            let predicted = groups::Groups::predict(host, topology, &iommu, &settings);
            let exposures = groups::exposures(host, topology, &settings, &predicted);
            (iommu, predicted, exposures)
        };
        let isolation = || {
            let acs = acs::AcsAnalysis::of(host, topology);
            (acs, Profile::of_all(host, topology))
        };
        // Neither needs the other, and prediction is one thread's work.
        let ((iommu, predicted, exposures), (acs, profiles)) =
            parallel::join(host.functions().len(), translation, isolation);
        let groups = reported_groups::ReportedGroups::of(host);
        Self {
            host,
            topology,
            acs,
            direct_memory: direct_memory::DirectMemory::of(
                host, topology, &iommu, &groups, &predicted,
            ),
            interrupt_remapping: interrupt_remapping::InterruptRemapping::of(host, &iommu),
            groups,
            iommu,
            predicted,
            exposures,
            native_control: native_control::NativeControl::of(host),
            platform: Platform::of(host),
            profiles,
        }
    }

    /// The DMAR table, where one was captured.
    pub fn dmar(&self) -> Option<&Dmar> {
        self.host.acpi().dmar().next().map(|(_, table)| table)
    }

    /// The IVRS table, where one was captured.
    pub fn ivrs(&self) -> Option<&Ivrs> {
        self.host.acpi().ivrs().next().map(|(_, table)| table)
    }

    /// Facts about one function.
    ///
    /// # Panics
    /// With an id of another host.
    pub fn profile(&self, id: FunctionId) -> &Profile {
        &self.profiles[id.index()]
    }
}

impl Profile {
    fn of_all(host: &Host<'_>, topology: &Topology) -> Vec<Self> {
        parallel::map(host.functions(), |index, function| Self {
            resets: reset::Resets::of(host, topology, FunctionId::new(index)),
            demand: resources::demand(function),
        })
    }
}

impl Platform {
    fn of(host: &Host<'_>) -> Self {
        let tables = &host.capture().tables;
        let named = |name: &str| {
            tables
                .keys()
                .any(|key| key.trim_end_matches(char::is_numeric) == name)
        };
        Self {
            groups_reported: host
                .functions()
                .iter()
                .any(|function| function.reported.iommu_group.is_some()),
            remapping_table: ["DMAR", "IVRS", "VIOT", "IORT"].into_iter().any(named),
            second_level_translation: second_level_translation(host),
            tables_captured: ["FACP", "DSDT", "APIC", "MCFG"].into_iter().any(named),
        }
    }
}

/// By the flags of the first processor; `None` where they were not captured.
fn second_level_translation(host: &Host<'_>) -> Option<bool> {
    let text = String::from_utf8_lossy(host.capture().host.get("cpuinfo")?);
    let flags = text.lines().find_map(|line| line.strip_prefix("flags"))?;
    let mut flags = flags.split_ascii_whitespace();
    Some(flags.any(|flag| flag == "ept" || flag == "npt"))
}
