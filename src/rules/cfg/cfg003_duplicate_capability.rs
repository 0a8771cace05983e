//! A capability that may occur once occurs again.

use crate::analysis::{Facts, Missing};
use crate::bytes::FaultKind;
use crate::decode::config::ListEnd;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Power management, MSI, MSI-X and PCI Express occur once at most in the capability list.
    ///
    /// ## Why it matters
    ///
    /// Operating systems use the first one that they meet. Another program may use the second,
    /// and a hypervisor that hides one of them leaves the other in view of the guest.
    ///
    /// ## How it is decided
    ///
    /// By walking the list. The first one counts everywhere in this tool. A list that was not
    /// captured to its end may hold a second one: "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: nothing as long as the device works. Tell its maker.
    CFG003 = {
        name: "duplicate-capability",
        summary: "A capability that may occur once occurs again",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pci30.at("6.8.1 MSI Capability Structure"),
            Document::Pcie60.at("7.5.3 PCI Express Capability Structure"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let again = function
        .faults
        .iter()
        .find(|fault| matches!(fault.kind, FaultKind::Duplicate { .. }));
    if let Some(&fault) = again {
        let at = u16::try_from(fault.span.offset).unwrap_or(u16::MAX);
        let seen = function.config.u8(at).map_or(Value::Absent, Value::byte);
        return Outcome::Fired(Finding::new(
            &CFG003,
            Subject::Function(id),
            Confidence::High,
            fault,
            Evidence::new(Locus::Config(id, fault.span), "Capability ID", seen),
        ));
    }
    match function.space.standard_end {
        ListEnd::NoList | ListEnd::Complete => Outcome::Clean,
        _ => Outcome::CannotTell(Missing::standard(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_second_msi_x_capability_fires() {
        let twice = Dev::endpoint().standard(0x11, &[0; 10]);
        assert_eq!(
            answer_for(&CFG003, twice),
            fired("capability list at 0x90: a second one; the first is at 0x84")
        );
    }

    #[test]
    fn vendor_capabilities_may_repeat() {
        let vendor = Dev::endpoint()
            .standard(0x09, &[4, 0])
            .standard(0x09, &[4, 0]);
        assert_eq!(answer_for(&CFG003, vendor), Answer::Clean);
    }

    #[test]
    fn behind_the_captured_bytes_there_may_be_another() {
        assert_eq!(
            answer_for(&CFG003, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
