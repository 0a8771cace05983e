use super::*;
use crate::import::diagnostic::Diagnostic;

fn dump(text: &str) -> (Dump, Vec<Diagnostic>) {
    dump_bytes(text.as_bytes())
}

fn dump_bytes(text: &[u8]) -> (Dump, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new("t");
    let dump = read(text, "t.txt", &mut diagnostics);
    (dump, diagnostics.into_vec())
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

/// Hex lines of `len` bytes from 0 on, each byte the low half of its offset.
fn hex_lines(len: usize) -> String {
    (0..len)
        .step_by(16)
        .map(|offset| {
            let bytes: Vec<_> = (offset..offset + 16)
                .map(|b| format!(" {:02x}", b & 0xff))
                .collect();
            format!("{offset:02x}:{}\n", bytes.concat())
        })
        .collect()
}

const HEADER: &str = "00:1f.0 ISA bridge: Intel\n";

#[test]
fn hex_lines_become_the_space_of_the_function_above() {
    let text = format!(
        "{HEADER}{}\n00:1f.3 Audio device: Intel\n{}\n",
        hex_lines(64),
        hex_lines(256)
    );
    let (dump, diagnostics) = dump(&text);
    let first = &dump.functions[&at("00:1f.0")];
    assert_eq!(first.config.bytes(), (0..64).collect::<Vec<u8>>());
    assert_eq!(
        (first.config.known_mask(), first.config.size()),
        (None, None)
    );
    let second = &dump.functions[&at("00:1f.3")];
    assert_eq!(second.config.bytes(), (0..=255).collect::<Vec<u8>>());
    assert_eq!(diagnostics, []);
    let lines = &second.properties.config_lines;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].line_of(0), Some(8));
    assert_eq!(lines[0].line_of(0xff), Some(23));
}

#[test]
fn the_size_of_a_space_is_known_only_where_the_tool_asked_for_more() {
    let function = |slot: &str, len| format!("{slot} Class: X\n{}\n", hex_lines(len));
    let sizes = |text: String| -> Vec<Option<u16>> {
        dump(&text)
            .0
            .functions
            .values()
            .map(|record| record.config.size())
            .collect()
    };
    let with_extended = [("00:00.0", 256), ("00:01.0", 4096), ("00:02.0", 64)]
        .map(|(slot, len)| function(slot, len));
    assert_eq!(sizes(with_extended.concat()), [Some(256), Some(4096), None]);
    let without = [("00:00.0", 256), ("00:02.0", 64)].map(|(slot, len)| function(slot, len));
    assert_eq!(sizes(without.concat()), [None, None]);
    // A text that ends right behind 256 bytes may have been cut there.
    let cut = function("00:00.0", 4096) + function("00:01.0", 256).trim_end_matches('\n') + "\n";
    assert_eq!(sizes(cut), [Some(4096), None]);
}

#[test]
fn quoting_indentation_and_line_ends_do_not_matter() {
    let plain = format!(
        "00:1f.0 ISA bridge: Intel (rev 02)\n\tIOMMU group: 7\n{}\n",
        hex_lines(64)
    );
    let expected = dump(&plain).0.functions;
    let variant = |prefix: &str, end: &str| -> String {
        plain
            .lines()
            .map(|line| format!("{prefix}{line}{end}"))
            .collect()
    };
    for text in [
        variant("", "\r\n"),
        variant("    ", "  \n"),
        variant("> ", "\n"),
        variant(">> > ", " \r\n"),
        variant("\t", "\n"),
        plain.replace("00: ", "000: "),
    ] {
        let (dump, diagnostics) = dump(&text);
        assert_eq!(dump.functions, expected, "{text}");
        assert_eq!(diagnostics, []);
    }
}

#[test]
fn gaps_order_and_repetition_leave_only_the_known_bytes_known() {
    let text = format!("{HEADER}20: 01 02\n00: 86 80 10\n00: 86 80 10\n21: 02 03\n\n");
    let (dump, diagnostics) = dump(&text);
    let config = &dump.functions[&at("00:1f.0")].config;
    assert_eq!(config.bytes()[..3], [0x86, 0x80, 0x10]);
    assert!(config.knows(0, 3) && !config.knows(3, 1) && config.knows(0x20, 3));
    assert_eq!(config.extent(), 0x23);
    let partial = DiagnosticKind::PartialSpace {
        function: at("00:1f.0"),
        bytes: 6,
    };
    assert_eq!(
        diagnostics.iter().map(|d| &d.kind).collect::<Vec<_>>(),
        [&partial]
    );
    let lines = &dump.functions[&at("00:1f.0")].properties.config_lines;
    let of = |offset| lines.iter().find_map(|lines| lines.line_of(offset));
    assert_eq!(
        [of(0), of(0x20), of(0x22), of(3)],
        [Some(3), Some(2), Some(5), None]
    );
}

#[test]
fn a_byte_that_is_given_twice_keeps_its_first_value() {
    let text = format!("{HEADER}00: 86 80 10 9d\n00: 86 80 11 9d\n");
    let (dump, diagnostics) = dump(&text);
    let function = at("00:1f.0");
    assert_eq!(dump.functions[&function].config.u32(0), Some(0x9d10_8086));
    let conflict = DiagnosticKind::HexConflict {
        function,
        offset: 2,
        kept: 0x10,
        other: 0x11,
    };
    assert_eq!(diagnostics[0].kind, conflict);
    assert_eq!(diagnostics[0].place, Some(Place::Line(3)));
}

#[test]
fn a_hex_line_that_a_message_cut_is_put_together_again() {
    let text = format!(
        "{HEADER}{}f0: f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb pcilib: read failed\nfc fd fe ff\n\n",
        hex_lines(240)
    );
    let (dump, diagnostics) = dump(&text);
    let record = &dump.functions[&at("00:1f.0")];
    assert_eq!(record.config.bytes(), (0..=255).collect::<Vec<u8>>());
    let kinds: Vec<_> = diagnostics.iter().map(|d| (d.place, &d.kind)).collect();
    assert_eq!(
        kinds,
        [
            (
                Some(Place::Line(17)),
                &DiagnosticKind::HexTrailing { bytes: 12 }
            ),
            (Some(Place::Line(18)), &DiagnosticKind::HexJoined),
        ]
    );
    let of = |offset| {
        record
            .properties
            .config_lines
            .iter()
            .find_map(|l| l.line_of(offset))
    };
    assert_eq!([of(0xfb), of(0xfc)], [Some(17), Some(18)]);
}

#[test]
fn words_become_facts_with_their_lines() {
    let text = "\
00:1c.0 PCI bridge [0604]: Intel Corporation X [8086:9d10] (rev f1) (prog-if 00 [Normal decode])
\tSubsystem: Dell X [1028:0af3]
\tPhysical Slot: 4-1
\tLatency: 0, Cache Line Size: 64 bytes
\tNUMA node: 1
\tIOMMU group: 14
\tRegion 0: Memory at f0000000 (64-bit, prefetchable) [size=256M]
\tRegion 4: I/O ports at e000 [size=32]
\tExpansion ROM at <unassigned> [disabled]
\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)
\t\tIOMMU group: 99
\t\tRegion 2: Memory at 0000000000000000 (64-bit, prefetchable)
\tKernel driver in use: pcieport
\tKernel modules: shpchp

";
    let (dump, diagnostics) = dump(text);
    let facts = &dump.functions[&at("00:1c.0")].properties;
    let line = |line| Origin::line(Method::Lspci, "t.txt", line);
    assert_eq!(facts.vendor, Some(Reported::new(0x8086, line(1))));
    assert_eq!(facts.class, Some(Reported::new(0x06_0400, line(1))));
    assert_eq!(facts.base_class, None);
    assert_eq!(facts.revision, Some(Reported::new(0xf1, line(1))));
    assert_eq!(facts.subsystem_device, Some(Reported::new(0x0af3, line(2))));
    assert_eq!(facts.slot, Some(Reported::new("4-1".to_owned(), line(3))));
    assert_eq!(facts.numa_node, Some(Reported::new(1, line(5))));
    assert_eq!(facts.iommu_group, Some(Reported::new(14, line(6))));
    assert_eq!(
        facts.driver,
        Some(Reported::new("pcieport".to_owned(), line(13)))
    );
    let resource = |index, start, len, flags, unassigned| Resource {
        index,
        start,
        len,
        flags,
        unassigned,
    };
    assert_eq!(
        facts.resources,
        [
            Reported::new(
                resource(0, 0xf000_0000, Some(256 << 20), Some(0x10_2200), false),
                line(7)
            ),
            Reported::new(resource(4, 0xe000, Some(32), Some(0x100), false), line(8)),
            Reported::new(resource(6, 0, None, Some(0x200), true), line(9)),
        ]
    );
    assert_eq!(facts.resource_indices_inferred, None);
    let kinds: Vec<_> = diagnostics.iter().map(|d| &d.kind).collect();
    assert_eq!(kinds, [&DiagnosticKind::NoConfigBytes { functions: 1 }]);
}

#[test]
fn bars_without_numbers_are_counted_and_that_is_said() {
    let text = "\
01:00.0 Ethernet controller: X
\tFlags: fast devsel, NUMA node 2, IOMMU group 3
\tMemory at f0000000 (64-bit, prefetchable) [size=1M]
\tI/O ports at e000 [size=32]
\tMemory at f1000000 (64-bit, non-prefetchable) [size=16K]
\tCapabilities: <access denied>
";
    let (dump, _) = dump(text);
    let facts = &dump.functions[&at("01:00.0")].properties;
    let indices: Vec<u8> = facts.resources.iter().map(|r| r.value.index).collect();
    assert_eq!(indices, [0, 2, 3]);
    assert!(facts.resource_indices_inferred.is_some());
    assert!(facts.access_denied.is_some());
    assert_eq!(facts.numa_node.as_ref().map(|node| node.value), Some(2));
    assert_eq!(facts.iommu_group.as_ref().map(|group| group.value), Some(3));
    assert_eq!(facts.class_code(), Some(0x0200), "by its name");
    assert_eq!(dump.privileges, Some(Privileges::User));
}

#[test]
fn a_text_without_indentation_still_keeps_capabilities_apart() {
    let text = "\
01:00.0 Ethernet controller: X
Region 0: Memory at f0000000 (32-bit, non-prefetchable) [size=1M]
Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)
Region 2: Memory at 00000000 (32-bit, non-prefetchable)
Kernel driver in use: igb
";
    let facts = dump(text)
        .0
        .functions
        .remove(&at("01:00.0"))
        .unwrap()
        .properties;
    assert_eq!(facts.resources.len(), 1);
    assert_eq!(facts.driver.unwrap().value, "igb");
}

#[test]
fn a_function_listed_twice_is_one_function() {
    let text = format!(
        "00:1f.0 0601: 8086:9d48\n\tNUMA node: 0\n\n{HEADER}{}\n",
        hex_lines(64)
    );
    let (dump, diagnostics) = dump(&text);
    let record = &dump.functions[&at("00:1f.0")];
    assert_eq!(record.config.extent(), 64);
    assert_eq!(
        record.properties.numa_node.as_ref().unwrap().origin.line,
        Some(2)
    );
    assert_eq!(dump.conflicts, []);
    assert_eq!(diagnostics, []);
}

#[test]
fn what_is_missing_is_said() {
    let kinds = |text: &str| -> Vec<DiagnosticKind> {
        dump(text)
            .1
            .into_iter()
            .map(|diagnostic| diagnostic.kind)
            .collect()
    };
    let function = at("00:1f.0");
    assert_eq!(
        kinds(&format!("00: 86 80\n{HEADER}{}\n", hex_lines(64))),
        [DiagnosticKind::HexWithoutFunction]
    );
    let text = format!("{HEADER}\n00:1f.1 X: Y\n{}\n", hex_lines(64));
    assert_eq!(
        kinds(&text),
        [DiagnosticKind::FunctionWithoutBytes { function }]
    );
    assert_eq!(
        kinds(&format!("{HEADER}{}", hex_lines(48).trim_end())),
        [
            DiagnosticKind::NoFinalLineEnd,
            DiagnosticKind::PartialSpace {
                function,
                bytes: 48
            }
        ]
    );
    assert_eq!(
        kinds(&format!("{HEADER}{}", hex_lines(64))),
        [DiagnosticKind::OpenEnd {
            function,
            bytes: 64
        }]
    );
    let long = format!("{HEADER}{}\t{}\n", hex_lines(64), "x".repeat(1 << 20));
    assert_eq!(
        kinds(&long),
        [DiagnosticKind::LongLine {
            bytes: (1 << 20) + 1
        }]
    );
}

#[test]
fn odd_bytes_do_not_stop_the_reader() {
    let mut text = b"\xef\xbb\xbf".to_vec();
    text.extend_from_slice(b"00:1f.0 ISA bridge: Schr\xf6der\n\tKernel driver in use: \xff\n");
    let (dump, _) = dump_bytes(crate::import::text::without_mark(&text));
    let facts = &dump.functions[&at("00:1f.0")].properties;
    assert_eq!(facts.name.as_ref().unwrap().value, "ISA bridge: Schröder");
    assert_eq!(facts.driver.as_ref().unwrap().value, "ÿ");
}

use crate::capture::{Method, Origin, Reported, Resource};
