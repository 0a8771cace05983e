//! A port lacks a capability that its link speed requires.

use std::fmt;

use crate::analysis::{Facts, Missing as Gap};
use crate::bytes::Observed;
use crate::decode::config::cap::express::{MAX_LINK_SPEED, SUPPORTED_SPEEDS};
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;

rule! {
    /// ## What it checks
    ///
    /// A port has the capabilities that its link speeds require: Secondary PCI Express from 8 GT/s on,
    /// Physical Layer 16.0 GT/s and Lane Margining from 16 GT/s on, Physical Layer 32.0 GT/s from 32 GT/s
    /// on.
    ///
    /// ## Why it matters
    ///
    /// Software reads equalization and errors of the link there. A device without them fails the compliance
    /// test, and its link cannot be diagnosed.
    ///
    /// ## How it is decided
    ///
    /// By the Supported Link Speeds Vector of the Link Capabilities 2 register. Function 0 has them for
    /// an endpoint or upstream port of several functions; virtual functions and what has no link are left
    /// out, and so is version 1 of the Express capability, which may lack the register. Where the extended capability list was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Device: implement the capability.
    ///
    /// Hyper-V and VFIO: nothing.
    CFG037 = {
        name: "capability-of-link-speed-missing",
        summary: "A port lacks a capability that its link speed requires",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.7.3 Secondary PCI Express Extended Capability"),
            Document::Pcie60.at("7.7.5 Physical Layer 16.0 GT/s Extended Capability"),
            Document::Pcie60.at("7.7.6 Physical Layer 32.0 GT/s Extended Capability"),
            Document::Pcie60.at("7.7.10 Lane Margining at the Receiver Extended Capability"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The capability and the speed that requires it.
#[derive(Debug)]
struct Missing {
    capability: &'static str,
    speed: u8,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capability, speed } = self;
        write!(
            f,
            "its link supports {speed} GT/s, and there is no {capability} capability"
        )
    }
}

/// Bit of the speed vector, the speed in GT/s, and what it requires.
const REQUIRED: &[(u8, u8, ExtCapId)] = &[
    (2, 8, ExtCapId::SECONDARY_PCIE),
    (3, 16, ExtCapId::PHY_16GT),
    (3, 16, ExtCapId::LANE_MARGINING),
    (4, 32, ExtCapId::PHY_32GT),
];

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.is_virtual() {
        return Outcome::NotApplicable("a virtual function");
    }
    if function.at.bdf.bits() & 7 != 0 && !facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("function 0 has them for the device");
    }
    let express = match function.express() {
        Observed::Present(express) => express,
        Observed::Absent => return Outcome::NotApplicable("no PCI Express"),
        _ => return Outcome::CannotTell(Gap::standard(id, function)),
    };
    let Some(true) = express.has_link() else {
        return Outcome::NotApplicable("no link");
    };
    let (Some(version), Some(speeds), Some(fastest)) = (
        express.version(),
        express.window().field(SUPPORTED_SPEEDS),
        express.window().field(MAX_LINK_SPEED),
    ) else {
        return Outcome::CannotTell(Gap::standard(id, function));
    };
    // The first version of the capability may end before that register.
    if version < 2 {
        return Outcome::NotApplicable("the capability has no vector of link speeds");
    }
    // Bit 0 of the vector is speed 1. What contradicts the largest speed proves nothing.
    let speeds = speeds & ((1 << fastest) - 1);
    let needed = REQUIRED.iter().filter(|(bit, ..)| speeds >> bit & 1 != 0);
    let mut places = Vec::new();
    let mut any = false;
    for &(_, speed, capability) in needed {
        any = true;
        match function.space.extended(function.config, capability) {
            Observed::Present(_) => {}
            Observed::Absent => {
                let name = capability.name().unwrap_or("required");
                let missing = Missing {
                    capability: name,
                    speed,
                };
                places.push((
                    missing,
                    Evidence::new(Locus::Lists(id), name, Value::Absent),
                ));
            }
            _ => return Outcome::CannotTell(Gap::extended(id, function)),
        }
    }
    if !any {
        return Outcome::NotApplicable("its link is slower");
    }
    several(&CFG037, Subject::Function(id), Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    /// The Express capability of the test device lies at 48h, behind power management.
    fn with(speeds: u8, capabilities: &[u16]) -> Answer {
        let fastest = u8::try_from(8 - speeds.leading_zeros()).unwrap();
        let device = Dev::endpoint()
            .poke(0x48 + 0x0c, &[fastest])
            .poke(0x48 + 0x2c, &[speeds << 1]);
        let device = capabilities
            .iter()
            .fold(device, |device, &id| device.extended(id, &[0; 8]));
        answer_for(&CFG037, device)
    }

    #[test]
    fn each_speed_has_its_capability() {
        assert_eq!(with(0b11, &[]), Answer::NotApplicable);
        assert_eq!(
            with(0b111, &[]),
            fired("its link supports 8 GT/s, and there is no Secondary PCI Express capability")
        );
        assert_eq!(with(0b111, &[0x19]), Answer::Clean);
        assert_eq!(
            with(0b1111, &[0x19, 0x26]),
            fired(
                "its link supports 16 GT/s, and there is no Lane Margining at the Receiver capability"
            )
        );
        assert_eq!(with(0b1_1111, &[0x19, 0x26, 0x27, 0x2a]), Answer::Clean);
    }

    #[test]
    fn what_was_not_captured_leaves_it_open() {
        let device = || {
            Dev::endpoint()
                .poke(0x48 + 0x0c, &[3])
                .poke(0x48 + 0x2c, &[0b1110])
        };
        assert!(matches!(answer_for(&CFG037, device()), Answer::Fired(_)));
        let cut = device().cut(0x100);
        assert!(matches!(answer_for(&CFG037, cut), Answer::CannotTell(_)));
    }

    #[test]
    fn a_vector_that_may_not_be_there_proves_nothing() {
        let device = || Dev::endpoint().poke(0x48 + 0x2c, &[0b1110]);
        let first_version = device().poke(0x48 + 0x0c, &[3]).poke(0x4a, &[0x01]);
        assert_eq!(answer_for(&CFG037, first_version), Answer::NotApplicable);
        let slower = device().poke(0x48 + 0x0c, &[1]);
        assert_eq!(answer_for(&CFG037, slower), Answer::NotApplicable);
    }
}
