//! Texts whose registers nobody read.

/// Whether the header registers in a text may be made up: on Windows lspci has no access to
/// configuration space without a driver of its own and prints a space that it builds from what
/// the system reports. That space has no capabilities for any function, while hardware of this
/// century always has some.
///
/// Takes the lines of the whole text. Such a text holds reported facts only: nothing of it may
/// be given to [`reconstruct`](super::reconstruct), or "no capabilities" would become a fact.
pub fn may_be_emulated<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    let lists = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '>']);
        line.starts_with("Capabilities:") || line.starts_with("Status: Cap+")
    };
    !lines.into_iter().any(lists)
}

/// Whether a text was printed on Windows. There the regions come from what the system assigned,
/// and the words for a BAR's type with them: they are no register.
pub fn is_from_windows<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    let names_file = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '>']);
        let driver = line.strip_prefix("Driver in use: ");
        driver.is_some_and(|path| path.get(1..3) == Some(":\\"))
    };
    lines.into_iter().any(names_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_windows_names_drivers_by_their_files() {
        let windows = "\tDriver in use: C:\\WINDOWS\\System32\\drivers\\USBXHCI.SYS\n";
        assert!(is_from_windows(windows.lines()));
        assert!(!is_from_windows(
            "\tKernel driver in use: xhci_hcd\n".lines()
        ));
    }

    #[test]
    fn a_text_without_any_capability_may_be_emulated() {
        let windows = "00:00.0 Host bridge: Intel\n\tStatus: Cap- 66MHz-\n00:1c.0 PCI bridge: Intel\n\tStatus: Cap- 66MHz-\n";
        assert!(may_be_emulated(windows.lines()));
        let linux = format!("{windows}01:00.0 VGA: X\n> \tStatus: Cap+ 66MHz-\n");
        assert!(!may_be_emulated(linux.lines()));
        let user = format!("{windows}\tCapabilities: <access denied>\n");
        assert!(!may_be_emulated(user.lines()));
    }
}
