//! What can be said of the PowerShell collector, and of the command that the collector for
//! Windows has PowerShell run, without running them. Their grammar is checked by
//! `.ci/powershell`; they have never been executed here, because no PowerShell can be installed
//! where these tests run.

use std::collections::BTreeSet;

const SCRIPT: &str = include_str!("../tools/collect/Collect-Assignable.ps1");

/// What the collector for Windows has PowerShell run.
const COMMAND: &str = include_str!("../tools/collect/Hyper-V.ps1");

/// Windows PowerShell 5.1 lacks these operators; a grammar lets the first two pass.
#[test]
fn nothing_is_used_that_version_5_lacks() {
    for operator in ["&&", "||", "??", "?."] {
        assert!(!SCRIPT.contains(operator), "{operator}");
        assert!(!COMMAND.contains(operator), "{operator}");
    }
}

/// The members that the importer reads are those that the script writes.
#[test]
fn every_member_that_is_imported_is_written() {
    for member in [
        "assignable-windows-export",
        "elevated",
        "platform",
        "windows",
        "hyperv",
        "devices",
        "memory",
        "allocations",
        "tables",
        "failures",
        "os_release",
        "InstanceId",
        "Properties",
        "KeyName",
        "Data",
        "Registry",
        "Antecedent",
        "Dependent",
        "iov_support",
        "pool",
        "machines",
        "automatic_stop_action",
        "high_mmio_bytes",
        "instance_path",
        "location_path",
    ] {
        assert!(SCRIPT.contains(member), "{member}");
    }
}

/// It changes nothing but the file that it writes.
#[test]
fn no_cmdlet_that_changes_something_is_called() {
    for verb in [
        "Set-VM",
        "Disable-",
        "Enable-",
        "Dismount-",
        "Mount-",
        "Remove-",
        "Add-VM",
        "New-Item",
        "Set-Item",
        "Invoke-Expression",
        "Invoke-WebRequest",
    ] {
        assert!(!SCRIPT.contains(verb), "{verb}");
        assert!(!COMMAND.contains(verb), "{verb}");
    }
    assert_eq!(SCRIPT.matches("WriteAllText").count(), 1);
    assert!(!COMMAND.contains("WriteAllText"));
}

/// Both ask Hyper-V in the same words, so that both print the same JSON.
#[test]
fn hyper_v_is_asked_by_the_command_as_by_the_script() {
    let part = |text: &'static str| {
        let (_, rest) = text.split_once("# The Hyper-V role, where it is there.")?;
        let (part, _) = rest.split_once("$export.failures = $failures")?;
        Some(part)
    };
    assert!(part(SCRIPT).is_some_and(|part| part.contains("Get-VMHostAssignableDevice")));
    assert_eq!(part(SCRIPT), part(COMMAND));
    for function in ["Add-Failure", "Invoke-Step", "Get-Member-Value"] {
        let body = |text: &'static str| {
            let (_, rest) = text.split_once(&format!("function {function} {{"))?;
            rest.split_once("\n}\n").map(|(body, _)| body)
        };
        assert!(body(SCRIPT).is_some(), "{function}");
        assert_eq!(body(SCRIPT), body(COMMAND), "{function}");
    }
}

/// The command calls cmdlets that get something, and those that shape the answer, alone.
#[test]
fn the_command_calls_cmdlets_that_read_alone() {
    let words = COMMAND.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let cmdlets = words.filter(|word| {
        let named = word.split_once('-');
        named.is_some_and(|(verb, noun)| {
            verb.starts_with(|c: char| c.is_ascii_uppercase())
                && noun.starts_with(|c: char| c.is_ascii_uppercase())
        })
    });
    let cmdlets: BTreeSet<&str> = cmdlets.collect();
    let known = [
        "Add-Failure",
        "ConvertTo-Json",
        "ForEach-Object",
        "Get-Command",
        "Get-Member-Value",
        "Get-VM",
        "Get-VMAssignableDevice",
        "Get-VMHost",
        "Get-VMHostAssignableDevice",
        "Get-VMProcessor",
        "Hyper-V",
        "Invoke-Step",
        "New-Object",
        "Set-StrictMode",
        "Where-Object",
    ];
    assert_eq!(cmdlets, BTreeSet::from(known));
}
