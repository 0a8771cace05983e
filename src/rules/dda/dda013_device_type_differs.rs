//! Windows takes the device for another type.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// Windows' property DeviceType is what configuration space says.
    ///
    /// ## Why it matters
    ///
    /// A difference means that the capture and the export are from different machines or
    /// states, or that this tool or Windows reads a register differently.
    ///
    /// ## How it is decided
    ///
    /// Port type and header type lead to one value each. The values 5 and 13 hide the type and
    /// are another rule (DDA004); conventional and PCI-X count as one. Without the property
    /// there is nothing to compare; without the capability list the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: the reported value counts. Make sure that all files are from one machine.
    ///
    /// VFIO: not concerned.
    DDA013 = {
        name: "device-type-differs",
        summary: "Windows reports another device type than configuration space shows",
        severity: Low,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::PciProp.at("DEVPKEY_PciDevice_DeviceType")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Both types.
#[derive(Debug)]
struct Differs {
    reported: DeviceType,
    computed: DeviceType,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reported, computed } = self;
        write!(
            f,
            "Windows reports {reported}, the registers give {computed}"
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let Some(reported) = function.windows.device_type.map(DeviceType) else {
        return Outcome::NotApplicable("Windows reported nothing");
    };
    if !function.port_type().is_definite() {
        return Outcome::CannotTell(Missing::standard(id, function));
    }
    let kind = facts.topology.kind(id);
    let Some(computed) = DeviceType::of(kind) else {
        return match kind {
            FunctionKind::Reserved(_) => Outcome::NotApplicable("a reserved port type"),
            _ => Outcome::CannotTell(Missing::standard(id, function)),
        };
    };
    let same = match reported {
        DeviceType::TREATED_AS_PCI => !computed.is_bridge(),
        DeviceType::BRIDGE_TREATED_AS_PCI => computed.is_bridge(),
        DeviceType::PCI_X => computed == DeviceType::CONVENTIONAL,
        DeviceType::PCI_X_BRIDGE => computed == DeviceType::PCI_BRIDGE,
        reported => reported == computed,
    };
    if same {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &DDA013,
        Subject::Function(id),
        Confidence::High,
        Differs { reported, computed },
        Evidence::new(
            Locus::Reported(id, windows::DEVICE_TYPE.key),
            windows::DEVICE_TYPE.name,
            Value::Number(reported.0.into()),
        )
        .wanting(Value::Number(computed.0.into())),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(device: Dev, number: u32) -> Answer {
        answer_for(&DDA013, device.windows(windows::DEVICE_TYPE, number))
    }

    #[test]
    fn another_type_fires() {
        assert_eq!(
            with(Dev::endpoint(), 4),
            fired(
                "Windows reports root complex integrated endpoint, the registers give Express endpoint"
            )
        );
        assert_eq!(
            with(Dev::endpoint(), 13),
            fired(
                "Windows reports Express bridge treated as PCI, the registers give Express endpoint"
            )
        );
    }

    #[test]
    fn the_same_type_and_a_hidden_one_are_clean() {
        assert_eq!(with(Dev::endpoint(), 2), Answer::Clean);
        assert_eq!(with(Dev::endpoint(), 5), Answer::Clean);
        assert_eq!(with(Dev::conventional(), 1), Answer::Clean);
    }

    #[test]
    fn there_must_be_two_sides_to_compare() {
        assert_eq!(answer_for(&DDA013, Dev::endpoint()), Answer::NotApplicable);
        assert_eq!(
            with(Dev::endpoint().cut(64), 2),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
