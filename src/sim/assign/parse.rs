//! Reads scenario files, and tells where in them something is wrong.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::scenario::{Config, Scenario};
use super::step::Step;

/// Bytes of a scenario at most.
const MOST_BYTES: usize = 16 << 20;
/// VMs, and steps, of a scenario at most.
pub(super) const MOST_STEPS: usize = 100_000;
/// Characters of a message at most: a name may be as long as the file.
const MOST_OF_A_MESSAGE: usize = 400;

/// What is wrong with a scenario's text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioSyntax {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// Lines of a scenario file on which its parts begin, from 1. Empty where there is no file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lines {
    /// Of each VM.
    pub vm: Vec<usize>,
    /// Of each step.
    pub step: Vec<usize>,
    /// Of what the host is like.
    pub host: Option<usize>,
}

/// The places of the parts, and nothing else.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Places {
    vm: Vec<Spanned<IgnoredAny>>,
    step: Vec<Spanned<IgnoredAny>>,
    host: Option<Spanned<IgnoredAny>>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Text that is no TOML, members that do not exist, devices and amounts that cannot be read,
    /// numbers out of range, and more than a scenario may hold.
    pub fn parse(text: &str) -> Result<Self, ScenarioSyntax> {
        if text.len() > MOST_BYTES {
            return Err(wrong(1, &format!("more than {MOST_BYTES} bytes")));
        }
        let syntax = |error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or(text);
            wrong(1 + before.matches('\n').count(), error.message())
        };
        let mut scenario: Self = toml::from_str(text).map_err(syntax)?;
        scenario.lines = Lines::of(text);
        scenario.check()?;
        Ok(scenario)
    }

    /// Numbers whose type allows more than they may be.
    fn check(&self) -> Result<(), ScenarioSyntax> {
        let line = |lines: &[usize], index: usize| lines.get(index).copied().unwrap_or(1);
        let host = self.lines.host.unwrap_or(1);
        for (what, there) in [("machines", self.vm.len()), ("steps", self.step.len())] {
            if there > MOST_STEPS {
                return Err(wrong(1, &format!("{there} {what}; {MOST_STEPS} at most")));
            }
        }
        bits(self.host.address_bits, 64, host)?;
        for (index, vm) in self.vm.iter().enumerate() {
            let line = line(&self.lines.vm, index);
            if vm.name.is_empty() {
                return Err(wrong(line, "a virtual machine needs a name"));
            }
            if let Some(generation) = vm.generation.filter(|one| !matches!(one, 1 | 2)) {
                let problem = format!("generation {generation}; there are 1 and 2");
                return Err(wrong(line, &problem));
            }
            config(&vm.config, line)?;
        }
        for (index, step) in self.step.iter().enumerate() {
            if let Step::Set { config: set, .. } = step {
                config(set, line(&self.lines.step, index))?;
            }
        }
        Ok(())
    }
}

fn config(config: &Config, line: usize) -> Result<(), ScenarioSyntax> {
    bits(config.address_bits, 52, line)
}

fn bits(bits: Option<u8>, most: u8, line: usize) -> Result<(), ScenarioSyntax> {
    match bits {
        Some(bits) if !(32..=most).contains(&bits) => Err(wrong(
            line,
            &format!("address_bits {bits}; 32 to {most} are possible"),
        )),
        _ => Ok(()),
    }
}

fn wrong(line: usize, problem: &str) -> ScenarioSyntax {
    ScenarioSyntax {
        line,
        problem: shortened(problem),
    }
}

/// A message, or its beginning where it is very long.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_OF_A_MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Lines {
    fn of(text: &str) -> Self {
        let places: Places = toml::from_str(text).unwrap_or_default();
        // Places ascend, so that lines are counted once.
        let (mut at, mut line) = (0, 1);
        let mut count = |places: &[Spanned<IgnoredAny>]| -> Vec<usize> {
            (at, line) = (0, 1);
            let mut lines = Vec::with_capacity(places.len());
            for place in places {
                let start = place.span().start;
                line += text
                    .get(at..start)
                    .map_or(0, |text| text.matches('\n').count());
                at = at.max(start);
                lines.push(line);
            }
            lines
        };
        Self {
            vm: count(&places.vm),
            step: count(&places.step),
            host: count(places.host.as_slice()).first().copied(),
        }
    }
}

impl fmt::Display for ScenarioSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for ScenarioSyntax {}
