//! The feature registers in the IVRS table differ between units, or from the hardware.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{feature_images, ivrs, place};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The feature registers that an IVRS table shows for its units are the same for all, and those that
    /// the kernel found.
    ///
    /// ## Why it matters
    ///
    /// The table tells a system what the units can do before it touches them. Linux takes the features
    /// that all units have in common, and complains; a feature that only the table has is used and
    /// does not work.
    ///
    /// ## How it is decided
    ///
    /// By the image of the extended feature register in blocks of types 11h and 40h, of the type that
    /// Linux uses, where bit 0 of IVinfo (EFRSup) says that it counts. It is compared with that of the
    /// first unit; what all have in common is compared with the register that the kernel's log prints, or
    /// that sysfs shows. Without a second unit and without either the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Firmware: copy the register as it reads at the end of the setup of each unit.
    ///
    /// Hyper-V and VFIO: a firmware update, where features are missing.
    IOM029 = {
        name: "feature-images-differ",
        summary: "The feature registers in the IVRS table differ between units, or from the hardware",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.1 IVHD, EFR Register Image"),
            Document::LinuxIommu.at("amd/init.c, late_iommu_features_init and get_global_efr"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Which value differs from which.
#[derive(Debug)]
enum Differs {
    Units(u64, u64),
    Register(u64, u64),
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Units(first, other) => {
                write!(
                    f,
                    "one unit has the features {first:#x}, another one {other:#x}"
                )
            }
            Self::Register(table, register) => {
                write!(
                    f,
                    "the table says {table:#x}, the kernel found {register:#x}"
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
    let images = feature_images(facts, table);
    let Some(&(first, span)) = images.first() else {
        return Outcome::NotApplicable("no image of the feature register counts");
    };
    let register = reported(facts);
    if images.len() < 2 && register.is_none() {
        return Outcome::NotApplicable("one unit, and no kernel that read its register");
    }
    let seen = |value| Value::Register { value, bytes: 8 };
    let mut places: Vec<_> = images
        .iter()
        .filter(|(image, _)| *image != first)
        .map(|&(image, span)| {
            let evidence = place(TableKind::Ivrs, span, IMAGE, seen(image));
            (Differs::Units(first, image), evidence)
        })
        .collect();
    let common = images.iter().fold(u64::MAX, |all, (image, _)| all & image);
    if let Some((value, locus)) = register
        && value != common
    {
        let fault = Differs::Register(common, value);
        places.push((fault, place(TableKind::Ivrs, span, IMAGE, seen(common))));
        let what = "extended feature register";
        let found = Evidence::new(locus, what, seen(value));
        places.push((Differs::Register(common, value), found));
    }
    places.dedup_by(|a, b| a.0.to_string() == b.0.to_string());
    several(&IOM029, Subject::Host, Confidence::High, places)
}

const IMAGE: &str = "EFR register image";

/// The register as the kernel's log prints it; sysfs shows the same.
fn reported(facts: &Facts<'_, '_>) -> Option<(u64, Locus)> {
    let said = facts.host.log()?.remapping.amd_features?;
    Some((said.value, Locus::Log(said.line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs, seal};

    fn unit(device: u8, image: u64) -> Vec<u8> {
        let mut block = ivhd(0x11, &[]);
        block[4] = device;
        block[0x18..0x20].copy_from_slice(&image.to_le_bytes());
        block
    }

    fn with(blocks: &[Vec<u8>], log: &str) -> Answer {
        let mut table = ivrs(blocks);
        table[0x24] |= 1; // EFRSup
        seal(&mut table);
        let machine = Machine::with_port().with_table_bytes("IVRS", table);
        answer(&IOM029, &machine.with_log(log), "")
    }

    #[test]
    fn units_are_compared_with_each_other() {
        let pair = |other| with(&[unit(2, 0xada), unit(0x42, other)], "");
        assert_eq!(pair(0xada), Answer::Clean);
        assert_eq!(
            pair(0xadb),
            fired("one unit has the features 0xada, another one 0xadb")
        );
    }

    #[test]
    fn the_kernels_register_is_compared_with_the_table() {
        let log = "[    0.6] pci 0000:00:00.2: AMD-Vi: Extended features (0xada, 0x0): PPR NX\n";
        assert_eq!(with(&[unit(2, 0xada)], log), Answer::Clean);
        assert_eq!(
            with(&[unit(2, 0x4ada)], log),
            fired("the table says 0x4ada, the kernel found 0xada")
        );
        assert_eq!(with(&[unit(2, 0xada)], ""), Answer::NotApplicable);
    }
}
