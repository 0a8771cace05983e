//! Asks one rule about one function of a small machine.

use super::{Check, Outcome, Rule};
use crate::analysis::Fact;
use crate::testing::{Machine, at};

/// An outcome in comparable form.
#[derive(PartialEq, Eq, Debug)]
pub(in crate::rules) enum Answer {
    Fired(String),
    Clean,
    NotApplicable,
    CannotTell(Fact),
}

/// The rule fired with this sentence.
pub(in crate::rules) fn fired(message: &str) -> Answer {
    Answer::Fired(message.to_owned())
}

/// What the rule says about the function at an address, or about the host.
pub(in crate::rules) fn answer(rule: &'static Rule, machine: &Machine, address: &str) -> Answer {
    machine.facts(|facts| {
        let id = || facts.host.find(at(address)).unwrap();
        let outcome = match rule.check {
            Check::Host(check) => check(facts),
            Check::Device(_) if facts.topology.kind(id()).is_bridge() => {
                Outcome::NotApplicable("a port or bridge")
            }
            Check::Device(check) | Check::Function(check) => check(facts, id()),
            Check::Step(_) => panic!("{} is about a step", rule.code),
        };
        match outcome {
            Outcome::Fired(finding) => {
                assert_eq!(finding.rule().code, rule.code);
                Answer::Fired(finding.message())
            }
            Outcome::Clean => Answer::Clean,
            Outcome::NotApplicable(_) => Answer::NotApplicable,
            Outcome::CannotTell(missing) => Answer::CannotTell(missing.fact),
        }
    })
}

/// What the rule says about one device below a root port with full ACS.
pub(in crate::rules) fn answer_for(rule: &'static Rule, device: crate::testing::Dev) -> Answer {
    answer(rule, &Machine::with_device(device), "01:00.0")
}
