//! Captures that somebody tampered with: what differs is said exactly, nothing is written
//! outside, and memory stays bounded.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use assignable::capture::{self, Capture, Difference, UnsafeName};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::contained::contained;

fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("tampered")
        .join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn sample() -> Capture {
    let mut capture = Capture::default();
    capture.function("0000:00:1f.0".parse().unwrap()).config =
        assignable::bytes::ConfigImage::from_bytes(vec![0x86; 64]);
    for name in ["cmdline", "version", "iomem"] {
        let text = format!("{name}\n").into_bytes();
        capture.host.insert(name.to_owned(), text);
    }
    capture
}

/// The members of a capture with the manifest that it would have.
fn members(capture: &Capture) -> Vec<(String, Vec<u8>)> {
    let zip = capture::to_zip(capture, Cursor::new(Vec::new())).unwrap();
    let mut archive = zip::ZipArchive::new(zip).unwrap();
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let name = String::from_utf8(member.name_raw().to_vec()).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        members.push((name, bytes));
    }
    members
}

fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn verify(path: &Path) -> Vec<String> {
    let differences = capture::verify(path).unwrap();
    differences.iter().map(ToString::to_string).collect()
}

#[test]
fn a_manifest_that_lies_is_told_from_the_members_one_by_one() {
    let root = folder("lies");
    let mut members = members(&sample());
    for (name, bytes) in &mut members {
        match name.as_str() {
            "host/cmdline" => bytes.extend_from_slice(b"more"),
            "host/version" => bytes[0] ^= 1,
            "host/iomem" => "host/new".clone_into(name),
            _ => {}
        }
    }
    let file = root.join("lies.zip");
    fs::write(&file, zip(&members)).unwrap();
    let told = verify(&file);
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(told[0], "host/iomem: listed in the manifest, but not there");
    assert_eq!(told[1], "host/cmdline: has 12 bytes, the manifest says 8");
    assert_eq!(told[2], "host/new: not listed in the manifest");
    assert!(
        told[3].starts_with("host/version: has SHA-256 "),
        "{}",
        told[3]
    );
    // What is right is used all the same.
    let loaded = capture::load(&file).unwrap();
    assert_eq!(loaded.functions.len(), 1);
    assert!(!loaded.host.contains_key("cmdline") && !loaded.host.contains_key("version"));
}

#[test]
fn members_of_one_name_are_named() {
    let root = folder("twice");
    let mut members = members(&sample());
    members.push(("host/cmdlinX".to_owned(), b"cmdline\n".to_vec()));
    members.push(("host/cmdlinY".to_owned(), b"cmdline\n".to_vec()));
    let mut bytes = zip(&members);
    for at in 0..bytes.len() - 12 {
        if bytes[at..at + 11] == *b"host/cmdlin" {
            bytes[at + 11] = b'e';
        }
    }
    let file = root.join("twice.zip");
    fs::write(&file, bytes).unwrap();
    assert_eq!(
        verify(&file),
        ["host/cmdline: 3 members of the archive have this name"]
    );
}

#[test]
fn names_that_lead_out_write_nothing_outside() {
    let root = folder("outside");
    let mut members = members(&sample());
    for name in [
        "../outside",
        "/outside",
        "host/../../outside",
        "C:\\outside",
        "HOST/cmdline",
    ] {
        members.push((name.to_owned(), b"evil".to_vec()));
    }
    let file = root.join("evil.zip");
    fs::write(&file, zip(&members)).unwrap();
    let differences = capture::verify(&file).unwrap();
    let unsafe_names = differences
        .iter()
        .filter(|difference| matches!(difference, Difference::UnsafeName { .. }));
    assert_eq!(unsafe_names.count(), 4, "{differences:#?}");
    assert!(differences.contains(&Difference::CaseClash {
        member: "host/cmdline".to_owned(),
        other: "HOST/cmdline".to_owned(),
    }));
    let loaded = capture::load(&file).unwrap();
    let inner = root.join("inner");
    fs::create_dir(&inner).unwrap();
    let mut clean = loaded;
    clean.unknown.clear();
    capture::to_folder(&clean, &inner.join("out")).unwrap();
    let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
    assert_eq!((names(&root), names(&inner)), (2, 1));
    // A capture that was filled by hand cannot be written there either.
    clean
        .unknown
        .insert("../outside".to_owned(), b"evil".to_vec());
    let error = capture::to_folder(&clean, &inner.join("again")).unwrap_err();
    assert!(error.to_string().contains("outside"), "{error}");
    assert_eq!((names(&root), names(&inner)), (2, 1));
}

#[cfg(unix)]
#[test]
fn links_pipes_and_sockets_in_a_folder_are_told_and_not_opened() {
    let root = folder("special");
    let path = root.join("capture");
    capture::to_folder(&sample(), &path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path.join("host/link")).unwrap();
    std::os::unix::fs::symlink("..", path.join("loop")).unwrap();
    // A pipe without a writer would wait for ever.
    let pipe = std::process::Command::new("mkfifo")
        .arg(path.join("host/pipe"))
        .status();
    assert!(pipe.unwrap().success());
    let short = std::env::temp_dir().join(format!("assignable-socket-{}", std::process::id()));
    let socket = std::os::unix::net::UnixListener::bind(&short).unwrap();
    fs::rename(&short, path.join("host/socket")).unwrap();
    let told = verify(&path);
    drop(socket);
    assert_eq!(
        told,
        [
            "host/link: a symbolic link; links are not followed",
            "host/pipe: neither a file nor a folder",
            "host/socket: neither a file nor a folder",
            "loop: a symbolic link; links are not followed",
        ]
    );
    let loaded = capture::load(&path).unwrap();
    assert_eq!((loaded.functions.len(), loaded.host.len()), (1, 3));
}

#[test]
fn a_link_in_a_zip_is_told_and_its_target_is_no_content() {
    let root = folder("zip_link");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members(&sample()) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.add_symlink("host/link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let file = root.join("link.zip");
    fs::write(&file, zip.finish().unwrap().into_inner()).unwrap();
    assert_eq!(
        verify(&file),
        ["host/link: a symbolic link; links are not followed"]
    );
    assert!(!capture::load(&file).unwrap().host.contains_key("link"));
}

#[test]
fn a_hundred_thousand_members_are_read_in_bounded_memory() {
    contained(
        "tampered::a_hundred_thousand_members_are_read_in_bounded_memory",
        || {
            let root = folder("many");
            let mut capture = sample();
            for number in 0..100_000 {
                let name = format!("other/{number:06}");
                capture.unknown.insert(name, vec![1]);
            }
            let file = root.join("many.zip");
            capture::to_zip_file(&capture, &file).unwrap();
            drop(capture);
            assert_eq!(verify(&file), Vec::<String>::new());
            let loaded = capture::load(&file).unwrap();
            assert_eq!(loaded.unknown.len(), 100_000);
        },
    );
}

#[test]
fn unsafe_names_are_told_with_their_reason() {
    let root = folder("reasons");
    for (name, reason) in [
        ("host/a:b", UnsafeName::Colon),
        ("host/NUL", UnsafeName::Device),
        ("host//x", UnsafeName::Empty),
        ("host/x.", UnsafeName::Trailing),
        ("host/\u{7}", UnsafeName::Control),
    ] {
        let mut members = members(&sample());
        members.push((name.to_owned(), b"x".to_vec()));
        let file = root.join("name.zip");
        fs::write(&file, zip(&members)).unwrap();
        let differences = capture::verify(&file).unwrap();
        assert_eq!(
            differences,
            [Difference::UnsafeName {
                member: name.to_owned(),
                why: reason
            }]
        );
    }
}
