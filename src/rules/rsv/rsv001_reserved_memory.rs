//! The firmware keeps the device tied to memory that it owns.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::capture::Reported;
use crate::host::{Function, FunctionId};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The firmware reserves no memory for the device (Intel RMRR, AMD IVMD).
    ///
    /// ## Why it matters
    ///
    /// A device with reserved memory may go on writing there while a guest owns it: baseboard
    /// management, RAID controllers and some network and graphics devices do. Mapping that
    /// memory would break the guest's isolation; not mapping it would break the device.
    ///
    /// ## How it is decided
    ///
    /// By what the operating system reported: Windows' property RequiresReservedMemoryRegion,
    /// or the `reserved_regions` of the device's IOMMU group on Linux, where the types `direct`
    /// and `direct-relaxable` stand for such memory. Without either the answer is "cannot tell".
    /// The ACPI tables themselves are not evaluated yet.
    ///
    /// ## What to do
    ///
    /// Hyper-V: there is no override. Look for a firmware option that releases the device
    /// ("shared memory", "RMRR", legacy USB support), or use another device.
    ///
    /// VFIO: a `direct` region makes the kernel refuse the device; `direct-relaxable` (USB and
    /// display) is accepted.
    RSV001 = {
        name: "reserved-memory",
        summary: "The firmware reserves memory for the device",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
            Document::AmdIommu.at("5.2.2.5 I/O Virtualization Memory Definition"),
            Document::PciProp.at("DEVPKEY_PciDevice_RequiresReservedMemoryRegion"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Who reported the reserved memory.
#[derive(Debug)]
enum ReservedMemory {
    Windows,
    Linux { region: String },
}

impl fmt::Display for ReservedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Windows => {
                f.write_str("Windows reports that it requires a reserved memory region")
            }
            Self::Linux { region } => write!(f, "the kernel reports the reserved region {region}"),
        }
    }
}

/// `{fmtid}  pid` of DEVPKEY_PciDevice_RequiresReservedMemoryRegion.
const WINDOWS_KEY: &str = "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 34";

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    let function = facts.host.function(id);
    let fired = |violation: ReservedMemory, member: &'static str| {
        Outcome::Fired(Finding::new(
            &RSV001,
            Subject::Function(id),
            Confidence::High,
            violation,
            Evidence::new(
                Locus::Reported(id, member),
                "reserved memory",
                Value::AsReported,
            ),
        ))
    };
    match (windows(function), linux(function)) {
        (Some(true), _) => fired(ReservedMemory::Windows, "windows"),
        (_, Some(Some(region))) => {
            let region = region.to_owned();
            fired(ReservedMemory::Linux { region }, "reserved_regions")
        }
        (Some(false), _) | (_, Some(None)) => Outcome::Clean,
        (None, None) => Outcome::CannotTell(Missing::of(Fact::ReservedMemory, id)),
    }
}

fn windows(function: &Function<'_>) -> Option<bool> {
    function.reported.windows.get(WINDOWS_KEY)?.value.as_bool()
}

/// The first reserved region that stands for firmware memory; `None` inside where the list
/// was read and has none.
fn linux<'c>(function: &Function<'c>) -> Option<Option<&'c str>> {
    let Reported { value: regions, .. } = function.reported.reserved_regions.as_ref()?;
    let firmware = |region: &&String| {
        matches!(
            region.split_whitespace().nth(2),
            Some("direct" | "direct-relaxable")
        )
    };
    Some(regions.iter().find(firmware).map(String::as_str))
}
