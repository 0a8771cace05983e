//! An Express endpoint has MSI with 32-bit addresses alone.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// The MSI capability of a PCI Express endpoint can send messages to 64-bit addresses.
    ///
    /// ## Why it matters
    ///
    /// The specification demands it of endpoints that are no legacy endpoints. A platform with
    /// its interrupt window above 4 GiB (many Arm servers) cannot use the device.
    ///
    /// ## How it is decided
    ///
    /// By bit 7 of the MSI message control register of functions with the port type of an
    /// endpoint.
    ///
    /// ## What to do
    ///
    /// Device: implement the 64-bit form, or MSI-X.
    ///
    /// Hyper-V and VFIO: nothing on x86.
    INT010 = {
        name: "msi-without-64-bit",
        summary: "MSI of an Express endpoint cannot send to 64-bit addresses",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("1.3.2.2 PCI Express Endpoint Rules"),
            Document::Pcie60.at("7.7.1 MSI Capability Structures"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Bit 7 is clear.
#[derive(Debug)]
struct Only32Bit;

impl fmt::Display for Only32Bit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MSI sends to 32-bit addresses alone")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if facts.topology.kind(id) != FunctionKind::Endpoint {
        return Outcome::NotApplicable("no PCI Express endpoint");
    }
    let msi = match function.msi() {
        Observed::Present(msi) => msi,
        Observed::Absent => return Outcome::NotApplicable("no MSI"),
        _ => return Outcome::CannotTell(Missing::standard(id, function)),
    };
    match msi.address_64() {
        Some(true) => Outcome::Clean,
        None => Outcome::CannotTell(Missing::standard(id, function)),
        Some(false) => {
            let window = msi.window();
            let control = window.u16(2).map_or(Value::Absent, Value::word);
            let locus = Locus::Config(id, window.span(2, 2));
            let evidence = Evidence::new(locus, "Message Control", control);
            let subject = Subject::Function(id);
            let finding = Finding::new(&INT010, subject, Confidence::High, Only32Bit, evidence);
            Outcome::Fired(finding)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn bit_7_is_wanted_of_endpoints() {
        let with = |device: Dev, control: u8| {
            answer_for(
                &INT010,
                device.standard(5, &[control, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            )
        };
        assert_eq!(with(Dev::endpoint(), 0x80), Answer::Clean);
        assert_eq!(
            with(Dev::endpoint(), 0x00),
            fired("MSI sends to 32-bit addresses alone")
        );
        let legacy = Dev::express(crate::spec::pcie::PortType::LEGACY_ENDPOINT);
        assert_eq!(with(legacy, 0x00), Answer::NotApplicable);
        assert_eq!(answer_for(&INT010, Dev::endpoint()), Answer::NotApplicable);
    }
}
