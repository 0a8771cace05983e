//! An IVRS table gives a device an alias that does not exist.

use std::fmt;

use crate::addr::{Bdf, Sbdf};
use crate::analysis::Facts;
use crate::decode::acpi::ivrs::DeviceEntry;
use crate::decode::config::bridge::BusNumbers;
use crate::host::Function;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{chosen, ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;
use crate::spec::pci::HeaderType;

rule! {
    /// ## What it checks
    ///
    /// A device that an IVRS table says uses another id on the bus has an alias that exists: a captured
    /// function, or the first id of the bus below a captured bridge.
    ///
    /// ## Why it matters
    ///
    /// The unit sees the alias, not the device. With a wrong one the page tables of the device belong to
    /// nobody: its transfers are blocked, or taken for those of another device.
    ///
    /// ## How it is decided
    ///
    /// By the entries 42h and 43h of the blocks that Linux uses. Entries whose devices are not captured are
    /// left out: firmware keeps them for chips that the board no longer has. A bridge to conventional PCI
    /// takes ownership with its own id or with device 0, function 0 of the bus below it. The alias of a
    /// device behind such a bridge lies on another bus, which is right.
    ///
    /// ## What to do
    ///
    /// Firmware: state the id that the device's requests carry at the unit.
    ///
    /// Hyper-V and VFIO: a firmware update, or another slot for the device.
    IOM032 = {
        name: "alias-names-nothing",
        summary: "An IVRS table gives a device an alias that does not exist",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.5 IVHD Device Entries, alias select"),
            Document::PciBridge12.at("3.7 Ownership of requests, as PCI Express to PCI/PCI-X Bridge 1.0, 2.3 states it"),
            Document::LinuxIommu.at("amd/iommu.c, setup_aliases"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The device and its alias.
#[derive(Debug)]
struct Nothing(Sbdf, Sbdf);

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is said to use the id of {}, which is not there",
            self.0, self.1
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let mut compared = false;
    let mut places = Vec::new();
    for (unit, _) in chosen(facts, table) {
        for (first, last, entry) in aliases(&unit.entries) {
            let Some(source) = entry.source else { continue };
            let at = Sbdf::new(unit.segment, Bdf::from_bits(source.0));
            // Below a bridge that renumbers nothing a device may be its own alias.
            let user = facts.host.functions().iter().find(|function| {
                function.at.segment == unit.segment
                    && (first..=last).contains(&function.at.bdf.bits())
            });
            let Some(user) = user else { continue };
            compared = true;
            if exists(facts, at) {
                continue;
            }
            let seen = Value::word(source.0);
            let evidence = place(TableKind::Ivrs, entry.span, "source device id", seen);
            places.push((Nothing(user.at, at), evidence));
        }
    }
    if !compared {
        return Outcome::NotApplicable("no captured device has an alias");
    }
    several(&IOM032, Subject::Host, Confidence::Medium, places)
}

/// First and last device of each entry with an alias.
fn aliases(entries: &[DeviceEntry]) -> Vec<(u16, u16, &DeviceEntry)> {
    let mut found = Vec::new();
    let mut open: Option<&DeviceEntry> = None;
    for entry in entries {
        match entry.kind {
            DeviceEntry::ALIAS_SELECT => found.push((entry.device.0, entry.device.0, entry)),
            DeviceEntry::ALIAS_RANGE_START => open = Some(entry),
            DeviceEntry::RANGE_START | DeviceEntry::EXTENDED_RANGE_START => open = None,
            DeviceEntry::RANGE_END => {
                if let Some(start) = open.take() {
                    found.push((start.device.0, entry.device.0, start));
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a function has the id, or a bridge takes ownership of requests with it.
fn exists(facts: &Facts<'_, '_>, at: Sbdf) -> bool {
    let below = |function: &Function<'_>| {
        function.at.segment == at.segment
            && function
                .layout()
                .is_some_and(|layout| layout != HeaderType::ENDPOINT)
            && BusNumbers::decode(function.config)
                .is_some_and(|numbers| numbers.secondary == at.bus())
    };
    facts.host.find(at).is_some()
        || (at.bdf.bits() & 0xff == 0 && facts.host.functions().iter().any(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::{ivhd, ivrs};
    use crate::testing::{Dev, Machine};

    fn with(entries: &[&[u8]]) -> Answer {
        let machine = Machine::with_device(Dev::endpoint());
        let machine = machine.with_table_bytes("IVRS", ivrs(&[ivhd(0x11, entries)]));
        answer(&IOM032, &machine, "")
    }

    #[test]
    fn an_alias_is_a_function_or_the_first_id_of_a_bridges_bus() {
        let select = |source: u16| {
            let [low, high] = source.to_le_bytes();
            with(&[&[0x42, 0x00, 0x01, 0, 0, low, high, 0]])
        };
        assert_eq!(select(0x0008), Answer::Clean); // the port 00:01.0
        assert_eq!(select(0x0100), Answer::Clean); // its bus
        let message = "0000:01:00.0 is said to use the id of 0000:00:14.4, which is not there";
        assert_eq!(select(0x00a4), fired(message));
        assert!(matches!(select(0x0200), Answer::Fired(_)));
    }

    #[test]
    fn ranges_count_and_devices_that_are_not_there_do_not() {
        let end = [4, 0xff, 0x01, 0];
        let start = [0x43, 0x00, 0x01, 0, 0, 0xa4, 0, 0];
        assert!(matches!(with(&[&start, &end]), Answer::Fired(_)));
        let old_chip = [0x43, 0x00, 0xff, 0, 0, 0xa4, 0, 0];
        let end = [4, 0xff, 0xff, 0];
        assert_eq!(with(&[&old_chip, &end]), Answer::NotApplicable);
    }
}
