//! The PowerShell collector keeps to the grammar. It has never been executed here: no
//! PowerShell can be installed where these tests run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use tree_sitter::{Node, Parser};

const SCRIPT: &str = include_str!("../tools/collect/Collect-Assignable.ps1");

/// Lines with something that is not PowerShell.
fn faults(source: &str) -> Vec<usize> {
    let mut parser = Parser::new();
    let language = tree_sitter_powershell::LANGUAGE.into();
    parser
        .set_language(&language)
        .expect("the grammar fits the parser");
    let tree = parser.parse(source, None).expect("it parses");
    let mut faults = Vec::new();
    collect(tree.root_node(), &mut faults);
    faults
}

fn collect(node: Node<'_>, faults: &mut Vec<usize>) {
    if node.is_error() || node.is_missing() {
        faults.push(node.start_position().row + 1);
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        collect(child, faults);
    }
}

#[test]
fn the_script_is_powershell() {
    assert_eq!(faults(SCRIPT), Vec::<usize>::new());
}

#[test]
fn what_is_broken_is_found() {
    for (from, to) in [
        ("try {", "try "),
        ("param(", "param"),
        ("$null -eq $Value", "$null -eq -eq $Value"),
        ("foreach ($node in $nodes) {", "foreach ($node of $nodes) {"),
        ("$value = ", "$value = = "),
    ] {
        assert!(SCRIPT.contains(from), "{from}");
        assert!(!faults(&SCRIPT.replacen(from, to, 1)).is_empty(), "{to}");
    }
}

/// Windows PowerShell 5.1 lacks these operators; the grammar lets the first two pass.
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
