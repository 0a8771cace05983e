//! Scenarios that cannot be played at all.

use std::fmt;

use super::Scenario;
use super::parse::{MOST_STEPS, shortened};
use crate::policy::Policy;
use crate::select::Selector;

/// A scenario that cannot be played at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioError {
    /// What is wrong.
    pub problem: Problem,
    /// Line of the file, from 1, where the scenario is from one.
    pub line: Option<usize>,
}

/// Why a scenario cannot be played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// No device of the capture is meant by this.
    NoDevice(Selector),
    /// No VM has this name.
    NoVm(String),
    /// Two VMs have this name.
    TwoVms(String),
    /// The step belongs to another platform.
    WrongPlatform {
        /// Index of the step.
        step: usize,
        /// The platform of the scenario.
        policy: Policy,
    },
    /// More steps on devices than a scenario may have.
    TooLong,
}

/// The part of a scenario in which something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// What the host is like.
    Host,
    /// A VM, by index.
    Vm(usize),
    /// A step, by index.
    Step(usize),
    /// The whole of it: what is wrong is in the capture.
    Capture,
}

impl ScenarioError {
    pub(super) fn of(problem: Problem, scenario: &Scenario, place: Place) -> Self {
        let lines = &scenario.lines;
        let line = match place {
            Place::Host => lines.host,
            Place::Vm(index) => lines.vm.get(index).copied(),
            Place::Step(index) => lines.step.get(index).copied(),
            Place::Capture => None,
        };
        Self { problem, line }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.problem.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDevice(selector) => write!(f, "no device of the capture matches {selector}"),
            Self::NoVm(name) => {
                let name = shortened(name);
                write!(f, "the scenario has no virtual machine '{name}'")
            }
            Self::TwoVms(name) => {
                write!(f, "two virtual machines are called '{}'", shortened(name))
            }
            Self::WrongPlatform { step, policy } => {
                write!(f, "step {} does not exist under {policy}", step + 1)
            }
            Self::TooLong => write!(
                f,
                "the scenario has more than {MOST_STEPS} steps on devices"
            ),
        }
    }
}

impl std::error::Error for ScenarioError {}
