//! Texts that nobody printed.

use proptest::prelude::*;

use super::{TOP, read};

/// Pieces that the readers look for, and pieces that spoil them.
const PIECES: [&str; 34] = [
    "\n",
    "\n\t",
    "\n\t\t",
    " ",
    "Capabilities: ",
    "[40] ",
    "[ffc v1] ",
    "[100 v1] ",
    "[00] ",
    "Express (v2) Endpoint",
    ", MSI 00",
    "MSI: Enable+ Count=1/0",
    "MSI-X: Enable+ Count=0",
    "Physical Resizable BAR",
    "BAR 7: current size: 16EB, supported: 1MB",
    "Entry 0: EntrySize=7",
    "Enhanced Allocation (EA): NumEntries=64",
    "Base: 1",
    "MaxOffset: ffffffffffffffffffff",
    "DevCap:",
    "MaxPayload 18446744073709551615 bytes",
    "PhantFunc 18446744073709551615",
    "Region 5: Memory at ffffffffffffffff (64-bit, prefetchable)",
    "é",
    "<chain looped>",
    "Single Root I/O Virtualization (SR-IOV)",
    "Latency: 999",
    "Flags: fast devsel",
    "Device Serial Number -",
    "Bus: primary=zz",
    "I/O behind bridge: -",
    "(rev )",
    "Power Management version 9",
    "Kernel driver",
];

proptest! {
    #[test]
    fn no_text_is_too_odd(pieces in prop::collection::vec(0..PIECES.len(), 0..60), top: bool) {
        let start = if top { TOP } else { "" };
        let text: String =
            std::iter::once(start).chain(pieces.iter().map(|&piece| PIECES[piece])).collect();
        let (image, cite) = read(&text, true);
        prop_assert!(image.extent() <= 4096);
        prop_assert!(cite.iter().all(|lines| lines.offset + lines.len <= 4096));
    }

    #[test]
    fn what_a_text_without_its_end_says_stays_true(end in 0..TOP.len() + 200) {
        let text = format!(
            "{TOP}\tBus: primary=00, secondary=03, subordinate=1f, sec-latency=64
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\t\tDevCap:\tMaxPayload 256 bytes, PhantFunc 0
\tCapabilities: [100 v1] Access Control Services
\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+
"
        );
        let (whole, _) = read(&text, true);
        let (cut, _) = read(text.get(..end).unwrap_or(&text), false);
        let known = cut.known_bits();
        let mut both = whole.clone();
        prop_assert_eq!(both.merge(&cut), vec![]);
        prop_assert_eq!(both.known_bits(), whole.known_bits());
        prop_assert!(known <= whole.known_bits());
    }
}
