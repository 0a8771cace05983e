//! Every row of the script's decision, and every quirk.

use serde_json::{Value, json};

use super::*;
use crate::testing::{Dev, Machine, find};

const ID: &str = r"PCI\VEN_1B36&DEV_0010&SUBSYS_11001AF4&REV_02\4&1A2B3C&0&0008";
const PATH: &str = "PCIROOT(0)#PCI(0100)#PCI(0000)";

/// A device that the script finds fit, as Windows reports it.
fn fit() -> Dev {
    Dev::endpoint()
        .windows(windows::INSTANCE_ID, ID)
        .windows(windows::FRIENDLY_NAME, "drive")
        .windows(windows::RESERVED_MEMORY, false)
        .windows(windows::ACS_UP_HIERARCHY, 1)
        .windows(windows::DEVICE_TYPE, 2)
        .windows(windows::PROBLEM_CODE, 0)
        .windows(
            windows::LOCATION_PATHS,
            json!([PATH, "ACPI(_SB_)#ACPI(PC00)"]),
        )
}

fn without(device: Dev, property: windows::DeviceProperty) -> Dev {
    device.report(|properties| _ = properties.windows.remove(property.key))
}

fn irq(number: u32) -> Value {
    json!({"value": {"kind": "interrupt", "number": number}, "origin": {"method": "windows-property"}})
}

fn memory(start: u64, end: u64) -> Value {
    let value =
        json!({"kind": "memory", "start": format!("{start:#x}"), "end": format!("{end:#x}")});
    json!({"value": value, "origin": {"method": "windows-property"}})
}

/// The answer of a profile with these allocated resources, beside other nodes.
fn asked(profile: Profile, device: Dev, resources: &[Value], others: &[Value]) -> Option<Answer> {
    let mut nodes =
        vec![json!({"instance_id": ID, "function": "0000:01:00.0", "resources": resources})];
    nodes.extend_from_slice(others);
    let export = json!({"nodes": nodes, "resources_complete": true, "properties_complete": true});
    let machine = Machine::with_device(device).with_nodes(&export);
    machine.facts(|facts| profile.answer(facts, find(facts, "01:00.0")))
}

fn script(device: Dev, resources: &[Value]) -> Answer {
    asked(Profile::SurveyDda, device, resources, &[]).unwrap()
}

fn said(device: Dev) -> (ScriptVerdict, Vec<ScriptSentence>) {
    let answer = script(device, &[irq(4_294_967_290)]);
    (answer.verdict, answer.says)
}

use ScriptSentence as Said;
use ScriptVerdict::{Assignable, Maybe, NotAssignable};

#[test]
fn row_1_reserved_memory_is_asked_first() {
    let device = fit()
        .windows(windows::RESERVED_MEMORY, true)
        .windows(windows::ACS_UP_HIERARCHY, 0);
    assert_eq!(said(device), (NotAssignable, vec![Said::ReservedMemory]));
}

#[test]
fn row_2_acs_is_asked_before_the_type() {
    let device = fit()
        .windows(windows::ACS_UP_HIERARCHY, 0)
        .windows(windows::DEVICE_TYPE, 0);
    assert_eq!(said(device), (NotAssignable, vec![Said::Redirectable]));
    for supported in [1, 2, 3] {
        assert_eq!(
            said(fit().windows(windows::ACS_UP_HIERARCHY, supported)).0,
            Assignable
        );
    }
}

#[test]
fn row_3_every_device_type_has_its_answer() {
    for number in 0..=15_u32 {
        let device = fit().windows(windows::DEVICE_TYPE, number);
        let (verdict, sentence) = match number {
            2 => (Assignable, Said::ExpressEndpoint),
            4 => (Assignable, Said::EmbeddedEndpoint),
            3 => (NotAssignable, Said::LegacyNotDisplay),
            5 => (NotAssignable, Said::FirmwareControl),
            _ => (NotAssignable, Said::OldStyle),
        };
        let (found, says) = said(device);
        assert_eq!((found, says[0]), (verdict, sentence), "type {number}");
    }
    let display = fit().windows(windows::DEVICE_TYPE, 3).class(0x03_00_00);
    let answer = script(display, &[irq(4_294_967_290)]);
    assert_eq!(
        (answer.verdict, answer.says[0]),
        (Assignable, Said::LegacyDisplay)
    );
    assert_eq!(answer.quirks, [Quirk::S11]);
}

#[test]
fn rows_4_and_8_the_first_location_path_is_printed() {
    assert_eq!(script(fit(), &[]).location_path.as_deref(), Some(PATH));
    let acpi = fit().windows(
        windows::LOCATION_PATHS,
        json!(["ACPI(_SB_)#ACPI(PC00)", PATH]),
    );
    let answer = script(acpi, &[]);
    assert_eq!(
        answer.location_path.as_deref(),
        Some("ACPI(_SB_)#ACPI(PC00)")
    );
    assert_eq!(answer.quirks, [Quirk::FirstPath]);
}

#[test]
fn row_6_interrupts_are_told_by_their_numbers() {
    for (rows, verdict, sentence) in [
        (vec![], Assignable, Said::NoInterrupts),
        (
            vec![irq(4_294_967_290)],
            Assignable,
            Said::MessageInterrupts,
        ),
        (
            vec![irq(16), irq(4_294_967_290)],
            Assignable,
            Said::MessageInterrupts,
        ),
        (vec![irq(16)], NotAssignable, Said::LineInterrupts),
    ] {
        let answer = script(fit(), &rows);
        assert_eq!((answer.verdict, answer.says[1]), (verdict, sentence));
    }
}

#[test]
fn row_7_memory_is_summed_up_in_megabytes() {
    let answer = script(fit(), &[]);
    assert_eq!(
        (answer.says.last(), answer.megabytes),
        (Some(&Said::NoMmio), Some(0))
    );
    // The K520 of Microsoft's page: 16, 128 and 32 MB, "at least 176 MB".
    let rows = [
        memory(0xd000_0000, 0xd0ff_ffff),
        memory(0x38_0000_0000, 0x38_07ff_ffff),
        memory(0x38_0800_0000, 0x38_09ff_ffff),
    ];
    let answer = script(fit(), &rows);
    assert_eq!(
        (answer.says.last(), answer.megabytes),
        (Some(&Said::Mmio), Some(176))
    );
    assert!(answer.quirks.is_empty());
}

#[test]
fn s1_a_byte_is_missing_from_each_range() {
    // No BARs: they are powers of two, and never show it.
    let answer = script(fit(), &[memory(0, 0xf_ffff), memory(0x20_0000, 0x20_0000)]);
    assert_eq!(answer.megabytes, Some(1), "one byte more than a megabyte");
    assert_eq!(answer.quirks, [Quirk::S1]);
}

#[test]
fn s2_messages_are_known_by_a_pattern_of_their_number() {
    for (number, matched) in [
        (4_294_967_295, true),
        (4_294_900_000, true),
        (4_294_899_999, false),
        (42_949, true),
    ] {
        let answer = script(fit(), &[irq(number)]);
        let expected = if matched { Assignable } else { NotAssignable };
        assert_eq!(answer.verdict, expected, "{number}");
        assert_eq!(answer.quirks.contains(&Quirk::S2), !matched, "{number}");
    }
}

#[test]
fn s3_a_missing_property_counts_as_reserved_memory() {
    // The host bridge of haxm issue 149 has no such property.
    let answer = script(without(fit(), windows::RESERVED_MEMORY), &[]);
    assert_eq!(
        (answer.verdict, answer.says),
        (NotAssignable, vec![Said::ReservedMemory])
    );
    assert_eq!(answer.quirks, [Quirk::S3]);
    let null = script(fit().windows(windows::RESERVED_MEMORY, Value::Null), &[]);
    assert_eq!(null.quirks, [Quirk::S3]);
}

#[test]
fn s4_a_missing_property_passes_for_acs_and_is_old_style_for_the_type() {
    let acs = script(without(fit(), windows::ACS_UP_HIERARCHY), &[]);
    assert_eq!((acs.verdict, acs.quirks), (Assignable, vec![Quirk::S4]));
    let device_type = script(without(fit(), windows::DEVICE_TYPE), &[]);
    assert_eq!(device_type.says, [Said::OldStyle]);
    assert_eq!(device_type.quirks, [Quirk::S4]);
}

#[test]
fn s5_an_unknown_value_passes_for_acs() {
    let answer = script(fit().windows(windows::ACS_UP_HIERARCHY, 4), &[]);
    assert_eq!(
        (answer.verdict, answer.quirks),
        (Assignable, vec![Quirk::S5])
    );
}

#[test]
fn s6_an_id_that_begins_alike_lends_its_resources() {
    let other = json!({"instance_id": format!("{ID}0"), "resources": [irq(4_294_967_280)]});
    let answer = asked(Profile::SurveyDda, fit(), &[irq(16)], &[other]).unwrap();
    assert_eq!(
        (answer.verdict, answer.says[1]),
        (Assignable, Said::MessageInterrupts)
    );
    assert!(answer.quirks.contains(&Quirk::S6));
    let stranger = json!({"instance_id": r"PCI\VEN_2\4&0&0&10", "resources": [irq(4_294_967_280)]});
    let answer = asked(Profile::SurveyDda, fit(), &[irq(16)], &[stranger]).unwrap();
    assert_eq!(answer.says[1], Said::LineInterrupts);
}

#[test]
fn s7_two_ranges_with_one_start_stop_the_sum() {
    let answer = script(fit(), &[memory(0x1000, 0x1fff), memory(0x1000, 0x2fff)]);
    assert_eq!((answer.megabytes, answer.quirks), (None, vec![Quirk::S7]));
}

#[test]
fn s8_the_legacy_vga_window_counts() {
    let rows = [memory(0xa_0000, 0xb_ffff), memory(0xd000_0000, 0xd00f_ffff)];
    let answer = script(fit(), &rows);
    assert_eq!(
        (answer.megabytes, answer.quirks),
        (Some(2), vec![Quirk::S8])
    );
}

#[test]
fn s9_and_row_5_a_disabled_device_is_not_asked_further() {
    let answer = script(fit().windows(windows::PROBLEM_CODE, 22), &[irq(16)]);
    assert_eq!(answer.verdict, Maybe);
    assert_eq!(answer.says, [Said::ExpressEndpoint, Said::Disabled]);
    assert_eq!(answer.location_path.as_deref(), Some(PATH));
    assert_eq!((answer.megabytes, answer.quirks), (None, vec![Quirk::S9]));
}

#[test]
fn lisa_differs_where_its_code_does() {
    let lisa = |device: Dev, rows: &[Value]| asked(Profile::Lisa, device, rows, &[]);
    let messages = [irq(4_294_967_290)];
    assert_eq!(lisa(fit(), &messages).unwrap().verdict, Assignable);
    // Anything but "False" is refused.
    let missing = lisa(without(fit(), windows::RESERVED_MEMORY), &messages).unwrap();
    assert_eq!(missing.verdict, NotAssignable);
    // A disabled device is refused.
    let disabled = lisa(fit().windows(windows::PROBLEM_CODE, 22), &messages).unwrap();
    assert_eq!(disabled.verdict, NotAssignable);
    // Only nodes of the PCI driver are looked at.
    let proxy = fit().windows(windows::INSTANCE_ID, ID.replacen("PCI", "PCIP", 1));
    assert_eq!(lisa(proxy, &messages), None);
    // The path must be one of PCI.
    let acpi = fit().windows(windows::LOCATION_PATHS, json!(["ACPI(_SB_)"]));
    assert_eq!(lisa(acpi, &messages).unwrap().verdict, NotAssignable);
    // Megabytes are rounded, not rounded up.
    let rows = [irq(4_294_967_290), memory(0, 0x10_ffff)];
    assert_eq!(lisa(fit(), &rows).unwrap().megabytes, Some(1));
    assert_eq!(script(fit(), &rows).megabytes, Some(2));
    // A device with memory and no interrupts is not one without interrupts.
    let rows = [memory(0, 0xf_ffff)];
    assert_eq!(lisa(fit(), &rows).unwrap().verdict, NotAssignable);
    assert_eq!(script(fit(), &rows).verdict, Assignable);
}

#[test]
fn a_dismounted_device_is_listed_by_the_script() {
    let proxy = without(fit(), windows::RESERVED_MEMORY)
        .windows(windows::INSTANCE_ID, ID.replacen("PCI", "PCIP", 1));
    let answer = script(proxy, &[]);
    assert_eq!(answer.quirks, [Quirk::S3]);
}

#[test]
fn without_windows_the_same_is_computed() {
    let device = || {
        Dev::endpoint().report(|p| p.reserved_regions = Some(crate::testing::reported(Vec::new())))
    };
    let answer = Machine::with_device(device()).facts(|facts| {
        Profile::SurveyDda
            .answer(facts, find(facts, "01:00.0"))
            .unwrap()
    });
    assert!(answer.computed);
    assert_eq!(answer.verdict, Assignable);
    assert_eq!(
        answer.says,
        [Said::ExpressEndpoint, Said::MessageInterrupts, Said::Mmio]
    );
    assert_eq!(answer.location_path.as_deref(), Some(PATH));
    let unknown = Machine::with_device(Dev::endpoint()).facts(|facts| {
        Profile::SurveyDda
            .answer(facts, find(facts, "01:00.0"))
            .unwrap()
    });
    assert_eq!(unknown.verdict, ScriptVerdict::Unknown);
    assert_eq!(unknown.missing, Some("RequiresReservedMemoryRegion"));
}

#[test]
fn the_order_is_that_of_the_export() {
    let nodes = json!({"nodes": [
        {"instance_id": "PCI\\B\\1", "function": "0000:01:00.0"},
        {"instance_id": "PCI\\A\\1", "function": "0000:00:01.0"},
    ]});
    let machine = Machine::with_device(fit())
        .with("00:02.0", Dev::endpoint())
        .with_nodes(&nodes);
    let order = machine.facts(|facts| {
        let answers = Profile::SurveyDda.replay(facts);
        let at = |answer: &Answer| facts.host.function(answer.id).at.to_string();
        answers.iter().map(at).collect::<Vec<_>>()
    });
    assert_eq!(order, ["0000:01:00.0", "0000:00:01.0", "0000:00:02.0"]);
}
