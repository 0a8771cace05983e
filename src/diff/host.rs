//! What changed about the machine as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Side, Subject, What};

pub(super) fn compare(before: Side<'_>, after: Side<'_>, found: &mut Found) {
    let (old, new) = (before.facts.host.capture(), after.facts.host.capture());
    let findings = |side: Side<'_>| -> BTreeSet<&'static str> {
        let findings = side.run.host_findings().iter();
        findings.map(|finding| finding.rule().code).collect()
    };
    let (was, is) = (findings(before), findings(after));
    if was != is {
        found.add(
            Subject::Host,
            What::Findings {
                come: is.difference(&was).copied().collect(),
                gone: was.difference(&is).copied().collect(),
            },
        );
    }
    let mut statements: BTreeMap<&str, (Option<String>, Option<String>)> = BTreeMap::new();
    for (name, value) in &old.manifest.platform {
        statements.entry(name).or_default().0 = Some(value.clone());
    }
    for (name, value) in &new.manifest.platform {
        statements.entry(name).or_default().1 = Some(value.clone());
    }
    statements.insert(
        "operating system",
        (old.manifest.os.clone(), new.manifest.os.clone()),
    );
    statements.insert(
        "release",
        (
            old.manifest.os_release.clone(),
            new.manifest.os_release.clone(),
        ),
    );
    let command_line = |files: &BTreeMap<String, Vec<u8>>| {
        let bytes = files.get("cmdline")?;
        Some(String::from_utf8_lossy(bytes).trim().to_owned())
    };
    statements.insert(
        "kernel command line",
        (command_line(&old.host), command_line(&new.host)),
    );
    for (name, (before, after)) in statements {
        match (&before, &after) {
            (Some(old), Some(new)) if old != new => found.add(
                Subject::Host,
                What::Platform {
                    name: name.to_owned(),
                    before,
                    after,
                },
            ),
            (Some(_), None) | (None, Some(_)) => found.not_compared += 1,
            _ => {}
        }
    }
}
