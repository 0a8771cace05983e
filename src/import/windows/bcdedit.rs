//! What `bcdedit /enum` prints: the boot options of the running system.

use std::collections::BTreeMap;

use super::builder::Builder;
use crate::spec::windows::is_boot_option;

/// An entry: its heading is translated, the names of its options are not.
#[derive(Default)]
struct Entry<'t> {
    options: Vec<(&'t str, &'t str)>,
}

impl<'t> Entry<'t> {
    /// The value of the first line, whose label is translated: `{current}`, `{bootmgr}`, a GUID.
    fn id(&self) -> &'t str {
        self.options.first().map_or("", |(_, value)| value)
    }

    fn option(&self, name: &str) -> Option<&'t str> {
        let mut options = self.options.iter();
        let found = options.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// Whether it starts Windows, and not the boot manager, a memory test or a resume.
    fn is_loader(&self) -> bool {
        self.options.iter().any(|(_, value)| {
            let value = value.to_ascii_lowercase();
            value.ends_with("winload.efi") || value.ends_with("winload.exe")
        })
    }
}

/// Whether a text has an entry that starts Windows.
pub(super) fn is_text(head: &str) -> bool {
    entries(head).iter().any(Entry::is_loader)
}

/// Reads the options of the entry that started the system: the current one; where that is not
/// marked, the default one of the boot manager, or the only one there is.
pub(super) fn read(text: &str, builder: &mut Builder) {
    let entries = entries(text);
    let loaders: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.is_loader()).collect();
    let by_id = |id: &str| {
        let mut found = loaders.iter().filter(|entry| entry.id() == id);
        found.next().copied()
    };
    let default = entries.iter().find_map(|entry| entry.option("default"));
    let chosen = by_id("{current}")
        .or_else(|| default.and_then(by_id))
        .or_else(|| by_id("{default}"))
        .or(match loaders.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
    let options: BTreeMap<String, String> = chosen
        .iter()
        .flat_map(|entry| &entry.options)
        .filter(|(name, _)| is_boot_option(name))
        .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
        .collect();
    builder.windows.boot.extend(options);
}

/// The entries: a heading, a row of dashes, then lines of a name, blanks and a value.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let rule = line.len() >= 5 && line.trim_end().bytes().all(|byte| byte == b'-');
        if rule {
            entries.push(Entry::default());
            open = true;
        } else if line.trim().is_empty() {
            open = false;
        } else if open && let (Some(entry), Some(option)) = (entries.last_mut(), option(line)) {
            entry.options.push(option);
        }
    }
    entries
}

/// A name and its value. Values that go on below are indented, and are left out.
fn option(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once([' ', '\t'])?;
    let value = value.trim();
    (!name.is_empty() && !value.is_empty() && value.len() <= 400).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `bcdedit /enum` prints it on a German Windows.
    const TEXT: &str = "\
Windows-Start-Manager
---------------------
Bezeichner              {bootmgr}
device                  partition=\\Device\\HarddiskVolume1
default                 {current}
timeout                 30

Windows-Startladeprogramm
-------------------------
Bezeichner              {current}
device                  partition=C:
path                    \\Windows\\system32\\winload.efi
description             Windows Server
displayorder            {current}
                        {old}
hypervisorlaunchtype    Auto
hypervisoriommupolicy   Disable
PCIExpress              ForceDisable
testsigning             Yes

Windows-Startladeprogramm
-------------------------
Bezeichner              {old}
path                    \\Windows\\system32\\winload.efi
hypervisorlaunchtype    Off
";

    fn options(text: &str) -> Vec<(String, String)> {
        assert!(is_text(text));
        let mut builder = Builder::new("boot.txt");
        read(text, &mut builder);
        builder.windows.boot.into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_options_of_the_current_entry_are_read_in_any_language() {
        assert_eq!(
            options(TEXT),
            [
                pair("hypervisoriommupolicy", "Disable"),
                pair("hypervisorlaunchtype", "Auto"),
                pair("pciexpress", "ForceDisable"),
                pair("testsigning", "Yes"),
            ]
        );
    }

    #[test]
    fn without_a_current_entry_the_default_or_the_only_one_counts() {
        let guid = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}";
        let verbose = TEXT.replace("{current}", guid);
        assert_eq!(options(&verbose).len(), 4);
        let (_, one) = TEXT.split_once("\n\n").unwrap();
        let (one, _) = one.split_once("\n\n").unwrap();
        assert_eq!(options(&one.replace("{current}", guid)).len(), 4);
        // Two entries, and nothing tells which one runs.
        let (_, two) = verbose.split_once("\n\n").unwrap();
        assert_eq!(options(two), []);
    }

    #[test]
    fn other_lists_with_dashes_are_no_boot_options() {
        assert!(!is_text("Name\n-----\nidentifier {current}\n"));
        assert!(!is_text("path \\Windows\\system32\\winload.efi\n"));
    }
}
