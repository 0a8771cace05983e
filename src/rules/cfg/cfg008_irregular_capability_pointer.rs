//! A capability pointer breaks a rule that does not stop the walk.

use crate::analysis::Facts;
use crate::bytes::FaultKind;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

use super::{list_fault, no_list_fault};

rule! {
    /// ## What it checks
    ///
    /// Capability pointers have their two reserved low bits clear, and a function that
    /// announces a capability list has one.
    ///
    /// ## Why it matters
    ///
    /// Operating systems mask the bits and go on. Smaller programs, among them firmware and
    /// guests, may not, and then miss the capabilities behind such a pointer.
    ///
    /// ## How it is decided
    ///
    /// By walking both lists with the bits masked. Pointers that were not captured may be
    /// irregular too: "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: nothing as long as the device works. Tell its maker.
    CFG008 = {
        name: "irregular-capability-pointer",
        summary: "A capability pointer is irregular",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pci30.at("6.7 Capabilities List"),
            Document::Pcie60.at("7.6.3 PCI Express Extended Capability Header"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let irregular = function.faults.iter().find(|fault| {
        matches!(
            fault.kind,
            FaultKind::PointerUnaligned { .. } | FaultKind::ListBitContradiction
        )
    });
    match irregular {
        Some(&fault) => list_fault(&CFG008, id, function, fault),
        None => no_list_fault(id, function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn reserved_low_bits_fire() {
        assert_eq!(
            answer_for(&CFG008, Dev::endpoint().poke(0x34, &[0x43])),
            fired("capability list at 0x34: pointer 0x43 has reserved low bits set")
        );
    }

    #[test]
    fn an_announced_list_without_an_entry_fires() {
        assert_eq!(
            answer_for(&CFG008, Dev::conventional().poke(0x34, &[0])),
            fired("capability list at 0x34: the capability list bit contradicts the list pointer")
        );
    }

    #[test]
    fn a_function_without_a_list_is_clean() {
        let plain = Dev::conventional().byte(0x06, 0).poke(0x34, &[0]);
        assert_eq!(answer_for(&CFG008, plain), Answer::Clean);
    }

    #[test]
    fn pointers_that_were_not_captured_say_nothing() {
        assert_eq!(
            answer_for(&CFG008, Dev::endpoint().cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
