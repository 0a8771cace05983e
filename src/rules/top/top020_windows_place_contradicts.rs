//! What Windows reports of the place of the device contradicts itself.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;
use crate::topology::LocationPath;

rule! {
    /// ## What it checks
    ///
    /// That the location path, the address and the instance id which Windows reports of a device
    /// lead to the same place in the tree.
    ///
    /// ## Why it matters
    ///
    /// A difference means that files of different machines or states were mixed, or that a text was
    /// edited. The location path names the device to the cmdlets: if it is wrong, another device is
    /// dismounted.
    ///
    /// ## How it is decided
    ///
    /// The reported path is compared with the one that the tree gives. The last two digits pairs of
    /// an instance id of the PCI driver repeat device and function of the device and of each bridge
    /// above, as every example shows; this is not documented, hence the low confidence where it
    /// alone differs. An id that holds a serial number instead says nothing.
    ///
    /// ## What to do
    ///
    /// Hyper-V: export again in one go; name the device by the path that the host itself shows.
    ///
    /// VFIO: not concerned, unless files of several machines are mixed.
    TOP020 = {
        name: "windows-place-contradicts",
        summary: "Location path, address and instance id of the device do not agree",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::WindowsDrivers.at("DEVPKEY_Device_LocationPaths, DEVPKEY_Device_Address")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Two places.
#[derive(Debug)]
enum Contradiction {
    Path {
        reported: LocationPath,
        tree: LocationPath,
    },
    InstanceId {
        hops: String,
        path: LocationPath,
    },
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { reported, tree } => {
                write!(f, "Windows reports {reported}, the tree gives {tree}")
            }
            Self::InstanceId { hops, path } => {
                write!(
                    f,
                    "the instance id ends in the hops {hops}, the path is {path}"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.windows.enumerator.is_none() {
        return Outcome::NotApplicable("not captured on Windows");
    }
    let reported = LocationPath::reported(function);
    let tree = LocationPath::in_tree(facts.host, facts.topology, id);
    let hops = function
        .windows_text(windows::INSTANCE_ID)
        .and_then(hops_of);
    let (violation, confidence, property) = match (reported, tree, hops) {
        (Some(reported), Some(tree), _) if reported != tree => {
            let property = windows::LOCATION_PATHS;
            (
                Contradiction::Path { reported, tree },
                Confidence::High,
                property,
            )
        }
        (Some(path), _, Some(hops)) | (None, Some(path), Some(hops)) if hops != chain(&path) => {
            let property = windows::INSTANCE_ID;
            (
                Contradiction::InstanceId { hops, path },
                Confidence::Low,
                property,
            )
        }
        (None, None, _) => return Outcome::NotApplicable("no path is known"),
        (None, Some(_), None) => return Outcome::NotApplicable("Windows reported no path"),
        _ => return Outcome::Clean,
    };
    Outcome::Fired(Finding::new(
        &TOP020,
        Subject::Function(id),
        confidence,
        violation,
        Evidence::new(
            Locus::Reported(id, property.key),
            property.name,
            Value::AsReported,
        ),
    ))
}

/// Two digits for each hop, the device first.
fn chain(path: &LocationPath) -> String {
    let hops = path.hops().iter().rev();
    hops.map(|(device, function)| format!("{:02X}", device << 3 | function))
        .collect()
}

/// The hops at the end of an instance id, where the number before them fits their count.
fn hops_of(instance_id: &str) -> Option<String> {
    let tail = instance_id.rsplit('\\').next()?;
    let parts: Vec<&str> = tail.split('&').collect();
    let [depth, _, _, hops] = parts.as_slice() else {
        return None;
    };
    let depth: usize = depth.parse().ok()?;
    let hex = hops.bytes().all(|byte| byte.is_ascii_hexdigit()) && hops.len() % 2 == 0;
    (hex && depth.checked_sub(2)? == hops.len() / 2).then(|| hops.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(id: &str, path: &str) -> Answer {
        let device = Dev::endpoint()
            .windows(windows::INSTANCE_ID, id)
            .windows(windows::LOCATION_PATHS, path);
        answer_for(&TOP020, device)
    }

    #[test]
    fn a_path_that_is_not_the_trees_fires() {
        assert_eq!(
            with(r"PCI\VEN_1\4&0&0&0008", "PCIROOT(0)#PCI(0200)#PCI(0000)"),
            fired(
                "Windows reports PCIROOT(0)#PCI(0200)#PCI(0000), the tree gives PCIROOT(0)#PCI(0100)#PCI(0000)"
            )
        );
    }

    #[test]
    fn hops_of_the_instance_id_that_are_not_the_paths_fire() {
        assert_eq!(
            with(
                r"PCI\VEN_1\4&368722DD&0&0010",
                "PCIROOT(0)#PCI(0100)#PCI(0000)"
            ),
            fired(
                "the instance id ends in the hops 0010, the path is PCIROOT(0)#PCI(0100)#PCI(0000)"
            )
        );
    }

    #[test]
    fn what_agrees_is_clean_and_a_serial_number_says_nothing() {
        let path = "PCIROOT(0)#PCI(0100)#PCI(0000)";
        assert_eq!(with(r"PCI\VEN_1\4&368722DD&0&0008", path), Answer::Clean);
        assert_eq!(with(r"PCI\VEN_1\00241EFFFF8CB400", path), Answer::Clean);
        let machine = Machine::with_device(Dev::endpoint());
        assert_eq!(answer(&TOP020, &machine, "01:00.0"), Answer::NotApplicable);
    }
}
