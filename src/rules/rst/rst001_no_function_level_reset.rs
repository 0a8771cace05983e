//! The device has no function level reset.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The device can be reset on its own by a function level reset.
    ///
    /// ## Why it matters
    ///
    /// Between two guests the device must forget the first one. Hyper-V from Windows Server
    /// 2022 on asks for a secure device at power-on, and a reset is part of that; on older
    /// versions restarting such a guest can take the host down.
    ///
    /// ## How it is decided
    ///
    /// By the reset methods that the kernel reported (`flr`, `af_flr`), else by bit 28 of the
    /// Express device capabilities and the Advanced Features capability. Devices whose reset is
    /// known to hang count as having none. Without either source the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V 2022 and 2025: set `RequireSecureDeviceAssignment` to 0 (DWORD) under
    /// `HKLM\SOFTWARE\Policies\Microsoft\Windows\HyperV` and accept the risk. On every version:
    /// shut the guest down instead of resetting it, and test a guest restart before production.
    ///
    /// VFIO: other resets may do (RST002).
    RST001 = {
        name: "no-function-level-reset",
        summary: "The device has no function level reset",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::Note),
        lint: Device,
        cites: [
            Document::Pcie60.at("6.6.2 Function Level Reset (FLR)"),
            Document::OpenVmm.at("vmm_tests, hyperv_nested.rs: power-on policies"),
            Document::LinuxPci.at("pci.c, pci_reset_fn_methods"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Who denies it.
#[derive(Clone, Copy, Debug)]
enum NoFlr {
    Kernel { advertised: bool },
    Device,
}

impl fmt::Display for NoFlr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel { advertised: true } => {
                "the device offers a function level reset, but the kernel does not use it"
            }
            Self::Kernel { advertised: false } => "the kernel reports no function level reset",
            Self::Device => "the device offers no function level reset",
        })
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let offered = facts.profile(id).resets.function_level();
    let violation = match (&function.reported.reset_methods, offered) {
        (Some(methods), _)
            if methods
                .value
                .iter()
                .any(|way| way == "flr" || way == "af_flr") =>
        {
            return Outcome::Clean;
        }
        (Some(_), offered) => NoFlr::Kernel {
            advertised: offered == Some(true),
        },
        (None, Some(true)) => return Outcome::Clean,
        (None, Some(false)) => NoFlr::Device,
        (None, None) => return Outcome::CannotTell(Missing::standard(id, function)),
    };
    let evidence = match violation {
        NoFlr::Kernel { .. } => Evidence::new(
            Locus::Reported(id, "reset_methods"),
            "reset methods",
            Value::AsReported,
        ),
        NoFlr::Device => Evidence::new(
            Locus::Lists(id),
            "Function Level Reset Capability",
            Value::Absent,
        ),
    };
    Outcome::Fired(Finding::new(
        &RST001,
        Subject::Function(id),
        Confidence::High,
        violation,
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    fn without_flr() -> Dev {
        let mut device = Dev::endpoint();
        device.flr = false;
        device
    }

    fn methods(device: Dev, methods: &[&str]) -> Dev {
        let methods = methods.iter().map(|&way| way.to_owned()).collect();
        device.report(|p| p.reset_methods = Some(reported(methods)))
    }

    #[test]
    fn a_clear_capability_bit_fires() {
        assert_eq!(
            answer_for(&RST001, without_flr()),
            fired("the device offers no function level reset")
        );
        assert_eq!(answer_for(&RST001, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn the_conventional_capability_is_as_good() {
        let both_bits = without_flr().standard(0x13, &[6, 3, 0, 0]);
        assert_eq!(answer_for(&RST001, both_bits), Answer::Clean);
        let one_bit = without_flr().standard(0x13, &[6, 2, 0, 0]);
        assert_ne!(answer_for(&RST001, one_bit), Answer::Clean);
    }

    #[test]
    fn what_the_kernel_reports_beats_the_register() {
        assert_eq!(
            answer_for(&RST001, methods(Dev::endpoint(), &["pm", "bus"])),
            fired("the device offers a function level reset, but the kernel does not use it")
        );
        assert_eq!(
            answer_for(&RST001, methods(without_flr(), &["device_specific", "flr"])),
            Answer::Clean
        );
        assert_eq!(
            answer_for(&RST001, methods(without_flr(), &[])),
            fired("the kernel reports no function level reset")
        );
    }

    #[test]
    fn a_reset_that_is_known_to_hang_is_none() {
        assert_eq!(
            answer_for(&RST001, Dev::endpoint().ids(0x1022, 0x149c)),
            fired("the device offers no function level reset")
        );
    }

    #[test]
    fn capabilities_that_were_not_captured_say_nothing() {
        assert_eq!(
            answer_for(&RST001, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
