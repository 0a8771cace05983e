//! The PCI function of an AMD unit is not what the table says.

use std::fmt;

use crate::addr::{Bdf, Sbdf};
use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The function that an IVRS block names as its IOMMU is there, has the class of an IOMMU,
    /// and has the secure device capability at the offset that the block states.
    ///
    /// ## Why it matters
    ///
    /// Linux reads the registers of the unit through that function. Without it the unit cannot be
    /// used.
    ///
    /// ## How it is decided
    ///
    /// By class 0806 and by the capability id 0Fh at the stated offset. A machine of which no
    /// function of that bus was captured is left out, and so is what the capture lacks.
    ///
    /// ## What to do
    ///
    /// Firmware: state the device id and capability offset of the unit.
    ///
    /// Hyper-V and VFIO: a firmware update.
    IOM027 = {
        name: "unit-function-differs",
        summary: "The PCI function of an AMD IOMMU is not what the IVRS table says",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.1 IVHD, device id and capability offset"),
            Document::LinuxIommu.at("amd/init.c, iommu_init_pci"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with the function.
#[derive(Debug)]
enum Differs {
    Missing(Sbdf),
    Class(Sbdf, u32),
    Capability(Sbdf, u16, u8),
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(at) => write!(f, "the unit's function {at} is not there"),
            Self::Class(at, class) => write!(f, "{at} has the class {class:06x}, not 0806xx"),
            Self::Capability(at, offset, id) => {
                write!(
                    f,
                    "{at} has the capability {id:#04x} at {offset:#x}, not 0x0f"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let mut compared = false;
    // The same unit in blocks of several types is normal.
    let mut seen = std::collections::BTreeSet::new();
    let mut places = Vec::new();
    for (unit, span) in table.units() {
        let at = Sbdf::new(unit.segment, Bdf::from_bits(unit.device.0));
        if facts.host.on_bus(at.segment, at.bus()).is_empty() || !seen.insert(at) {
            continue;
        }
        compared = true;
        let fault = match facts.host.find(at).map(|id| facts.host.function(id)) {
            None => Some(Differs::Missing(at)),
            Some(function) => {
                let class = function.identity.class.map(|class| class.0);
                let capability = function.config.u8(unit.capability);
                match (class, capability) {
                    (Some(class), _) if class >> 8 != 0x0806 => Some(Differs::Class(at, class)),
                    (_, Some(id)) if function.responds() && id != 0x0f => {
                        Some(Differs::Capability(at, unit.capability, id))
                    }
                    _ => None,
                }
            }
        };
        if let Some(fault) = fault {
            let seen = Value::word(unit.device.0);
            places.push((fault, place(TableKind::Ivrs, span, "IVHD device id", seen)));
        }
    }
    if !compared {
        return Outcome::NotApplicable("the unit's bus was not captured");
    }
    several(&IOM027, Subject::Host, Confidence::Medium, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::{ivhd, ivrs};
    use crate::testing::{Dev, Machine};

    #[test]
    fn the_function_must_be_there_and_be_an_iommu() {
        let with = |class, id| {
            let unit = Dev::conventional().class(class).poke(0x40, &[id, 0]);
            let machine = Machine::new()
                .with("00:00.2", unit)
                .with_table_bytes("IVRS", ivrs(&[ivhd(0x11, &[])]));
            answer(&IOM027, &machine, "")
        };
        assert_eq!(with(0x08_0600, 0x0f), Answer::Clean);
        assert_eq!(
            with(0x06_0000, 0x0f),
            fired("0000:00:00.2 has the class 060000, not 0806xx")
        );
        assert_eq!(
            with(0x08_0600, 0x05),
            fired("0000:00:00.2 has the capability 0x05 at 0x40, not 0x0f")
        );
        let gone = Machine::with_port().with_table_bytes("IVRS", ivrs(&[ivhd(0x11, &[])]));
        let missing = fired("the unit's function 0000:00:00.2 is not there");
        assert_eq!(answer(&IOM027, &gone, ""), missing);
    }
}
