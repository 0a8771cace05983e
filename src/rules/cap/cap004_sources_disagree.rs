//! Two sources of the capture contradict each other.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The files that the capture was made from agree about the machine.
    ///
    /// ## Why it matters
    ///
    /// Files of different boots, or of different machines, give a machine that does not exist.
    /// Bus numbers, BARs and IOMMU groups all change between boots.
    ///
    /// ## How it is decided
    ///
    /// Whoever joined the files noted each fact that two of them state differently, and kept
    /// the first. A capture from one source has nothing to disagree with.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: look at the conflicts. Where they are more than a driver name or a
    /// link speed, capture everything again within one boot.
    CAP004 = {
        name: "sources-disagree",
        summary: "Two sources of the capture state the same fact differently",
        severity: Medium,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::LinuxPci.at("Documentation/ABI/testing/sysfs-bus-pci")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The first of the conflicts.
#[derive(Debug)]
struct SourcesDisagree {
    count: usize,
    function: Option<String>,
    fact: String,
    kept: String,
    other: String,
}

impl fmt::Display for SourcesDisagree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} conflict{plural}: {}", self.count, self.fact)?;
        if let Some(function) = &self.function {
            write!(f, " of {function}")?;
        }
        write!(f, " is {} and {}", self.kept, self.other)?;
        if self.count > 1 {
            f.write_str(", and others")?;
        }
        Ok(())
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let conflicts = &facts.host.capture().manifest.conflicts;
    let Some(first) = conflicts.first() else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &CAP004,
        Subject::Host,
        Confidence::High,
        SourcesDisagree {
            count: conflicts.len(),
            function: first.function.clone(),
            fact: first.fact.clone(),
            kept: first.kept.clone(),
            other: first.other.clone(),
        },
        Evidence::new(
            Locus::Capture,
            "conflicts in the manifest",
            Value::Number(u64::try_from(conflicts.len()).unwrap_or(u64::MAX)),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Conflict;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;

    fn conflict(fact: &str) -> Conflict {
        Conflict {
            function: Some("0000:01:00.0".to_owned()),
            fact: fact.to_owned(),
            kept: "12 (a.txt:1)".to_owned(),
            other: "13 (b.txt:9)".to_owned(),
        }
    }

    #[test]
    fn a_noted_conflict_fires() {
        let mut machine = Machine::with_port();
        machine.capture.manifest.conflicts = vec![conflict("iommu_group")];
        assert_eq!(
            answer(&CAP004, &machine, ""),
            fired("1 conflict: iommu_group of 0000:01:00.0 is 12 (a.txt:1) and 13 (b.txt:9)")
        );
        machine.capture.manifest.conflicts.push(conflict("driver"));
        assert_eq!(
            answer(&CAP004, &machine, ""),
            fired(
                "2 conflicts: iommu_group of 0000:01:00.0 is 12 (a.txt:1) and 13 (b.txt:9), and others"
            )
        );
    }

    #[test]
    fn one_source_has_nothing_to_disagree_with() {
        assert_eq!(answer(&CAP004, &Machine::with_port(), ""), Answer::Clean);
    }
}
