//! Windows does not let the device be disabled.

use std::fmt;

use crate::analysis::Facts;
use crate::host::DeviceState;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// That the node of a running device may be disabled.
    ///
    /// ## Why it matters
    ///
    /// A device must be disabled before it is dismounted. Windows refuses that for devices that it
    /// needs itself: the disk that it started from, the page file's disk, some system devices.
    ///
    /// ## How it is decided
    ///
    /// By the flag DN_DISABLEABLE of the property DevNodeStatus, for devices that are started.
    /// Ports and bridges are not asked.
    ///
    /// ## What to do
    ///
    /// Hyper-V: move what the host needs (system disk, page file, dump file) to another device,
    /// restart, and look again.
    ///
    /// VFIO: not concerned.
    DDA026 = {
        name: "not-disableable",
        summary: "Windows does not let the device be disabled, which comes before a dismount",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::WindowsDrivers.at("DEVPKEY_Device_DevNodeStatus, DN_DISABLEABLE"), Document::DdaBlog.at("part 1, description and background")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The flags.
#[derive(Debug)]
struct NotDisableable;

impl fmt::Display for NotDisableable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windows does not allow it to be disabled")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let started = facts.host.device_state(id) == Some(DeviceState::Started);
    match facts.host.function(id).windows.node_status {
        _ if facts.topology.kind(id).is_bridge() => Outcome::NotApplicable("a port or bridge"),
        Some(status) if started && status & windows::NODE_DISABLEABLE == 0 => {
            Outcome::Fired(Finding::new(
                &DDA026,
                Subject::Function(id),
                Confidence::Medium,
                NotDisableable,
                Evidence::new(
                    Locus::Reported(id, windows::NODE_STATUS.key),
                    windows::NODE_STATUS.name,
                    Value::dword(status),
                ),
            ))
        }
        Some(_) if started => Outcome::Clean,
        _ => Outcome::NotApplicable("not started, or its status was not reported"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(status: u32) -> Answer {
        let device = Dev::endpoint()
            .windows(windows::PROBLEM_CODE, 0)
            .windows(windows::NODE_STATUS, status);
        answer(&DDA026, &Machine::with_device(device), "01:00.0")
    }

    #[test]
    fn a_started_node_without_the_flag_fires() {
        // DN_DRIVER_LOADED | DN_STARTED, without and with DN_DISABLEABLE (cfg.h).
        assert_eq!(
            with(0x0180_000a),
            fired("Windows does not allow it to be disabled")
        );
        assert_eq!(with(0x0180_200a), Answer::Clean);
        assert_eq!(answer_for(&DDA026, Dev::endpoint()), Answer::NotApplicable);
    }
}
