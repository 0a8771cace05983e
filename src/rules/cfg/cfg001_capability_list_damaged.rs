//! A capability list is broken.

use crate::analysis::Facts;
use crate::bytes::FaultKind;
use crate::decode::config::ListEnd;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

use super::{list_fault, no_list_fault};

rule! {
    /// ## What it checks
    ///
    /// Both capability lists of the function lead to their end.
    ///
    /// ## Why it matters
    ///
    /// A list that loops, leads out of its region or ends in ones hides what comes after the
    /// damage. An operating system stops there too, and may then run the device without
    /// message interrupts, without reset or without isolation.
    ///
    /// ## How it is decided
    ///
    /// Each list is walked with its reserved bits masked. It is broken where a pointer leaves
    /// the region of the list, where a structure is met twice, or where an id reads as ones.
    /// A list that leads to bytes outside the capture may still break there: "cannot tell".
    /// An extended space that repeats the first 256 bytes is another rule (CFG004).
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: capture again after a cold start; a device in a low power state or
    /// with a failed link gives such lists. Where it stays, ask the maker of the device for a
    /// firmware update, and do not rely on capabilities behind the damage.
    CFG001 = {
        name: "capability-list-damaged",
        summary: "A capability list of the function is broken",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        lint: Device,
        cites: [
            Document::Pci30.at("6.7 Capabilities List"),
            Document::Pcie60.at("7.6.3 PCI Express Extended Capability Header"),
            Document::LinuxPci.at("pci.c, __pci_find_next_cap_ttl"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    for end in [function.space.standard_end, function.space.extended_end] {
        if let ListEnd::Broken(fault) = end
            && fault.kind != FaultKind::RepeatsConventionalSpace
        {
            return list_fault(&CFG001, id, function, fault);
        }
    }
    no_list_fault(id, function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_list_that_comes_back_to_itself_is_broken() {
        assert_eq!(
            answer_for(&CFG001, Dev::endpoint().poke(0x41, &[0x40])),
            fired("capability list at 0x41: the list comes back to 0x40")
        );
    }

    #[test]
    fn an_extended_pointer_into_conventional_space_is_broken() {
        let low = Dev::endpoint().poke(0x100, &[0x01, 0x00, 0x01, 0x04]);
        assert_eq!(
            answer_for(&CFG001, low),
            fired("extended capability list at 0x100: pointer 0x40 leads below 0x100")
        );
    }

    #[test]
    fn reserved_low_bits_of_a_pointer_do_not_break_the_list() {
        assert_eq!(
            answer_for(&CFG001, Dev::endpoint().poke(0x34, &[0x43])),
            Answer::Clean
        );
    }

    #[test]
    fn what_was_not_captured_may_be_broken() {
        assert_eq!(
            answer_for(&CFG001, Dev::endpoint().cut(0x48)),
            Answer::CannotTell(Fact::Capabilities)
        );
        assert_eq!(
            answer_for(&CFG001, Dev::endpoint().cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
        assert_eq!(
            answer_for(&CFG001, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
