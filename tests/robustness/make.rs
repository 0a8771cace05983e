//! Small inputs to break.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use assignable::bytes::ConfigImage;
use assignable::capture::{self, Capture};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Files of a tree: path and content. A target follows ` -> `.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// A text as of `lspci -vvxxxx` with functions of 4096 bytes.
pub(crate) fn dump(functions: usize) -> String {
    let mut text = String::new();
    for number in 0..functions {
        let (bus, device) = (number / 32, number % 32);
        writeln!(
            text,
            "{bus:02x}:{device:02x}.0 Ethernet controller [0200]: X [8086:1234] (rev 02)"
        )
        .unwrap();
        text.push_str("\tRegion 0: Memory at f0000000 (64-bit, prefetchable) [size=1M]\n");
        text.push_str("\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n");
        text.push_str("\tKernel driver in use: e1000e\n");
        for line in 0..256 {
            write!(text, "{:02x}:", line * 16).unwrap();
            for byte in 0..16 {
                write!(text, " {:02x}", (line * 16 + byte + number) & 0xff).unwrap();
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// A machine of some functions below one port.
pub(crate) fn machine(functions: usize) -> Files {
    let port = "sys/devices/pci0000:00/0000:00:01.0";
    let mut files = vec![
        (format!("{port}/config"), vec![0x11; 4096]),
        ("proc/cmdline".to_owned(), b"quiet\n".to_vec()),
    ];
    for number in 0..functions {
        let folder = format!("{port}/0000:01:{number:02x}.0");
        files.push((format!("{folder}/config"), vec![0x22; 256]));
        files.push((format!("{folder}/vendor"), b"0x8086\n".to_vec()));
        files.push((
            format!("{folder}/driver -> ../../../../bus/pci/drivers/nvme"),
            Vec::new(),
        ));
    }
    files
}

pub(crate) fn tar(files: &Files) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        add(&mut archive, path, content);
    }
    archive.into_inner().unwrap()
}

/// Adds a file or link, whatever its name.
pub(crate) fn add(archive: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    let (path, target) = path.split_once(" -> ").unwrap_or((path, ""));
    // The crate's own functions refuse names that are not safe.
    let name = path.as_bytes();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    if !target.is_empty() {
        header.set_entry_type(tar::EntryType::Symlink);
        header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
    }
    header.set_size(content.len() as u64);
    header.set_cksum();
    archive.append(&header, content).unwrap();
}

pub(crate) fn zip(files: &Files) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        match path.split_once(" -> ") {
            Some((path, target)) => {
                zip.add_symlink(path, target, SimpleFileOptions::default())
                    .unwrap();
            }
            None => {
                zip.start_file(path.as_str(), SimpleFileOptions::default())
                    .unwrap();
                zip.write_all(content).unwrap();
            }
        }
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A capture as a zip file.
pub(crate) fn capture() -> Vec<u8> {
    let mut capture = Capture::default();
    for device in 0..3 {
        let at = format!("0000:00:{device:02x}.0").parse().unwrap();
        capture.function(at).config = ConfigImage::from_bytes(vec![device; 256]);
    }
    capture.tables.insert("DMAR".to_owned(), vec![1; 100]);
    capture::to_zip(&capture, Cursor::new(Vec::new()))
        .unwrap()
        .into_inner()
}
