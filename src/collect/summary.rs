//! What a capture holds, what is missing, and what in it is private: for the person who ran
//! the collector.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::capture::{Capture, Failure};

/// Missing things that are named one by one.
const LISTED: usize = 8;

/// Some lines of text without a line end at the end.
pub fn summary(capture: &Capture) -> String {
    let mut text = format!("collected:\n{}", collected(capture));
    let missing = missing(&capture.manifest.failures);
    if !missing.is_empty() {
        text.push_str("\nnot collected:");
        for line in missing.iter().take(LISTED) {
            let _ = write!(text, "\n  {line}");
        }
        if let more @ 1.. = missing.len().saturating_sub(LISTED) {
            let _ = write!(text, "\n  and {more} more; manifest.json lists all");
        }
    }
    let _ = write!(text, "\nprivate:\n{}", private(capture));
    text
}

fn collected(capture: &Capture) -> String {
    let functions = capture.functions.values();
    let read = functions.clone().filter(|record| !record.config.is_empty());
    let whole = read.clone().filter(|record| record.config.extent() > 128);
    let (read, whole) = (read.count(), whole.count());
    let mut text = format!("  {} PCI functions", capture.functions.len());
    let _ = match (read, whole) {
        _ if whole == capture.functions.len() => {
            write!(text, ", each with its whole configuration space")
        }
        _ => write!(
            text,
            ", configuration space of {read}, whole for {whole} of them"
        ),
    };
    let mut groups: Vec<u32> = functions
        .filter_map(|record| Some(record.properties.iommu_group.as_ref()?.value))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let _ = write!(text, "\n  {} IOMMU groups", groups.len());
    if !capture.tables.is_empty() {
        let names: Vec<&str> = capture.tables.keys().map(String::as_str).collect();
        let _ = write!(text, "\n  ACPI tables {}", names.join(" "));
    }
    let host: Vec<&str> = capture.host.keys().map(String::as_str).collect();
    let _ = write!(text, "\n  facts about the host: {}", host.join(" "));
    text
}

/// One line for each reason, with the things that it holds for.
fn missing(failures: &[Failure]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for failure in failures {
        by_reason
            .entry(&failure.why)
            .or_default()
            .push(&failure.what);
    }
    let line = |(why, what): (&&str, &Vec<&str>)| match what.as_slice() {
        [only] => format!("{only}: {why}"),
        [first, rest @ ..] => format!("{first} and {} more: {why}", rest.len()),
        [] => String::new(),
    };
    by_reason.iter().map(line).collect()
}

fn private(capture: &Capture) -> String {
    let mut kinds = vec![
        "serial numbers of devices (configuration space)",
        "names of network and block devices, which may hold MAC addresses",
        "vendor, model and firmware of the machine, but no serial number or UUID of it",
    ];
    if capture.host.contains_key("cmdline") {
        kinds.push("the kernel command line, which may hold names of hosts, disks and paths");
    }
    if capture.host.contains_key("log.txt") {
        kinds.push("lines of the kernel log about PCI, ACPI, IOMMU and VFIO");
    }
    format!(
        "  {}\n  `assignable redact CAPTURE -o REDACTED.zip` takes out what identifies people \
         and machines",
        kinds.join("\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_for_one_reason_is_one_line() {
        let failure = |what: &str, why: &str| Failure {
            what: what.to_owned(),
            why: why.to_owned(),
        };
        let lines = missing(&[
            failure("acpi/DMAR", "denied"),
            failure("kernel log", "not permitted"),
            failure("acpi/DSDT", "denied"),
        ]);
        assert_eq!(
            lines,
            ["acpi/DMAR and 1 more: denied", "kernel log: not permitted"]
        );
    }

    #[test]
    fn an_empty_capture_claims_nothing() {
        let text = summary(&Capture::default());
        assert!(text.contains("0 PCI functions"), "{text}");
        assert!(!text.contains("command line"), "{text}");
        assert!(!text.contains("not collected"), "{text}");
    }
}
