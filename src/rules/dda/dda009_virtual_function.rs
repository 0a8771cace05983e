//! The device is a virtual function.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects, Policy};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The function is no virtual function of an SR-IOV device.
    ///
    /// ## Why it matters
    ///
    /// Virtual functions have no place of their own in Windows' device tree. Network adapters
    /// get to guests as SR-IOV through the virtual switch; Discrete Device Assignment reaches
    /// a virtual function by its number at the physical one, where the version knows how.
    ///
    /// ## How it is decided
    ///
    /// By the link that Linux reported, by the arithmetic of the SR-IOV capability of the
    /// physical function, or by ids that read as ones while the rest of the space holds data.
    /// A function of which neither ids nor a report were captured leaves the answer open.
    ///
    /// ## What to do
    ///
    /// Hyper-V 2016: assign the physical function. Later versions: `Add-VMAssignableDevice`
    /// with `-VirtualFunction` at the physical function's path; for networking use SR-IOV on
    /// the virtual switch instead.
    ///
    /// VFIO: nothing; virtual functions are the easiest devices to assign.
    DDA009 = {
        name: "virtual-function",
        summary: "The device is a virtual function, which has no place of its own in Windows",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None)
            .but(Policy::HyperV2016, Effect::Blocks),
        cites: [
            Document::HyperVCmdlets.at("Add-VMAssignableDevice, -VirtualFunction"),
            Document::Pcie60.at("9.2.1.2 VF Discovery"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The physical function, where known.
#[derive(Debug)]
struct VirtualFunction {
    physical: Option<Sbdf>,
}

impl fmt::Display for VirtualFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.physical {
            Some(physical) => write!(f, "is a virtual function of {physical}"),
            None => f.write_str("is a virtual function"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if !function.is_virtual() {
        let known = function.identity.vendor.is_some() || function.windows.device_type.is_some();
        return match known {
            true => Outcome::Clean,
            false => Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
        };
    }
    let ids = function.config.u32(0);
    let evidence = match (&function.reported.physical_function, ids) {
        (Some(_), _) => Evidence::new(
            Locus::Reported(id, "physical_function"),
            "physical function",
            Value::AsReported,
        ),
        (None, ids) => Evidence::new(
            Locus::Config(id, Span::new(0, 4)),
            "Vendor ID and Device ID",
            ids.map_or(Value::Absent, Value::dword),
        ),
    };
    Outcome::Fired(Finding::new(
        &DDA009,
        Subject::Function(id),
        Confidence::Medium,
        VirtualFunction {
            physical: function.physical.map(|pf| facts.host.function(pf).at),
        },
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    #[test]
    fn a_function_within_the_range_of_an_sr_iov_capability_fires() {
        let machine = Machine::with_device(Dev::endpoint().sriov(true, 2, 0x80, 1))
            .with("01:10.1", Dev::virtual_function());
        assert_eq!(
            answer(&DDA009, &machine, "01:10.1"),
            fired("is a virtual function of 0000:01:00.0")
        );
        assert_eq!(answer(&DDA009, &machine, "01:00.0"), Answer::Clean);
    }

    #[test]
    fn blank_ids_alone_show_a_virtual_function() {
        assert_eq!(
            answer_for(&DDA009, Dev::virtual_function()),
            fired("is a virtual function")
        );
    }

    #[test]
    fn without_ids_and_reports_nothing_can_be_said() {
        assert_eq!(
            answer_for(&DDA009, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
        let known = Dev::endpoint()
            .unread()
            .report(|p| p.vendor = Some(reported(0x10de)));
        assert_eq!(answer_for(&DDA009, known), Answer::Clean);
    }

    #[test]
    fn only_windows_server_2016_refuses_it() {
        assert_eq!(DDA009.effects.on(Policy::HyperV2016), Effect::Blocks);
        assert_eq!(DDA009.effects.on(Policy::HyperV2019), Effect::Condition);
        assert_eq!(DDA009.effects.on(Policy::Vfio), Effect::None);
    }
}
