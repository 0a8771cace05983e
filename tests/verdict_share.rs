//! How many functions get a definite verdict, by kind of input and policy, and what is missing
//! most often where they do not.
//!
//! The dumps are those of the folder in `ASSIGNABLE_EXTRA_CORPUS`; without it every trial is
//! reported as ignored. `cargo test --test verdict_share -- --nocapture` prints the table.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests of files need files and the environment, and print what they measure"
)]
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

#[path = "support/files.rs"]
mod files;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assignable::analysis::Facts;
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::policy::Policy;
use assignable::rules;
use assignable::topology::Topology;
use assignable::verdict::{Decision, Verdict, is_candidate};
use libtest_mimic::{Arguments, Failed, Trial};

use files::{below, entries};

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// What is taken as one machine.
#[derive(Clone, Copy)]
enum Unit {
    /// Each file.
    File,
    /// All files of a folder together.
    Folder,
}

/// A kind of input, what a unit of it is, how many devices there are at least, and the share with
/// a definite verdict that must not be lost, in percent, for Hyper-V and for VFIO. A text says
/// nothing of the firmware's tables, so that only what blocks for certain is definite there.
const KINDS: &[(&str, Unit, usize, [usize; 2])] = &[
    ("machines", Unit::Folder, 550, [45, 6]),
    ("lspci-hex", Unit::File, 230, [80, 0]),
    ("lspci-text", Unit::File, 1100, [42, 0]),
    ("lspci-groups", Unit::File, 190, [46, 0]),
    ("lspci-pciutils", Unit::File, 50, [70, 40]),
    ("groups", Unit::File, 800, [0, 0]),
    ("dmesg", Unit::File, 2200, [22, 1]),
    ("sysfs-ghw", Unit::File, 30, [0, 0]),
    ("sysfs-hwloc", Unit::File, 28, [8, 0]),
    ("sysfs-sos", Unit::Folder, 35, [60, 0]),
    ("config-libvirt", Unit::File, 8, [55, 0]),
];

const POLICIES: [Policy; 2] = [Policy::HyperV2025, Policy::Vfio];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os(VARIABLE).map(PathBuf::from);
    let trials = KINDS.iter().map(|&(kind, unit, least, floors)| {
        let name = format!("definite verdicts of {kind}");
        match &root {
            None => Trial::test(name, || Ok(())).with_ignored_flag(true),
            Some(root) => {
                let folder = root.join(kind);
                Trial::test(name, move || measure(kind, &folder, unit, least, floors))
            }
        }
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

#[derive(Default)]
struct Count {
    devices: usize,
    definite: usize,
    /// Devices without a definite verdict for want of this rule's answer.
    missing: BTreeMap<&'static str, usize>,
}

fn measure(
    kind: &str,
    folder: &Path,
    unit: Unit,
    least: usize,
    floors: [usize; 2],
) -> Result<(), Failed> {
    let mut counts: [Count; 2] = Default::default();
    let mut units = 0;
    for inputs in inputs(folder, unit) {
        let capture = import(&inputs).capture;
        if capture.functions.is_empty() {
            continue;
        }
        units += 1;
        let host = Host::from_capture(&capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let run = rules::run(&facts);
        for (id, _) in host.iter().filter(|&(id, _)| is_candidate(&facts, id)) {
            for (policy, count) in POLICIES.into_iter().zip(&mut counts) {
                let decision = Decision::of(&run, policy, id);
                count.devices += 1;
                if decision.verdict != Verdict::Undetermined {
                    count.definite += 1;
                    continue;
                }
                for gap in decision.gaps {
                    *count.missing.entry(gap.rule.code).or_default() += 1;
                }
            }
        }
    }
    let mut failed = String::new();
    for ((policy, count), floor) in POLICIES.into_iter().zip(counts).zip(floors) {
        let share = count.definite * 100 / count.devices.max(1);
        let mut reasons: Vec<_> = count.missing.into_iter().collect();
        reasons.sort_by_key(|&(code, times)| (std::cmp::Reverse(times), code));
        let reasons: Vec<String> = reasons
            .into_iter()
            .take(3)
            .map(|(code, times)| format!("{code} {times}"))
            .collect();
        println!(
            "{kind:<15} {units:>4} units {:>6} devices  {:<12} {:>6} definite ({share} %)  {}",
            count.devices,
            policy.name(),
            count.definite,
            reasons.join(", ")
        );
        if share < floor || count.devices < least {
            writeln!(
                failed,
                "{}: {share} % of {} devices, {floor} % of {least} at least",
                policy.name(),
                count.devices
            )?;
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(failed.into()),
    }
}

/// The inputs of each unit below a folder.
fn inputs(folder: &Path, unit: Unit) -> Vec<Vec<Input>> {
    let one = |path: PathBuf| vec![Input::Path(path)];
    match unit {
        Unit::Folder => {
            let folders = entries(folder).into_iter().filter(|path| path.is_dir());
            folders.map(one).collect()
        }
        Unit::File => below(folder).into_iter().map(one).collect(),
    }
}
