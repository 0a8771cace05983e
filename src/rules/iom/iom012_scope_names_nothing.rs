//! A scope entry names a device that is not there.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::{Found, TableKind};
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every device that a DMAR table names is among the captured functions.
    ///
    /// ## Why it matters
    ///
    /// A unit whose only devices are missing is ignored by Linux, and reserved memory for a
    /// device that is not there binds nobody. Tables often name functions that the setup has
    /// switched off; that alone is harmless.
    ///
    /// ## How it is decided
    ///
    /// Paths are walked from their start bus through the secondary bus numbers as captured. The
    /// rule needs captured functions in the segment; a dump of single devices makes it fire
    /// wrongly, so its confidence is low.
    ///
    /// ## What to do
    ///
    /// Firmware: take entries of functions that are switched off out of the table when it is
    /// built.
    ///
    /// Hyper-V and VFIO: nothing.
    IOM012 = {
        name: "scope-names-nothing",
        summary: "The DMAR table names devices that are not there",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3.1 Device Scope Structure"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_insert_dev_scope"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Where the path ends.
#[derive(Debug)]
enum Nowhere {
    NoFunction(&'static str, crate::addr::Sbdf),
    NoBridge(&'static str, crate::addr::Sbdf),
    Impossible(&'static str),
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFunction(of, at) => write!(f, "{of} scope: nothing at {at}"),
            Self::NoBridge(of, at) => {
                write!(
                    f,
                    "{of} scope: the path leads through {at}, which is no bridge"
                )
            }
            Self::Impossible(of) => write!(f, "{of} scope: the path cannot be"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let places = facts.iommu.scopes().iter().filter_map(|scope| {
        let of = scope.of.name();
        let fault = match scope.found {
            Found::Nothing(at) => Nowhere::NoFunction(of, at),
            Found::NotABridge(id) => Nowhere::NoBridge(of, facts.host.function(id).at),
            Found::Impossible => Nowhere::Impossible(of),
            _ => return None,
        };
        let bus = Value::byte(scope.entry.start_bus);
        Some((
            fault,
            place(TableKind::Dmar, scope.entry.span, "start bus", bus),
        ))
    });
    several(&IOM012, Subject::Host, Confidence::Low, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope};

    fn with(entry: Vec<u8>) -> Answer {
        let machine = Machine::with_port()
            .with_table_bytes("DMAR", dmar(&[drhd(false, 0, 0x1000, &[entry])]));
        answer(&IOM012, &machine, "")
    }

    #[test]
    fn a_path_that_ends_nowhere_fires() {
        assert_eq!(with(scope(2, 0, 0, &[(1, 0)])), Answer::Clean);
        assert_eq!(
            with(scope(1, 0, 0, &[(9, 0)])),
            fired("DRHD scope: nothing at 0000:00:09.0")
        );
        assert_eq!(
            with(scope(1, 0, 0, &[(40, 0)])),
            fired("DRHD scope: the path cannot be")
        );
        // Interrupt controllers are no business of this rule.
        assert_eq!(with(scope(3, 2, 0xf0, &[(31, 0)])), Answer::Clean);
    }

    #[test]
    fn without_devices_there_is_nothing_to_compare() {
        let machine = Machine::new().with_table_bytes("DMAR", dmar(&[]));
        assert_eq!(answer(&IOM012, &machine, ""), Answer::NotApplicable);
    }
}
