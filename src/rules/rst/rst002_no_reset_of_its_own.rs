//! Nothing resets the device without touching others.

use std::fmt;

use crate::analysis::reset::Resets;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Some mechanism resets the device and nothing else: a function level reset, a trip
    /// through D3hot that loses state, a reset of the bus that it is alone on, or one that the
    /// kernel knows for this device.
    ///
    /// ## Why it matters
    ///
    /// A device that cannot be reset alone keeps what the last guest left in it, or needs a
    /// reset of the whole bus, which hits every function there.
    ///
    /// ## How it is decided
    ///
    /// By the reset methods that the kernel reported, else by the capabilities and the tree. A
    /// bus reset counts where the capture shows no other function on the bus: the kernel lists
    /// it also for the function that it found first on a bus. Devices whose mechanisms are
    /// known not to work count as having none: some function level resets, some bus resets,
    /// and the power reset of AMD's VGA controllers except on a root bus. ACPI methods do not
    /// show in configuration space. Without either source the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: as for RST001; expect that the guest cannot be restarted without a restart of
    /// the host.
    ///
    /// VFIO: give all functions of the bus to one guest, so that QEMU can reset the bus, and
    /// test a guest restart; some makers need a reset module.
    RST002 = {
        name: "no-reset-of-its-own",
        summary: "The device cannot be reset without touching others",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::LinuxPci.at("pci.c, pci_reset_fn_methods"),
            Document::LinuxPci.at("quirks.c, quirk_no_flr and quirk_no_pm_reset"),
            Document::PciPm12.at("3.2.4 PMCSR, No_Soft_Reset"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Who denies it.
#[derive(Debug)]
enum NoReset {
    Nothing,
    SharedBus,
    Device,
}

impl fmt::Display for NoReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "the kernel knows no way to reset it",
            Self::SharedBus => "the kernel resets it with its bus, where others are",
            Self::Device => "nothing resets it without its neighbours",
        })
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let resets = facts.profile(id).resets;
    let alone = resets.bus != Some(false);
    let (violation, evidence) = match &function.reported.reset_methods {
        Some(methods) if methods.value.iter().any(|way| alone || !needs_bus(way)) => {
            return Outcome::Clean;
        }
        Some(methods) => (
            match methods.value.is_empty() {
                true => NoReset::Nothing,
                false => NoReset::SharedBus,
            },
            Evidence::new(
                Locus::Reported(id, "reset_methods"),
                "reset methods",
                Value::AsReported,
            ),
        ),
        None => match resets.on_its_own() {
            Some(true) => return Outcome::Clean,
            None => return Outcome::CannotTell(missing(facts, id)),
            Some(false) => (
                NoReset::Device,
                Evidence::new(Locus::Lists(id), "usable reset", Value::Absent),
            ),
        },
    };
    Outcome::Fired(Finding::new(
        &RST002,
        Subject::Function(id),
        Confidence::High,
        violation,
        evidence,
    ))
}

/// Whether a reset method of the kernel resets everything on the bus.
fn needs_bus(method: &str) -> bool {
    matches!(method, "bus" | "cxl_bus")
}

/// Why it is not known: the capabilities, or else whether the bus can be reset.
fn missing(facts: &Facts<'_, '_>, id: FunctionId) -> Missing {
    let Resets {
        flr, af_flr, power, ..
    } = facts.profile(id).resets;
    match [flr, af_flr, power].contains(&None) {
        true => Missing::standard(id, facts.host.function(id)),
        false => Missing::of(Fact::BridgeAbove, id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    const NOTHING: &str = "nothing resets it without its neighbours";

    fn stubborn() -> Dev {
        let mut device = Dev::endpoint();
        device.flr = false;
        device
    }

    /// With another function beside it, so that its bus cannot be reset for it alone.
    fn in_company(device: Dev) -> Answer {
        let machine = Machine::with_device(device).with("01:00.1", Dev::endpoint());
        answer(&RST002, &machine, "01:00.0")
    }

    fn methods(methods: &[&str]) -> Dev {
        let methods = methods.iter().map(|&way| way.to_owned()).collect();
        stubborn().report(|p| p.reset_methods = Some(reported(methods)))
    }

    #[test]
    fn a_device_in_company_that_keeps_its_state_and_has_no_flr_fires() {
        assert_eq!(in_company(stubborn()), fired(NOTHING));
    }

    #[test]
    fn the_same_device_alone_on_its_bus_is_clean() {
        assert_eq!(answer_for(&RST002, stubborn()), Answer::Clean);
    }

    #[test]
    fn a_device_that_loses_its_state_in_d3hot_is_clean() {
        let mut device = stubborn();
        device.power = Some(false);
        assert_eq!(in_company(device), Answer::Clean);
    }

    #[test]
    fn the_power_reset_of_amd_display_controllers_counts_on_a_root_bus_only() {
        let display = || {
            let mut device = stubborn().ids(0x1002, 0x731f).class(0x03_00_00);
            device.power = Some(false);
            device
        };
        assert_eq!(in_company(display()), fired(NOTHING));
        let integrated = Machine::new().with("00:05.0", display());
        assert_eq!(answer(&RST002, &integrated, "00:05.0"), Answer::Clean);
    }

    #[test]
    fn a_reset_that_linux_knows_for_the_device_is_enough() {
        assert_eq!(in_company(stubborn().ids(0x8086, 0x10ed)), Answer::Clean);
    }

    #[test]
    fn what_the_kernel_reports_decides() {
        assert_eq!(
            answer_for(&RST002, methods(&[])),
            fired("the kernel knows no way to reset it")
        );
        assert_eq!(in_company(methods(&["acpi"])), Answer::Clean);
        assert_eq!(answer_for(&RST002, methods(&["bus"])), Answer::Clean);
        assert_eq!(
            in_company(methods(&["bus"])),
            fired("the kernel resets it with its bus, where others are")
        );
    }

    #[test]
    fn capabilities_that_were_not_captured_say_nothing() {
        assert_eq!(
            in_company(Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }

    #[test]
    fn a_bridge_that_was_not_captured_leaves_the_bus_reset_open() {
        let orphan = Machine::new().with("05:00.0", stubborn());
        assert_eq!(
            answer(&RST002, &orphan, "05:00.0"),
            Answer::CannotTell(Fact::BridgeAbove)
        );
    }
}
