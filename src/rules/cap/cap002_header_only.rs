//! Only the header was captured.

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
    /// The capture holds the function's capability list.
    ///
    /// ## Why it matters
    ///
    /// Port type, interrupts, resets and isolation all stand in capabilities. Without them most
    /// questions stay open.
    ///
    /// ## How it is decided
    ///
    /// The status register says whether there is a list, and the list leads to bytes that are
    /// not in the capture. A function whose status register denies a list is complete with 64
    /// bytes. Where the status register itself is missing, nothing denies the list.
    ///
    /// ## What to do
    ///
    /// Hyper-V: Windows' device properties (types, interrupts, ACS) replace most of it; export
    /// them with the collector or `Get-PnpDeviceProperty`.
    ///
    /// VFIO: capture again as root: `sudo lspci -vvvxxxx`, or the collector with `sudo`. An
    /// ordinary user reads 64 bytes.
    CAP002 = {
        name: "header-only",
        summary: "Only the header was captured, so that the capabilities are unknown",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pci30.at("6.7 Capabilities List"),
            Document::LinuxPci.at("pci-sysfs.c, pci_read_config"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// How far the capture reaches.
#[derive(Debug)]
struct HeaderOnly {
    /// First byte that was not captured.
    offset: u16,
}

impl fmt::Display for HeaderOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the capability list goes on at {:#04x}, which was not captured",
            self.offset
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if !function.responds() {
        return Outcome::NotApplicable("no configuration space");
    }
    match function.space.standard_end {
        ListEnd::NotCaptured { offset } => {
            let start = pci::CAPABILITIES_POINTER.offset;
            let seen = function.config.u8(start).map_or(Value::Absent, Value::byte);
            Outcome::Fired(Finding::new(
                &CAP002,
                Subject::Function(id),
                Confidence::High,
                HeaderOnly { offset },
                Evidence::new(
                    Locus::Config(id, Span::new(start, 1)),
                    pci::CAPABILITIES_POINTER.name,
                    seen,
                ),
            ))
        }
        _ => Outcome::Clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn an_unprivileged_dump_holds_the_header_only() {
        assert_eq!(
            answer_for(&CAP002, Dev::endpoint().cut(64)),
            fired("the capability list goes on at 0x40, which was not captured")
        );
    }

    #[test]
    fn without_a_capability_list_64_bytes_are_all_there_is() {
        let plain = Dev::conventional().byte(0x06, 0).cut(64);
        assert_eq!(answer_for(&CAP002, plain), Answer::Clean);
    }

    #[test]
    fn a_list_that_was_captured_in_part_names_where_it_stops() {
        assert_eq!(
            answer_for(&CAP002, Dev::endpoint().cut(0x48)),
            fired("the capability list goes on at 0x48, which was not captured")
        );
    }

    #[test]
    fn a_function_without_data_is_another_rule() {
        assert_eq!(
            answer_for(&CAP002, Dev::endpoint().unread()),
            Answer::NotApplicable
        );
    }
}
