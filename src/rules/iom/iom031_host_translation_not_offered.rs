//! The IVRS table has a reserved value for the levels of host page tables.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{chosen, feature_images, ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The feature registers in an IVRS table offer host page tables of a defined number of levels.
    ///
    /// ## Why it matters
    ///
    /// The value 3 is reserved. Newer Linux takes it for a unit that translates nothing on behalf of the
    /// host: no device behind it has an IOMMU group with translation, and none can be given away.
    ///
    /// ## How it is decided
    ///
    /// By bits 11:10 (HATS) of the image of the extended feature register, as IOM029 finds it, and by bits
    /// 31:30 of the features in blocks of type 10h where that is the type that Linux uses.
    ///
    /// ## What to do
    ///
    /// Firmware: report 0, 1 or 2 for four, five or six levels.
    ///
    /// Hyper-V: other rules may apply there. VFIO: a firmware update; kernels before 7.0 read the
    /// hardware's register instead.
    IOM031 = {
        name: "host-translation-not-offered",
        summary: "The IVRS table has a reserved value for the levels of host page tables",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("3.4.10 Extended Feature Register, HATS"),
            Document::LinuxIommu.at("amd/init.c, early_iommu_features_init"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A unit's features.
#[derive(Debug)]
struct Reserved(u64);

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(features) = self;
        write!(
            f,
            "the features {features:#x} have the reserved value 3 for host address translation"
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let images = feature_images(facts, table).into_iter();
    let images = images.map(|(image, span)| (image, image >> 10 & 3, 8, span));
    let old = chosen(facts, table).filter(|(unit, _)| unit.images.is_none());
    let old = old.map(|(unit, span)| {
        (
            u64::from(unit.features),
            u64::from(unit.features >> 30),
            4,
            span,
        )
    });
    let all: Vec<_> = images.chain(old).collect();
    if all.is_empty() {
        return Outcome::NotApplicable("no unit states its features");
    }
    let reserved = all.into_iter().filter(|&(_, levels, ..)| levels == 3);
    let places = reserved.map(|(value, _, bytes, span)| {
        let seen = Value::Register { value, bytes };
        (
            Reserved(value),
            place(TableKind::Ivrs, span, "features", seen),
        )
    });
    several(&IOM031, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs, seal};

    fn with(kind: u8, at: usize, value: u32, supported: u8) -> Answer {
        let mut block = ivhd(kind, &[]);
        block[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let mut table = ivrs(&[block]);
        table[0x24] |= supported;
        seal(&mut table);
        answer(
            &IOM031,
            &Machine::with_port().with_table_bytes("IVRS", table),
            "",
        )
    }

    #[test]
    fn three_is_reserved_in_old_and_new_blocks() {
        let message = "the features 0xcda have the reserved value 3 for host address translation";
        assert_eq!(with(0x11, 0x18, 0xcda, 1), fired(message));
        assert_eq!(with(0x11, 0x18, 0x8da, 1), Answer::Clean);
        // The image does not count.
        assert_eq!(with(0x11, 0x18, 0xcda, 0), Answer::NotApplicable);
        assert!(matches!(with(0x10, 0x14, 0xc000_0000, 0), Answer::Fired(_)));
        assert_eq!(with(0x10, 0x14, 0x8000_0000, 0), Answer::Clean);
    }
}
