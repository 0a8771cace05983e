//! The tree of the running host, read in place: nothing but `/sys`, `/proc`, the kernel's log
//! and its build configuration, and of these only what an importer of a copied tree would keep.

#![expect(
    clippy::disallowed_methods,
    reason = "the collector reads the host that it runs on"
)]

mod config;
mod log;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::diagnostic::Diagnostics;
use super::sysfs;
use super::tree::path::function;
use super::tree::wanted::{self, Want};
use super::tree::{Entry, Place, Trees};
use crate::addr::Sbdf;
use crate::capture::load::read_limited;
use crate::capture::{Capture, Failure};
use worker::{Failed, Workers};

/// Name of the log among the facts about the host.
const LOG: &str = "log.txt";

/// How the host is read.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// Read configuration space even where that wakes the device up.
    pub wake: bool,
    /// Read Vital Product Data, which some devices answer slowly or never.
    pub vpd: bool,
    /// How long one read may take before it is given up.
    pub timeout: Duration,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            wake: false,
            vpd: false,
            timeout: Duration::from_secs(5),
        }
    }
}

/// Reads the host whose root is at `root` (`/`, or a container's `/host`). What cannot be read
/// is recorded in the manifest; nothing is written, no device is opened, and a read without an
/// answer is given up. `progress` is told the number of functions met so far.
pub fn read_live(root: &Path, options: LiveOptions, progress: &mut dyn FnMut(usize)) -> Capture {
    let mut live = Live {
        options,
        workers: Workers::new(options.timeout),
        trees: Trees::default(),
        diagnostics: Diagnostics::new("host"),
        failures: Vec::new(),
        silent: BTreeSet::new(),
        asleep: None,
        sizes: BTreeMap::new(),
    };
    for top in ["proc", "sys"] {
        live.walk(&root.join(top), top, progress);
    }
    let Live {
        workers,
        trees,
        mut diagnostics,
        failures,
        sizes,
        ..
    } = live;
    let (tree, _) = trees.finish();
    let mut capture = sysfs::read(tree, &mut diagnostics);
    capture.manifest.failures.extend(failures);
    let remarks = diagnostics.into_vec().into_iter().map(|remark| Failure {
        what: remark.member.clone().unwrap_or_default(),
        why: remark.kind.to_string(),
    });
    capture.manifest.failures.extend(remarks);
    whole_sizes(&mut capture, &sizes);
    kernel(root, workers, &mut capture);
    absent(&mut capture);
    capture
}

struct Live {
    options: LiveOptions,
    workers: Workers,
    trees: Trees,
    diagnostics: Diagnostics,
    failures: Vec<Failure>,
    /// Folders of functions that did not answer once.
    silent: BTreeSet<String>,
    /// The last function's folder that was asked about, and whether that function sleeps.
    asleep: Option<(String, bool)>,
    /// Sizes of configuration spaces by the kernel.
    sizes: BTreeMap<Sbdf, u64>,
}

/// One name in a folder.
struct Name {
    name: String,
    kind: fs::FileType,
}

impl Live {
    fn walk(&mut self, folder: &Path, member: &str, progress: &mut dyn FnMut(usize)) {
        let mut pending: Vec<(PathBuf, String)> = vec![(folder.to_owned(), member.to_owned())];
        let mut functions = 0;
        while let Some((folder, prefix)) = pending.pop() {
            let names = match self.list(&folder) {
                Ok(names) => names,
                Err(error) => {
                    self.failed(&prefix, &error);
                    continue;
                }
            };
            let mut folders = Vec::new();
            for Name { name, kind } in names {
                let path = folder.join(&name);
                let is_function = kind.is_dir() && function(&name).is_some();
                let member = format!("{prefix}/{name}");
                self.one(&path, &member, kind);
                if kind.is_dir() && wanted::enter(&member.split('/').collect::<Vec<_>>()) {
                    folders.push((path, member));
                }
                if is_function {
                    functions += 1;
                    progress(functions);
                }
            }
            pending.extend(folders.into_iter().rev());
        }
    }

    /// The names in a folder in the order in which they are to be read: whether a device
    /// sleeps is asked before anything that may wake it.
    fn list(&mut self, folder: &Path) -> Result<Vec<Name>, Failed> {
        let folder = folder.to_owned();
        let mut names = self.workers.run(move || {
            let entries = fs::read_dir(folder)?.flatten();
            let names = entries.filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let kind = entry.file_type().ok()?;
                Some(Name { name, kind })
            });
            Ok(names.collect::<Vec<_>>())
        })?;
        let rank = |name: &str| match name {
            "power_state" => 0,
            "config" => 2,
            // What may not answer comes last.
            "vpd" => 3,
            _ => 1,
        };
        names.sort_by(|a, b| (rank(&a.name), &a.name).cmp(&(rank(&b.name), &b.name)));
        Ok(names)
    }

    fn one(&mut self, path: &Path, member: &str, kind: fs::FileType) {
        let place = Place::of("", member);
        let owner = owner(member);
        let silent = owner.is_some_and(|folder| self.silent.contains(folder));
        if silent || place.want == Want::Nothing {
            return;
        }
        let step = match place.want {
            _ if kind.is_symlink() => {
                let path = path.to_owned();
                let target = self.workers.run(move || fs::read_link(path));
                target.and_then(|target| {
                    let target = target.to_string_lossy().into_owned();
                    self.trees
                        .add_link(place, &target, member, &mut self.diagnostics)
                        .map_err(Failed::Io)
                })
            }
            Want::Existence => self.trees.add(place, Entry::Exists).map_err(Failed::Io),
            Want::File(_) if kind.is_dir() => Ok(()),
            Want::File(_) if !self.options.vpd && is_vpd(member) => Ok(()),
            Want::File(_) if self.would_wake(path, member) => Ok(()),
            Want::File(limit) => self.read(path, limit).and_then(|(bytes, size)| {
                if let Some(at) = config_of(member) {
                    self.sizes.insert(at, size);
                }
                self.trees
                    .add(place, Entry::File(bytes))
                    .map_err(Failed::Io)
            }),
            _ => Ok(()),
        };
        if let Err(error) = step {
            self.failed(member, &error);
        }
    }

    /// At most `limit` bytes and one, and the length that the file claims to have.
    fn read(&mut self, path: &Path, limit: u64) -> Result<(Vec<u8>, u64), Failed> {
        let path = path.to_owned();
        self.workers.run(move || {
            let file = fs::File::open(path)?;
            let size = file.metadata()?.len();
            Ok((read_limited(file, limit, 0)?, size))
        })
    }

    /// Reading a register of a suspended device resumes it, and the bridges above.
    fn would_wake(&mut self, path: &Path, member: &str) -> bool {
        let folder = owner(member).filter(|_| !self.options.wake);
        let attribute = folder.and_then(|folder| member.strip_prefix(folder)?.strip_prefix('/'));
        let (Some(folder), Some(attribute)) = (folder, attribute) else {
            return false;
        };
        if !reads_registers(attribute) {
            return false;
        }
        let asleep = match &self.asleep {
            Some((known, asleep)) if known == folder => *asleep,
            _ => {
                let asleep = path.parent().is_some_and(|folder| self.sleeps(folder));
                self.asleep = Some((folder.to_owned(), asleep));
                asleep
            }
        };
        if asleep && attribute == "config" {
            self.failures.push(Failure {
                what: member.to_owned(),
                why: "the device sleeps and was not woken, so its registers were not read; --wake \
                      reads them"
                    .to_owned(),
            });
        }
        asleep
    }

    /// Whether the device whose folder this is sleeps, as far as the kernel says.
    fn sleeps(&mut self, folder: &Path) -> bool {
        let mut says = |name: &str, words: &[&str]| {
            let text = self.read(&folder.join(name), 64);
            text.is_ok_and(|(text, _)| {
                let text = String::from_utf8_lossy(&text);
                words.contains(&text.trim())
            })
        };
        says("power/runtime_status", &["suspended", "suspending"])
            || says("power_state", &["D3cold"])
    }

    fn failed(&mut self, member: &str, error: &Failed) {
        let owner = owner(member);
        let seconds = self.options.timeout.as_secs_f32();
        let why = match (error, owner) {
            (Failed::Io(error), _) => error.to_string(),
            (Failed::TimedOut, None) => format!("no answer in {seconds} s; it was skipped"),
            (Failed::TimedOut, Some(owner)) => {
                self.silent.insert(owner.to_owned());
                format!("no answer in {seconds} s; the rest of the device was skipped")
            }
            (Failed::GaveUp, _) => {
                // One line says it; the tree may have a hundred thousand files.
                const WHY: &str = "too many reads got no answer; nothing more was read";
                if self.failures.iter().any(|failure| failure.why == WHY) {
                    return;
                }
                WHY.to_owned()
            }
        };
        let what = member.to_owned();
        self.failures.push(Failure { what, why });
    }
}

/// The folder of the function that a path is in or below.
fn owner(member: &str) -> Option<&str> {
    let mut end = None;
    let mut at = 0;
    for part in member.split('/') {
        at += part.len();
        if function(part).is_some() {
            end = Some(at);
        }
        at += 1;
    }
    member.get(..end?)
}

/// The function whose configuration space a path is.
fn config_of(member: &str) -> Option<Sbdf> {
    let folder = member.strip_suffix("/config")?;
    function(folder.rsplit('/').next()?)
}

/// Whether a path is the Vital Product Data of a function.
fn is_vpd(member: &str) -> bool {
    member
        .strip_suffix("/vpd")
        .and_then(|folder| function(folder.rsplit('/').next()?))
        .is_some()
}

/// Attributes for which the kernel reads registers of the device; some kernels wake it for
/// that, some do not.
fn reads_registers(attribute: &str) -> bool {
    matches!(attribute, "config" | "vpd")
        || attribute.ends_with("_resize")
        || attribute.ends_with("_link_speed")
        || attribute.ends_with("_link_width")
        || attribute.ends_with("_bus_number")
}

/// What the kernel says of the size of each space counts where it showed only the beginning.
fn whole_sizes(capture: &mut Capture, sizes: &BTreeMap<Sbdf, u64>) {
    let mut short = 0_usize;
    for (at, &size) in sizes {
        let Some(record) = capture.functions.get_mut(at) else {
            continue;
        };
        let extent = record.config.bytes().len() as u64;
        if let (true, Ok(size @ (256 | 4096))) = (0 < extent && extent < size, u16::try_from(size))
        {
            record.config = std::mem::take(&mut record.config).with_size(Some(size));
            short += 1;
        }
    }
    if short > 0 {
        capture.manifest.failures.push(Failure {
            what: format!("configuration space of {short} functions past its first bytes"),
            why: "the kernel shows it only to root (CAP_SYS_ADMIN)".to_owned(),
        });
    }
}

/// The kernel's log and how it was built.
fn kernel(root: &Path, mut workers: Workers, capture: &mut Capture) {
    let mut fail = |what: &str, error: Failed| {
        let why = match error {
            Failed::Io(error) => error.to_string(),
            Failed::TimedOut | Failed::GaveUp => "no answer".to_owned(),
        };
        let what = what.to_owned();
        capture.manifest.failures.push(Failure { what, why });
    };
    let boot = |root: &Path| fs::read(root.join("proc/sys/kernel/random/boot_id")).ok();
    // The tree of another machine has another kernel's log, or none.
    let same = boot(root).is_some_and(|id| boot(Path::new("/")) == Some(id));
    if same {
        match workers.run(|| log::read(Path::new("/dev/kmsg"))) {
            Ok(read) => {
                if read.lost > 0 {
                    let lost = read.lost;
                    let why = format!(
                        "the kernel's buffer no longer holds the first {lost} messages; \
                         `journalctl -k -b` may have them"
                    );
                    fail("kernel log", Failed::Io(io::Error::other(why)));
                }
                if !read.text.is_empty() {
                    capture.host.insert(LOG.to_owned(), read.text.into_bytes());
                }
            }
            Err(error) => fail("kernel log", error),
        }
    } else {
        let why = "the tree is not that of the running kernel".to_owned();
        fail("kernel log", Failed::Io(io::Error::other(why)));
    }
    let release = capture.manifest.os_release.clone().unwrap_or_default();
    let root = root.to_owned();
    match workers.run(move || config::read(&root, &release)) {
        Ok(text) => {
            let name = config::NAME.to_owned();
            capture.host.insert(name, text.into_bytes());
        }
        Err(error) => fail("configuration of the kernel", error),
    }
}

/// What is not there at all, so that nobody takes it for forgotten.
fn absent(capture: &mut Capture) {
    let groups = capture
        .functions
        .values()
        .any(|record| record.properties.iommu_group.is_some());
    let facts = [
        (
            groups || capture.functions.is_empty(),
            "sys/kernel/iommu_groups",
            "no groups: this kernel uses no IOMMU",
        ),
        (
            !capture.tables.is_empty() || denied(capture, "sys/firmware/acpi/tables"),
            "sys/firmware/acpi/tables",
            "no ACPI tables",
        ),
        (
            capture.host.contains_key("iomem") || denied(capture, "proc/iomem"),
            "proc/iomem",
            "the kernel shows addresses only to root",
        ),
    ];
    let missing = facts.into_iter().filter(|(there, ..)| !there);
    let missing: Vec<Failure> = missing
        .map(|(_, what, why)| Failure {
            what: what.to_owned(),
            why: why.to_owned(),
        })
        .collect();
    capture.manifest.failures.extend(missing);
}

fn denied(capture: &Capture, path: &str) -> bool {
    let failures = &capture.manifest.failures;
    failures
        .iter()
        .any(|failure| failure.what.starts_with(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_innermost_function() {
        let port = "sys/devices/pci0000:00/0000:00:02.0";
        assert_eq!(owner(&format!("{port}/config")), Some(port));
        let below = format!("{port}/0000:01:00.0");
        assert_eq!(owner(&format!("{below}/power/control")), Some(&*below));
        assert_eq!(owner(&below), Some(&*below));
        assert_eq!(owner("sys/devices/pci0000:00/power"), None);
        assert_eq!(owner("proc/cmdline"), None);
    }

    #[test]
    fn registers_are_what_a_sleeping_device_is_spared() {
        for name in [
            "config",
            "resource0_resize",
            "current_link_speed",
            "max_link_width",
            "secondary_bus_number",
        ] {
            assert!(reads_registers(name), "{name}");
        }
        for name in ["vendor", "resource", "power_state", "power/runtime_status"] {
            assert!(!reads_registers(name), "{name}");
        }
    }
}
