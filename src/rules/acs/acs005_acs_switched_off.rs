//! ACS is there but off, as captured.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::{Facts, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// The ACS services that isolation asks for are switched on, on every hop from the device
    /// to the root.
    ///
    /// ## Why it matters
    ///
    /// Services that are off isolate nothing. Operating systems switch them on at boot where
    /// they use an IOMMU; a capture without one shows them off.
    ///
    /// ## How it is decided
    ///
    /// By the control register of each hop whose capability register offers the service. It is
    /// a note, because assignment needs an active IOMMU anyway, and with it the services come
    /// on. Where a register was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: switch the IOMMU on in the firmware setup and install the Hyper-V role.
    ///
    /// VFIO: boot with `intel_iommu=on` (AMD needs nothing) and capture again; look for
    /// `pci=disable_acs_redir` or `pci=config_acs` on the kernel command line.
    ACS005 = {
        name: "acs-switched-off",
        summary: "ACS services on the path are off as captured",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pcie60.at("7.7.11.3 ACS Control Register"),
            Document::LinuxPci.at("pci.c, pci_enable_acs"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest hop with services off.
#[derive(Debug)]
struct SwitchedOff {
    at: Sbdf,
    kind: FunctionKind,
    off: AcsFlags,
}

impl fmt::Display for SwitchedOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} has {} off", self.kind, self.at, self.off)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let own = facts.acs.hop(id);
    match facts.acs.path_able(facts.topology, id).and(own.able) {
        Tri::Yes => {}
        Tri::No => return Outcome::NotApplicable("the path cannot isolate"),
        Tri::Unknown(missing) => return Outcome::CannotTell(missing),
    }
    match facts.acs.path_active(facts.topology, id).and(own.active) {
        Tri::Yes => return Outcome::Clean,
        Tri::Unknown(missing) => return Outcome::CannotTell(missing),
        Tri::No => {}
    }
    let off = |&hop: &FunctionId| !facts.acs.hop(hop).switched_off().is_empty();
    let Some(hop) = facts.topology.upstream(id).find(off) else {
        return Outcome::Clean;
    };
    let function = facts.host.function(hop);
    let wide = function.identity.has_wide_acs_registers();
    let (locus, seen) = match (function.acs(), facts.acs.hop(hop).control) {
        (Observed::Present(acs), Observed::Present(control)) => {
            let offset = if wide { 0x08 } else { 0x06 };
            let span = acs.window().span(offset, 2);
            (Locus::Config(hop, span), Value::word(control.set.bits()))
        }
        _ => (Locus::Lists(hop), Value::Absent),
    };
    Outcome::Fired(Finding::new(
        &ACS005,
        Subject::Function(id),
        Confidence::High,
        SwitchedOff {
            at: function.at,
            kind: facts.topology.kind(hop),
            off: facts.acs.hop(hop).switched_off(),
        },
        Evidence::new(locus, "ACS Control", seen),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn below(port: Dev) -> Answer {
        let machine = Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", Dev::endpoint());
        answer(&ACS005, &machine, "01:00.0")
    }

    #[test]
    fn a_control_register_of_zero_fires() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x5f, 0)),
            fired("root port 0000:00:01.0 has SV RR CR UF off")
        );
        assert_eq!(
            below(Dev::root_port(1).acs(0x5f, 0x19)),
            fired("root port 0000:00:01.0 has RR off")
        );
    }

    #[test]
    fn services_that_isolation_does_not_ask_for_may_be_off() {
        assert_eq!(below(Dev::root_port(1).acs(0x7f, 0x1d)), Answer::Clean);
    }

    #[test]
    fn the_device_itself_counts_where_it_has_several_functions() {
        let device = Dev::endpoint().multi_function().acs(0x0c, 0);
        assert_eq!(
            answer_for(&ACS005, device),
            fired("Express endpoint 0000:01:00.0 has RR CR off")
        );
    }

    #[test]
    fn intel_ports_with_wide_registers_are_read_where_control_lies() {
        let port = |control: u8| {
            let words = [0x1f, 0, 0, 0, control, 0, 0, 0];
            Dev::root_port(1).ids(0x8086, 0xa110).extended(0x0d, &words)
        };
        assert_eq!(below(port(0x1d)), Answer::Clean);
        assert_eq!(
            below(port(0)),
            fired("root port 0000:00:01.0 has SV RR CR UF off")
        );
    }

    #[test]
    fn a_path_without_acs_is_another_rule() {
        assert_eq!(below(Dev::root_port(1)), Answer::NotApplicable);
    }

    #[test]
    fn a_register_that_was_not_captured_says_nothing() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x1d, 0).cut(0x106)),
            Answer::CannotTell(Fact::RegisterBits)
        );
    }
}
