//! Extended configuration space was not captured.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::config::ListEnd;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, pci};

rule! {
    /// ## What it checks
    ///
    /// The capture holds the extended configuration space of an Express function.
    ///
    /// ## Why it matters
    ///
    /// ACS, ARI, ATS and SR-IOV stand beyond the first 256 bytes. Without them isolation can
    /// be neither shown nor denied.
    ///
    /// ## How it is decided
    ///
    /// The function has a PCI Express capability, and its extended capability list leads to
    /// bytes that are not in the capture. Functions without that capability have no extended
    /// space; where the capability list was not captured, CAP002 says so.
    ///
    /// ## What to do
    ///
    /// Hyper-V: Windows' property AcsCompatibleUpHierarchy answers the question that matters
    /// most; export the device properties.
    ///
    /// VFIO: capture again as root with `lspci -xxxx` (four x). Where that gives 256 bytes, the
    /// kernel found no memory mapped configuration space (ACPI table MCFG).
    CAP003 = {
        name: "extended-space-not-captured",
        summary: "Extended configuration space was not captured, so that isolation is unknown",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pcie60.at("7.2.2 PCI Express Enhanced Configuration Access Mechanism"),
            Document::Pcie60.at("7.6.2 Extended Capabilities in Configuration Space"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// How far the capture reaches.
#[derive(Debug)]
struct NotCaptured {
    /// First byte that was not captured.
    offset: u16,
}

impl fmt::Display for NotCaptured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the extended capability list goes on at {:#05x}, which was not captured",
            self.offset
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if !function.responds() {
        return Outcome::NotApplicable("no configuration space");
    }
    match function.space.extended_end {
        ListEnd::NotCaptured { offset } if offset >= pci::CONVENTIONAL_SIZE => {
            Outcome::Fired(Finding::new(
                &CAP003,
                Subject::Function(id),
                Confidence::High,
                NotCaptured { offset },
                Evidence::new(
                    Locus::Config(id, Span::new(offset, 4)),
                    "extended capability header",
                    Value::Absent,
                ),
            ))
        }
        ListEnd::NotCaptured { .. } => Outcome::NotApplicable("capability list not captured"),
        ListEnd::NoList => Outcome::NotApplicable("no extended configuration space"),
        ListEnd::Complete | ListEnd::Unnamed { .. } | ListEnd::Broken(_) => Outcome::Clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_dump_of_256_bytes_lacks_the_extended_space() {
        assert_eq!(
            answer_for(&CAP003, Dev::endpoint().cut(0x100)),
            fired("the extended capability list goes on at 0x100, which was not captured")
        );
    }

    #[test]
    fn a_conventional_function_has_none_to_capture() {
        assert_eq!(
            answer_for(&CAP003, Dev::conventional()),
            Answer::NotApplicable
        );
    }

    #[test]
    fn an_empty_list_that_was_captured_is_clean() {
        assert_eq!(answer_for(&CAP003, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn a_header_alone_does_not_show_an_express_function() {
        assert_eq!(
            answer_for(&CAP003, Dev::endpoint().cut(64)),
            Answer::NotApplicable
        );
    }
}
