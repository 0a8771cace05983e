//! Captures that were tampered with.

use std::fs::File;
use std::io::{Cursor, Write};
use std::path::Path;

use assignable::capture::{self, CaptureError};
use assignable::import::{Input, import};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::contained::contained;
use super::import_bytes;
use super::make::{Files, dump, tar};

const MANIFEST: &str = r#"{"format": "assignable-capture", "version": 1}"#;

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn json_made_to_swell_is_bounded() {
    contained("captures::json_made_to_swell_is_bounded", || {
        let objects = |count: usize| format!(r#"{{"x":[{}1]}}"#, r#"{"":0},"#.repeat(count));
        let properties = objects(140_000);
        assert!(properties.len() < 1 << 20);
        let mut members = vec![("manifest.json".to_owned(), MANIFEST.as_bytes().to_vec())];
        for device in 0..4 {
            let name = format!("pci/0000-00-{device:02x}.0/properties.json");
            members.push((name, properties.clone().into_bytes()));
        }
        let members: Vec<(&str, &[u8])> = members
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
            .collect();
        let loaded = capture::from_zip("swell", Cursor::new(zip(&members))).unwrap();
        assert_eq!(loaded.functions.len(), 4);
        assert!(!loaded.manifest.failures.is_empty());

        let manifest = MANIFEST.replace('}', &format!(r#", "y": {}}}"#, objects(2_000_000)));
        let zip = zip(&[("manifest.json", manifest.as_bytes())]);
        let error = capture::from_zip("swell", Cursor::new(zip)).unwrap_err();
        assert!(
            matches!(
                error,
                CaptureError::TooMany { .. } | CaptureError::Bomb { .. }
            ),
            "{error}"
        );
    });
}

#[test]
fn json_made_to_nest_is_a_damaged_member() {
    let deep = format!(r#"{{"x":{}"#, "[".repeat(500_000));
    let zip = zip(&[
        ("manifest.json", MANIFEST.as_bytes()),
        ("pci/0000-00-00.0/properties.json", deep.as_bytes()),
        ("pci/0000-00-00.0/config", &[0x86; 64]),
    ]);
    let loaded = capture::from_zip("deep", Cursor::new(zip)).unwrap();
    assert_eq!(
        loaded.functions.values().next().unwrap().config.extent(),
        64
    );
    assert_eq!(
        loaded.manifest.failures[0].what,
        "pci/0000-00-00.0/properties.json"
    );
}

#[test]
fn spaces_of_odd_lengths_are_used_as_far_as_they_go() {
    let zip = zip(&[
        ("manifest.json", MANIFEST.as_bytes()),
        ("pci/0000-00-00.0/config", &[]),
        ("pci/0000-00-01.0/config", &[1; 63]),
        ("pci/0000-00-02.0/config", &[2; 5000]),
        ("pci/0000-00-03.0/config.known", &[0xff; 4]),
        (
            "pci/0000-00-04.0/properties.json",
            br#"{"config_size": 70000}"#,
        ),
    ]);
    let import = import_bytes(zip);
    let extents: Vec<u16> = import
        .capture
        .functions
        .values()
        .map(|record| record.config.extent())
        .collect();
    assert_eq!(extents, [0, 63, 4096, 0, 0]);
    let failed: Vec<_> = import
        .capture
        .manifest
        .failures
        .iter()
        .map(|failure| failure.what.as_str())
        .collect();
    assert_eq!(
        failed,
        [
            "pci/0000-00-02.0/config",
            "pci/0000-00-03.0/config.known",
            "pci/0000-00-04.0/properties.json"
        ]
    );
}

#[test]
fn two_members_of_one_name_are_noticed() {
    let mut bytes = zip(&[
        ("manifest.json", MANIFEST.as_bytes()),
        ("host/aa", b"first"),
        ("host/ab", b"second"),
    ]);
    for at in 0..bytes.len() - 7 {
        if &bytes[at..at + 7] == b"host/ab" {
            bytes[at + 6] = b'a';
        }
    }
    let loaded = capture::from_zip("twice", Cursor::new(bytes)).unwrap();
    assert!(loaded.manifest.failures[0].why.contains("have this name"));
}

#[test]
fn more_functions_than_any_machine_has_are_refused() {
    contained(
        "captures::more_functions_than_any_machine_has_are_refused",
        || {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file("manifest.json", SimpleFileOptions::default())
                .unwrap();
            zip.write_all(MANIFEST.as_bytes()).unwrap();
            for number in 0..40_000 {
                let (segment, bus, device) = (number >> 13, number >> 5 & 0xff, number & 0x1f);
                let name = format!("pci/{segment:04x}-{bus:02x}-{device:02x}.0/properties.json");
                zip.start_file(name, SimpleFileOptions::default()).unwrap();
                zip.write_all(b"{}").unwrap();
            }
            let error = capture::from_zip("many", zip.finish().unwrap()).unwrap_err();
            assert!(
                matches!(
                    error,
                    CaptureError::TooMany {
                        what: "functions",
                        ..
                    }
                ),
                "{error}"
            );
        },
    );
}

#[test]
fn a_member_that_unpacks_to_very_much_is_refused() {
    contained(
        "captures::a_member_that_unpacks_to_very_much_is_refused",
        || {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file("manifest.json", SimpleFileOptions::default())
                .unwrap();
            zip.write_all(MANIFEST.as_bytes()).unwrap();
            zip.start_file("host/log.txt", SimpleFileOptions::default())
                .unwrap();
            let zeros = vec![0; 1 << 20];
            for _ in 0..500 {
                zip.write_all(&zeros).unwrap();
            }
            let error = capture::from_zip("bomb", zip.finish().unwrap()).unwrap_err();
            assert!(
                matches!(&error, CaptureError::Bomb { member, .. } if member == "host/log.txt")
            );
        },
    );
}

/// The members of a capture in a folder of its own, beside a text of no use, as an archive may
/// have them: the manifest in the middle.
fn unpacked() -> Files {
    let config = |vendor: u8| {
        let mut config = vec![0; 64];
        config[..2].copy_from_slice(&[vendor, 0x80]);
        config
    };
    let mut known = vec![0; 64];
    known[..2].fill(0xff);
    vec![
        ("ticket/notes.txt".to_owned(), b"see below\n".to_vec()),
        ("ticket/first/host/cmdline".to_owned(), b"quiet\n".to_vec()),
        (
            "ticket/first/manifest.json".to_owned(),
            MANIFEST.as_bytes().to_vec(),
        ),
        (
            "ticket/first/pci/0000-00-00.0/config".to_owned(),
            config(0x86),
        ),
        (
            "ticket/first/pci/0000-00-01.0/config".to_owned(),
            config(0x87),
        ),
        (
            "ticket/first/pci/0000-00-01.0/config.known".to_owned(),
            known,
        ),
    ]
}

#[test]
fn a_capture_unpacked_within_a_folder_or_archive_is_a_capture() {
    let root = std::env::temp_dir().join(format!("assignable-nested-{}", std::process::id()));
    for (path, content) in unpacked() {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let members: Vec<_> = unpacked();
    let members: Vec<_> = members
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    let imports = [
        import(&[Input::Path(root.clone())]),
        import_bytes(tar(&unpacked())),
        import_bytes(zip(&members)),
    ];
    std::fs::remove_dir_all(root).unwrap();
    for import in imports {
        let capture = import.capture;
        assert_eq!(capture.functions.len(), 2, "{:?}", import.diagnostics);
        let masked = capture.functions.values().next_back().unwrap();
        // A raw configuration space would know all of its bytes.
        assert_eq!(masked.config.extent(), 2);
        assert_eq!(capture.host["cmdline"], b"quiet\n");
        assert!(capture.sources.is_empty());
    }
}

#[test]
fn files_named_like_members_of_a_capture_are_files_without_its_manifest() {
    let mut files = unpacked();
    files.retain(|(path, _)| !path.ends_with("manifest.json"));
    let dump = super::make::dump(2).into_bytes();
    files.push(("ticket/first/host/lspci.txt".to_owned(), dump));
    let capture = import_bytes(tar(&files)).capture;
    assert_eq!(capture.functions.len(), 2);
    assert_eq!(capture.sources.len(), 1);
}

#[test]
fn files_named_like_members_are_not_held_beyond_measure() {
    contained(
        "captures::files_named_like_members_are_not_held_beyond_measure",
        || {
            // Folders of a log collection, as support tools make them: 192 MiB in all, more than
            // is held. One text is longer than a table may be, one than what is left at the end.
            let text = |functions, length| {
                let blank = [[b' '; 4000].as_slice(), b"\n"].concat();
                let text = dump(functions).into_bytes().into_iter();
                text.chain(blank.into_iter().cycle())
                    .take(length)
                    .collect::<Vec<u8>>()
            };
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("not-held.tar");
            let mut archive = tar::Builder::new(File::create(&path).unwrap());
            let mut add = |name: &str, content: &[u8]| {
                let mut header = tar::Header::new_gnu();
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, name, content).unwrap();
            };
            add("ticket/acpi/lspci.txt", &text(2, 17 << 20));
            for number in 0..24 {
                add(&format!("logs/{number}/host/blob"), &vec![0x55; 8 << 20]);
            }
            add("ticket/source/last.txt", &text(3, 9 << 20));
            archive.finish().unwrap();
            drop(archive);
            let import = import(&[Input::Path(path.clone())]);
            std::fs::remove_file(path).unwrap();
            assert!(import.errors.is_empty(), "{:?}", import.errors);
            assert_eq!(import.capture.functions.len(), 3);
            assert_eq!(import.capture.sources.len(), 2);
        },
    );
}
