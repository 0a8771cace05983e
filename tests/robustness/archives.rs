//! Archives, cut and with names that mean harm; trees with odd files.

use std::fs;
use std::path::PathBuf;

use assignable::import::{DiagnosticKind, Import, ImportError, Input, import};

use super::{import_bytes, kinds, make};

fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("robustness")
        .join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Whether an import gave less than `whole` and says nothing about it.
fn silently_less(import: &Import, whole: &Import) -> bool {
    import.capture != whole.capture && import.diagnostics.is_empty() && import.errors.is_empty()
}

#[test]
fn a_cut_tar_gives_its_part_and_says_where_it_is_cut() {
    let archive = make::tar(&make::machine(3));
    let whole = import_bytes(archive.clone());
    assert!(whole.diagnostics.is_empty());
    for end in (0..archive.len())
        .step_by(97)
        .chain((0..archive.len()).step_by(512))
    {
        let import = import_bytes(&archive[..end]);
        assert!(
            !silently_less(&import, &whole),
            "nothing said of a cut at {end}"
        );
        let cut = |kind: &&DiagnosticKind| matches!(kind, DiagnosticKind::ArchiveCut);
        assert!(
            !import.is_usable()
                || kinds(&import).iter().any(cut)
                || import.capture == whole.capture
        );
    }
}

#[test]
fn a_cut_packed_tar_says_so_too() {
    let archive = make::tar(&make::machine(20));
    let whole = import_bytes(archive.clone());
    for packed in [make::gzip(&archive), make::bzip2(&archive)] {
        assert_eq!(import_bytes(packed.clone()).capture, whole.capture);
        for end in 0..packed.len() {
            let import = import_bytes(&packed[..end]);
            assert!(
                !silently_less(&import, &whole),
                "nothing said of a cut at {end}"
            );
        }
    }
}

#[test]
fn archives_in_archives_are_opened_to_a_depth() {
    let whole = import_bytes(make::tar(&make::machine(2)));
    let mut bytes = make::tar(&make::machine(2));
    for round in 0..8 {
        let import = import_bytes(bytes.clone());
        assert!(
            import.capture == whole.capture || round >= 2,
            "round {round}"
        );
        assert!(import.is_usable() || !import.errors.is_empty());
        bytes = match round % 2 {
            0 => make::gzip(&bytes),
            _ => make::zip(&vec![(format!("part{round}.gz"), bytes)]),
        };
    }
}

#[test]
fn names_that_lead_out_are_not_followed() {
    let mut files = make::machine(1);
    files.push((
        "../../etc/sys/devices/pci0000:00/0000:00:1f.0/vendor".to_owned(),
        b"0x1\n".to_vec(),
    ));
    files.push((
        "a/../sys/devices/pci0000:00/0000:00:1e.0/vendor".to_owned(),
        b"0x1\n".to_vec(),
    ));
    for bytes in [make::tar(&files), make::zip(&files)] {
        let import = import_bytes(bytes);
        assert_eq!(import.capture.functions.len(), 2);
        let unsafe_names: Vec<_> = import
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.kind == DiagnosticKind::UnsafeName)
            .filter_map(|diagnostic| diagnostic.member.as_deref())
            .collect();
        assert_eq!(
            unsafe_names,
            [&files[files.len() - 2].0, &files[files.len() - 1].0]
        );
    }
}

#[test]
fn an_absolute_name_is_read_as_a_relative_one() {
    let files: make::Files = make::machine(2)
        .into_iter()
        .map(|(path, content)| (format!("/{path}"), content))
        .collect();
    let import = import_bytes(make::tar(&files));
    assert_eq!(
        import.capture,
        import_bytes(make::tar(&make::machine(2))).capture
    );
    assert_eq!(kinds(&import), [&DiagnosticKind::AbsoluteName]);
}

#[test]
fn a_link_that_leads_out_is_not_followed() {
    let function = "sys/devices/pci0000:00/0000:00:02.0";
    let mut files = make::machine(1);
    files.push((
        format!("{function}/config -> ../../../../../../etc/passwd"),
        Vec::new(),
    ));
    files.push((
        format!("{function}/driver -> ../../../../../../../etc/passwd"),
        Vec::new(),
    ));
    files.push((format!("{function}/vendor"), b"0x8086\n".to_vec()));
    for bytes in [make::tar(&files), make::zip(&files)] {
        let import = import_bytes(bytes);
        let record = &import.capture.functions[&"0000:00:02.0".parse().unwrap()];
        assert!(record.config.is_empty() && record.properties.driver.is_none());
        let outside = |kind: &&&DiagnosticKind| matches!(kind, DiagnosticKind::LinkOutside { .. });
        assert_eq!(kinds(&import).iter().filter(outside).count(), 2);
    }
}

#[test]
fn spaces_of_odd_lengths_are_used_as_far_as_they_go() {
    let space = |device: u8, length| {
        (
            format!("sys/devices/pci0000:00/0000:00:{device:02x}.0/config"),
            vec![device; length],
        )
    };
    let files = vec![space(1, 0), space(2, 63), space(3, 5000), space(4, 4096)];
    let import = import_bytes(make::tar(&files));
    let extents: Vec<u16> = import
        .capture
        .functions
        .values()
        .map(|record| record.config.extent())
        .collect();
    assert_eq!(extents, [0, 63, 4096, 4096]);
    let function = |device| format!("0000:00:0{device}.0").parse().unwrap();
    assert_eq!(
        kinds(&import),
        [
            &DiagnosticKind::EmptySpace {
                function: function(1)
            },
            &DiagnosticKind::PartialSpace {
                function: function(2),
                bytes: 63
            },
            &DiagnosticKind::SpaceTooLong {
                function: function(3),
                bytes: 5000
            },
        ]
    );
    let members: Vec<_> = import
        .diagnostics
        .iter()
        .filter_map(|d| d.member.as_deref())
        .collect();
    assert_eq!(members[1], "sys/devices/pci0000:00/0000:00:02.0/config");
}

#[test]
fn impossible_addresses_and_second_machines_are_named() {
    let files = vec![
        (
            "one/sys/devices/pci0000:00/0000:00:01.0/vendor".to_owned(),
            b"0x1\n".to_vec(),
        ),
        (
            "one/sys/devices/pci0000:00/0000:00:20.0/vendor".to_owned(),
            b"0x2\n".to_vec(),
        ),
        (
            "one/sys/devices/pci0000:00/0000:00:3f.0".to_owned(),
            Vec::new(),
        ),
        (
            "two/sys/devices/pci0000:00/0000:00:01.0/vendor".to_owned(),
            b"0x3\n".to_vec(),
        ),
    ];
    let import = import_bytes(make::tar(&files));
    assert_eq!(import.capture.functions.len(), 1);
    let said = kinds(&import);
    assert!(said.contains(&&DiagnosticKind::NotAnAddress));
    assert!(said.contains(&&DiagnosticKind::SecondTree {
        root: "two".to_owned()
    }));
}

#[test]
fn an_archive_without_anything_of_use_is_an_error() {
    let files = vec![("readme.txt".to_owned(), b"hello\n".to_vec())];
    for bytes in [make::tar(&files), make::zip(&files)] {
        let import = import_bytes(bytes);
        assert!(matches!(
            import.errors[..],
            [ImportError::NothingInside { files: 1, .. }]
        ));
    }
}

#[test]
fn a_text_within_an_archive_is_found_by_its_content() {
    let files = vec![
        ("photo.jpg".to_owned(), make::dump(2).into_bytes()),
        ("deep/er/lspci.txt".to_owned(), b"\xff\xd8\xff".to_vec()),
    ];
    let import = import_bytes(make::gzip(&make::tar(&files)));
    assert_eq!(import.capture.functions.len(), 2);
    assert_eq!(
        import.capture.sources.keys().collect::<Vec<_>>(),
        ["photo.jpg"]
    );
}

#[test]
fn a_broken_archive_within_another_loses_only_itself() {
    let mut files = make::machine(1);
    let inner = make::gzip(&make::tar(&make::machine(3)));
    files.insert(
        0,
        (
            "broken.tar.gz".to_owned(),
            inner[..inner.len() / 2].to_vec(),
        ),
    );
    files.insert(
        1,
        (
            "broken.zip".to_owned(),
            b"PK\x03\x04 and nothing else".to_vec(),
        ),
    );
    let import = import_bytes(make::tar(&files));
    assert!(import.errors.is_empty(), "{:?}", import.errors);
    assert!(import.is_usable());
    let unreadable = |kind: &&&DiagnosticKind| matches!(kind, DiagnosticKind::Unreadable { .. });
    assert!(kinds(&import).iter().any(|kind| unreadable(&kind)));
}

#[test]
fn a_folder_is_read_like_an_archive_of_it() {
    let root = folder("tree");
    for (path, content) in make::machine(3) {
        let (path, target) = path.split_once(" -> ").unwrap_or((&path, ""));
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if target.is_empty() {
            fs::write(path, content).unwrap();
        } else if cfg!(unix) {
            #[cfg(unix)]
            std::os::unix::fs::symlink(target, path).unwrap();
        }
    }
    let from_folder = import(&[Input::Path(root.clone())]);
    assert!(from_folder.errors.is_empty() && from_folder.diagnostics.is_empty());
    if cfg!(unix) {
        assert_eq!(
            from_folder.capture,
            import_bytes(make::tar(&make::machine(3))).capture
        );
    }
}

#[cfg(unix)]
#[test]
fn links_that_run_in_circles_in_a_folder_are_not_followed() {
    let root = folder("circle");
    fs::create_dir_all(root.join("sys/devices/pci0000:00/0000:00:01.0")).unwrap();
    std::os::unix::fs::symlink("..", root.join("up")).unwrap();
    std::os::unix::fs::symlink(".", root.join("sys/devices/pci0000:00/0000:00:02.0")).unwrap();
    std::os::unix::fs::symlink(
        "/proc/kcore",
        root.join("sys/devices/pci0000:00/0000:00:01.0/config"),
    )
    .unwrap();
    let import = import(&[Input::Path(root)]);
    assert_eq!(import.capture.functions.len(), 1);
    assert!(
        import
            .capture
            .functions
            .values()
            .all(|record| record.config.is_empty())
    );
}

#[test]
fn an_empty_folder_and_a_missing_one_are_errors() {
    let root = folder("empty");
    let import = import(&[Input::Path(root.clone()), Input::Path(root.join("missing"))]);
    assert!(matches!(
        import.errors[..],
        [
            ImportError::NothingInside { files: 0, .. },
            ImportError::Io { .. }
        ]
    ));
}

#[test]
fn an_import_that_is_stored_and_loaded_is_the_same() {
    let inputs = [make::tar(&make::machine(3)), make::dump(2).into_bytes()];
    let inputs = inputs.map(|bytes| Input::Bytes {
        name: "part".to_owned(),
        bytes,
    });
    let capture = import(&inputs).capture;
    let path = folder("stored").join("c.zip");
    assignable::capture::to_zip_file(&capture, &path).unwrap();
    // Loaded as a capture, and recognised as one among inputs.
    assert_eq!(assignable::capture::load(&path).unwrap(), capture);
    assert_eq!(import(&[Input::Path(path)]).capture, capture);
}
