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

#[cfg(test)]
mod tests {
    use super::*;

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
