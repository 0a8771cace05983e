//! The bus numbers of a bridge contradict the rest of the tree.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::decode::config::bridge::BusNumbers;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, HeaderType};
use crate::topology::TopologyFault;

rule! {
    /// ## What it checks
    ///
    /// The bus numbers of a bridge are in order, lie within those of the bridge above, and
    /// lead nowhere twice.
    ///
    /// ## Why it matters
    ///
    /// Such a tree cannot work. Either the capture mixes two boots, or bytes were damaged, or
    /// the operating system renumbered buses while they were read.
    ///
    /// ## How it is decided
    ///
    /// By the primary, secondary and subordinate bus number registers of all bridges of the
    /// segment, and by the path that the operating system reported where there is one. A
    /// contradiction costs the bridge its place: what is below it hangs in the air (TOP001).
    /// Where the registers were not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: capture everything again in one go, with no hot-plug event between.
    TOP002 = {
        name: "impossible-bus-numbers",
        summary: "The bus numbers of a bridge contradict the rest of the tree",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Firmware,
        cites: [
            Document::PciBridge12.at("3.2.5.2 to 3.2.5.4 Bus Number Registers"),
            Document::LinuxPci.at("probe.c, pci_scan_bridge_extend"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The contradiction, with addresses.
#[derive(Debug)]
enum Impossible {
    ContainsItself { bus: u8, range: BusNumbers },
    RangeReversed { range: BusNumbers },
    PrimaryDiffers { bus: u8, range: BusNumbers },
    DuplicateSecondary { range: BusNumbers, other: Sbdf },
    OutsideParent { range: BusNumbers, parent: Sbdf },
    Loop { bus: u8 },
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContainsItself { bus, range } => {
                let BusNumbers {
                    secondary,
                    subordinate,
                    ..
                } = range;
                write!(
                    f,
                    "buses {secondary:02x} to {subordinate:02x} below it hold its own bus {bus:02x}"
                )
            }
            Self::RangeReversed { range } => {
                let BusNumbers {
                    secondary,
                    subordinate,
                    ..
                } = range;
                write!(
                    f,
                    "subordinate bus {subordinate:02x} is below secondary bus {secondary:02x}"
                )
            }
            Self::PrimaryDiffers { bus, range } => {
                write!(
                    f,
                    "primary bus {:02x}, but it sits on bus {bus:02x}",
                    range.primary.unwrap_or(*bus)
                )
            }
            Self::DuplicateSecondary { range, other } => {
                write!(
                    f,
                    "secondary bus {:02x} is also that of {other}",
                    range.secondary
                )
            }
            Self::OutsideParent { range, parent } => {
                let BusNumbers {
                    secondary,
                    subordinate,
                    ..
                } = range;
                write!(
                    f,
                    "buses {secondary:02x} to {subordinate:02x} leave the range of {parent} above it"
                )
            }
            Self::Loop { bus } => write!(f, "the bridges above bus {bus:02x} lead back to it"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let buses = BusNumbers::decode(function.config);
    let faults = facts.topology.faults_of(id);
    let is_loop = |fault: &&TopologyFault| matches!(fault, TopologyFault::Loop { .. });
    // A loop says most: the ranges that contradict each other follow from it.
    let loops = faults.iter().filter(is_loop);
    for &fault in loops.chain(faults.iter().filter(|fault| !is_loop(fault))) {
        let Some(violation) = describe(facts, fault, buses) else {
            continue;
        };
        let seen = function.config.u32(pci::PRIMARY_BUS.offset);
        let (locus, what, seen) = match violation {
            Impossible::Loop { .. } => (Locus::Tree(id), "path to the root", Value::Word("loop")),
            _ => (
                Locus::Config(id, Span::new(pci::PRIMARY_BUS.offset, 3)),
                "bus numbers",
                seen.map_or(Value::Absent, |numbers| Value::Register {
                    value: u64::from(numbers & 0xff_ffff),
                    bytes: 3,
                }),
            ),
        };
        return Outcome::Fired(Finding::new(
            &TOP002,
            Subject::Function(id),
            Confidence::High,
            violation,
            Evidence::new(locus, what, seen),
        ));
    }
    match function.layout() {
        Some(HeaderType::BRIDGE | HeaderType::CARDBUS) if buses.is_some() => Outcome::Clean,
        Some(HeaderType::BRIDGE | HeaderType::CARDBUS) => {
            Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id))
        }
        Some(_) => Outcome::NotApplicable("no bridge"),
        None if facts.topology.kind(id).is_bridge() => {
            Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id))
        }
        None => Outcome::NotApplicable("not known to be a bridge"),
    }
}

fn describe(
    facts: &Facts<'_, '_>,
    fault: TopologyFault,
    buses: Option<BusNumbers>,
) -> Option<Impossible> {
    let at = |id: FunctionId| facts.host.function(id).at;
    let bus = at(fault.subject()).bus();
    Some(match fault {
        TopologyFault::ContainsItself { .. } => Impossible::ContainsItself { bus, range: buses? },
        TopologyFault::RangeReversed { .. } => Impossible::RangeReversed { range: buses? },
        TopologyFault::PrimaryDiffers { .. } => Impossible::PrimaryDiffers { bus, range: buses? },
        TopologyFault::DuplicateSecondary { other, .. } => Impossible::DuplicateSecondary {
            range: buses?,
            other: at(other),
        },
        TopologyFault::OutsideParent { parent, .. } => Impossible::OutsideParent {
            range: buses?,
            parent: at(parent),
        },
        TopologyFault::Loop { .. } => Impossible::Loop { bus },
        TopologyFault::MissingBridge { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::spec::pcie::PortType;
    use crate::testing::{Dev, Machine};

    fn root_port(secondary: u8, subordinate: u8) -> Dev {
        Dev::port(PortType::ROOT_PORT, secondary, subordinate)
    }

    #[test]
    fn each_contradiction_is_named_with_its_numbers() {
        let machine = Machine::new()
            .with("00:01.0", root_port(5, 4))
            .with("00:02.0", root_port(1, 1).byte(0x18, 9))
            .with("00:03.0", root_port(1, 1))
            .with("02:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 3));
        for (address, sentence) in [
            ("00:01.0", "subordinate bus 04 is below secondary bus 05"),
            ("00:02.0", "primary bus 09, but it sits on bus 00"),
            ("00:03.0", "secondary bus 01 is also that of 0000:00:02.0"),
            ("02:00.0", "buses 02 to 03 below it hold its own bus 02"),
        ] {
            assert_eq!(answer(&TOP002, &machine, address), fired(sentence));
        }
    }

    #[test]
    fn a_range_that_leaves_the_one_above_fires_on_the_lower_bridge() {
        let machine = Machine::new()
            .with("00:01.0", root_port(1, 2))
            .with("01:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 3));
        assert_eq!(
            answer(&TOP002, &machine, "01:00.0"),
            fired("buses 02 to 03 leave the range of 0000:00:01.0 above it")
        );
        assert_eq!(answer(&TOP002, &machine, "00:01.0"), Answer::Clean);
    }

    #[test]
    fn bridges_that_lead_to_each_other_are_a_loop() {
        let machine = Machine::new()
            .with("05:00.0", Dev::port(PortType::UPSTREAM_PORT, 6, 6))
            .with("06:00.0", Dev::port(PortType::UPSTREAM_PORT, 5, 5));
        assert_eq!(
            answer(&TOP002, &machine, "05:00.0"),
            fired("the bridges above bus 05 lead back to it")
        );
    }

    #[test]
    fn a_primary_bus_of_0_is_not_held_against_a_port() {
        let machine = Machine::new()
            .with("00:01.0", root_port(1, 2))
            .with("01:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 2));
        assert_eq!(answer(&TOP002, &machine, "01:00.0"), Answer::Clean);
    }

    #[test]
    fn registers_that_were_not_captured_say_nothing() {
        let machine = Machine::new().with("00:01.0", root_port(1, 1).cut(0x10));
        assert_eq!(
            answer(&TOP002, &machine, "00:01.0"),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
