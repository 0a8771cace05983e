//! The firmware does not say where configuration space is mapped.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The ACPI tables of a machine with PCI Express include an MCFG table.
    ///
    /// ## Why it matters
    ///
    /// Without it the system reaches 256 bytes of each function. ACS, SR-IOV, ATS and all other
    /// extended capabilities then look absent, and Windows reports that no PCI Express bus was
    /// found.
    ///
    /// ## How it is decided
    ///
    /// By the captured tables, where both the FADT and the DSDT are among them, and where an
    /// Express function was captured or no function at all. One of the two alone is a table that
    /// somebody picked.
    ///
    /// ## What to do
    ///
    /// Firmware: report an MCFG table with one entry for each segment, for all its buses, and
    /// reserve that range in the memory map and in a motherboard device (PNP0C02).
    ///
    /// Hyper-V and VFIO: look for a firmware option "MMCONFIG" or "PCIe ECAM"; a firmware update.
    CFG020 = {
        name: "no-mcfg",
        summary: "The ACPI tables lack MCFG, so that extended capabilities cannot be reached",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::Note),
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("4.1.2 MCFG Table Description"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// It is not among the tables.
#[derive(Debug)]
struct NoMcfg;

impl fmt::Display for NoMcfg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the captured ACPI tables have no MCFG")
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if facts.host.acpi().mcfg().next().is_some() {
        return Outcome::Clean;
    }
    let tables = &facts.host.capture().tables;
    if !["FACP", "DSDT"]
        .iter()
        .all(|name| tables.contains_key(*name))
    {
        return Outcome::NotApplicable("the ACPI tables were not captured as a whole");
    }
    let mut functions = facts.host.functions().iter();
    let express = functions.len() == 0 || functions.any(|f| f.express().present().is_some());
    if !express {
        return Outcome::NotApplicable("the machine has no PCI Express");
    }
    let evidence = Evidence::new(Locus::Capture, "ACPI table MCFG", Value::Absent);
    several(
        &CFG020,
        Subject::Host,
        Confidence::Medium,
        [(NoMcfg, evidence)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::seal;
    use crate::testing::{Dev, Machine};

    #[test]
    fn tables_without_mcfg_fire() {
        let machine = || {
            Machine::with_device(Dev::endpoint())
                .with_table("FACP")
                .with_table("DSDT")
        };
        let missing = fired("the captured ACPI tables have no MCFG");
        assert_eq!(answer(&CFG020, &machine(), ""), missing);
        let mut mcfg = b"MCFG".to_vec();
        mcfg.extend([0; 56]);
        seal(&mut mcfg);
        let with = machine().with_table_bytes("MCFG", mcfg);
        assert_eq!(answer(&CFG020, &with, ""), Answer::Clean);
    }

    #[test]
    fn one_table_alone_says_nothing_of_the_others() {
        for table in ["DMAR", "FACP", "DSDT"] {
            let machine = Machine::with_port().with_table(table);
            assert_eq!(answer(&CFG020, &machine, ""), Answer::NotApplicable);
        }
    }
}
