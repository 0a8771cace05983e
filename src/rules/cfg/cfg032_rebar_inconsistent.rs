//! The Resizable BAR capability contradicts itself.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::decode::config::ext::rebar::ResizableBars;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;

rule! {
    /// ## What it checks
    ///
    /// The Resizable BAR capability names one to six BARs that exist, each once, and each has a
    /// size that it says it supports.
    ///
    /// ## Why it matters
    ///
    /// A guest or firmware that resizes the BAR would write a size that the device does not know,
    /// and lose the device.
    ///
    /// ## How it is decided
    ///
    /// By the number of BARs, their indices, the supported sizes and the size that is set. The
    /// same holds for the capability for virtual functions. Ports of some processors have a
    /// capability for no BAR at all, which promises nothing, and are left out.
    ///
    /// ## What to do
    ///
    /// Device: correct the capability.
    ///
    /// Hyper-V and VFIO: leave the size alone; switch Resizable BAR off in the firmware setup.
    CFG032 = {
        name: "rebar-inconsistent",
        summary: "The Resizable BAR capability contradicts itself",
        severity: Medium,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.8.6 Resizable BAR Extended Capability"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What does not fit.
#[derive(Debug)]
enum Inconsistent {
    Count(u8),
    Index(u8),
    Size(u8, u8),
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "the capability is for {count} BARs"),
            Self::Index(bar) => write!(f, "BAR {bar} is named twice or does not exist"),
            Self::Size(bar, code) => {
                write!(
                    f,
                    "BAR {bar} has the size code {code}, which it does not support"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let mut answer = Outcome::NotApplicable("no Resizable BAR");
    for capability in [ExtCapId::RESIZABLE_BAR, ExtCapId::VF_RESIZABLE_BAR] {
        let window = match function.space.extended(function.config, capability) {
            Observed::Present(window) => window,
            Observed::Absent => continue,
            _ => return Outcome::CannotTell(Missing::extended(id, function)),
        };
        let bars = ResizableBars::new(window);
        if facts.topology.kind(id).is_bridge() && bars.count() == Some(0) {
            continue;
        }
        let Some(fault) = judge(bars) else {
            return Outcome::CannotTell(Missing::extended(id, function));
        };
        answer = Outcome::Clean;
        if let Some(fault) = fault {
            let evidence = Evidence::new(
                Locus::Config(id, window.span(0, 12)),
                "Resizable BAR Extended Capability",
                window.u32(0x08).map_or(Value::Absent, Value::dword),
            );
            let subject = Subject::Function(id);
            let finding = Finding::new(&CFG032, subject, Confidence::High, fault, evidence);
            return Outcome::Fired(finding);
        }
    }
    answer
}

/// `None` where something was not captured.
fn judge(bars: ResizableBars<'_>) -> Option<Option<Inconsistent>> {
    let count = bars.count()?;
    if !(1..=6).contains(&count) {
        return Some(Some(Inconsistent::Count(count)));
    }
    let mut seen = 0_u8;
    for pair in bars.bars()? {
        let bar = pair.bar()?;
        if bar > 5 || seen >> bar & 1 != 0 {
            return Some(Some(Inconsistent::Index(bar)));
        }
        seen |= 1 << bar;
        let size = pair.size()?;
        if !pair.supported()?.contains(size) {
            return Some(Some(Inconsistent::Size(bar, size.0)));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    /// One BAR that supports 256 MiB and 512 MiB.
    fn with(control: u32) -> Answer {
        let body = [(0b11_u32 << 12).to_le_bytes(), control.to_le_bytes()].concat();
        answer_for(&CFG032, Dev::endpoint().extended(0x15, &body))
    }

    #[test]
    fn a_port_may_have_the_capability_for_no_bar() {
        let port = || Dev::root_port(1).extended(0x15, &[0; 8]);
        let machine = Machine::new().with("00:01.0", port());
        assert_eq!(answer(&CFG032, &machine, "00:01.0"), Answer::NotApplicable);
        assert!(matches!(with(0), Answer::Fired(_)));
    }

    #[test]
    fn the_size_must_be_a_supported_one() {
        let one = 1 << 5;
        assert_eq!(with(8 << 8 | one | 2), Answer::Clean);
        assert_eq!(
            with(10 << 8 | one | 2),
            fired("BAR 2 has the size code 10, which it does not support")
        );
        assert_eq!(
            with(8 << 8 | one | 6),
            fired("BAR 6 is named twice or does not exist")
        );
        assert_eq!(
            with(8 << 8 | 7 << 5 | 2),
            fired("the capability is for 7 BARs")
        );
        assert_eq!(answer_for(&CFG032, Dev::endpoint()), Answer::NotApplicable);
    }
}
