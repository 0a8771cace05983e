//! Derivations in memory, and every case of this project's corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::*;
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::decode::config::ConfigSpace;

const HEAD: &str = "title = ''\norigin = 'derived'\nmade = ''\nspecial = ''\n";

fn base() -> Capture {
    synth::synthesise(
        "host = { tables = { DMAR = '0102' }, cmdline = 'quiet' }
         [[root]]
         device = [{ kind = 'rciep', unknown = ['0x06-0x07'], driver = 'nvme' }, { kind = 'rciep' }]",
    )
    .unwrap()
}

fn derive(change: &str) -> Result<Capture, CaseError> {
    let mut capture = base();
    let file = CaseFile::parse("case", &format!("{HEAD}{change}"))?;
    derive::apply("case", &mut capture, &file)?;
    Ok(capture)
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn sha(address: &str) -> String {
    config_sha256(&base().functions[&at(address)].config)
}

#[test]
fn what_is_omitted_is_gone_and_must_have_been_there() {
    let capture = derive("omit = ['0000:00:01.0', 'acpi/DMAR', 'host/cmdline']").unwrap();
    assert_eq!(
        capture.functions.keys().copied().collect::<Vec<_>>(),
        [at("00:02.0")]
    );
    assert!(capture.tables.is_empty() && capture.host.is_empty());
    for member in [
        "00:03.0",
        "acpi/IVRS",
        "host/x",
        "pnp/devnodes.json",
        "x",
        "",
    ] {
        let error = derive(&format!("omit = ['{member}']")).unwrap_err();
        assert!(
            matches!(error, CaseError::NoMember { .. }),
            "{member:?}: {error}"
        );
    }
}

#[test]
fn patches_apply_in_order_to_the_base_that_they_were_made_for() {
    let patch = |address: &str, sha: &str, offset: u16, bytes: &str| {
        format!(
            "[[patch]]\nfunction = '{address}'\nsha256 = '{sha}'\noffset = {offset}\nbytes = '{bytes}'\n"
        )
    };
    let second = sha("00:02.0");
    let twice = patch("00:02.0", &second, 0, "34 12 78") + &patch("00:02.0", &second, 2, "56");
    let capture = derive(&twice).unwrap();
    let image = &capture.functions[&at("00:02.0")].config;
    assert_eq!(
        (image.u16(0), image.u8(2), image.u8(3)),
        (Some(0x1234), Some(0x56), Some(0))
    );
    assert_eq!((image.extent(), image.size()), (4096, Some(4096)));

    let first = patch("00:01.0", &sha("00:01.0"), 6, "10");
    let image = derive(&first).unwrap().functions[&at("00:01.0")]
        .config
        .clone();
    assert_eq!((image.u8(6), image.u8(7)), (Some(0x10), None));

    let error = derive(&patch("00:02.0", &sha("00:01.0"), 0, "00")).unwrap_err();
    assert!(matches!(error, CaseError::OtherBase { .. }), "{error}");
    let error = derive(&patch("00:02.0", &second, 0xfff, "0000")).unwrap_err();
    assert!(
        matches!(error, CaseError::PatchOutside { offset: 0xfff, .. }),
        "{error}"
    );
    let error = derive(&patch("00:09.0", &second, 0, "00")).unwrap_err();
    assert!(matches!(error, CaseError::NoFunction { .. }), "{error}");
}

#[test]
fn the_checksum_is_sha_256_of_the_bytes_and_of_the_mask() {
    // The first example of FIPS 180-2, B.1.
    let abc = ConfigImage::from_bytes(b"abc".to_vec());
    assert_eq!(
        config_sha256(&abc),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let masked = ConfigImage::from_masked(b"abc".to_vec(), vec![0xff, 0xff, 0x7f]);
    assert_ne!(config_sha256(&masked), config_sha256(&abc));
}

#[test]
fn cutting_keeps_the_size_and_the_mask() {
    let capture = derive("captured_bytes = 64").unwrap();
    let image = &capture.functions[&at("00:01.0")].config;
    assert_eq!(
        (image.extent(), image.size(), image.u8(6)),
        (64, Some(4096), None)
    );
    assert!(derive("captured_bytes = 4097").is_err());
}

#[test]
fn facts_are_set_with_a_synthetic_origin_and_only_by_known_names() {
    let set = |body: &str| derive(&format!("[[set]]\nfunction = '00:01.0'\n{body}"));
    let capture = set("unset = ['driver']
         properties = { iommu_group = 7, reset_methods = ['flr'], used_by = ['sda'],
                        windows = { 'k 1' = true } }");
    let properties = capture.unwrap().functions[&at("00:01.0")]
        .properties
        .clone();
    assert_eq!(properties.driver, None);
    let group = properties.iommu_group.unwrap();
    assert_eq!(
        (group.value, group.origin.method),
        (7, capture::Method::Synthetic)
    );
    assert_eq!(properties.reset_methods.unwrap().value, ["flr"]);
    assert_eq!(properties.used_by[0].value, "sda");
    assert_eq!(
        properties.windows["k 1"].value,
        serde_json::Value::Bool(true)
    );
    assert_eq!(properties.class.unwrap().value, 0x00_ff_00);
    for body in [
        "unset = ['iommu_group']",
        "properties = { no_such = 1 }",
        "properties = { iommu_group = 'x' }",
        "properties = { iommu_group = -1 }",
    ] {
        let error = set(body).unwrap_err();
        assert!(
            matches!(error, CaseError::Property { .. }),
            "{body}: {error}"
        );
    }
}

#[test]
fn tables_come_from_another_case_by_name() {
    let mut other = Capture::default();
    other.tables.insert("DMAR".to_owned(), vec![9]);
    other.tables.insert("MCFG".to_owned(), vec![8]);
    let take = |tables: Option<Vec<String>>| {
        let mut capture = base();
        let from = TablesFrom {
            case: "other".to_owned(),
            tables,
        };
        derive::take_tables("case", &mut capture, &from, &other).map(|()| capture.tables)
    };
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let one = BTreeMap::from([("DMAR".to_owned(), vec![9])]);
    assert_eq!(take(names(&["DMAR"])).unwrap(), one);
    assert_eq!(take(None).unwrap(), other.tables);
    assert!(matches!(
        take(names(&["IVRS"])),
        Err(CaseError::NoMember { .. })
    ));
}

#[test]
fn a_truth_about_missing_functions_or_with_a_function_twice_is_refused() {
    let check = |text: &str| Truth::parse("case", text)?.check("case", &base());
    assert!(check(r#"{"groups": [["00:01.0"], ["00:02.0"]]}"#).is_ok());
    let twice = check(r#"{"groups": [["00:01.0"], ["00:01.0"]]}"#).unwrap_err();
    assert!(matches!(twice, CaseError::TwoGroups { .. }), "{twice}");
    for text in [
        r#"{"groups": [["00:03.0"]]}"#,
        r#"{"location_paths": {"00:03.0": "PCIROOT(0)"}}"#,
        r#"{"survey": {"00:03.0": "old-style"}}"#,
    ] {
        assert!(
            matches!(check(text), Err(CaseError::NoFunction { .. })),
            "{text}"
        );
    }
    assert!(matches!(
        check(r#"{"groups": [["x"]]}"#),
        Err(CaseError::Text { .. })
    ));
}

#[test]
fn no_name_leads_out_of_the_corpus() {
    for name in ["", "..", ".", "a/b", "/etc", "a\\b", "c:", ".hidden"] {
        assert!(
            matches!(member("case", name), Err(CaseError::UnsafeName { .. })),
            "{name:?}"
        );
    }
    assert_eq!(member("case", "vector-01_a.b").unwrap(), "vector-01_a.b");
}

#[test]
fn a_circle_of_bases_is_refused() {
    let corpus = std::env::temp_dir().join(format!("assignable-circle-{}", std::process::id()));
    for (name, base) in [("a", "b"), ("b", "a")] {
        std::fs::create_dir_all(corpus.join(name)).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test makes its own corpus")]
        std::fs::write(
            corpus.join(name).join("case.toml"),
            format!("{HEAD}base = '{base}'"),
        )
        .unwrap();
    }
    let error = load_case(&corpus, "a").unwrap_err();
    std::fs::remove_dir_all(&corpus).unwrap();
    assert!(matches!(error, CaseError::TooDeep { .. }), "{error}");
}

fn own_corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_case_of_the_corpus_loads_and_explains_itself() {
    let cases = load_all(&own_corpus()).unwrap();
    assert!(cases.len() >= 50, "only {} cases", cases.len());
    for (name, case) in cases {
        let case = case.unwrap_or_else(|error| panic!("{error}"));
        assert!(
            !case.capture.functions.is_empty(),
            "{name} has no functions"
        );
        for text in [&case.file.title, &case.file.made, &case.file.special] {
            assert!(text.trim().len() >= 10, "{name} does not explain itself");
        }
    }
}

/// Groups by the numbers that a kernel reported, without the numbers.
fn reported_groups(capture: &Capture) -> BTreeSet<BTreeSet<Sbdf>> {
    let mut groups: BTreeMap<u32, BTreeSet<Sbdf>> = BTreeMap::new();
    for (&at, record) in &capture.functions {
        if let Some(group) = &record.properties.iommu_group {
            groups.entry(group.value).or_default().insert(at);
        }
    }
    groups.into_values().collect()
}

#[test]
fn the_truth_of_a_lab_machine_is_what_its_kernel_reported() {
    let mut checked = 0;
    for case in load_all(&own_corpus())
        .unwrap()
        .into_values()
        .map(Result::unwrap)
    {
        if matches!(case.file.origin, Origin::Lab) {
            let truth: BTreeSet<_> = case.truth.groups.into_iter().flatten().collect();
            assert_eq!(truth, reported_groups(&case.capture), "{}", case.name);
            checked += 1;
        }
    }
    assert!(checked >= 10, "only {checked} lab machines");
}

#[test]
fn every_damage_of_the_zoo_is_noted_where_it_was_done() {
    use crate::bytes::FaultKind as Kind;
    // Offsets follow from machine.toml: PM at 40h, MSI at 48h, Express at 58h, AER at 100h, ACS
    // at 148h.
    let expected: [(&str, u32, Kind); 18] = [
        ("00:01.0", 0x59, Kind::Loop { offset: 0x40 }),
        ("00:02.0", 0x41, Kind::Loop { offset: 0x40 }),
        (
            "00:03.0",
            0x34,
            Kind::PointerTooLow {
                pointer: 0x10,
                lowest: 0x40,
            },
        ),
        (
            "00:04.0",
            0x49,
            Kind::PointerTooLow {
                pointer: 0x3c,
                lowest: 0x40,
            },
        ),
        ("00:05.0", 0x41, Kind::PointerUnaligned { pointer: 0x4b }),
        ("00:06.0", 0xfc, Kind::Duplicate { first: 0x58 }),
        ("00:07.0", 0x48, Kind::AllOnes),
        ("00:08.0", 0x34, Kind::ListBitContradiction),
        ("00:0a.0", 0x48, Kind::Duplicate { first: 0x40 }),
        ("00:0b.0", 0xc0, Kind::Duplicate { first: 0x58 }),
        ("00:0c.0", 0x44, Kind::Overlap { other: 0x40 }),
        ("00:0d.0", 0x148, Kind::Loop { offset: 0x100 }),
        (
            "00:0e.0",
            0x100,
            Kind::PointerTooLow {
                pointer: 0x80,
                lowest: 0x100,
            },
        ),
        ("00:0f.0", 0x100, Kind::PointerUnaligned { pointer: 0x14b }),
        ("00:10.0", 0x100, Kind::AllOnes),
        ("00:12.0", 0xffc, Kind::PastEnd { needs: 8, has: 4 }),
        ("00:13.0", 0x100, Kind::RepeatsConventionalSpace),
        ("00:14.0", 0x0e, Kind::UnknownHeaderLayout { layout: 0x7f }),
    ];
    let capture = load_case(&own_corpus(), "malformed-lists").unwrap().capture;
    for (address, offset, kind) in expected {
        let faults = ConfigSpace::decode(&capture.functions[&at(address)].config).faults;
        let found = faults
            .iter()
            .any(|fault| fault.span.offset == offset && fault.kind == kind);
        assert!(found, "{address}: {faults:?}");
    }
}
