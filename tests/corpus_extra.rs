//! Imports of real dumps that are not part of this repository.
//!
//! `ASSIGNABLE_EXTRA_CORPUS` names the folder that holds them. Without it every trial is
//! reported as ignored; with it, a missing file is a failure. What is counted here is counted
//! without the importers: slots at the start of lines, folders in the listing of an archive.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and the environment"
)]
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assignable::capture::{self, Capture};
use assignable::import::{Import, ImportError, Input, import};
use libtest_mimic::{Arguments, Failed, Trial};

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// Whether a file or folder is a dump of its kind.
type Wanted = fn(&Path) -> bool;

/// Kinds of dumps by the folder that holds them, with the number that must be there at least.
const KINDS: &[(&str, usize, Wanted)] = &[
    ("lspci-hex", 10, |path| name(path) == "lspci.txt"),
    ("lspci-text", 10, |path| name(path) == "lspci.txt"),
    ("lspci-groups", 8, |path| name(path) == "lspci.txt"),
    ("lspci-pciutils", 20, |_| true),
    ("machines", 15, |path| {
        name(path).starts_with("lspci") && !name(path).starts_with("lspci-tree")
    }),
    ("acpidump", 14, is_table_dump),
    ("machines", 3, is_table_dump),
    ("machines", 10, |path| name(path).ends_with(".bin")),
    ("dmesg", 50, is_log),
    ("machines", 10, is_log),
    ("sysfs-hwloc", 3, is_archive),
    ("sysfs-ghw", 3, is_archive),
    ("sysfs-sos", 2, |path| {
        path.is_dir() && path.join("sos_commands").is_dir()
    }),
    ("qemu", 50, is_archive),
];

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os(VARIABLE) {
        Some(root) => trials(Path::new(&root)),
        None => KINDS
            .iter()
            .map(|(kind, ..)| Trial::test(*kind, || Ok(())).with_ignored_flag(true))
            .collect(),
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(root: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(kind, least, wanted) in KINDS {
        let folder = root.join(kind);
        let files = find(&folder, wanted);
        let found = files.len();
        trials.push(Trial::test(format!("{kind}: complete"), move || {
            match found >= least {
                true => Ok(()),
                false => {
                    Err(format!("{found} dumps in {}, {least} wanted", folder.display()).into())
                }
            }
        }));
        for path in files {
            let title = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            trials.push(Trial::test(title, move || check(&path)));
        }
    }
    trials
}

/// Files and folders that are dumps, in order; what is inside a dump is none.
fn find(folder: &Path, wanted: Wanted) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() && !wanted(&path) {
            found.extend(find(&path, wanted));
        } else if wanted(&path) {
            found.push(path);
        }
    }
    found
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

fn is_archive(path: &Path) -> bool {
    ["tar.xz", "tar.gz", "tar.bz2"]
        .iter()
        .any(|end| name(path).ends_with(end))
}

fn is_table_dump(path: &Path) -> bool {
    path.is_file()
        && (name(path) == "acpidump.txt" || path.parent().is_some_and(|p| name(p) == "acpidump"))
}

fn is_log(path: &Path) -> bool {
    name(path) == "dmesg.txt" || path.parent().is_some_and(|p| name(p) == "dmesg")
}

fn check(path: &Path) -> Result<(), Failed> {
    let import = import(&[Input::Path(path.to_owned())]);
    if is_log(path) {
        log_is_read(path, &import)?;
        return survives_storage(&import);
    } else if is_table_dump(path) || name(path).ends_with(".bin") {
        tables_are_those_of_the_dump(path, &import)?;
        return survives_storage(&import);
    }
    if !import.errors.is_empty() {
        return Err(format!("{:?}", import.errors).into());
    }
    let expected = match (is_archive(path), path.is_dir()) {
        (true, _) => functions_in_archive(path),
        (false, true) => functions_in_text(&path.join("sos_commands/pci/lspci_-nnvv")),
        (false, false) => functions_in_text(path),
    };
    let found: BTreeSet<String> = import
        .capture
        .functions
        .keys()
        .map(ToString::to_string)
        .collect();
    if expected.is_empty() || found != expected {
        let missing: Vec<_> = expected.difference(&found).collect();
        let extra: Vec<_> = found.difference(&expected).collect();
        return Err(format!(
            "{} functions; missing {missing:?}, extra {extra:?}",
            found.len()
        )
        .into());
    }
    if is_archive(path) {
        configs_are_those_of_the_archive(path, &import.capture)?;
        groups_are_those_of_the_archive(path, &import.capture)?;
        let small = ["sysfs-hwloc", "sysfs-ghw"]
            .iter()
            .any(|kind| path.to_string_lossy().contains(kind));
        if small || ["flat-intel.tar.xz", "flat-amd.tar.xz"].contains(&name(path)) {
            the_unpacked_folder_is_the_same(path, &import)?;
        }
    }
    survives_storage(&import)
}

/// A log is kept as it is, and the functions that it introduces are those of the capture.
fn log_is_read(path: &Path, import: &Import) -> Result<(), Failed> {
    if import.capture.host.get("log.txt") != Some(&fs::read(path)?) {
        return Err("the log was not kept as it is".into());
    }
    let text = fs::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let (introduced, groups) = last_boot(&text);
    // A report may hold the log and a list of devices.
    let devices = functions_in_text(path);
    let expected: BTreeSet<&String> = introduced.iter().chain(&devices).collect();
    match (&import.errors[..], import.is_usable()) {
        ([ImportError::OnlyLog { .. }], false) if expected.is_empty() => return Ok(()),
        ([], true) if !expected.is_empty() => {}
        (errors, _) => return Err(format!("{errors:?}").into()),
    }
    let found: Vec<String> = import
        .capture
        .functions
        .keys()
        .map(ToString::to_string)
        .collect();
    if !found.iter().eq(expected.iter().copied()) {
        let found: BTreeSet<&String> = found.iter().collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let extra: Vec<_> = found.difference(&expected).collect();
        return Err(format!("missing {missing:?}, extra {extra:?}").into());
    }
    let found = import.capture.functions.iter().filter_map(|(at, record)| {
        let group = record.properties.iommu_group.as_ref()?;
        Some((at.to_string(), group.value.to_string()))
    });
    let found: BTreeMap<String, String> = found.collect();
    for (at, group) in &groups {
        if found.get(at) != Some(group) {
            return Err(format!("{at} is in group {:?}, not {group}", found.get(at)).into());
        }
    }
    Ok(())
}

/// Functions with ids or a group, and the last group of each, after the last line of a boot
/// that is followed by any. By words alone.
fn last_boot(text: &str) -> (BTreeSet<String>, BTreeMap<String, String>) {
    let mut boots = vec![(BTreeSet::new(), BTreeMap::new())];
    for line in text.lines() {
        if line.contains("Linux version ") {
            boots.push(<_>::default());
        }
        let Some((functions, groups)) = boots.last_mut() else {
            continue;
        };
        let Some(at) = line
            .split(": ")
            .filter_map(|part| part.rsplit(' ').next())
            .find(|word| is_slot(word) && word.len() >= 12)
        else {
            continue;
        };
        if let Some((_, group)) = line.split_once(" Adding to iommu group ") {
            functions.insert(at.to_owned());
            groups.insert(at.to_owned(), group.trim().to_owned());
        } else if line.contains(" Removing from iommu group ") {
            groups.remove(at);
        } else if line.contains("] type 0") && line.contains(" class 0x") {
            functions.insert(at.to_owned());
        }
    }
    boots
        .into_iter()
        .rfind(|(functions, _)| !functions.is_empty())
        .unwrap_or_default()
}

/// A dump has one table for each heading; a raw file is its table.
fn tables_are_those_of_the_dump(path: &Path, import: &Import) -> Result<(), Failed> {
    let tables = &import.capture.tables;
    let bytes = fs::read(path)?;
    let expected = match name(path).ends_with(".bin") {
        true => 1,
        false => String::from_utf8_lossy(&bytes).matches(" @ 0x").count(),
    };
    if !import.errors.is_empty() || tables.len() != expected {
        let names: Vec<_> = tables.keys().collect();
        return Err(format!("{:?}: {names:?}, not {expected}", import.errors).into());
    }
    if name(path).ends_with(".bin") && tables.values().next() != Some(&bytes) {
        return Err("the bytes differ".into());
    }
    for (name, table) in tables {
        let remapping = name.starts_with("DMAR") || name.starts_with("IVRS");
        let length = u32::from_le_bytes(table[4..8].try_into()?) as usize;
        let sum = table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if remapping && (length != table.len() || sum != 0) {
            return Err(format!("{name}: {length} of {}, sum {sum}", table.len()).into());
        }
    }
    Ok(())
}

/// Addresses at the start of lines, whatever is before and behind them.
fn functions_in_text(path: &Path) -> BTreeSet<String> {
    let text = fs::read(path).unwrap();
    let mut functions = BTreeSet::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        let Some((slot, rest)) = line.split_once(' ') else {
            continue;
        };
        if is_slot(slot) && rest.contains(": ") {
            functions.insert(if slot.len() < 12 {
                format!("0000:{slot}")
            } else {
                slot.to_owned()
            });
        }
    }
    functions
}

fn is_slot(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
        .collect();
    ["xx:xx.x", "xxxx:xx:xx.x", "xxxxx:xx:xx.x"].contains(&shape.as_str())
}

/// The archive unpacked, by the crates alone.
fn unpacked(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut bytes = Vec::new();
    let mut reader: Box<dyn Read> = match name(path).rsplit('.').next() {
        Some("xz") => Box::new(lzma_rust2::XzReader::new(file, true)),
        Some("gz") => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        _ => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
    };
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Distinct folders of functions below a root bus in the listing.
fn functions_in_archive(path: &Path) -> BTreeSet<String> {
    let bytes = unpacked(path);
    let mut functions = BTreeSet::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let Some(devices) = parts.windows(2).position(|pair| pair == ["sys", "devices"]) else {
            continue;
        };
        let below = &parts[devices + 2..];
        let Some(bus) = below
            .iter()
            .position(|part| part.starts_with("pci") && part.contains(':'))
        else {
            continue;
        };
        let chain = below[bus + 1..]
            .iter()
            .take_while(|part| is_slot(part) && part.len() >= 12);
        functions.extend(chain.map(|part| (*part).to_owned()));
    }
    functions
}

/// Every `config` file of the archive is the function's space, byte for byte.
fn configs_are_those_of_the_archive(path: &Path, capture: &Capture) -> Result<(), Failed> {
    let bytes = unpacked(path);
    let mut seen = BTreeSet::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let [.., function, "config"] = parts[..] else {
            continue;
        };
        let Ok(at) = function.parse() else { continue };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let record = capture.functions.get(&at).ok_or("no such function")?;
        if record.config.bytes() != content {
            return Err(format!("{function}: the bytes differ").into());
        }
        if !content.is_empty() {
            seen.insert(at);
        }
    }
    let with_bytes = capture
        .functions
        .values()
        .filter(|record| !record.config.is_empty())
        .count();
    match seen.len() == with_bytes {
        true => Ok(()),
        false => Err(format!(
            "{} config files with bytes, {with_bytes} spaces",
            seen.len()
        )
        .into()),
    }
}

/// Membership as `sys/kernel/iommu_groups` lists it.
fn groups_are_those_of_the_archive(path: &Path, capture: &Capture) -> Result<(), Failed> {
    let bytes = unpacked(path);
    let mut expected = BTreeSet::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let path = entry
            .unwrap()
            .path()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if let [.., "iommu_groups", group, "devices", function] =
            path.split('/').collect::<Vec<_>>()[..]
            && is_slot(function)
        {
            expected.insert((group.to_owned(), function.to_owned()));
        }
    }
    let groups = capture.functions.iter().filter_map(|(at, record)| {
        Some((
            record.properties.iommu_group.as_ref()?.value.to_string(),
            at.to_string(),
        ))
    });
    let found: BTreeSet<_> = groups.collect();
    match found == expected || expected.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{} members of groups, {} expected",
            found.len(),
            expected.len()
        )
        .into()),
    }
}

/// Imported from a folder, a tree is what it is from the archive.
fn the_unpacked_folder_is_the_same(path: &Path, from_archive: &Import) -> Result<(), Failed> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("corpus_extra")
        .join(name(path));
    let _ = fs::remove_dir_all(&folder);
    let bytes = unpacked(path);
    let mut archive = tar::Archive::new(bytes.as_slice());
    archive.set_preserve_mtime(false);
    archive.set_preserve_permissions(false);
    archive.unpack(&folder)?;
    let from_folder = import(&[Input::Path(folder.clone())]);
    let same = from_folder.capture == from_archive.capture;
    fs::remove_dir_all(&folder)?;
    match same {
        true => Ok(()),
        false => Err("the folder gives another capture than the archive".into()),
    }
}

/// Stored as a zip file and loaded again, it is the same.
fn survives_storage(import: &Import) -> Result<(), Failed> {
    let zip = capture::to_zip(&import.capture, std::io::Cursor::new(Vec::new()))?;
    let loaded = capture::from_zip("stored", zip)?;
    match loaded == import.capture {
        true => Ok(()),
        false => Err("another capture came back".into()),
    }
}
