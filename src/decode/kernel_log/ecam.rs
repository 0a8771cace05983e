//! What the kernel says about memory mapped configuration space (arch/x86/pci/mmconfig-shared.c,
//! drivers/acpi/pci_mcfg.c).

use super::{MAX_ENTRIES, Said};

/// What became of memory mapped configuration space.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ecam {
    /// Regions that no motherboard resource of the ACPI namespace reserves, in the kernel's
    /// words.
    pub not_reserved: Vec<Said<String>>,
    /// The kernel's last word: whether it uses the regions. It is said early, and again when
    /// the ACPI namespace can be asked.
    pub used: Option<Said<bool>>,
}

/// The two marks may stand on either side of `PCI: `, and the regions were called MMCONFIG before
/// Linux 6.8.
pub(super) fn general(ecam: &mut Ecam, line: u32, text: &str) {
    let plain = |text: &'_ str| -> Option<String> {
        let rest = text.strip_prefix("[Firmware Info]: ").unwrap_or(text);
        let rest = rest.strip_prefix("PCI: ")?;
        Some(
            rest.strip_prefix("[Firmware Info]: ")
                .unwrap_or(rest)
                .to_owned(),
        )
    };
    let Some(text) = plain(text) else { return };
    if let Some(rest) = text.strip_prefix("not using ") {
        if rest.starts_with("ECAM") || rest.starts_with("MMCONFIG") {
            ecam.used = Some(Said::new(false, line));
        }
        return;
    }
    let Some(rest) = text
        .strip_prefix("ECAM ")
        .or_else(|| text.strip_prefix("MMCONFIG "))
    else {
        return;
    };
    if rest.contains(" not reserved in ACPI motherboard resources") {
        if ecam.not_reserved.len() < MAX_ENTRIES
            && !ecam.not_reserved.iter().any(|said| said.value == text)
        {
            ecam.not_reserved.push(Said::new(text, line));
        }
    } else if rest.contains(" reserved ") || rest.contains("assuming valid") {
        ecam.used = Some(Said::new(true, line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Ecam {
        let mut ecam = Ecam::default();
        for (number, line) in (1..).zip(lines) {
            general(&mut ecam, number, line);
        }
        ecam
    }

    #[test]
    fn the_last_word_counts() {
        let early = "PCI: not using ECAM ([mem 0xe0000000-0xefffffff] not reserved)";
        let late = "PCI: ECAM [mem 0xe0000000-0xefffffff] reserved as ACPI motherboard resource";
        assert_eq!(read(&[early]).used, Some(Said::new(false, 1)));
        assert_eq!(read(&[early, late]).used, Some(Said::new(true, 2)));
        assert_eq!(
            read(&["PCI: not using MMCONFIG"]).used,
            Some(Said::new(false, 1))
        );
        for other in [
            "PCI: Using configuration type 1 for base access",
            "PCI: ECAM [mem 0xe0000000-0xefffffff] (base 0xe0000000) for domain 0000 [bus 00-ff]",
        ] {
            assert_eq!(read(&[other]), Ecam::default(), "{other}");
        }
    }

    #[test]
    fn a_region_that_is_not_reserved_is_told_in_old_and_new_words() {
        for line in [
            "[Firmware Info]: PCI: MMCONFIG at [mem 0xf8000000-0xfbffffff] not reserved in ACPI motherboard resources",
            "PCI: [Firmware Info]: ECAM [mem 0x80000000-0x8fffffff] not reserved in ACPI motherboard resources",
        ] {
            let ecam = read(&[line, line]);
            assert_eq!(ecam.not_reserved.len(), 1, "{line}");
            assert_eq!(ecam.used, None, "{line}");
        }
    }
}
