//! The kernel could not claim or reserve a range of the device.

use super::noted;
use crate::analysis::Facts;
use crate::decode::kernel_log::NoteKind;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No message of the kernel's log says that a BAR of the device could not be claimed or
    /// reserved.
    ///
    /// ## Why it matters
    ///
    /// Two owners claim the same addresses. Where the message comes from vfio-pci, something on the
    /// host still uses the BAR, most often the console's framebuffer, and the guest cannot map it.
    /// Where it comes from the PCI core, the firmware placed the BAR on top of something else.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "can't reserve" for the function, or "can't claim" for a BAR
    /// that got no other place afterwards. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned by what Linux claims; a conflict that the firmware made exists under
    /// Windows, too, so look for a firmware update.
    ///
    /// VFIO: take the console off the device (`video=efifb:off`, since Linux 5.19
    /// `initcall_blacklist=sysfb_init`, or boot from another display). For "can't claim", update
    /// the firmware or try `pci=realloc`.
    IMP070 = {
        name: "log-range-in-use",
        summary: "The kernel could not claim or reserve a range of the device",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::Condition),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci_core.c, vfio_pci_core_mmap"),
            Document::LinuxPci.at("setup-res.c, pci_claim_resource"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP070, NoteKind::NotClaimed, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;
    use crate::rules::testing::{Answer, answer};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_bar_that_got_another_place_is_no_trouble() {
        let with = |end: &str| {
            let log = format!(
                "[    0.1] pci 0000:01:00.0: [10de:1eb8] type 00 class 0x030200\n\
                 [    0.2] pci 0000:01:00.0: can't claim BAR 1 [mem 0xf0000000-0xf00fffff]: no compatible bridge window\n\
                 [    0.3] pci 0000:01:00.0: {end}\n"
            );
            let machine = Machine::with_device(Dev::endpoint()).with_log(&log);
            answer(&IMP070, &machine, "01:00.0")
        };
        let placed = "BAR 1 [mem 0xe0000000-0xe00fffff]: assigned";
        assert_eq!(with(placed), Answer::Clean);
        assert_eq!(
            with("BAR 1: assigned [mem 0xe0000000-0xe00fffff]"),
            Answer::Clean
        );
        for other in [
            "BAR 0 [mem 0xe0000000-0xe00fffff]: assigned",
            "enabling device",
        ] {
            assert!(matches!(with(other), Answer::Fired(_)), "{other}");
        }
    }

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP070,
            "[    9.0] vfio-pci 0000:01:00.0: BAR 0: can't reserve [mem 0xd0000000-0xdfffffff 64bit pref]\n",
            "the log says: BAR 0: can't reserve [mem 0xd0000000-0xdfffffff 64bit pref]",
        );
    }
}
