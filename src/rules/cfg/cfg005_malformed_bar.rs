//! A BAR register contradicts itself.

use std::fmt;

use crate::analysis::resources::{self, BarSet};
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::decode::config::bar::BarKind;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every BAR has a defined type, and every 64-bit BAR has a register for its upper half.
    ///
    /// ## Why it matters
    ///
    /// Programs disagree about such a BAR: its size and place in a guest may differ from those
    /// on the host.
    ///
    /// ## How it is decided
    ///
    /// Memory type 3 is reserved, and the last register of a header cannot start a 64-bit BAR.
    /// Both are taken as 32 bits wide, as Linux does. Where the registers were not captured the
    /// answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: test the device in a guest before relying on it, and tell its maker.
    CFG005 = {
        name: "malformed-bar",
        summary: "A base address register contradicts itself",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pci30.at("6.2.5.1 Address Maps"),
            Document::Pcie60.at("7.5.1.2.1 Base Address Registers"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The BARs concerned, and what is wrong with the first of them.
#[derive(Debug)]
struct MalformedBar {
    bars: BarSet,
    first: BarKind,
}

impl fmt::Display for MalformedBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.bars)?;
        f.write_str(match self.first {
            BarKind::Memory64 { .. } => "64 bits wide, without a register for the upper half",
            _ => "reserved memory type 3",
        })
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(demand) = facts.profile(id).demand else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    if demand.malformed_bars.is_empty() {
        return Outcome::Clean;
    }
    let function = facts.host.function(id);
    let bars = resources::bars(function).unwrap_or_default();
    let Some(first) = bars.iter().find(|bar| bar.malformed) else {
        return Outcome::Clean;
    };
    let offset = 0x10 + 4 * u16::from(first.index);
    let seen = function.config.u32(offset);
    Outcome::Fired(Finding::new(
        &CFG005,
        Subject::Function(id),
        Confidence::High,
        MalformedBar {
            bars: demand.malformed_bars,
            first: first.kind,
        },
        Evidence::new(
            Locus::Config(id, Span::new(offset, 4)),
            "Base Address Register",
            seen.map_or(Value::Absent, Value::dword),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_64_bit_bar_in_the_last_register_fires() {
        assert_eq!(
            answer_for(&CFG005, Dev::endpoint().bar(5, 0xe000_0004)),
            fired("BAR 5: 64 bits wide, without a register for the upper half")
        );
        assert_eq!(
            answer_for(&CFG005, Dev::endpoint().bar(4, 0xe000_0004)),
            Answer::Clean
        );
    }

    #[test]
    fn reserved_memory_types_fire() {
        let two = Dev::endpoint().bar(2, 0xe000_0006).bar(4, 0xe000_000e);
        assert_eq!(
            answer_for(&CFG005, two),
            fired("BARs 2 and 4: reserved memory type 3")
        );
    }

    #[test]
    fn registers_that_were_not_captured_say_nothing() {
        assert_eq!(
            answer_for(&CFG005, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
