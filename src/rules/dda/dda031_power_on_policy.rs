//! The policies of the host refuse the device at power-on.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows::SECURE_ASSIGNMENT_POLICY;

rule! {
    /// ## What it checks
    ///
    /// Whether the policy RequireSecureDeviceAssignment stands against the device.
    ///
    /// ## Why it matters
    ///
    /// From Windows Server 2022 on, starting a virtual machine with an assigned device is refused
    /// if the device has no reset of its own (FLR), unless the policy is switched off. The message
    /// names this policy and RequireSupportedDeviceAssignment.
    ///
    /// ## How it is decided
    ///
    /// Only where Windows' build and its registry were captured, for build 20348 (Windows Server
    /// 2022) and later, and for devices that offer no function level reset. A missing value counts
    /// as switched on, which follows from tests of the hypervisor's makers and is not documented.
    ///
    /// ## What to do
    ///
    /// Hyper-V: use a device with function level reset; or set the DWORD values
    /// RequireSecureDeviceAssignment and RequireSupportedDeviceAssignment below
    /// HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\HyperV to 0, and accept that a restart of the
    /// guest may disturb the host.
    ///
    /// VFIO: not concerned.
    DDA031 = {
        name: "power-on-policy",
        summary: "The host's policies refuse to start a virtual machine with the device",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::DdaPlan.at("policies RequireSecureDeviceAssignment and RequireSupportedDeviceAssignment")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The policy.
#[derive(Debug)]
struct RefusedByPolicy;

impl fmt::Display for RefusedByPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it has no function level reset, which the policy RequireSecureDeviceAssignment asks for",
        )
    }
}

/// Build of Windows Server 2022.
const SERVER_2022: u32 = 20_348;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    let nodes = facts.host.nodes();
    let Some(build) = nodes.windows().and_then(|windows| windows.build) else {
        return Outcome::NotApplicable("Windows' build was not captured");
    };
    let off = nodes.registry_number(SECURE_ASSIGNMENT_POLICY) == Some(0);
    if build < SERVER_2022 || off {
        return Outcome::NotApplicable("the policy is not in force");
    }
    match facts.profile(id).resets.function_level() {
        Some(true) => Outcome::Clean,
        None => Outcome::NotApplicable("whether it has a reset of its own was not captured"),
        Some(false) => Outcome::Fired(Finding::new(
            &DDA031,
            Subject::Function(id),
            Confidence::Low,
            RefusedByPolicy,
            Evidence::new(
                Locus::Lists(id),
                "Function Level Reset Capability",
                Value::Absent,
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(flr: bool, windows: &serde_json::Value) -> Answer {
        let mut device = Dev::endpoint();
        device.flr = flr;
        answer(
            &DDA031,
            &Machine::with_device(device).with_windows(windows),
            "01:00.0",
        )
    }

    #[test]
    fn a_device_without_reset_fires_on_2022_unless_the_policy_is_off() {
        let plain = serde_json::json!({"build": 20348});
        assert_eq!(
            with(false, &plain),
            fired(
                "it has no function level reset, which the policy RequireSecureDeviceAssignment asks for"
            )
        );
        assert_eq!(with(true, &plain), Answer::Clean);
        let off = serde_json::json!({"build": 26100, "registry": { SECURE_ASSIGNMENT_POLICY: 0 }});
        assert_eq!(with(false, &off), Answer::NotApplicable);
        assert_eq!(
            with(false, &serde_json::json!({"build": 17763})),
            Answer::NotApplicable
        );
        assert_eq!(answer_for(&DDA031, Dev::endpoint()), Answer::NotApplicable);
    }
}
