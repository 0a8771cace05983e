//! A VIOT table sends devices to a node that is no unit.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::viot::ViotBody;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every device and range of a VIOT table refers to a node that is a unit, and no range runs
    /// backwards.
    ///
    /// ## Why it matters
    ///
    /// A reference that leads elsewhere leaves its devices without a unit: they are not translated, and
    /// nobody can give them away.
    ///
    /// ## How it is decided
    ///
    /// By the output node of the nodes of types 1 and 2: the offset of a node of type 3 or 4.
    ///
    /// ## What to do
    ///
    /// Firmware: state the offset of the unit's node from the start of the table.
    ///
    /// Hyper-V: not concerned. VFIO: an update of the virtual machine's firmware or monitor.
    IOM036 = {
        name: "viot-output-no-unit",
        summary: "A VIOT table sends devices to a node that is no unit",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::Viot.at("Virtual I/O Translation Table, PCI range and MMIO endpoint nodes"),
            Document::LinuxIommu.at("drivers/acpi/viot.c, viot_get_iommu"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with a node.
#[derive(Debug)]
enum Wrong {
    Output(u16),
    Backwards(u16, u16),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(offset) => write!(f, "a node refers to {offset:#x}, where no unit is"),
            Self::Backwards(first, last) => write!(f, "a range runs from {first:#x} to {last:#x}"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((_, table)) = facts.host.acpi().viot().next() else {
        return Outcome::NotApplicable("no VIOT table was captured");
    };
    let mut places = Vec::new();
    for node in &table.nodes {
        let (output, backwards) = match node.body {
            ViotBody::PciRange {
                output,
                segments,
                ids,
                ..
            } => {
                let segments = (segments.1 < segments.0).then_some(segments);
                let ids = (ids.1 < ids.0).then_some((ids.0.0, ids.1.0));
                (output, segments.or(ids))
            }
            ViotBody::Mmio { output, .. } => (output, None),
            _ => continue,
        };
        let is_unit = table.node_at(output).is_some_and(|node| {
            matches!(
                node.body,
                ViotBody::VirtioIommuPci { .. } | ViotBody::VirtioIommuMmio { .. }
            )
        });
        let mut note = |fault, what, seen| {
            places.push((
                fault,
                place(TableKind::Viot, node.span, what, Value::word(seen)),
            ));
        };
        if !is_unit {
            note(Wrong::Output(output), "output node", output);
        }
        if let Some((first, last)) = backwards {
            note(Wrong::Backwards(first, last), "end of the range", last);
        }
    }
    several(&IOM036, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::seal;

    fn with(output: u8, last: u8) -> Answer {
        let mut viot = b"VIOT".to_vec();
        viot.extend([0; 32]);
        viot.extend([2, 0, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // two nodes from 48 on
        viot.extend([3, 0, 16, 0, 0, 0, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // unit 00:03.0
        viot.extend([1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, last, 0]);
        viot.extend([output, 0, 0, 0, 0, 0, 0, 0]);
        seal(&mut viot);
        let machine = Machine::with_port().with_table_bytes("VIOT", viot);
        answer(&IOM036, &machine, "")
    }

    #[test]
    fn a_range_refers_to_a_unit_and_runs_forwards() {
        assert_eq!(with(48, 0xff), Answer::Clean);
        assert_eq!(
            with(64, 0xff),
            fired("a node refers to 0x40, where no unit is")
        );
        assert_eq!(with(48, 0x18), fired("a range runs from 0x20 to 0x18"));
    }
}
