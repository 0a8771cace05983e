//! Machines on demand: a short description becomes a whole capture.
//!
//! The configuration spaces are written register by register, from the specifications;
//! numbers and addresses are given out as firmware does it, unless the description says
//! otherwise. `docs/synth.md` explains the description.

mod description;
mod encode;
mod error;
mod facts;
pub mod hex;
mod kind;
mod numbers;
mod place;
mod profile;
mod scale;
mod tree;

pub use description::*;
pub use error::{Place, Problem, SynthError};
pub use kind::Kind;
pub use scale::{scale, scale_description};

use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::capture::{Capture, FunctionRecord, Privileges};
use crate::spec::pci;

use place::Placement;
use tree::{Node, Tree};

/// Largest number of functions in one machine, virtual ones included: twice as many as one
/// segment can have.
pub const MAX_FUNCTIONS: usize = 0x2_0000;

/// Builds the machine that a description in TOML describes.
pub fn synthesise(description: &str) -> Result<Capture, SynthError> {
    synthesise_machine(&Machine::parse(description)?)
}

/// Builds the machine.
pub fn synthesise_machine(machine: &Machine) -> Result<Capture, SynthError> {
    let tree = Tree::build(machine)?;
    let mut capture = host(&machine.host);
    for (node, placement) in tree.nodes.iter().zip(place::place(&tree)) {
        let fail = |problem: Problem| problem.at(node.place.clone());
        if node.device.captured != Some(false) {
            let record = FunctionRecord {
                config: image(
                    encode::function(&tree, node, &placement).map_err(fail)?,
                    node,
                    &machine.host,
                ),
                properties: if machine.host.facts {
                    facts::known_to_kernel(&tree, node, &placement)
                } else {
                    facts::stated(node)
                },
            };
            insert(&mut capture, node.at, record).map_err(fail)?;
        }
        virtual_functions(&mut capture, &tree, node, &placement, &machine.host).map_err(fail)?;
    }
    Ok(capture)
}

fn host(host: &Host) -> Capture {
    let mut capture = Capture::default();
    capture.manifest.os = Some(host.os.clone());
    capture.manifest.os_release.clone_from(&host.os_release);
    capture.manifest.platform.clone_from(&host.platform);
    capture.manifest.conflicts.clone_from(&host.conflicts);
    capture.manifest.privileges = Some(if host.privileged {
        Privileges::Full
    } else {
        Privileges::User
    });
    for (name, text) in &host.files {
        capture.host.insert(name.clone(), text.clone().into_bytes());
    }
    for (name, table) in &host.tables {
        capture.tables.insert(name.clone(), table.0.clone());
    }
    if let Some(cmdline) = &host.cmdline {
        capture
            .host
            .insert("cmdline".to_owned(), cmdline.clone().into_bytes());
    }
    capture
}

fn virtual_functions(
    capture: &mut Capture,
    tree: &Tree<'_>,
    node: &Node<'_>,
    placement: &Placement,
    host: &Host,
) -> Result<(), Problem> {
    let (Some(sriov), Some(numbers)) = (&node.device.sriov, node.vfs) else {
        return Ok(());
    };
    if sriov.enabled == 0 {
        return Ok(());
    }
    let space = encode::virtual_function(node)?;
    for index in 0..sriov.enabled {
        let at = numbers.address(node.at, index).ok_or(Problem::VfCount)?;
        let size = u16::try_from(space.len()).ok();
        let unprivileged = (!host.privileged).then_some(pci::HEADER_SIZE);
        let limit = sriov.captured_bytes.or(unprivileged);
        let properties = if host.facts {
            facts::vf_known_to_kernel(tree, node, placement, index)
        } else {
            facts::stated_of_vf(node, index)
        };
        let config = ConfigImage::from_bytes(cut(space.clone(), limit)).with_size(size);
        insert(capture, at, FunctionRecord { config, properties })?;
    }
    Ok(())
}

/// The part of a configuration space that the capture holds.
fn image(space: Vec<u8>, node: &Node<'_>, host: &Host) -> ConfigImage {
    let device = node.device;
    let size = device.config_size.or(u16::try_from(space.len()).ok());
    let unprivileged = match node.profile.layout() {
        _ if host.privileged => None,
        pci::HeaderType::CARDBUS => Some(2 * pci::HEADER_SIZE),
        _ => Some(pci::HEADER_SIZE),
    };
    let limit = [device.captured_bytes.or(unprivileged), device.config_size]
        .into_iter()
        .flatten()
        .min();
    let bytes = cut(space, limit);
    if device.unknown.is_empty() {
        return ConfigImage::from_bytes(bytes).with_size(size);
    }
    let mut known = vec![0xff; bytes.len()];
    for range in &device.unknown {
        let (first, last) = (usize::from(range.first), usize::from(range.last));
        for mask in known.iter_mut().take(last + 1).skip(first) {
            *mask = 0;
        }
    }
    ConfigImage::from_masked(bytes, known).with_size(size)
}

fn cut(mut space: Vec<u8>, limit: Option<u16>) -> Vec<u8> {
    if let Some(limit) = limit {
        space.truncate(usize::from(limit));
    }
    space
}

fn insert(capture: &mut Capture, at: Sbdf, record: FunctionRecord) -> Result<(), Problem> {
    if capture.functions.len() >= MAX_FUNCTIONS {
        return Err(Problem::TooManyFunctions);
    }
    match capture.functions.entry(at) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(record);
            Ok(())
        }
        std::collections::btree_map::Entry::Occupied(_) => {
            Err(Problem::AddressTaken { address: at })
        }
    }
}

#[cfg(test)]
mod tests;
