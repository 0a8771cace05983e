//! Messages of the Linux kernel about address space, native control and links (drivers/pci,
//! drivers/acpi).

use super::{Message, Source};

/// Special messages before general ones.
pub(super) const MESSAGES: &[Message] = &[
    Message {
        source: Source::Linux,
        words: &["can't assign", "bogus alignment"],
        meaning: "The size of a BAR makes no sense, so that it got no address.",
        advice: "Look at the BAR with `assignable decode`; update the device's firmware.",
        codes: &["CFG005", "BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["VF BAR", "can't assign"],
        meaning: "The BARs of virtual functions found no room in the window of the bridge above.",
        advice: "Switch SR-IOV and decoding above 4 GiB on in the firmware; `pci=realloc` lets Linux try again.",
        codes: &["IMP071", "BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["_OSC: platform does not support"],
        meaning: "The firmware keeps features of PCI Express for itself. Windows needs all of them to assign devices.",
        advice: "Look for a firmware option about native PCIe control, ASPM or SR-IOV.",
        codes: &["DDA004"],
    },
    Message {
        source: Source::Linux,
        words: &["_OSC: platform retains control of PCIe features"],
        meaning: "The firmware keeps PCI Express for itself. Windows would not assign any device below this root.",
        advice: "Look for a firmware option about native PCIe control, ASPM or SR-IOV.",
        codes: &["DDA004"],
    },
    Message {
        source: Source::Linux,
        words: &["_OSC failed"],
        meaning: "The firmware did not answer the question who controls PCI Express.",
        advice: "Update the firmware.",
        codes: &["DDA004"],
    },
    Message {
        source: Source::Linux,
        words: &["no space for [mem size"],
        meaning: "A BAR found no room in the window of the bridge above it.",
        advice: "Switch decoding above 4 GiB on in the firmware; `pci=realloc` lets Linux try again.",
        codes: &["BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["failed to assign [mem size"],
        meaning: "A BAR got no address.",
        advice: "Switch decoding above 4 GiB on in the firmware; `pci=realloc` lets Linux try again.",
        codes: &["BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["can't assign; no space"],
        meaning: "A BAR found no room in the window of the bridge above it.",
        advice: "Switch decoding above 4 GiB on in the firmware; `pci=realloc` lets Linux try again.",
        codes: &["BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["not enough MMIO resources for SR-IOV"],
        meaning: "The firmware left no room for the BARs of virtual functions.",
        advice: "Switch SR-IOV and decoding above 4 GiB on in the firmware.",
        codes: &["BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["can't claim BAR"],
        meaning: "The firmware put a BAR where something else lies already, so the kernel moves it or leaves it without an address.",
        advice: "Update the firmware; `pci=realloc` lets Linux place it anew.",
        codes: &["IMP070", "BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["PCIe Bus Error: severity="],
        meaning: "A device or port reported an error of its PCI Express link.",
        advice: "Reseat the card, try another slot or a lower link speed, and update the device's firmware.",
        codes: &["IMP076"],
    },
    Message {
        source: Source::Linux,
        words: &["no compatible bridge window"],
        meaning: "No bridge above forwards the addresses that the firmware gave to a BAR.",
        advice: "Update the firmware; `pci=realloc` lets Linux place it anew.",
        codes: &["IMP070", "BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["can't claim", "address conflict with"],
        meaning: "The firmware put a BAR where something else lies already, so the kernel moves it or leaves it without an address.",
        advice: "Update the firmware; `pci=realloc` lets Linux place it anew.",
        codes: &["IMP070", "BAR003"],
    },
    Message {
        source: Source::Linux,
        words: &["can't assign", "no space"],
        meaning: "A BAR found no room in the window of the bridge above it.",
        advice: "Switch decoding above 4 GiB on in the firmware; `pci=realloc` lets Linux try again.",
        codes: &["BAR003"],
    },
];
