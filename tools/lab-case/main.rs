//! Makes a case of the corpus from an archive of the QEMU lab (`docs/corpus.md`).
//!
//! Writes `capture/` and `truth.json` into the folder of the case; `case.toml` is written by
//! hand. The truth is the partition that the kernel shows by its `iommu_group` links.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assignable::capture::{self, Capture};
use assignable::import::{self, Input};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(archive), Some(case), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: lab-case ARCHIVE CASE_FOLDER".into());
    };
    let imported = import::import(&[Input::Path(archive)]);
    if let Some(error) = imported.errors.into_iter().next() {
        return Err(error.into());
    }
    fs::create_dir_all(&case)?;
    let folder = case.join("capture");
    if folder.join("manifest.json").is_file() {
        fs::remove_dir_all(&folder)?;
    }
    capture::to_folder(&imported.capture, &folder)?;
    write(&case.join("truth.json"), &truth(&imported.capture)?)
}

/// The kernel's groups, in the order of their first members. A kernel that made none says
/// nothing about how it would have grouped.
fn truth(capture: &Capture) -> Result<String, Box<dyn Error>> {
    let mut groups: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (at, record) in &capture.functions {
        if let Some(group) = &record.properties.iommu_group {
            groups.entry(group.value).or_default().push(at.to_string());
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort();
    let release = capture.manifest.os_release.as_deref();
    let release = release.unwrap_or("of unknown release");
    let source = format!("Linux {release}, iommu_group links");
    let source = serde_json::to_string(&source)?;
    if groups.is_empty() {
        return Ok(format!("{{\n  \"source\": {source}\n}}\n"));
    }
    let lines: Result<Vec<_>, _> = groups.iter().map(serde_json::to_string).collect();
    let lines = lines?.join(",\n    ");
    Ok(format!(
        "{{\n  \"source\": {source},\n  \"groups\": [\n    {lines}\n  ]\n}}\n"
    ))
}

#[expect(clippy::disallowed_methods, reason = "this tool writes cases")]
fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(path, text)?)
}
