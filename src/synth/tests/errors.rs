//! Descriptions that make no machine.

use super::{at, synthesise};
use crate::synth::tree::Tree;
use crate::synth::{Machine, Problem, SynthError};

fn problem(devices: &str) -> Problem {
    match synthesise(&format!("[[root]]\ndevice = [{devices}]")) {
        Err(SynthError::Machine { problem, .. }) => problem,
        other => panic!("expected a problem, got {other:?}"),
    }
}

#[test]
fn what_cannot_be_built_says_where_and_why() {
    let bus = |bus| Problem::DevicesExhausted { bus };
    assert_eq!(problem(r#"{ kind = "rciep", repeat = 32 }"#), bus(0));
    assert_eq!(
        problem(r#"{ kind = "root-port", device = [{ functions = 9 }] }"#),
        Problem::FunctionsExhausted { bus: 1 }
    );
    assert_eq!(problem(r#"{ device = [{}] }"#), Problem::NoBusBelow);
    assert_eq!(
        problem(r#"{ at = "03.0" }, { at = "03.0" }"#),
        Problem::AddressTaken {
            address: at("00:03.0")
        }
    );
    assert_eq!(
        problem(r#"{ bars = ["mem64 4K", "mem64 4K", "mem64 4K", "io 4"] }"#),
        Problem::NoBarRegister
    );
    assert_eq!(
        problem(r#"{ kind = "root-port", bars = ["io 4", "io 4", "io 4"] }"#),
        Problem::NoBarRegister
    );
    assert_eq!(problem("{ msix = 4 }"), Problem::NoBarForMsiX);
    assert_eq!(problem(r#"{ rom = "3K" }"#), Problem::RomSize);
    assert_eq!(
        problem("{ sriov = { total = 1, enabled = 2 } }"),
        Problem::VfCount
    );
    assert_eq!(problem("{ sriov = { total = 65535 } }"), Problem::VfCount);
    assert_eq!(
        problem(r#"{ raw = [{ offset = 0xfff, bytes = "0000" }] }"#),
        Problem::PatchOutside { offset: 0xfff }
    );
    let long = "00".repeat(200);
    assert_eq!(
        problem(&format!("{{ vendor = [\"{long}\"] }}")),
        Problem::CapabilitiesTooLong
    );

    let error = synthesise("[[root]]\n\n[[root.device]]\nkind = \"root-prot\"\n").unwrap_err();
    assert!(matches!(error, SynthError::Text { line: 4, .. }), "{error}");
    let error = synthesise("[[root]]\n[[root.device]]\nbars = [\"mem48 4K\"]").unwrap_err();
    assert!(matches!(error, SynthError::Text { line: 3, .. }), "{error}");
    let error = synthesise(
        "[[root]]\ndevice = [{}, { kind = \"root-port\", device = [{}, { device = [{}] }] }]",
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "root[0].device[1].device[1]: only a bridge or port has devices below it"
    );
}

#[test]
fn roots_that_name_a_used_bus_or_outgrow_their_segment_are_refused() {
    let fails = |text: &str| match synthesise(text) {
        Err(SynthError::Machine { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let segment = crate::addr::Segment(0);
    assert_eq!(
        fails("[[root]]\n[[root]]\nbus = 0"),
        Problem::BusTaken { segment, bus: 0 }
    );
    let deep = "[[root]]\nbus = 0xff\ndevice = [{ kind = \"root-port\" }]";
    assert_eq!(fails(deep), Problem::BusesExhausted { segment });
    let wide = "[[root]]\nsegment = 0\nrepeat = 300";
    assert!(synthesise(wide).is_ok(), "copies go on in the next segment");
}

#[test]
fn a_description_cannot_ask_for_more_than_the_limit() {
    for text in [
        "[[root]]\nrepeat = 4294967295",
        "[[root]]\nrepeat = 4294967295\ndevice = [{ kind = \"rciep\", repeat = 31, functions = 8 }]",
        "[[root]]\nrepeat = 65535\ndevice = [{ kind = \"root-port\", device = [{ functions = 8, sriov = { total = 100, enabled = 100 } }] }]",
    ] {
        // Without the limit this would not end. Functions are counted before they are written.
        let error = Tree::build(&Machine::parse(text).unwrap()).err();
        let too_many = matches!(
            error,
            Some(SynthError::Machine {
                problem: Problem::TooManyFunctions,
                ..
            })
        );
        assert!(too_many, "{text}: {error:?}");
    }
}

#[test]
fn a_damaged_description_is_an_error_or_a_machine() {
    let page = include_str!("../../../docs/synth.md");
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        for (end, _) in text.char_indices() {
            let _ = synthesise(&text[..end]);
        }
        for (start, digit) in text
            .char_indices()
            .filter(|(_, digit)| digit.is_ascii_digit())
        {
            for number in ["", "-1", "255", "65535", "4294967295"] {
                let damaged = format!(
                    "{}{number}{}",
                    &text[..start],
                    &text[start + digit.len_utf8()..]
                );
                let _ = synthesise(&damaged);
            }
        }
    }
}
