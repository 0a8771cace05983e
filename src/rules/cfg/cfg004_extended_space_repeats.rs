//! Extended configuration space shows the first 256 bytes again.

use crate::analysis::{Facts, Missing};
use crate::bytes::FaultKind;
use crate::decode::config::ListEnd;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, pci};

rule! {
    /// ## What it checks
    ///
    /// Extended configuration space is not a repetition of the first 256 bytes.
    ///
    /// ## Why it matters
    ///
    /// Some root complexes and bridges decode too few address bits. The function then has no
    /// extended capabilities that anybody could use: no ACS, no ARI, no SR-IOV.
    ///
    /// ## How it is decided
    ///
    /// Vendor and device id stand again at each multiple of 256, as Linux tests it. The same
    /// happens in dumps whose reader wrapped around, so what lies there is taken as unknown.
    /// Where extended space was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: look for a firmware update of the machine; try another slot, because
    /// the fault is in what lies above the device.
    CFG004 = {
        name: "extended-space-repeats",
        summary: "Extended configuration space repeats the first 256 bytes",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pcie60.at("7.2.2 PCI Express Enhanced Configuration Access Mechanism"),
            Document::LinuxPci.at("probe.c, pci_ext_cfg_is_aliased"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    match function.space.extended_end {
        ListEnd::Broken(fault) if fault.kind == FaultKind::RepeatsConventionalSpace => {
            let seen = function.config.u32(pci::CONVENTIONAL_SIZE);
            Outcome::Fired(Finding::new(
                &CFG004,
                Subject::Function(id),
                Confidence::High,
                fault,
                Evidence::new(
                    Locus::Config(id, fault.span),
                    "Vendor ID and Device ID",
                    seen.map_or(Value::Absent, Value::dword),
                ),
            ))
        }
        ListEnd::NoList => Outcome::NotApplicable("no extended configuration space"),
        ListEnd::Complete => Outcome::Clean,
        // Whatever broke the list, its bytes differ from the first 256.
        ListEnd::Broken(_) if function.space.standard_end == ListEnd::Complete => Outcome::Clean,
        _ => Outcome::CannotTell(Missing::extended(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    /// The ids of the endpoint at each multiple of 256 from the first one given.
    fn repeating(from: usize) -> Dev {
        (from..16).fold(Dev::endpoint(), |dev, page| {
            dev.poke(page * 0x100, &[0x36, 0x1b, 0x10, 0x00])
        })
    }

    #[test]
    fn a_space_with_the_ids_on_every_page_repeats() {
        assert_eq!(
            answer_for(&CFG004, repeating(1)),
            fired(
                "extended capability list at 0x100: the extended space repeats the first 256 bytes"
            )
        );
    }

    #[test]
    fn one_page_without_the_ids_is_enough_not_to_repeat() {
        let nearly = repeating(1).poke(0xf00, &[0; 4]);
        assert_ne!(
            answer_for(&CFG004, nearly),
            fired(
                "extended capability list at 0x100: the extended space repeats the first 256 bytes"
            )
        );
        assert_eq!(answer_for(&CFG004, repeating(2)), Answer::Clean);
    }

    #[test]
    fn without_extended_bytes_nothing_can_be_said() {
        assert_eq!(
            answer_for(&CFG004, Dev::endpoint().cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
