//! IMP: what the host's log says of trouble with a device.

mod imp070_log_range_in_use;
mod imp071_log_window_without_place;
mod imp072_log_rmrr_refused;
mod imp073_log_reset_failed;
mod imp074_log_device_not_answering;
mod imp075_log_dma_fault;
mod imp076_log_bus_error;
mod imp077_log_rom_invalid;

pub(in crate::rules) use imp070_log_range_in_use::IMP070;
pub(in crate::rules) use imp071_log_window_without_place::IMP071;
pub(in crate::rules) use imp072_log_rmrr_refused::IMP072;
pub(in crate::rules) use imp073_log_reset_failed::IMP073;
pub(in crate::rules) use imp074_log_device_not_answering::IMP074;
pub(in crate::rules) use imp075_log_dma_fault::IMP075;
pub(in crate::rules) use imp076_log_bus_error::IMP076;
pub(in crate::rules) use imp077_log_rom_invalid::IMP077;

use std::fmt;

use super::{Confidence, Evidence, Finding, Locus, Outcome, Rule, Subject, Value};
use crate::analysis::Facts;
use crate::decode::kernel_log::NoteKind;
use crate::host::FunctionId;

/// Lines that are shown as evidence.
const SHOWN: usize = 4;

/// The kernel's words about trouble.
#[derive(Debug)]
struct Noted {
    text: String,
    lines: usize,
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the log says: {}", self.text)?;
        match self.lines {
            0 | 1 => Ok(()),
            lines => write!(f, " ({lines} such lines)"),
        }
    }
}

/// Fires where the log has remarks of a kind about a function.
fn noted(rule: &'static Rule, kind: NoteKind, facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(log) = facts.host.log() else {
        return Outcome::NotApplicable("no kernel log was captured");
    };
    let at = facts.host.function(id).at;
    let notes = log.functions.get(&at).map(|function| &function.notes);
    let mut lines = notes
        .into_iter()
        .flatten()
        .filter(|note| note.value.kind == kind);
    let Some(first) = lines.next() else {
        return Outcome::Clean;
    };
    let evidence = |line| Evidence::new(Locus::Log(line), "kernel log", Value::AsReported);
    let others: Vec<u32> = lines.map(|note| note.line).collect();
    let noted = Noted {
        text: first.value.text.clone(),
        lines: others.len() + 1,
    };
    let finding = Finding::new(
        rule,
        Subject::Function(id),
        Confidence::High,
        noted,
        evidence(first.line),
    );
    Outcome::Fired(finding.with(others.into_iter().take(SHOWN - 1).map(evidence)))
}

#[cfg(test)]
mod testing {
    use super::super::testing::{Answer, answer, fired};
    use super::Rule;
    use crate::testing::{Dev, Machine};

    const PRESENT: &str = "[    0.1] pci 0000:01:00.0: [10de:1eb8] type 00 class 0x030200\n\
        [    0.1] pci 0000:02:00.0: [10de:1eb8] type 00 class 0x030200\n";

    /// Asserts that a log fires for 01:00.0 alone, and is not missed where there is none.
    pub(super) fn says(rule: &'static Rule, log: &str, message: &str) {
        let machine = || Machine::with_device(Dev::endpoint()).with("02:00.0", Dev::endpoint());
        let noted = machine().with_log(&format!("{PRESENT}{log}"));
        assert_eq!(answer(rule, &noted, "01:00.0"), fired(message));
        assert_eq!(answer(rule, &noted, "02:00.0"), Answer::Clean);
        let quiet = machine().with_log(PRESENT);
        assert_eq!(answer(rule, &quiet, "01:00.0"), Answer::Clean);
        assert_eq!(answer(rule, &machine(), "01:00.0"), Answer::NotApplicable);
        // Another boot follows, and says nothing of it.
        let again = format!("{PRESENT}{log}[    0.0] Linux version 6.8.0 (x)\n{PRESENT}");
        let again = machine().with_log(&again);
        assert_eq!(answer(rule, &again, "01:00.0"), Answer::Clean);
    }
}
