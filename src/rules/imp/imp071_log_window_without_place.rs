//! A window of a bridge above the device, or a BAR of its virtual functions, found no place.

use std::fmt;
use std::ops::RangeInclusive;

use crate::analysis::Facts;
use crate::decode::kernel_log::{LoggedFunction, Note, NoteKind, Said};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

/// Resources of virtual functions, as the kernel counts them (`PCI_IOV_RESOURCES`).
const VIRTUAL: RangeInclusive<u8> = 7..=12;
/// Windows of a bridge that forward memory, as the log's reader numbers them. One for I/O ports
/// is seldom missed.
const MEMORY: u8 = 14;
const PREFETCHABLE: u8 = 15;

rule! {
    /// ## What it checks
    ///
    /// No message of the kernel's log says that a memory window of a bridge above the device, or
    /// a BAR of the device's virtual functions, found no address.
    ///
    /// ## Why it matters
    ///
    /// Behind a bridge without a window nothing answers, and virtual functions without BARs cannot
    /// be switched on. The device itself may look well.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "failed to assign" for the window or the BAR, and nothing later
    /// gives it a place: the kernel often asks for more than it needs first, and tries again with
    /// less. Windows for I/O ports do not count. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: switch "Above 4G Decoding" and SR-IOV on in the firmware setup, update the
    /// firmware, or move the card to a slot whose port has a larger window.
    ///
    /// VFIO: `pci=realloc` lets Linux size the windows anew.
    IMP071 = {
        name: "log-window-without-place",
        summary: "A bridge window above the device or a BAR of its virtual functions has no address",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::Note),
        cites: [
            Document::LinuxPci.at("setup-res.c, pci_assign_resource"),
            Document::LinuxPci.at("setup-bus.c, pci_assign_unassigned_root_bus_resources"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// What found no place.
#[derive(Debug)]
struct WithoutPlace {
    /// The bridge, where it is a window.
    bridge: Option<String>,
    text: String,
}

impl fmt::Display for WithoutPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bridge {
            Some(bridge) => write!(f, "the log says of {bridge} above: {}", self.text),
            None => write!(f, "the log says: {}", self.text),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(log) = facts.host.log() else {
        return Outcome::NotApplicable("no kernel log was captured");
    };
    let at = |id: FunctionId| facts.host.function(id).at;
    let logged = |id: FunctionId| log.functions.get(&at(id));
    let own = logged(id).and_then(virtual_bar).map(|note| (None, note));
    let above = facts.topology.upstream(id).find_map(|bridge| {
        let note = logged(bridge).and_then(window)?;
        Some((Some(at(bridge).to_string()), note))
    });
    let mut found = own.into_iter().chain(above);
    let Some((bridge, note)) = found.next() else {
        return Outcome::Clean;
    };
    let evidence = |line| Evidence::new(Locus::Log(line), "kernel log", Value::AsReported);
    let without = WithoutPlace {
        bridge,
        text: note.value.text.clone(),
    };
    let finding = Finding::new(
        &IMP071,
        Subject::Function(id),
        Confidence::High,
        without,
        evidence(note.line),
    );
    Outcome::Fired(finding.with(found.map(|(_, note)| evidence(note.line))))
}

/// The message about a BAR of virtual functions that is without an address in the end.
fn virtual_bar(function: &LoggedFunction) -> Option<&Said<Note>> {
    let mut without = function.resources.range(VIRTUAL);
    let (index, _) = without.find(|(_, range)| range.value.start.is_none())?;
    let named = format!("VF BAR {} ", index - VIRTUAL.start());
    // Kernels before 6.9 know numbers alone.
    let numbered = format!("BAR {index}:");
    not_assigned(function).find(|note| {
        let text = note.value.text.as_str();
        text.starts_with(&named) || text.starts_with(&numbered)
    })
}

/// The message about a window that forwards memory and is closed in the end.
fn window(function: &LoggedFunction) -> Option<&Said<Note>> {
    not_assigned(function).find(|note| {
        let text = note.value.text.as_str();
        let index = if text.contains(" pref]") {
            PREFETCHABLE
        } else {
            MEMORY
        };
        let numbered = [MEMORY, PREFETCHABLE].iter().any(|index| {
            text.strip_prefix(&format!("BAR {index}: "))
                .is_some_and(|rest| rest.contains("[mem "))
        });
        (numbered || text.starts_with("bridge window [mem "))
            && !function.resources.contains_key(&index)
    })
}

/// Messages about what found no place, the last first.
fn not_assigned(function: &LoggedFunction) -> impl Iterator<Item = &Said<Note>> {
    let notes = function.notes.iter().rev();
    notes.filter(|note| note.value.kind == NoteKind::NotAssigned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_bar_of_virtual_functions_without_a_place_fires_for_the_physical_one() {
        for text in [
            "VF BAR 0 [mem size 0x00080000 64bit pref]: failed to assign",
            "BAR 7: failed to assign [mem size 0x00080000 64bit pref]",
        ] {
            says(
                &IMP071,
                &format!("[    0.4] pci 0000:01:00.0: {text}\n"),
                &format!("the log says: {text}"),
            );
        }
    }

    fn below_a_port(lines: &[&str]) -> Answer {
        let mut log = "[    0.1] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400\n\
            [    0.1] pci 0000:01:00.0: [10de:1eb8] type 00 class 0x030200\n"
            .to_owned();
        for line in lines {
            log.push_str(&format!("[    0.4] pci 0000:00:01.0: {line}\n"));
        }
        let machine = Machine::new()
            .with("00:01.0", Dev::root_port(1))
            .with("01:00.0", Dev::endpoint())
            .with_log(&log);
        answer(&IMP071, &machine, "01:00.0")
    }

    #[test]
    fn a_window_without_a_place_fires_for_what_is_below() {
        let text = "bridge window [mem size 0x00200000 64bit pref]: failed to assign";
        let message = format!("the log says of 0000:00:01.0 above: {text}");
        assert_eq!(below_a_port(&[text]), fired(&message));
        let old = "BAR 15: failed to assign [mem size 0x00200000 64bit pref]";
        let message = format!("the log says of 0000:00:01.0 above: {old}");
        assert_eq!(below_a_port(&[old]), fired(&message));
    }

    #[test]
    fn what_got_a_place_in_the_end_and_io_windows_are_no_trouble() {
        let tried = "bridge window [mem size 0x00200000 64bit pref]: failed to assign";
        let given = "bridge window [mem 0x6000000000-0x60001fffff 64bit pref]: assigned";
        assert_eq!(below_a_port(&[tried, given]), Answer::Clean);
        let ports = "bridge window [io  size 0x1000]: failed to assign";
        assert_eq!(below_a_port(&[ports]), Answer::Clean);
        assert_eq!(below_a_port(&[]), Answer::Clean);
    }
}
