//! ACPI devices of the table and scope entries do not match.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::device_scope::ScopeType;
use crate::decode::acpi::dmar::Body;
use crate::iommu::{ScopeOwner, TableKind};
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Each ANDD structure is named by a scope entry of type 5 with the same number, and the
    /// other way round.
    ///
    /// ## Why it matters
    ///
    /// The two together say which requester id a device outside PCI uses, a serial port with DMA
    /// for example. With one half missing the device is not translated.
    ///
    /// ## How it is decided
    ///
    /// By the ACPI device number of both.
    ///
    /// ## What to do
    ///
    /// Firmware: write both halves, or neither where the device is switched off.
    ///
    /// Hyper-V and VFIO: nothing; such devices are not assigned.
    IOM019 = {
        name: "acpi-device-unmatched",
        summary: "An ACPI device of the DMAR table has no scope entry, or the other way round",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.7 ACPI Name-space Device Declaration Structure"),
            Document::LinuxIommu.at("intel/iommu.c, probe_acpi_namespace_devices"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The half that is alone.
#[derive(Debug)]
enum Alone {
    Device { number: u8, name: String },
    Scope { number: u8 },
}

impl fmt::Display for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device { number, name } => {
                write!(f, "ACPI device {number} ({name}) is in no unit's scope")
            }
            Self::Scope { number } => write!(
                f,
                "a scope names ACPI device {number}, which is not declared"
            ),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match dmar(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let scopes = || {
        facts.iommu.scopes().iter().filter(|scope| {
            scope.entry.kind == ScopeType::ACPI_DEVICE && matches!(scope.of, ScopeOwner::Unit(_))
        })
    };
    let declared = || {
        table
            .structures
            .iter()
            .filter_map(|structure| match &structure.body {
                Body::Andd(device) => Some((device.device_number, &device.name, structure.span)),
                _ => None,
            })
    };
    if scopes().next().is_none() && declared().next().is_none() {
        return Outcome::NotApplicable("the table names no ACPI device");
    }
    let mut places = Vec::new();
    for (number, name, span) in declared() {
        if !scopes().any(|scope| scope.entry.enumeration_id == number) {
            let alone = Alone::Device {
                number,
                name: name.escape_default().to_string(),
            };
            let seen = Value::Number(number.into());
            places.push((
                alone,
                place(TableKind::Dmar, span, "ANDD device number", seen),
            ));
        }
    }
    for scope in scopes() {
        let number = scope.entry.enumeration_id;
        if !declared().any(|(other, ..)| other == number) {
            let seen = Value::Number(number.into());
            let evidence = place(
                TableKind::Dmar,
                scope.entry.span,
                "scope enumeration id",
                seen,
            );
            places.push((Alone::Scope { number }, evidence));
        }
    }
    several(&IOM019, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope, structure};

    fn with(number: u8) -> Answer {
        let machine = Machine::with_port().with_table_bytes(
            "DMAR",
            dmar(&[
                drhd(true, 0, 0x1000, &[scope(5, number, 0, &[(21, 0)])]),
                structure(4, b"\0\0\0\x01\\_SB.I2C0\0", &[]),
            ]),
        );
        answer(&IOM019, &machine, "")
    }

    #[test]
    fn either_half_alone_fires() {
        assert_eq!(with(1), Answer::Clean);
        assert_eq!(
            with(2),
            fired(
                "ACPI device 1 (\\\\_SB.I2C0) is in no unit's scope; \
                 a scope names ACPI device 2, which is not declared"
            )
        );
    }
}
