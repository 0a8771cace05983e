//! The function is one of several on a device.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The function is the whole device.
    ///
    /// ## Why it matters
    ///
    /// Each function is assigned on its own. The others stay with the host, although they
    /// share reset, power and often memory with it: a guest that owns one port of a card may
    /// reach, stall or reset the rest. A graphics card without its audio function misbehaves.
    ///
    /// ## How it is decided
    ///
    /// By the functions with the same device number, or on the same bus where ARI is in use.
    /// Virtual functions count neither as part of a device nor as its others. A function whose
    /// function 0 is not in the capture leaves the answer open.
    ///
    /// ## What to do
    ///
    /// Hyper-V: dismount and assign all functions of the card, to the same guest.
    ///
    /// VFIO: bind all of them to vfio-pci, and give them to the same guest.
    TOP003 = {
        name: "part-of-a-card",
        summary: "The function is one of several on a device, which should move together",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::Pcie60.at("6.6.1 Conventional Reset"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The other functions.
#[derive(Debug)]
struct PartOfACard {
    others: Vec<Sbdf>,
}

impl fmt::Display for PartOfACard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shares its device with ")?;
        for (index, other) in self.others.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == self.others.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{other}")?;
        }
        Ok(())
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.is_virtual() {
        return Outcome::NotApplicable("a virtual function");
    }
    let mut siblings = facts.topology.siblings(facts.host, id).peekable();
    if siblings.peek().is_none() {
        return match facts.topology.is_multi_function(id) {
            Some(true) if function.at.bdf.function() == 0 => Outcome::Clean,
            Some(false) => Outcome::Clean,
            _ => Outcome::CannotTell(Missing::of(Fact::FunctionZero, id)),
        };
    }
    let others: Vec<FunctionId> = siblings.collect();
    let beside = |&other: &FunctionId| {
        Evidence::new(
            Locus::Tree(other),
            "another function",
            Value::Word("present"),
        )
    };
    let count = u64::try_from(others.len()).unwrap_or(u64::MAX);
    Outcome::Fired(
        Finding::new(
            &TOP003,
            Subject::Function(id),
            Confidence::High,
            PartOfACard {
                others: others
                    .iter()
                    .map(|&other| facts.host.function(other).at)
                    .collect(),
            },
            Evidence::new(
                Locus::Tree(id),
                "other functions of the device",
                Value::Number(count),
            ),
        )
        .with(others.iter().map(beside)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    #[test]
    fn every_function_of_a_card_names_the_others() {
        let machine = Machine::with_port()
            .with("01:00.0", Dev::endpoint().multi_function())
            .with("01:00.1", Dev::endpoint())
            .with("01:00.3", Dev::endpoint());
        assert_eq!(
            answer(&TOP003, &machine, "01:00.0"),
            fired("shares its device with 0000:01:00.1 and 0000:01:00.3")
        );
        assert_eq!(
            answer(&TOP003, &machine, "01:00.1"),
            fired("shares its device with 0000:01:00.0 and 0000:01:00.3")
        );
    }

    #[test]
    fn virtual_functions_are_not_part_of_a_card() {
        let vf = Dev::virtual_function()
            .report(|p| p.physical_function = Some(reported("0000:01:00.0".to_owned())));
        let machine = Machine::with_device(Dev::endpoint()).with("01:00.1", vf);
        assert_eq!(answer(&TOP003, &machine, "01:00.0"), Answer::Clean);
        assert_eq!(answer(&TOP003, &machine, "01:00.1"), Answer::NotApplicable);
    }

    #[test]
    fn a_device_number_more_is_another_device() {
        let machine = Machine::new()
            .with("00:02.0", Dev::conventional())
            .with("00:03.0", Dev::conventional());
        assert_eq!(answer(&TOP003, &machine, "00:02.0"), Answer::Clean);
        assert_eq!(answer_for(&TOP003, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn without_function_0_the_rest_of_the_card_is_not_known() {
        let machine = Machine::with_port().with("01:00.1", Dev::endpoint());
        assert_eq!(
            answer(&TOP003, &machine, "01:00.1"),
            Answer::CannotTell(Fact::FunctionZero)
        );
    }
}
