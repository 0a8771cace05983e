//! The kernel's groups promise more isolation than the hardware gives.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::analysis::groups::{Exposure, Hole};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Nothing that the kernel puts into another IOMMU group can be reached from the device
    /// past the IOMMU.
    ///
    /// ## Why it matters
    ///
    /// Groups are made by rules with known holes. A guest with such a device can read and write
    /// the neighbour, which may belong to another guest or to the host, and VFIO does not
    /// object.
    ///
    /// ## How it is decided
    ///
    /// By the predicted groups and the ACS services of the ports above and of the functions of
    /// the device: the downstream port of a switch without isolation, beside ports with groups
    /// of their own; a function without ACS beside one with ACS; functions of a device in
    /// blocks of eight (ARI); egress control that lets requests through. That a root complex
    /// keeps its ports apart is taken for granted here; `assignable groups` names the ports.
    ///
    /// ## What to do
    ///
    /// Hyper-V: see ACS001 and ACS002; Windows asks more than Linux here.
    ///
    /// VFIO: give all that can reach each other to one guest, or move the card below a port
    /// with ACS.
    GRP001 = {
        name: "formally-isolated-only",
        summary: "Devices in other IOMMU groups can be reached past the IOMMU",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Note),
        cites: [
            Document::LinuxIommu.at("iommu.c, pci_device_group"),
            Document::Pcie60.at("6.12.1 ACS Component Capability Requirements"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Who is reached, and through which hole.
#[derive(Debug)]
struct Reached {
    hole: Hole,
    at: Sbdf,
    others: Vec<Sbdf>,
}

/// Those that the sentence names.
const NAMED: usize = 4;

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hole {
            Hole::Device | Hole::WideDevice => f.write_str("the device can reach ")?,
            _ => f.write_str("the device can reach what is below ")?,
        }
        for (index, other) in self.others.iter().take(NAMED).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{other}")?;
        }
        let more = self.others.len().saturating_sub(NAMED);
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        match self.hole {
            Hole::Device | Hole::WideDevice => {
                f.write_str(", a function of the same device in another group")
            }
            _ => write!(f, ", in other groups, through {}", self.at),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.predicted.group(id).is_none() {
        return Outcome::NotApplicable("no IOMMU group");
    }
    let function = facts.host.function(id);
    let own = function.physical.unwrap_or(id);
    let exposure = facts
        .topology
        .upstream(own)
        .find_map(|hop| exposure_at(facts, hop, hop == own));
    let Some(exposure) = exposure else {
        return match facts.predicted.is_definite(id) {
            true => Outcome::Clean,
            false => match facts.predicted.missing(id).first() {
                Some(&missing) => Outcome::CannotTell(missing),
                None => Outcome::Clean,
            },
        };
    };
    let at = |id: FunctionId| facts.host.function(id).at;
    let deciding = Evidence::new(
        Locus::Lists(exposure.at),
        "ACS of the port or function",
        Value::Word("does not isolate"),
    );
    Outcome::Fired(Finding::new(
        &GRP001,
        Subject::Function(id),
        Confidence::High,
        Reached {
            hole: exposure.hole,
            at: at(exposure.at),
            others: exposure.reaches.iter().map(|&other| at(other)).collect(),
        },
        deciding,
    ))
}

/// What a hop on the path lets through: a port for what is below it, a function for itself.
fn exposure_at<'f>(facts: &'f Facts<'_, '_>, hop: FunctionId, own: bool) -> Option<&'f Exposure> {
    let exposures = &facts.exposures;
    let first = exposures.partition_point(|exposure| exposure.at < hop);
    let own_ones = exposures.get(first..).unwrap_or_default().iter();
    own_ones
        .take_while(|exposure| exposure.at == hop)
        .find(|exposure| match exposure.hole {
            Hole::Switch | Hole::EgressControl => !own,
            Hole::Device | Hole::WideDevice => own,
            // Translated requests are ACS006, overrides are told with the groups.
            Hole::RootPorts | Hole::Override | Hole::PortMemory | Hole::Translated => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::spec::pcie::PortType;
    use crate::testing::{Dev, Machine};

    fn switch(first: Dev) -> Machine {
        let port = |secondary| Dev::port(PortType::DOWNSTREAM_PORT, secondary, secondary);
        Machine::new()
            .with(
                "00:01.0",
                Dev::port(PortType::ROOT_PORT, 1, 4).acs(0x5f, 0x1d),
            )
            .with("01:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 4))
            .with("02:00.0", first)
            .with("02:01.0", port(4).acs(0x5f, 0x1d))
            .with("03:00.0", Dev::endpoint())
            .with("04:00.0", Dev::endpoint())
    }

    #[test]
    fn below_a_switch_port_without_acs_the_neighbour_is_reached() {
        let port = || Dev::port(PortType::DOWNSTREAM_PORT, 3, 3);
        let machine = switch(port());
        assert_eq!(
            answer(&GRP001, &machine, "03:00.0"),
            fired(
                "the device can reach what is below 0000:02:01.0, in other groups, through \
                 0000:02:00.0"
            )
        );
        assert_eq!(answer(&GRP001, &machine, "04:00.0"), Answer::Clean);
        let good = switch(port().acs(0x5f, 0x1d));
        assert_eq!(answer(&GRP001, &good, "03:00.0"), Answer::Clean);
        let open = switch(port().cut(0x40));
        assert!(matches!(
            answer(&GRP001, &open, "03:00.0"),
            Answer::CannotTell(_)
        ));
    }

    #[test]
    fn a_function_without_acs_reaches_one_with_it() {
        let machine = Machine::with_device(Dev::endpoint().multi_function())
            .with("01:00.1", Dev::endpoint().acs(0x5f, 0x1d));
        assert_eq!(
            answer(&GRP001, &machine, "01:00.0"),
            fired(
                "the device can reach 0000:01:00.1, a function of the same device in another \
                 group"
            )
        );
        assert_eq!(answer(&GRP001, &machine, "01:00.1"), Answer::Clean);
    }
}
