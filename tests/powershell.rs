//! What can be said of the PowerShell collector without running it. Its grammar is checked by
//! `.ci/powershell`; it has never been executed here, because no PowerShell can be installed
//! where these tests run.

const SCRIPT: &str = include_str!("../tools/collect/Collect-Assignable.ps1");

/// Windows PowerShell 5.1 lacks these operators; a grammar lets the first two pass.
#[test]
fn nothing_is_used_that_version_5_lacks() {
    for operator in ["&&", "||", "??", "?."] {
        assert!(!SCRIPT.contains(operator), "{operator}");
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
    }
    assert_eq!(SCRIPT.matches("WriteAllText").count(), 1);
}
