//! The function has no endpoint's header.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, HeaderType};

rule! {
    /// ## What it checks
    ///
    /// The header type of the function is 0.
    ///
    /// ## Why it matters
    ///
    /// vfio-pci binds to no other. Bridges and ports stay with the host; their driver does not
    /// stand in the way of giving their group away.
    ///
    /// ## How it is decided
    ///
    /// By bits 6:0 of the header type register. Where it was not captured the answer is
    /// "cannot tell", except for a bridge by its class.
    ///
    /// ## What to do
    ///
    /// Hyper-V: see DDA003.
    ///
    /// VFIO: assign the devices below the bridge instead.
    VFI001 = {
        name: "not-type-0-header",
        summary: "The function has the header of a bridge, which vfio-pci does not bind to",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [Document::LinuxVfio.at("pci/vfio_pci_core.c, vfio_pci_core_register_device")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The header type, or the class where that is all there is.
#[derive(Debug)]
enum NotAnEndpoint {
    Header(HeaderType),
    Class,
}

impl fmt::Display for NotAnEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(layout) => write!(f, "its header is of {layout}"),
            Self::Class => f.write_str("its class is that of a PCI bridge"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let class = function.identity.class;
    let (violation, evidence) = match function.layout() {
        Some(HeaderType::ENDPOINT) => return Outcome::Clean,
        Some(layout) => (
            NotAnEndpoint::Header(layout),
            Evidence::new(
                Locus::Config(id, Span::new(pci::HEADER_LAYOUT.offset, 1)),
                pci::HEADER_LAYOUT.name,
                Value::byte(layout.0),
            )
            .wanting(Value::byte(0)),
        ),
        None if class.is_some_and(|class| class.base_and_sub() == 0x0604) => (
            NotAnEndpoint::Class,
            Evidence::new(
                Locus::Reported(id, "class"),
                "Class Code",
                Value::AsReported,
            ),
        ),
        None => return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
    };
    Outcome::Fired(Finding::new(
        &VFI001,
        Subject::Function(id),
        Confidence::High,
        violation,
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    #[test]
    fn a_port_fires() {
        assert_eq!(
            answer(&VFI001, &Machine::with_port(), "00:01.0"),
            fired("its header is of type 1 (bridge)")
        );
    }

    #[test]
    fn endpoints_are_clean_whatever_their_port_type() {
        assert_eq!(answer_for(&VFI001, Dev::endpoint()), Answer::Clean);
        let dmi = Dev::express(crate::spec::pcie::PortType::ROOT_PORT);
        assert_eq!(answer_for(&VFI001, dmi), Answer::Clean);
    }

    #[test]
    fn without_the_header_the_class_may_tell() {
        let unread = || Dev::endpoint().unread();
        let bridge = unread().report(|p| p.class = Some(reported(0x06_04_00)));
        assert_eq!(
            answer_for(&VFI001, bridge),
            fired("its class is that of a PCI bridge")
        );
        assert_eq!(
            answer_for(&VFI001, unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
