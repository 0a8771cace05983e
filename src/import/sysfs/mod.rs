//! A Linux machine as its kernel shows it below `/sys` and `/proc`, read as root or not.

mod function;
mod host;
mod proc_bus;
mod resource;

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{DiagnosticKind, Diagnostics};
use super::tree::Tree;
use super::tree::path::{Route, follow, function as function_name, root_bus};
use crate::addr::Sbdf;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Capture, Method, Origin, Privileges, Reported};

/// Reads a machine's tree.
pub(super) fn read(tree: Tree, diagnostics: &mut Diagnostics) -> Capture {
    let mut capture = Capture::default();
    capture.manifest.os = Some("linux".to_owned());
    for (at, folder) in folders(&tree, diagnostics) {
        let record = function::read(&tree, &folder, diagnostics);
        capture.functions.insert(at, record);
        // A device whose data cannot be read has an empty file in a copied tree.
        let vpd = tree.file(&format!("{}/vpd", folder.path));
        if let Some(vpd) = vpd.filter(|vpd| !vpd.is_empty()) {
            capture.vpd.insert(at, vpd.to_vec());
        }
    }
    proc_bus::read(&tree, &mut capture);
    function::slots(&tree, &mut capture.functions);
    function::users(&tree, &mut capture.functions);
    function::groups(&tree, &mut capture.functions);
    host::read(tree, &mut capture);
    capture.manifest.privileges = privileges(&capture);
    capture
}

/// The folder of a function.
struct Folder {
    path: String,
    /// Its place among the others; unknown where the copy followed the links.
    route: Option<Route>,
}

/// Every function's folder: below its bridges, or in a copy of `sys/bus/pci/devices`.
fn folders(tree: &Tree, diagnostics: &mut Diagnostics) -> BTreeMap<Sbdf, Folder> {
    let mut folders: BTreeMap<Sbdf, Folder> = BTreeMap::new();
    let mut second = BTreeSet::new();
    for (path, _) in tree.iter() {
        let parts: Vec<&str> = path.split('/').collect();
        let bus = parts.iter().position(|part| root_bus(part).is_some());
        for end in bus.map_or(0..0, |bus| bus + 2..parts.len() + 1) {
            // A bridge exists even if nothing of it was kept.
            let route = match parts.get(..end).and_then(follow) {
                Some((route, [])) => route,
                Some(_) => break,
                // A root bus below a function.
                None => continue,
            };
            let path = || parts.get(..end).unwrap_or_default().join("/");
            match folders.get(&route.at) {
                None => {
                    _ = folders.insert(
                        route.at,
                        Folder {
                            path: path(),
                            route: Some(route),
                        },
                    );
                }
                Some(known) if known.route != Some(route) => _ = second.insert(path()),
                Some(_) => {}
            }
        }
        if folders.len() >= MAX_FUNCTIONS {
            diagnostics.whole(DiagnosticKind::TooManyFunctions {
                limit: MAX_FUNCTIONS,
            });
            break;
        }
    }
    for (path, _) in tree.below("sys/bus/pci/devices") {
        // What stands alone there is a link that was noted.
        if let Some((name, _)) = path.split_once('/')
            && let Some(at) = function_name(name)
            && folders.len() < MAX_FUNCTIONS
        {
            let path = format!("sys/bus/pci/devices/{name}");
            folders.entry(at).or_insert(Folder { path, route: None });
        }
    }
    for path in second {
        diagnostics.member(&path, DiagnosticKind::SecondFolder);
    }
    folders
}

/// Everything that the kernel shows without naming a line.
fn sysfs<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::of(Method::Sysfs))
}

/// A file's text without the space around it.
fn text(tree: &Tree, path: &str) -> Option<String> {
    let text = String::from_utf8_lossy(tree.file(path)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Root sees more than 64 bytes of some space, or firmware tables.
fn privileges(capture: &Capture) -> Option<Privileges> {
    let mut extents = capture
        .functions
        .values()
        .map(|record| record.config.extent());
    let longest = extents.by_ref().max().unwrap_or(0);
    if longest > 128 || !capture.tables.is_empty() {
        Some(Privileges::Full)
    } else {
        (longest > 0).then_some(Privileges::User)
    }
}

#[cfg(test)]
mod tests;
