//! A machine's file tree, from a folder or an archive: paths to contents and link targets.

#[cfg(feature = "analyzer")]
mod folder;
pub(crate) mod path;
#[cfg(feature = "analyzer")]
mod tar;
pub(crate) mod wanted;
#[cfg(feature = "analyzer")]
mod zip;

#[cfg(feature = "analyzer")]
pub(super) use folder::read as read_folder;
#[cfg(feature = "analyzer")]
pub(super) use tar::read as read_tar;
#[cfg(feature = "analyzer")]
pub(super) use zip::read as read_zip;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::io;

use super::diagnostic::{DiagnosticKind, Diagnostics, shortened};
use super::limits::MAX_TREE;
use path::{follow, function};
use wanted::Want;

/// What stands at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// A file with its content.
    File(Vec<u8>),
    /// A link with its target, as written.
    Link(String),
    /// Something that exists; it was not looked into.
    Exists,
}

/// The files of one machine that are of use, by path from its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    entries: BTreeMap<String, Entry>,
}

impl Entry {
    fn memory(&self) -> u64 {
        let bytes = match self {
            Self::File(bytes) => bytes.capacity(),
            Self::Link(target) => target.capacity(),
            Self::Exists => 0,
        };
        bytes as u64
    }
}

impl Tree {
    /// Everything, in order of its path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// Everything, in order of its path, to be taken over.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (String, Entry)> {
        self.entries.into_iter()
    }

    /// Everything below a folder, with the path from there.
    pub(crate) fn below<'t>(
        &'t self,
        folder: &'t str,
    ) -> impl Iterator<Item = (&'t str, &'t Entry)> {
        self.entries
            .range::<str, _>((
                std::ops::Bound::Included(folder),
                std::ops::Bound::Unbounded,
            ))
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter_map(move |(path, entry)| {
                Some((path.strip_prefix(folder)?.strip_prefix('/')?, entry))
            })
    }

    /// Whether something stands there.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Content of a file.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        match self.entries.get(path)? {
            Entry::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Target of a link.
    pub(crate) fn link(&self, path: &str) -> Option<&str> {
        match self.entries.get(path)? {
            Entry::Link(target) => Some(target),
            _ => None,
        }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Trees while they are being read. An archive may hold several machines, each below its own
/// root.
#[derive(Debug, Default)]
pub(super) struct Trees {
    roots: BTreeMap<String, Tree>,
    memory: u64,
}

/// A path that is worth something.
pub(super) struct Place {
    root: String,
    path: String,
    pub(super) want: Want,
}

impl Place {
    /// Splits a path at the root of its machine. `prefix` stands before it in nested archives.
    pub(super) fn of(prefix: &str, path: &str) -> Self {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let Some(at) = wanted::root(&parts) else {
            return Self {
                root: String::new(),
                path: String::new(),
                want: Want::Other,
            };
        };
        let (above, parts) = parts.split_at(at);
        let mut want = wanted::want(parts);
        let mut path = parts.join("/");
        if let Want::User { function, name } = &want {
            path = parts.get(..*function).unwrap_or_default().join("/");
            path.push_str("/used_by/");
            path.push_str(name);
            want = Want::Existence;
        }
        let root = std::iter::once(prefix).filter(|prefix| !prefix.is_empty());
        let root: Vec<&str> = root.chain(above.iter().copied()).collect();
        Self {
            root: root.join("/"),
            path,
            want,
        }
    }
}

impl Trees {
    /// Takes something over. The first entry counts, but any counts more than mere existence.
    pub(super) fn add(&mut self, place: Place, entry: Entry) -> io::Result<()> {
        let tree = self.roots.entry(place.root).or_default();
        let content = entry.memory();
        match tree.entries.entry(place.path) {
            Slot::Vacant(slot) => {
                // A node of the map, its key and its value.
                self.memory += 128 + slot.key().capacity() as u64 + content;
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                if *slot.get() == Entry::Exists {
                    self.memory += content;
                    slot.insert(entry);
                }
            }
        }
        match self.memory > MAX_TREE {
            true => Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                "the tree has too many files",
            )),
            false => Ok(()),
        }
    }

    /// Takes a link over, as far as it is of use. Links are never followed to a content.
    pub(super) fn add_link(
        &mut self,
        place: Place,
        target: &str,
        member: &str,
        diagnostics: &mut Diagnostics,
    ) -> io::Result<()> {
        let outside = path::resolve(&place.path, target).is_none();
        let parts: Vec<&str> = place.path.split('/').collect();
        let folder = follow(&parts).is_some_and(|(_, below)| below.is_empty());
        match place.want {
            Want::Link | Want::File(_) if outside => {
                let target = shortened(target);
                diagnostics.member(member, DiagnosticKind::LinkOutside { target });
                Ok(())
            }
            Want::Link => self.add(place, Entry::Link(target.to_owned())),
            Want::Existence if !folder => self.add(place, Entry::Exists),
            _ => Ok(()),
        }
    }

    /// Whether it is full.
    pub(super) fn is_full(&self) -> bool {
        self.memory > MAX_TREE
    }

    /// The first tree that has functions, else the first, and the roots of the others that
    /// have functions.
    pub(super) fn finish(self) -> (Tree, Vec<String>) {
        let (with, without): (Vec<_>, Vec<_>) = self
            .roots
            .into_iter()
            .partition(|(_, tree)| has_functions(tree));
        let mut with = with.into_iter();
        match with.next() {
            Some((_, tree)) => (tree, with.map(|(root, _)| root).collect()),
            None => (
                without
                    .into_iter()
                    .next()
                    .map(|(_, tree)| tree)
                    .unwrap_or_default(),
                Vec::new(),
            ),
        }
    }
}

fn has_functions(tree: &Tree) -> bool {
    tree.iter().any(|(path, _)| {
        let parts: Vec<&str> = path.split('/').collect();
        follow(&parts).is_some()
            || matches!(parts[..], ["sys", "bus", "pci", "devices", name, _, ..] if function(name).is_some())
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A tree of files, given as in an archive; `-> target` marks a link, a final slash a
    /// folder.
    pub(in crate::import) fn tree(files: &[(&str, &[u8])]) -> (Tree, Diagnostics) {
        let mut trees = Trees::default();
        let mut diagnostics = Diagnostics::new("t");
        for (path, content) in files {
            let (path, target) = match path.split_once(" -> ") {
                Some((path, target)) => (path, Some(target)),
                None => (*path, None),
            };
            let place = Place::of("", path);
            let entry = match place.want {
                Want::File(_) if !path.ends_with('/') => Entry::File(content.to_vec()),
                Want::Existence => Entry::Exists,
                Want::Link => Entry::Link(String::new()),
                _ => continue,
            };
            match target {
                Some(target) => trees
                    .add_link(place, target, path, &mut diagnostics)
                    .unwrap(),
                None => trees.add(place, entry).unwrap(),
            }
        }
        (trees.finish().0, diagnostics)
    }

    #[test]
    fn the_first_machine_of_an_archive_is_used_and_the_others_are_named() {
        let mut trees = Trees::default();
        for path in [
            "b/sys/devices/pci0000:00/0000:00:00.0/vendor",
            "a/sys/devices/pci0000:00/0000:00:01.0/vendor",
            "0/proc/cmdline",
        ] {
            trees
                .add(Place::of("", path), Entry::File(b"x".to_vec()))
                .unwrap();
        }
        let (tree, others) = trees.finish();
        assert!(tree.exists("sys/devices/pci0000:00/0000:00:01.0/vendor"));
        assert_eq!(others, ["b"]);
    }

    #[test]
    fn the_same_folder_may_be_named_any_number_of_times() {
        let mut trees = Trees::default();
        for _ in 0..600_000 {
            let place = Place::of("", "sys/devices/pci0000:00/0000:00:00.0/net/eth0/x");
            trees.add(place, Entry::Exists).unwrap();
        }
        assert_eq!(trees.finish().0.iter().count(), 1);
    }

    #[test]
    fn a_tree_takes_no_more_memory_than_it_may() {
        let mut trees = Trees::default();
        let error = (0..).find_map(|number| {
            let path = format!("sys/firmware/acpi/tables/SSDT{number}");
            trees
                .add(Place::of("", &path), Entry::File(vec![0; 1 << 20]))
                .err()
        });
        assert!(error.is_some() && trees.is_full());
    }

    #[test]
    fn below_a_folder_is_only_what_is_in_it() {
        let (tree, _) = tree(&[
            ("sys/class/dmi/id/sys_vendor", b"x"),
            ("sys/class/dmi/id/product_name", b"y"),
            ("sys/bus/pci/slots/1/address", b"0000:01"),
            ("sys/bus/pci/slots/1-1/address", b"0000:02"),
        ]);
        let names = |folder| tree.below(folder).map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(names("sys/class/dmi/id"), ["product_name", "sys_vendor"]);
        assert_eq!(names("sys/bus/pci/slots/1"), ["address"]);
        assert_eq!(
            names("sys/class"),
            ["dmi/id/product_name", "dmi/id/sys_vendor"]
        );
    }
}
