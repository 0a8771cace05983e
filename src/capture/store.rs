//! Writing a capture: a folder, or a zip file of that folder.
//!
//! Both are written whole under another name and then renamed, so that no reader ever meets
//! half a capture. The same capture always makes the same bytes.

use std::fs;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::error::CaptureError;
use super::{Capture, layout};

/// Writes a capture as a folder, which must not exist or be empty.
pub fn to_folder(capture: &Capture, path: &Path) -> Result<(), CaptureError> {
    let members = layout::members(capture)?;
    let io = |error| CaptureError::io(path.display().to_string(), error);
    match fs::read_dir(path) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(CaptureError::NotEmpty {
                    file: path.display().to_string(),
                });
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    let (temporary, ()) = beside(path, |name| fs::create_dir(name)).map_err(io)?;
    let written = members
        .iter()
        .try_for_each(|(name, bytes)| {
            let target = name
                .split('/')
                .fold(temporary.clone(), |path, part| path.join(part));
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = create(&target)?;
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| {
            // Windows renames onto no folder, not even an empty one.
            match fs::remove_dir(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => fs::rename(&temporary, path),
            }
        })
        .and_then(|()| sync_folder_of(path));
    written.map_err(|error| {
        let _ = fs::remove_dir_all(&temporary);
        io(error)
    })
}

/// Writes a capture as a zip file. An existing file is replaced.
pub fn to_zip_file(capture: &Capture, path: &Path) -> Result<(), CaptureError> {
    let io = |error| CaptureError::io(path.display().to_string(), error);
    let (temporary, file) = beside(path, create).map_err(io)?;
    let written = to_zip(capture, io::BufWriter::new(file)).and_then(|buffer| {
        let file = buffer
            .into_inner()
            .map_err(|error| io(error.into_error()))?;
        file.sync_all()
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| sync_folder_of(path))
            .map_err(io)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a capture as a zip file into `writer`, and gives it back.
///
/// Members are sorted by name, deflated, and dated 1 January 1980.
pub fn to_zip<W: Write + Seek>(capture: &Capture, writer: W) -> Result<W, CaptureError> {
    let members = layout::members(capture)?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        // Else the platform that wrote the archive would be in it.
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(writer);
    let error =
        |name: &str, error: zip::result::ZipError| CaptureError::io(name, io::Error::from(error));
    for (name, bytes) in &members {
        zip.start_file(name.as_str(), options)
            .map_err(|e| error(name, e))?;
        zip.write_all(bytes)
            .map_err(|e| CaptureError::io(name.as_str(), e))?;
    }
    zip.finish().map_err(|e| error("the zip file", e))
}

/// Makes something new under a name in the same folder, so that the rename stays on one file
/// system. What is there already, be it a link that somebody put there, is left alone.
fn beside<T>(path: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let mut attempt = 0;
    loop {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".tmp-{}-{attempt}", std::process::id()));
        let name = path.with_file_name(name);
        match make(&name) {
            Ok(made) => return Ok((name, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A rename is only then sure to outlive a power failure when the folder is written as well.
#[cfg(unix)]
#[expect(
    clippy::disallowed_methods,
    reason = "capture::store is the place that writes files"
)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Ok(()),
    };
    match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder that may be written but not read, or a file system that cannot do it.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A new file; one that exists is not touched, nor what a link points to.
fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
}
