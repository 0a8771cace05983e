//! The tree of the running host, read in place: nothing but `/sys` and `/proc`, and of these
//! only what an importer of a copied tree would keep.

#![expect(
    clippy::disallowed_methods,
    reason = "the collector reads the host that it runs on"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::diagnostic::Diagnostics;
use super::sysfs;
use super::tree::path::function;
use super::tree::wanted::{self, Want};
use super::tree::{Entry, Place, Trees};
use crate::capture::load::read_limited;
use crate::capture::{Capture, Failure};

/// How the host is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveOptions {
    /// Read configuration space even where that wakes the device up.
    pub wake: bool,
}

/// Reads the host whose root is at `root` (`/`, or a container's `/host`). What cannot be read
/// is recorded in the manifest; nothing is written, and no device is opened.
pub fn read_live(root: &Path, options: LiveOptions) -> Capture {
    let mut live = Live {
        options,
        trees: Trees::default(),
        diagnostics: Diagnostics::new("host"),
        failures: Vec::new(),
    };
    for top in ["proc", "sys"] {
        live.folder(&root.join(top), top);
    }
    let Live {
        trees,
        mut diagnostics,
        failures,
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
    capture
}

struct Live {
    options: LiveOptions,
    trees: Trees,
    diagnostics: Diagnostics,
    failures: Vec<Failure>,
}

impl Live {
    fn folder(&mut self, folder: &Path, member: &str) {
        let mut pending: Vec<(PathBuf, String)> = vec![(folder.to_owned(), member.to_owned())];
        while let Some((folder, prefix)) = pending.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.failed(&prefix, &error);
                    continue;
                }
            };
            let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries.into_iter().rev() {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                let member = format!("{prefix}/{name}");
                if kind.is_dir() {
                    if wanted::enter(&member.split('/').collect::<Vec<_>>()) {
                        pending.push((entry.path(), member));
                    }
                } else {
                    self.one(&entry.path(), &member, kind.is_symlink());
                }
            }
        }
    }

    fn one(&mut self, path: &Path, member: &str, is_link: bool) {
        let place = Place::of("", member);
        let step = match &place.want {
            _ if is_link => fs::read_link(path).and_then(|target| {
                let target = target.to_string_lossy().into_owned();
                self.trees
                    .add_link(place, &target, member, &mut self.diagnostics)
            }),
            Want::Existence => self.trees.add(place, Entry::Exists),
            Want::File(_) if self.would_wake(path) => {
                self.failures.push(Failure {
                    what: member.to_owned(),
                    why: "the device sleeps; --wake reads it all the same".to_owned(),
                });
                Ok(())
            }
            Want::File(limit) => {
                let limit = *limit;
                fs::File::open(path)
                    .and_then(|file| read_limited(file, limit, 0))
                    .and_then(|bytes| self.trees.add(place, Entry::File(bytes)))
            }
            _ => Ok(()),
        };
        if let Err(error) = step {
            self.failed(member, &error);
        }
    }

    /// Reading the configuration space of a suspended device resumes it, and the bridge above.
    fn would_wake(&self, path: &Path) -> bool {
        let is_config = path.file_name().is_some_and(|name| name == "config");
        let folder = path.parent().filter(|_| is_config && !self.options.wake);
        let Some(folder) = folder else { return false };
        let name = folder.file_name().and_then(|name| name.to_str());
        if name.and_then(function).is_none() {
            return false;
        }
        let status = fs::read_to_string(folder.join("power/runtime_status"));
        status.is_ok_and(|status| status.trim() == "suspended")
    }

    fn failed(&mut self, member: &str, error: &io::Error) {
        let what = member.to_owned();
        self.failures.push(Failure {
            what,
            why: error.to_string(),
        });
    }
}
