//! The IOMMU group holds other devices.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::viability::lets_go;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The device is the only one in its IOMMU group, bridges left out.
    ///
    /// ## Why it matters
    ///
    /// The kernel gives groups away, not devices. Every other device of the group must leave
    /// the host, and none of them can go to another guest.
    ///
    /// ## How it is decided
    ///
    /// By the groups that the kernel reported. Where none was reported, by the groups that a
    /// kernel would make with an active IOMMU, as `assignable groups` predicts them; what the
    /// capture does not settle gives "cannot tell". Bridges and ports may stay with their
    /// driver. A function without a group beside others with one is another rule (VFI005).
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: bind all members to vfio-pci or pci-stub, or unbind them. To split the group, move
    /// the card below a port with ACS. The ACS override patch only hides the problem.
    VFI002 = {
        name: "shared-iommu-group",
        summary: "The IOMMU group of the device holds other devices",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxIommu.at("iommu.c, pci_device_group"),
            Document::LinuxVfio.at("group.c and vfio_iommu_type1.c"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The other members.
#[derive(Debug)]
struct SharedGroup {
    /// As the kernel numbered it; `None` for a predicted group.
    group: Option<u32>,
    /// With the driver that must let go, where one is bound.
    others: Vec<(Sbdf, Option<String>)>,
}

/// Members that the sentence names.
const NAMED: usize = 8;

/// Members that are counted: work for each of them must not grow with all of them.
const COUNTED: usize = 1000;

impl fmt::Display for SharedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            Some(group) => write!(f, "IOMMU group {group} also holds ")?,
            None => f.write_str("its IOMMU group would also hold ")?,
        }
        for (index, (other, driver)) in self.others.iter().take(NAMED).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{other}")?;
            if let Some(driver) = driver {
                write!(f, " ({driver})")?;
            }
        }
        match self.others.len().saturating_sub(NAMED) {
            0 => Ok(()),
            _ if self.others.len() == COUNTED => write!(f, " and many more"),
            more => write!(f, " and {more} more"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(group) = &facts.host.function(id).reported.iommu_group else {
        return match facts.groups.is_empty() {
            true => by_prediction(facts, id),
            false => Outcome::NotApplicable("no IOMMU group"),
        };
    };
    let group = group.value;
    let is_other = |&other: &FunctionId| other != id && !facts.topology.kind(other).is_bridge();
    if !facts.groups.members(group).any(|other| is_other(&other)) {
        return Outcome::Clean;
    }
    let members = facts.groups.members(group);
    let others: Vec<FunctionId> = members.filter(is_other).take(COUNTED).collect();
    let member = |&other: &FunctionId| {
        let locus = Locus::Reported(other, "iommu_group");
        Evidence::new(locus, "IOMMU group", Value::Number(group.into()))
    };
    shared(facts, id, Some(group), &others, Confidence::High, member)
}

/// As a kernel would group it.
fn by_prediction(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let groups = &facts.predicted;
    if groups.group(id).is_none() {
        return Outcome::NotApplicable("no remapping unit would cover it");
    }
    if !groups.is_definite(id) {
        let missing = groups.missing(id).first().copied();
        return Outcome::CannotTell(missing.unwrap_or(Missing::of(Fact::IommuGroup, id)));
    }
    let companions = groups.companions(id).iter().copied();
    let others: Vec<FunctionId> = companions
        .filter(|&other| other != id && !facts.topology.kind(other).is_bridge())
        .take(COUNTED)
        .collect();
    if others.is_empty() {
        return Outcome::Clean;
    }
    let member = |&other: &FunctionId| {
        let what = "predicted IOMMU group";
        Evidence::new(Locus::Tree(other), what, Value::Word("the same"))
    };
    shared(facts, id, None, &others, Confidence::Medium, member)
}

fn shared(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    group: Option<u32>,
    others: &[FunctionId],
    confidence: Confidence,
    member: impl Fn(&FunctionId) -> Evidence,
) -> Outcome {
    Outcome::Fired(
        Finding::new(
            &VFI002,
            Subject::Function(id),
            confidence,
            SharedGroup {
                group,
                others: others.iter().map(|&other| named(facts, other)).collect(),
            },
            member(&id),
        )
        .with(others.iter().take(NAMED).map(&member)),
    )
}

fn named(facts: &Facts<'_, '_>, id: FunctionId) -> (Sbdf, Option<String>) {
    let function = facts.host.function(id);
    let driver = function.reported.driver.as_ref();
    let held = driver.filter(|driver| !lets_go(&driver.value, false));
    (function.at, held.map(|driver| driver.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine, reported};

    #[test]
    fn every_other_device_of_the_group_is_named() {
        let machine = Machine::with_device(Dev::endpoint().group(4))
            .with("01:00.1", Dev::endpoint().group(4))
            .with("02:00.0", Dev::endpoint().group(5))
            .with("03:00.0", Dev::endpoint().group(4));
        assert_eq!(
            answer(&VFI002, &machine, "01:00.0"),
            fired("IOMMU group 4 also holds 0000:01:00.1, 0000:03:00.0")
        );
        assert_eq!(answer(&VFI002, &machine, "02:00.0"), Answer::Clean);
    }

    #[test]
    fn drivers_that_must_let_go_are_named() {
        let bound = |driver: &str| {
            let driver = driver.to_owned();
            Dev::endpoint()
                .group(4)
                .report(|p| p.driver = Some(reported(driver)))
        };
        let machine = Machine::with_device(Dev::endpoint().group(4))
            .with("01:00.1", bound("nvme"))
            .with("01:00.2", bound("vfio-pci"));
        assert_eq!(
            answer(&VFI002, &machine, "01:00.0"),
            fired("IOMMU group 4 also holds 0000:01:00.1 (nvme), 0000:01:00.2")
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let machine = (0..12).fold(Machine::new(), |machine, device| {
            let address = format!("00:{device:02x}.0");
            machine.with(&address, Dev::conventional().group(1))
        });
        assert_eq!(
            answer(&VFI002, &machine, "00:00.0"),
            fired(
                "IOMMU group 1 also holds 0000:00:01.0, 0000:00:02.0, 0000:00:03.0, 0000:00:04.0, \
                 0000:00:05.0, 0000:00:06.0, 0000:00:07.0, 0000:00:08.0 and 3 more"
            )
        );
    }

    #[test]
    fn the_port_above_may_share_the_group() {
        let machine = Machine::new()
            .with("00:01.0", Dev::root_port(1).group(4))
            .with("01:00.0", Dev::endpoint().group(4));
        assert_eq!(answer(&VFI002, &machine, "01:00.0"), Answer::Clean);
    }

    #[test]
    fn without_a_reported_group_the_prediction_counts() {
        let machine = Machine::with_device(Dev::endpoint());
        assert_eq!(answer(&VFI002, &machine, "01:00.0"), Answer::Clean);
        let two =
            Machine::with_device(Dev::endpoint().multi_function()).with("01:00.1", Dev::endpoint());
        assert_eq!(
            answer(&VFI002, &two, "01:00.1"),
            fired("its IOMMU group would also hold 0000:01:00.0")
        );
        let open = Machine::new()
            .with("00:01.0", Dev::root_port(1).cut(0x40))
            .with("01:00.0", Dev::endpoint());
        assert_eq!(
            answer(&VFI002, &open, "01:00.0"),
            Answer::CannotTell(Fact::Capabilities)
        );
        let others = machine.with("02:00.0", Dev::endpoint().group(1));
        assert_eq!(answer(&VFI002, &others, "01:00.0"), Answer::NotApplicable);
    }
}
