//! Facts on which lspci 3.9 and we differ, with who is right.

use libtest_mimic::Failed;

use crate::compare::Difference;

/// A difference that is no mistake of ours.
struct Exception {
    structure: &'static str,
    /// Register and field.
    what: &'static str,
    /// Only of machines whose name ends so.
    machine: &'static str,
    /// Who is right, and the section that says so.
    why: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        structure: "Data Object Exchange",
        what: "DOE Status/DOE Error",
        machine: "",
        why: "we are right: bit 2 is the error; lspci 3.9 prints bit 1, later ones bit 2 \
              (PCIe 6.0, 7.9.24.4)",
    },
    Exception {
        structure: "Designated Vendor-Specific (DVSEC)",
        what: "CXL Port Extension Status/Port Power Management Initialization Complete",
        machine: "",
        why: "we are right: bit 0 tells it, which is set; lspci 3.9 prints `-` (CXL 3.0, 8.1.5.1)",
    },
    Exception {
        structure: "HyperTransport",
        what: "Link Frequency Capability/1400 MHz",
        machine: "",
        why: HT_FREQUENCIES,
    },
    Exception {
        structure: "HyperTransport",
        what: "Link Frequency Capability/1600 MHz",
        machine: "",
        why: HT_FREQUENCIES,
    },
    Exception {
        structure: "HyperTransport",
        what: "Link Frequency Capability/Vendor-Specific Frequency",
        machine: "",
        why: HT_FREQUENCIES,
    },
    Exception {
        structure: "HyperTransport",
        what: "Link Frequency Capability 0/1400 MHz",
        machine: "",
        why: HT_FREQUENCIES,
    },
    Exception {
        structure: "HyperTransport",
        what: "Link Frequency Capability 0/1600 MHz",
        machine: "",
        why: HT_FREQUENCIES,
    },
    Exception {
        structure: "header",
        what: "upper half of a 64-bit BAR",
        machine: "",
        why: "we are right: from a dump lspci prints the upper half of a 64-bit BAR as another \
              one (PCI 3.0, 6.2.5.1)",
    },
    Exception {
        structure: "header",
        what: "Interrupt Line/",
        machine: ".tar.xz",
        why: "both are right: of a tree lspci prints the interrupt that Linux gave the device, \
              we print the register (PCI 3.0, 6.2.4)",
    },
    Exception {
        structure: "header",
        what: "Base Address Register 0/Base Address",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 0/Space",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 1/Base Address",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 1/Space",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 2/Base Address",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 2/Space",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 3/Base Address",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
    Exception {
        structure: "header",
        what: "Base Address Register 3/Space",
        machine: "i440-none.tar.xz",
        why: LEGACY_IDE,
    },
];

/// Of stored texts, which other versions made.
const STORED: &[Exception] = &[
    Exception {
        structure: "lists",
        what: "offsets",
        machine: "cap-dev3",
        why: CUT_TEXT,
    },
    Exception {
        structure: "lists",
        what: "offsets",
        machine: "cap-flitmode",
        why: CUT_TEXT,
    },
    Exception {
        structure: "Device Serial Number",
        what: "serial number",
        machine: "",
        why: "we are right: the lspci of the text prints the bytes in the order of their offsets \
              (PCIe 6.0, 7.9.3.2)",
    },
    Exception {
        structure: "PCI Express",
        what: "Root Capabilities/Configuration RRS Software Visibility",
        machine: "cap-pcie-1",
        why: "we are right: bit 0 at aeh is set; the lspci of the text prints another bit \
              (PCIe 6.0, 7.5.3.13)",
    },
    Exception {
        structure: "Power Management",
        what: "Bridge Support Extensions/B2_B3#",
        machine: "",
        why: BRIDGE_EXTENSIONS,
    },
    Exception {
        structure: "Power Management",
        what: "Bridge Support Extensions/Bus Power/Clock Control Enable",
        machine: "",
        why: BRIDGE_EXTENSIONS,
    },
];

const CUT_TEXT: &str = "we are right: the header at 180h leads to 300h, where a Device 3 capability stands in the \
     bytes; the text ends before it (PCIe 6.0, 7.6.3)";

const BRIDGE_EXTENSIONS: &str = "we are right: the byte at 6 is C0h, both bits are set; the lspci of the text takes them from \
     the control register (PCI Power Management 1.2, 3.2.5)";

const HT_FREQUENCIES: &str = "we are right: the register has 16 bits; lspci prints those of the upper byte as \
     `-` (HyperTransport 3.10, 7.5.8)";

const LEGACY_IDE: &str = "both are right: of a tree lspci prints the legacy ports that Linux gives an \
     IDE controller in compatibility mode, we print the registers, which are zero (PCI IDE \
     Controller Specification 1.0, 2.0)";

/// What verdicts rest on.
const DECISIVE: &[&str] = &[
    "ACS",
    "Access Control",
    "MSI",
    "Device/Port Type",
    "Function Level Reset",
    "SR-IOV",
    "Single Root",
    "VF",
    "Resizable",
    "Bus Number",
];

/// Why a difference is expected.
pub(crate) fn find(machine: &str, difference: &Difference) -> Option<&'static str> {
    // The installed lspci is asked of other names.
    let stored = machine.starts_with(STORED_TEXTS).then_some(STORED);
    let mut exceptions = stored.into_iter().flatten().chain(EXCEPTIONS);
    let exception = exceptions.find(|exception| {
        exception.structure == difference.structure
            && exception.what == difference.what
            && machine.ends_with(exception.machine)
    });
    exception.map(|exception| exception.why)
}

/// What the names of machines begin with whose stored words are compared.
pub(crate) const STORED_TEXTS: &str = "words of ";

pub(crate) fn are_harmless() -> Result<(), Failed> {
    for exception in EXCEPTIONS.iter().chain(STORED) {
        let touched = DECISIVE.iter().find(|decisive| {
            exception.structure.contains(*decisive) || exception.what.contains(*decisive)
        });
        if let Some(decisive) = touched {
            let text = format!(
                "{}/{} touches {decisive}",
                exception.structure, exception.what
            );
            return Err(text.into());
        }
    }
    Ok(())
}
