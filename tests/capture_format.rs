//! The capture format on disk: what is stored comes back, and what is broken is named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
#![expect(clippy::disallowed_methods, reason = "tests of files need files")]
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use assignable::addr::Sbdf;
use assignable::bytes::ConfigImage;
use assignable::capture::{
    self, Capture, CaptureError, Difference, Method, Origin, Reported, Resource, SourceLines,
    UnsafeName,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A folder of one test, empty at its start.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("capture_format")
        .join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn of<T>(value: T) -> Option<Reported<T>> {
    Some(Reported::new(
        value,
        Origin::line(Method::Lspci, "lspci.txt", 7),
    ))
}

/// A capture with one of everything.
fn sample() -> Capture {
    let mut capture = Capture::default();
    capture.manifest.os = Some("linux".to_owned());
    capture
        .manifest
        .platform
        .insert("sys_vendor".to_owned(), "Größe & Söhne".to_owned());
    capture
        .manifest
        .other
        .insert("colour".to_owned(), serde_json::json!({"a": [1, null]}));
    let record = capture.function(at("0000:00:1f.0"));
    record.config = ConfigImage::from_bytes((0..=255).collect()).with_size(Some(4096));
    record.properties.vendor = of(0x8086);
    record.properties.resources.push(Reported::new(
        Resource {
            index: 2,
            start: 0xffff_ffff_f000_0000,
            len: Some(0x1000),
            flags: Some(0x0014_220c),
            unassigned: false,
        },
        Origin::of(Method::Sysfs),
    ));
    record.properties.config_lines.push(SourceLines {
        offset: 0,
        len: 256,
        source: "lspci.txt".to_owned(),
        line: 2,
        bytes_per_line: 16,
    });
    record
        .properties
        .other
        .insert("later".to_owned(), serde_json::json!("kept"));
    let masked = capture.function(at("10000:e1:00.7"));
    masked.config = ConfigImage::from_masked(vec![0x86, 0x80, 0, 0x0f], vec![0xff, 0xff, 0, 0x0f]);
    capture.function(at("0000:02:00.0"));
    capture.tables.insert("DMAR".to_owned(), b"DMAR\0".to_vec());
    capture
        .host
        .insert("cmdline".to_owned(), b"quiet\n".to_vec());
    capture.devnodes = Some(b"[]\n".to_vec());
    capture
        .sources
        .insert("lspci.txt".to_owned(), vec![0xff, b'\r', b'\n']);
    capture
        .unknown
        .insert("pci/0000-00-1f.0/trace".to_owned(), vec![1, 2, 3]);
    capture
        .vpd
        .insert("0000:00:1f.0".parse().unwrap(), vec![0x78]);
    capture
        .unknown
        .insert("new/thing.bin".to_owned(), Vec::new());
    capture
}

/// Every file below a folder with its content.
fn files(root: &PathBuf) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    let mut pending = vec![root.clone()];
    while let Some(path) = pending.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_capture_survives_folder_zip_and_folder_byte_for_byte() {
    let root = folder("round_trip");
    let capture = sample();
    capture::to_folder(&capture, &root.join("one")).unwrap();
    let loaded = capture::load(root.join("one")).unwrap();
    assert_eq!(loaded, capture);
    capture::to_zip_file(&loaded, &root.join("two.zip")).unwrap();
    let unzipped = capture::load(root.join("two.zip")).unwrap();
    assert_eq!(unzipped, capture);
    capture::to_folder(&unzipped, &root.join("three")).unwrap();
    assert_eq!(files(&root.join("one")), files(&root.join("three")));
    assert_eq!(
        fs::read_dir(&root).unwrap().count(),
        3,
        "a temporary file was left"
    );
}

#[test]
fn the_layout_is_the_documented_one() {
    let root = folder("layout");
    capture::to_folder(&sample(), &root.join("c")).unwrap();
    let files = files(&root.join("c"));
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "acpi/DMAR",
            "host/cmdline",
            "manifest.json",
            "new/thing.bin",
            "pci/0000-00-1f.0/config",
            "pci/0000-00-1f.0/properties.json",
            "pci/0000-00-1f.0/trace",
            "pci/0000-00-1f.0/vpd",
            "pci/0000-02-00.0/properties.json",
            "pci/10000-e1-00.7/config",
            "pci/10000-e1-00.7/config.known",
            "pci/10000-e1-00.7/properties.json",
            "pnp/devnodes.json",
            "source/lspci.txt",
        ]
    );
    assert_eq!(files["pci/10000-e1-00.7/config"], [0x86, 0x80, 0, 0x0f]);
    assert_eq!(
        files["pci/10000-e1-00.7/config.known"],
        [0xff, 0xff, 0, 0x0f]
    );
    assert_eq!(files["pci/0000-02-00.0/properties.json"], b"{}\n");
    let text = String::from_utf8(files["pci/0000-00-1f.0/properties.json"].clone()).unwrap();
    let properties: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(properties["config_size"], 4096);
    assert_eq!(
        properties["resources"][0]["value"]["start"],
        "0xfffffffff0000000"
    );
    assert_eq!(properties["vendor"]["origin"]["line"], 7);
    assert_eq!(properties["later"], "kept");
    assert!(text.ends_with("}\n") && text.contains("\n  \"vendor\": {\n"));
}

#[test]
fn the_same_capture_always_makes_the_same_zip() {
    let zip = |capture| {
        capture::to_zip(&capture, Cursor::new(Vec::new()))
            .unwrap()
            .into_inner()
    };
    let first = zip(sample());
    assert_eq!(first, zip(sample()));
    assert_eq!(
        first,
        zip(capture::from_zip("x", Cursor::new(&first)).unwrap())
    );
    // And whichever platform writes it: the header of a member in the central directory names
    // one in the byte at 5 (APPNOTE 4.4.2: 3 is UNIX).
    let member = first.windows(4).position(|four| four == b"PK\x01\x02");
    assert_eq!(first[member.unwrap() + 5], 3);
}

#[test]
fn a_folder_that_holds_something_is_not_overwritten() {
    let root = folder("occupied");
    fs::write(root.join("mine"), "x").unwrap();
    let error = capture::to_folder(&sample(), &root).unwrap_err();
    assert!(matches!(error, CaptureError::NotEmpty { .. }));
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    assert_eq!(
        fs::read_dir(root.parent().unwrap())
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains("occupied.tmp")
            })
            .count(),
        0
    );
}

#[test]
fn a_name_that_is_not_safe_is_never_written() {
    let root = folder("unsafe_store");
    for name in ["../escaped", "a/b\\c", "nul"] {
        let mut capture = sample();
        capture.sources.insert(name.to_owned(), Vec::new());
        let error = capture::to_folder(&capture, &root.join("c")).unwrap_err();
        assert!(matches!(error, CaptureError::UnsafeName { .. }), "{name}");
        assert!(capture::to_zip(&capture, Cursor::new(Vec::new())).is_err());
    }
    let mut capture = sample();
    capture
        .unknown
        .insert("manifest.json".to_owned(), Vec::new());
    let error = capture::to_folder(&capture, &root.join("c")).unwrap_err();
    assert!(matches!(error, CaptureError::SameName { .. }));
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn damaged_members_are_named_and_the_others_are_used() {
    let root = folder("damaged");
    let path = root.join("c");
    capture::to_folder(&sample(), &path).unwrap();
    assert_eq!(capture::verify(&path).unwrap(), []);
    fs::write(path.join("pci/0000-00-1f.0/config"), [1; 256]).unwrap();
    fs::write(path.join("pci/10000-e1-00.7/config.known"), [0xff; 3]).unwrap();
    fs::remove_file(path.join("acpi/DMAR")).unwrap();
    fs::write(path.join("host/extra"), "new").unwrap();
    let differences = capture::verify(&path).unwrap();
    let named: Vec<(&str, &str)> = differences
        .iter()
        .map(|difference| match difference {
            Difference::Missing { member, .. } => ("missing", member.as_str()),
            Difference::Extra { member } => ("extra", member.as_str()),
            Difference::Length {
                member,
                expected: 4,
                found: 3,
            } => ("length", member.as_str()),
            Difference::Hash { member, .. } => ("hash", member.as_str()),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        named,
        [
            ("missing", "acpi/DMAR"),
            ("extra", "host/extra"),
            ("hash", "pci/0000-00-1f.0/config"),
            ("length", "pci/10000-e1-00.7/config.known"),
        ]
    );
    let loaded = capture::load(&path).unwrap();
    let failed: Vec<&str> = loaded
        .manifest
        .failures
        .iter()
        .map(|f| f.what.as_str())
        .collect();
    assert_eq!(
        failed,
        [
            "acpi/DMAR",
            "pci/0000-00-1f.0/config",
            "pci/10000-e1-00.7/config.known"
        ]
    );
    let expected = sample();
    let broken = &loaded.functions[&at("0000:00:1f.0")];
    assert_eq!(
        broken.properties,
        expected.functions[&at("0000:00:1f.0")].properties
    );
    assert_eq!(broken.config, ConfigImage::empty().with_size(Some(4096)));
    assert_eq!(loaded.functions.len(), expected.functions.len());
    assert_eq!(loaded.host["extra"], b"new");
    assert_eq!(loaded.sources, expected.sources);
    // Failures are not listed twice when the damaged capture is stored and read again.
    capture::to_folder(&loaded, &root.join("again")).unwrap();
    assert_eq!(capture::load(root.join("again")).unwrap(), loaded);
}

#[test]
fn json_that_cannot_be_read_is_placed_by_its_byte() {
    let root = folder("bad_json");
    let path = root.join("c");
    let manifest = r#"{"format": "assignable-capture", "version": 1}"#;
    fs::create_dir_all(path.join("pci/0000-00-00.0")).unwrap();
    fs::write(path.join("manifest.json"), manifest).unwrap();
    fs::write(
        path.join("pci/0000-00-00.0/properties.json"),
        "{\n  \"driver\": 5\n}",
    )
    .unwrap();
    fs::write(path.join("pci/0000-00-00.0/config"), [0x86, 0x80]).unwrap();
    let loaded = capture::load(&path).unwrap();
    assert_eq!(
        loaded.functions[&at("0000:00:00.0")].config.u16(0),
        Some(0x8086)
    );
    let failure = &loaded.manifest.failures[0];
    assert_eq!(failure.what, "pci/0000-00-00.0/properties.json");
    assert!(failure.why.starts_with("byte 14: "), "{}", failure.why);

    fs::write(path.join("manifest.json"), &manifest[..30]).unwrap();
    let error = capture::load(&path).unwrap_err();
    assert!(
        matches!(error, CaptureError::Manifest { offset: 29, .. }),
        "{error:?}"
    );
    let differences = capture::verify(&path).unwrap();
    assert!(matches!(differences[..], [Difference::Manifest { .. }]));
}

#[test]
fn newer_versions_and_other_formats_are_refused_by_name() {
    let zip = |manifest: &str| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("manifest.json", SimpleFileOptions::default())
            .unwrap();
        zip.write_all(manifest.as_bytes()).unwrap();
        capture::from_zip("a.zip", zip.finish().unwrap())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        zip(r#"{"format": "assignable-capture", "version": 99, "files": 7}"#),
        "a.zip: the capture has version 99; this program knows versions up to 1"
    );
    assert_eq!(
        zip(r#"{"format": "lcov", "version": 1}"#),
        "a.zip: manifest.json: not a capture: the format is 'lcov'"
    );
    let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap();
    let error = capture::from_zip("a.zip", empty).unwrap_err();
    assert!(matches!(error, CaptureError::NoManifest { .. }));
}

#[test]
fn names_that_could_leave_the_folder_are_reported_and_not_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in [
        "manifest.json",
        "../up",
        "/abs",
        "a\\b",
        "host/ok",
        "host/OK",
        "host/aux",
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        if name == "manifest.json" {
            zip.write_all(br#"{"format": "assignable-capture", "version": 1}"#)
                .unwrap();
        }
    }
    zip.add_symlink("host/link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let path = folder("unsafe_load").join("c.zip");
    fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    let differences = capture::verify(&path).unwrap();
    let has = |wanted: Difference| assert!(differences.contains(&wanted), "{differences:?}");
    let unsafe_name = |member: &str, why| Difference::UnsafeName {
        member: member.to_owned(),
        why,
    };
    has(unsafe_name("../up", UnsafeName::Dots));
    has(unsafe_name("/abs", UnsafeName::Absolute));
    has(unsafe_name("a\\b", UnsafeName::Backslash));
    has(unsafe_name("host/aux", UnsafeName::Device));
    has(Difference::Link {
        member: "host/link".to_owned(),
    });
    has(Difference::CaseClash {
        member: "host/ok".to_owned(),
        other: "host/OK".to_owned(),
    });
    let loaded = capture::load(&path).unwrap();
    assert_eq!(loaded.host.keys().collect::<Vec<_>>(), ["OK", "ok"]);
    assert!(loaded.unknown.is_empty());
    assert_eq!(loaded.manifest.failures.len(), 6);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_folder_is_not_followed() {
    let path = folder("links").join("c");
    capture::to_folder(&sample(), &path).unwrap();
    fs::remove_dir_all(path.join("host")).unwrap();
    std::os::unix::fs::symlink("/etc", path.join("host")).unwrap();
    let loaded = capture::load(&path).unwrap();
    assert!(loaded.host.is_empty());
    let differences = capture::verify(&path).unwrap();
    assert!(differences.contains(&Difference::Link {
        member: "host".to_owned()
    }));
}

#[test]
fn a_capture_without_checksums_loads_and_verify_says_so() {
    let path = folder("by_hand").join("c");
    fs::create_dir_all(path.join("host")).unwrap();
    fs::write(
        path.join("manifest.json"),
        r#"{"format": "assignable-capture", "version": 1}"#,
    )
    .unwrap();
    fs::write(path.join("host/cmdline"), "quiet").unwrap();
    let loaded = capture::load(&path).unwrap();
    assert_eq!(loaded.host["cmdline"], b"quiet");
    assert!(loaded.manifest.failures.is_empty());
    let extra = Difference::Extra {
        member: "host/cmdline".to_owned(),
    };
    assert_eq!(capture::verify(&path).unwrap(), [extra]);
}

#[test]
fn a_cut_zip_is_an_error_wherever_it_is_cut() {
    let whole = capture::to_zip(&sample(), Cursor::new(Vec::new()))
        .unwrap()
        .into_inner();
    for end in 0..whole.len() {
        let error = capture::from_zip("cut.zip", Cursor::new(&whole[..end])).unwrap_err();
        assert!(error.to_string().starts_with("cut.zip: "), "{error}");
    }
}

#[test]
fn flipped_bytes_in_a_zip_never_go_unnoticed() {
    let whole = capture::to_zip(&sample(), Cursor::new(Vec::new()))
        .unwrap()
        .into_inner();
    let mut noticed = 0;
    for position in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x55;
        match capture::from_zip("x.zip", Cursor::new(damaged)) {
            Err(_) => noticed += 1,
            Ok(loaded) if !loaded.manifest.failures.is_empty() => noticed += 1,
            // Times, attributes and the like may change without changing the capture.
            Ok(loaded) => assert_eq!(loaded, sample(), "byte {position}"),
        }
    }
    assert!(noticed > whole.len() / 10);
}

/// The page that a stranger implements the format from.
const PAGE: &str = include_str!("../docs/capture-format.md");

#[test]
fn the_example_of_the_page_is_an_intact_capture() {
    let mut blocks = PAGE
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let (properties, manifest) = (blocks.nth(1).unwrap(), blocks.next().unwrap());
    let path = folder("page").join("c");
    let function = path.join("pci/0000-00-1f.3");
    fs::create_dir_all(&function).unwrap();
    fs::write(path.join("manifest.json"), manifest).unwrap();
    fs::write(function.join("properties.json"), properties).unwrap();
    fs::write(function.join("config"), [0; 64]).unwrap();
    assert_eq!(capture::verify(&path).unwrap(), []);
    let loaded = capture::load(&path).unwrap();
    let record = &loaded.functions[&at("0000:00:1f.3")];
    assert_eq!(record.config, ConfigImage::from_bytes(vec![0; 64]));
    assert_eq!(
        record.properties.driver.as_ref().unwrap().value,
        "snd_hda_intel"
    );
    // And a writer makes the same files of it.
    capture::to_folder(&loaded, &path.with_file_name("again")).unwrap();
    assert_eq!(files(&path), files(&path.with_file_name("again")));
}

#[cfg(feature = "analyzer")]
#[test]
fn the_page_names_every_key_that_is_written() {
    use assignable::capture::{Manifest, PropertiesFile};
    for schema in [
        schemars::schema_for!(Manifest),
        schemars::schema_for!(PropertiesFile<'_>),
        schemars::schema_for!(Resource),
        schemars::schema_for!(SourceLines),
    ] {
        let keys = schema.as_value()["properties"].as_object().unwrap();
        assert!(keys.len() > 4, "{keys:?}");
        for key in keys.keys() {
            let named = [format!("`{key}`"), format!("\"{key}\"")];
            assert!(
                named.iter().any(|key| PAGE.contains(key)),
                "{key} is not documented"
            );
        }
    }
}
