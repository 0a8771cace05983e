//! Little that unpacks to much.

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use assignable::import::{Import, ImportError, Input, Looks, import};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::contained::contained;
use super::{import_bytes, make};

/// Imports and looks at the clock.
fn timed(input: Input) -> Import {
    let start = Instant::now();
    let import = import(&[input]);
    let took = start.elapsed();
    // The machine may be busy; unpacking everything would take longer still.
    assert!(took < Duration::from_secs(60), "took {took:?}");
    import
}

fn bytes(bytes: Vec<u8>) -> Input {
    Input::Bytes {
        name: "bomb".to_owned(),
        bytes,
    }
}

/// Two gigabytes of zeros as one member of a zip file.
fn zip_bomb() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("robustness");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("bomb-{}.zip", std::process::id()));
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    zip.start_file("lspci.txt", SimpleFileOptions::default())
        .unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..2048 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap();
    path
}

#[test]
fn a_zip_bomb_is_refused_at_once() {
    contained("bombs::a_zip_bomb_is_refused_at_once", || {
        let path = zip_bomb();
        let import = timed(Input::Path(path.clone()));
        fs::remove_file(path).unwrap();
        assert!(
            matches!(import.errors[..], [ImportError::Bomb { unpacked, .. }] if unpacked == 2 << 30),
            "{:?}",
            import.errors
        );
        assert!(import.errors[0].to_string().contains("lspci.txt: unpacks"));
    });
}

#[test]
fn a_zip_that_lies_about_its_sizes_is_not_believed() {
    contained(
        "bombs::a_zip_that_lies_about_its_sizes_is_not_believed",
        || {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file("lspci.txt", SimpleFileOptions::default())
                .unwrap();
            zip.write_all(b"00:00.0 Host bridge: X\n").unwrap();
            zip.write_all(&vec![b'\n'; 100 << 20]).unwrap();
            let mut bytes = zip.finish().unwrap().into_inner();
            let size = (100_u32 << 20) + 23;
            for at in 0..bytes.len() - 4 {
                if bytes[at..at + 4] == size.to_le_bytes() {
                    bytes[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
                }
            }
            let import = timed(self::bytes(bytes));
            assert!(!import.errors.is_empty() || !import.diagnostics.is_empty());
        },
    );
}

#[test]
fn gzip_and_bzip2_bombs_are_refused() {
    contained("bombs::gzip_and_bzip2_bombs_are_refused", || {
        // Members one after the other are one stream.
        let gzip = |byte| make::gzip(&vec![byte; 64 << 20]).repeat(32);
        let bzip2 = |byte| make::bzip2(&vec![byte; 16 << 20]).repeat(128);
        for bomb in [gzip(b'\n'), bzip2(b'\n')] {
            let import = timed(bytes(bomb));
            assert!(
                matches!(import.errors[..], [ImportError::Bomb { .. }]),
                "{:?}",
                import.errors
            );
        }
        // Zeros are no text, so nothing more of them is unpacked than that shows.
        for bomb in [gzip(0), bzip2(0)] {
            let import = timed(bytes(bomb));
            let [ImportError::NotRecognised { looks, .. }] = import.errors[..] else {
                panic!("{:?}", import.errors);
            };
            assert_eq!(looks, Looks::Binary);
        }
    });
}

#[test]
fn a_bomb_within_a_good_archive_is_found() {
    contained("bombs::a_bomb_within_a_good_archive_is_found", || {
        let mut files = make::machine(2);
        files.push((
            "log.gz".to_owned(),
            make::gzip(&vec![b'\n'; 64 << 20]).repeat(8),
        ));
        let import = timed(bytes(make::tar(&files)));
        assert!(
            matches!(&import.errors[..], [ImportError::Bomb { file, .. }] if file == "bomb: log.gz")
        );
    });
}

#[test]
fn long_names_do_not_fill_memory() {
    contained("bombs::long_names_do_not_fill_memory", || {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(200 << 20);
        header.set_cksum();
        let name: Vec<u8> = (0..200_u32 << 20)
            .map(|n| n.wrapping_mul(n).to_le_bytes()[0] | 1)
            .collect();
        let packed = {
            archive.append(&header, std::io::empty()).unwrap();
            let mut start = archive.into_inner().unwrap();
            start.truncate(512);
            // In pieces, so that this test itself takes little memory.
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&start).unwrap();
            encoder.write_all(&name).unwrap();
            drop(name);
            encoder.write_all(&make::tar(&make::machine(1))).unwrap();
            encoder.finish().unwrap()
        };
        let import = timed(bytes(packed));
        assert!(import.is_usable() || !import.errors.is_empty());
    });
}

#[test]
fn a_zip_directory_without_end_is_refused() {
    contained("bombs::a_zip_directory_without_end_is_refused", || {
        // One directory entry, repeated: all name the same bytes.
        let one = make::zip(&vec![("a".to_owned(), b"x".to_vec())]);
        let directory = one
            .windows(4)
            .position(|window| window == b"PK\x01\x02")
            .unwrap();
        let end = one
            .windows(4)
            .position(|window| window == b"PK\x05\x06")
            .unwrap();
        let mut bytes = one[..directory].to_vec();
        for _ in 0..60_000 {
            bytes.extend_from_slice(&one[directory..end]);
        }
        let size = u32::try_from(bytes.len() - directory).unwrap();
        let mut record = one[end..].to_vec();
        record[8..10].copy_from_slice(&60_000_u16.to_le_bytes());
        record[10..12].copy_from_slice(&60_000_u16.to_le_bytes());
        record[12..16].copy_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&record);
        let import = timed(self::bytes(bytes));
        assert!(!import.errors.is_empty());

        // A directory of many megabytes.
        let mut far = one[..directory].to_vec();
        far.extend_from_slice(&one[directory..end]);
        far.resize(40 << 20, 0);
        far.extend_from_slice(&one[end..]);
        let import = timed(self::bytes(far));
        assert!(
            matches!(import.errors[..], [ImportError::Capture(_)]),
            "{:?}",
            import.errors
        );
    });
}

#[test]
fn a_tree_of_very_many_files_is_refused_before_memory_runs_out() {
    contained(
        "bombs::a_tree_of_very_many_files_is_refused_before_memory_runs_out",
        || {
            let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::fast(),
            ));
            for number in 0..400_000_u32 {
                let (segment, rest) = (number >> 13, number & 0x1fff);
                let (bus, device) = (rest >> 5, rest & 0x1f);
                let path = format!(
                    "sys/devices/pci{segment:04x}:00/{segment:04x}:{bus:02x}:{device:02x}.0/vendor"
                );
                let mut header = tar::Header::new_ustar();
                header.set_path(path).unwrap();
                header.set_size(7);
                header.set_cksum();
                archive.append(&header, &b"0x8086\n"[..]).unwrap();
            }
            let packed = archive.into_inner().unwrap().finish().unwrap();
            let import = timed(bytes(packed));
            assert!(
                matches!(import.errors[..], [ImportError::TooLarge { .. }]),
                "{:?}",
                import.errors
            );
        },
    );
}

#[test]
fn packing_around_packing_ends_somewhere() {
    let mut data = make::dump(1).into_bytes();
    for _ in 0..50 {
        data = make::gzip(&data);
    }
    assert!(matches!(
        import_bytes(data).errors[..],
        [ImportError::NotRecognised { .. }]
    ));
}
