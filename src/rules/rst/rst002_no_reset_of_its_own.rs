//! Nothing resets the device without touching others.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Some mechanism resets the device and nothing else: a function level reset, a trip
    /// through D3hot that loses state, or one that the kernel knows for this device.
    ///
    /// ## Why it matters
    ///
    /// A device that cannot be reset alone keeps what the last guest left in it, or needs a
    /// reset of the whole bus, which hits every function there.
    ///
    /// ## How it is decided
    ///
    /// By the reset methods that the kernel reported, where `bus` and `cxl_bus` do not count;
    /// else by the capabilities. Devices whose mechanisms are known not to work count as
    /// having none: some function level resets, and the power reset of AMD's VGA controllers
    /// except on a root bus. ACPI methods do not show in configuration space. Without either
    /// source the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: as for RST001; expect that the guest cannot be restarted without a restart of
    /// the host.
    ///
    /// VFIO: a bus reset is done where the device is alone on its bus. Else give all functions
    /// of the bus to one guest, and test a guest restart; some makers need a reset module.
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
        check: Check::Function(check),
    }
}

/// Who denies it.
#[derive(Debug)]
enum NoReset {
    Kernel { methods: Vec<String> },
    Device,
}

impl fmt::Display for NoReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel { methods } if methods.is_empty() => {
                f.write_str("the kernel knows no way to reset it")
            }
            Self::Kernel { methods } => {
                write!(f, "the kernel resets it by {} alone", methods.join(" and "))
            }
            Self::Device => f.write_str("the device offers no reset that works on it alone"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    let function = facts.host.function(id);
    let (violation, evidence) = match &function.reported.reset_methods {
        Some(methods) if methods.value.iter().any(|method| works_alone(method)) => {
            return Outcome::Clean;
        }
        Some(methods) => (
            NoReset::Kernel {
                methods: methods.value.clone(),
            },
            Evidence::new(
                Locus::Reported(id, "reset_methods"),
                "reset methods",
                Value::AsReported,
            ),
        ),
        None => match facts.profile(id).resets.on_its_own() {
            Some(true) => return Outcome::Clean,
            None => return Outcome::CannotTell(Missing::standard(id, function)),
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

/// Whether a reset method of the kernel touches no other function.
fn works_alone(method: &str) -> bool {
    !matches!(method, "bus" | "cxl_bus")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    const NOTHING: &str = "the device offers no reset that works on it alone";

    fn stubborn() -> Dev {
        let mut device = Dev::endpoint();
        device.flr = false;
        device
    }

    fn methods(methods: &[&str]) -> Dev {
        let methods = methods.iter().map(|&way| way.to_owned()).collect();
        stubborn().report(|p| p.reset_methods = Some(reported(methods)))
    }

    #[test]
    fn a_device_that_keeps_its_state_in_d3hot_and_has_no_flr_fires() {
        assert_eq!(answer_for(&RST002, stubborn()), fired(NOTHING));
    }

    #[test]
    fn a_device_that_loses_its_state_in_d3hot_is_clean() {
        let mut device = stubborn();
        device.power = Some(false);
        assert_eq!(answer_for(&RST002, device), Answer::Clean);
    }

    #[test]
    fn the_power_reset_of_amd_display_controllers_counts_on_a_root_bus_only() {
        let display = || {
            let mut device = stubborn().ids(0x1002, 0x731f).class(0x03_00_00);
            device.power = Some(false);
            device
        };
        assert_eq!(answer_for(&RST002, display()), fired(NOTHING));
        let integrated = Machine::new().with("00:05.0", display());
        assert_eq!(answer(&RST002, &integrated, "00:05.0"), Answer::Clean);
    }

    #[test]
    fn a_reset_that_linux_knows_for_the_device_is_enough() {
        assert_eq!(
            answer_for(&RST002, stubborn().ids(0x8086, 0x10ed)),
            Answer::Clean
        );
    }

    #[test]
    fn what_the_kernel_reports_decides() {
        assert_eq!(
            answer_for(&RST002, methods(&["bus"])),
            fired("the kernel resets it by bus alone")
        );
        assert_eq!(
            answer_for(&RST002, methods(&[])),
            fired("the kernel knows no way to reset it")
        );
        assert_eq!(
            answer_for(&RST002, methods(&["acpi", "bus"])),
            Answer::Clean
        );
    }

    #[test]
    fn capabilities_that_were_not_captured_say_nothing() {
        assert_eq!(
            answer_for(&RST002, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
