//! Texts of lspci, cut and bent.

use std::collections::BTreeMap;

use assignable::import::{DiagnosticKind, ImportError, Looks};

use super::contained::contained;
use super::{import_bytes, kinds, make};

#[test]
fn a_cut_text_gives_its_part_and_says_that_something_is_missing() {
    let whole = make::dump(5);
    let complete = import_bytes(whole.clone());
    assert!(complete.diagnostics.is_empty() && complete.errors.is_empty());
    for end in (0..whole.len()).step_by(97) {
        let import = import_bytes(&whole.as_bytes()[..end]);
        if import.is_usable() {
            assert!(
                !import.diagnostics.is_empty(),
                "nothing said of a cut at {end}"
            );
        } else {
            assert!(
                matches!(import.errors[..], [ImportError::NotRecognised { .. }]),
                "{end}"
            );
        }
        for (at, record) in &import.capture.functions {
            let full = complete.capture.functions[at].config.bytes();
            assert_eq!(
                record.config.bytes(),
                &full[..record.config.bytes().len()],
                "{end}"
            );
            assert_eq!(record.config.known_mask(), None, "{end}");
        }
    }
}

#[test]
fn a_cut_at_the_end_of_a_line_is_noticed_as_well() {
    let whole = make::dump(2);
    let mut end = 0;
    let mut silent = BTreeMap::new();
    for line in whole.lines() {
        end += line.len() + 1;
        let import = import_bytes(&whole.as_bytes()[..end]);
        if import.is_usable() && import.diagnostics.is_empty() {
            let bytes = import
                .capture
                .functions
                .values()
                .map(|record| record.config.extent())
                .sum::<u16>();
            silent.insert(end, bytes);
        }
    }
    // What remains unnoticed is whole: the first function, with and without the empty line
    // behind it, or both.
    assert_eq!(
        silent.into_values().collect::<Vec<_>>(),
        [4096, 4096, 8192, 8192]
    );
}

#[test]
fn lines_of_a_megabyte_are_looked_at_and_passed_over() {
    let long = "x".repeat(1 << 20);
    let text = format!(
        "00:00.0 Host bridge: {long}\n\t{long}\n00: {}\n\n",
        "86 ".repeat(1 << 19)
    );
    let import = import_bytes(text);
    assert_eq!(import.capture.functions.len(), 1);
    let record = import.capture.functions.values().next().unwrap();
    assert_eq!(record.config.bytes(), [0x86; 16]);
    assert!(record.properties.name.as_ref().unwrap().value.len() <= 400);
    let long_lines = kinds(&import)
        .iter()
        .filter(|kind| matches!(kind, DiagnosticKind::LongLine { .. }))
        .count();
    assert_eq!(long_lines, 3);
    assert_eq!(
        import.diagnostics[0].place,
        Some(assignable::import::Place::Line(1))
    );
}

#[test]
fn one_endless_line_is_no_dump() {
    contained("texts::one_endless_line_is_no_dump", || {
        let import = import_bytes("86 80 ".repeat(10 << 20));
        assert!(matches!(
            import.errors[..],
            [ImportError::NotRecognised {
                looks: Looks::Text,
                ..
            }]
        ));
    });
}

#[test]
fn a_text_larger_than_any_is_refused() {
    let bytes = make::dump(1).repeat(64 << 20 >> 13);
    let import = import_bytes(bytes);
    assert!(
        matches!(import.errors[..], [ImportError::TooLarge { limit, .. }] if limit == 64 << 20)
    );
}

#[test]
fn far_too_many_functions_are_cut_to_what_a_machine_can_have() {
    contained(
        "texts::far_too_many_functions_are_cut_to_what_a_machine_can_have",
        || {
            let mut text = String::new();
            for number in 0..200_000 {
                let (segment, bus, device) = (number >> 13, number >> 5 & 0xff, number & 0x1f);
                let line = "X [8086:1234] (rev 02) (prog-if 00 [Normal decode])";
                text += &format!("{segment:04x}:{bus:02x}:{device:02x}.0 A [0604]: {line}\n");
            }
            let import = import_bytes(text);
            assert_eq!(import.capture.functions.len(), 16_384);
            let said = kinds(&import);
            assert!(said.contains(&&DiagnosticKind::TooManyFunctions { limit: 16_384 }));
        },
    );
}

#[test]
fn scattered_bytes_do_not_make_endless_evidence() {
    contained(
        "texts::scattered_bytes_do_not_make_endless_evidence",
        || {
            let mut text = String::new();
            'text: for bus in 0..=255 {
                for device in 0..32 {
                    text += &format!("{bus:02x}:{device:02x}.0 A: B\n");
                    for offset in (0..0x1000).step_by(2).rev() {
                        text += &format!("{offset:02x}: 00\n");
                        if text.len() > 12 << 20 {
                            break 'text;
                        }
                    }
                }
            }
            let import = import_bytes(text);
            assert!(import.is_usable());
            assert!(kinds(&import).contains(&&DiagnosticKind::TooManyHexRuns));
        },
    );
}

#[test]
fn a_text_in_utf_16_is_read() {
    let text = format!("\u{feff}{}", make::dump(2));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let import = import_bytes(bytes);
    assert_eq!(import.capture.functions.len(), 2);
    assert_eq!(kinds(&import), [&DiagnosticKind::Utf16]);
    assert_eq!(import.capture.sources["-"], make::dump(2).into_bytes());
}
