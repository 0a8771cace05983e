//! The host started with this display.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// The firmware did not use this display controller to start the host.
    ///
    /// ## Why it matters
    ///
    /// The console of the host goes dark when the device is taken away. Its ROM has run and
    /// may be shadowed or altered, and parts of it may be in use by the firmware's frame
    /// buffer: a guest may not be able to start it again.
    ///
    /// ## How it is decided
    ///
    /// By what Linux (`boot_vga`) or Windows (OnPostPath) reported. VGA controllers without a
    /// report leave the answer open, and so does an unknown class; other devices are no boot
    /// display.
    ///
    /// ## What to do
    ///
    /// Hyper-V: let the firmware use another display (often "primary display: onboard"), or
    /// accept a host without a console.
    ///
    /// VFIO: the same; else bind vfio-pci before any driver, boot with `video=efifb:off` and
    /// give QEMU an image of the ROM.
    DDA007 = {
        name: "boot-display",
        summary: "The host started with this display controller",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::Lisa.at("get_assignable_devices.py"),
            Document::PciProp.at("DEVPKEY_PciDevice_OnPostPath"),
            Document::LinuxPci.at("pci-sysfs.c, boot_vga_show"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Who says so.
#[derive(Debug)]
enum BootDisplay {
    Linux,
    Windows,
}

impl fmt::Display for BootDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linux => "the kernel reports it as the boot display",
            Self::Windows => "Windows reports it on the path that the firmware started with",
        })
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let class = match function.identity.class {
        Some(class) if class.is_display() => class,
        Some(_) => return Outcome::NotApplicable("no display controller"),
        None => return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
    };
    let boot_vga = function.reported.boot_vga.as_ref().map(|fact| fact.value);
    let (who, locus, what) = match (boot_vga, function.windows.on_post_path) {
        (Some(true), _) => (
            BootDisplay::Linux,
            Locus::Reported(id, "boot_vga"),
            "boot display",
        ),
        (_, Some(true)) => (
            BootDisplay::Windows,
            Locus::Reported(id, windows::ON_POST_PATH.key),
            windows::ON_POST_PATH.name,
        ),
        (Some(false), _) | (_, Some(false)) => return Outcome::Clean,
        // Linux marks VGA controllers alone.
        (None, None) if !class.is_vga() => return Outcome::Clean,
        (None, None) => return Outcome::CannotTell(Missing::of(Fact::HostUse, id)),
    };
    Outcome::Fired(Finding::new(
        &DDA007,
        Subject::Function(id),
        Confidence::High,
        who,
        Evidence::new(locus, what, Value::Word("true")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    fn vga() -> Dev {
        Dev::endpoint().class(0x03_00_00)
    }

    fn with_boot_vga(value: bool) -> Answer {
        answer_for(
            &DDA007,
            vga().report(|p| p.boot_vga = Some(reported(value))),
        )
    }

    #[test]
    fn a_display_that_the_kernel_marked_fires() {
        assert_eq!(
            with_boot_vga(true),
            fired("the kernel reports it as the boot display")
        );
        assert_eq!(with_boot_vga(false), Answer::Clean);
    }

    #[test]
    fn a_display_on_the_post_path_fires_and_other_devices_do_not() {
        let property = windows::ON_POST_PATH;
        assert_eq!(
            answer_for(&DDA007, vga().windows(property, true)),
            fired("Windows reports it on the path that the firmware started with")
        );
        assert_eq!(
            answer_for(&DDA007, Dev::endpoint().windows(property, true)),
            Answer::NotApplicable
        );
    }

    #[test]
    fn a_controller_without_vga_cannot_be_it() {
        assert_eq!(
            answer_for(&DDA007, Dev::endpoint().class(0x03_02_00)),
            Answer::Clean
        );
    }

    #[test]
    fn a_vga_controller_without_a_report_leaves_it_open() {
        assert_eq!(
            answer_for(&DDA007, vga()),
            Answer::CannotTell(Fact::HostUse)
        );
        assert_eq!(
            answer_for(&DDA007, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
