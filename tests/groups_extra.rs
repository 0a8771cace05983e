//! Predicted IOMMU groups against those of real kernels, and VFIO's answers about them.
//!
//! `ASSIGNABLE_EXTRA_CORPUS` names the folder that holds the dumps; without it every trial is
//! reported as ignored. A function whose group is called settled and is not the kernel's is a
//! contradiction: it must be listed here with the cause that the comparison names.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and the environment"
)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what cannot be read fails the test, which prints what it counted"
)]

#[path = "support/files.rs"]
mod files;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use assignable::addr::Sbdf;
use assignable::analysis::Facts;
use assignable::analysis::groups::{Groups, Prediction, Settings};
use assignable::analysis::viability::Viability;
use assignable::capture::{Capture, Method, Origin, Reported};
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::policy::Policy;
use assignable::rules;
use assignable::spec::linux::Series;
use assignable::topology::Topology;
use assignable::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};

use files::entries;

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// Kinds of units with reported groups: the folder, how many units at least, and the least
/// share of functions that must be settled, in percent.
const KINDS: &[(&str, usize, usize)] = &[
    ("qemu", 70, 100),
    ("lspci-groups", 12, 25),
    ("machines", 20, 43),
    // Not more: of vfio-log-ryzen-desktop neither file tells the bridges above buses 1 to 12.
    ("machines joined", 20, 65),
    ("dmesg", 60, 5),
    ("groups", 0, 0),
];

/// Functions that are settled and not as the kernel reported: unit, number, cause, why.
const EXPLAINED: &[(&str, usize, &str, &str)] = &[
    (
        "mfports-virtio.tar.xz",
        3,
        "NoDriverYet",
        "a virtio-iommu groups a function when a driver binds, and the chipset's had none",
    ),
    (
        "switch-virtio.tar.xz",
        3,
        "NoDriverYet",
        "a virtio-iommu groups a function when a driver binds, and the chipset's had none",
    ),
    (
        "groups/x99-kernel-5.8-against-5.9.merged-5.9.txt",
        4,
        "unexplained",
        "kernel 5.9 lost an exception for these root ports, which 5.8 and later stable releases have",
    ),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let root = std::env::var_os(VARIABLE).map(PathBuf::from);
    for &(kind, units, share) in KINDS {
        let root = root.clone();
        let ignored = root.is_none();
        let trial = Trial::test(format!("groups of {kind}"), move || match &root {
            Some(root) => groups_of(root, kind, units, share),
            None => Ok(()),
        });
        trials.push(trial.with_ignored_flag(ignored));
    }
    let ignored = root.is_none();
    let trial = Trial::test("answers of VFIO", move || match &root {
        Some(root) => answers(&root.join("qemu")),
        None => Ok(()),
    });
    trials.push(trial.with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials).exit();
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

/// The units of a kind, each with its parts.
fn units(root: &Path, kind: &str) -> Vec<(String, Vec<PathBuf>)> {
    let title = |path: &Path| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.display().to_string()
    };
    let is_dump =
        |path: &PathBuf| name(path).starts_with("lspci") && !name(path).starts_with("lspci-tree");
    let alone = |path: PathBuf| (title(&path), vec![path]);
    match kind {
        "qemu" => entries(&root.join(kind))
            .into_iter()
            .filter(|path| name(path).ends_with(".tar.xz"))
            .map(alone)
            .collect(),
        "lspci-groups" | "machines" => entries(&root.join(kind))
            .iter()
            .flat_map(|folder| entries(folder))
            .filter(is_dump)
            .map(alone)
            .collect(),
        "machines joined" => entries(&root.join("machines"))
            .iter()
            .flat_map(|folder| {
                let parts = entries(folder);
                let others: Vec<PathBuf> = parts
                    .iter()
                    .filter(|path| {
                        name(path).ends_with(".bin")
                            || ["dmesg.txt", "iommu-groups.txt"].contains(&name(path))
                    })
                    .cloned()
                    .collect();
                let dumps: Vec<PathBuf> = parts.into_iter().filter(is_dump).collect();
                dumps.into_iter().map(move |dump| {
                    let title = format!("{} joined", title(&dump));
                    (title, [vec![dump], others.clone()].concat())
                })
            })
            .collect(),
        _ => entries(&root.join(kind)).into_iter().map(alone).collect(),
    }
}

fn groups_of(root: &Path, kind: &str, least: usize, share: usize) -> Result<(), Failed> {
    let mut compared = 0;
    let (mut settled, mut reported) = (0, 0);
    let mut wrong = Vec::new();
    for (title, parts) in units(root, kind) {
        let inputs: Vec<Input> = parts.into_iter().map(Input::Path).collect();
        let imported = import(&inputs);
        let host = Host::from_capture(&imported.capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        compared += 1;
        if facts.groups.is_empty() {
            continue;
        }
        let mut settings = vec![Settings::for_host(&host)];
        // The lab's machines are grouped alike by every kernel that was tried.
        if kind == "qemu" {
            settings.extend(Series::ALL.map(|kernel| Settings {
                kernel,
                ..Settings::for_host(&host)
            }));
        }
        let mut found = Vec::new();
        for (index, settings) in settings.into_iter().enumerate() {
            let prediction =
                Prediction::of(&host, &topology, &facts.iommu, &facts.groups, settings);
            let causes = causes(&prediction);
            if index == 0 {
                let with_group = host
                    .iter()
                    .filter(|(_, function)| function.reported.iommu_group.is_some());
                for (id, _) in with_group {
                    reported += 1;
                    settled += usize::from(prediction.groups.is_definite(id));
                }
                found = causes;
            } else if causes != found {
                let kernel = prediction.settings.kernel;
                wrong.push(format!("{title}: Linux {kernel} differs: {causes:?}"));
            }
        }
        for (cause, functions, sentence) in found {
            let explained = EXPLAINED.iter().any(|&(unit, count, wanted, _)| {
                title.contains(unit) && count == functions && cause.starts_with(wanted)
            });
            if !explained {
                wrong.push(format!(
                    "{title}: {functions} functions, {cause}: {sentence}"
                ));
            }
        }
    }
    let percent = (settled * 100).checked_div(reported).unwrap_or(100);
    println!("{kind}: {compared} units, {settled} of {reported} functions settled ({percent} %)");
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    match compared >= least && percent >= share {
        true => Ok(()),
        false => Err(format!("{compared} units, {percent} % settled").into()),
    }
}

/// Differences by cause: cause, number of functions, and the first of them.
fn causes(prediction: &Prediction) -> Vec<(String, usize, String)> {
    let mut by_cause: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for difference in &prediction.comparison.differences {
        let cause = match difference.cause {
            Some(cause) => format!("{cause:?}"),
            None => "unexplained".to_owned(),
        };
        let entry = by_cause.entry(cause).or_default();
        entry.0 += difference.of.len();
        entry.1 = format!("{difference:?}");
    }
    by_cause
        .into_iter()
        .map(|(cause, (functions, sentence))| (cause, functions, sentence))
        .collect()
}

/// What VFIO said of one group.
struct Answer {
    /// Members with their drivers at that time.
    members: Vec<(Sbdf, Option<String>)>,
    viable: bool,
    /// It was refused for memory that must stay mapped.
    reserved: bool,
    /// It was refused for want of interrupt remapping.
    interrupts: bool,
}

/// Members as in `0000:00:1f.0=- 0000:00:1f.2=vfio-pci`.
fn members(text: &str) -> Vec<(Sbdf, Option<String>)> {
    text.split_whitespace()
        .map(|member| {
            let (at, driver) = member.split_once('=').unwrap();
            let driver = (driver != "-").then(|| driver.to_owned());
            (at.parse().unwrap(), driver)
        })
        .collect()
}

fn read_answers(text: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("group ") {
            let (_, rest) = rest.split_once('[').unwrap();
            let (list, answer) = rest.split_once(']').unwrap();
            let viable = answer.trim().strip_prefix("viable=");
            open = viable.is_some();
            if let Some(viable) = viable {
                answers.push(Answer {
                    members: members(list),
                    viable: viable.trim() == "true",
                    reserved: false,
                    interrupts: false,
                });
            }
        } else if let Some(answer) = answers.last_mut().filter(|_| open) {
            answer.reserved |= line.contains("set-container: Invalid argument");
            answer.interrupts |= line.contains("set-iommu type1: Operation not permitted");
        }
    }
    answers
}

/// The drivers of the machine as they were when VFIO was asked.
fn with_drivers(capture: &Capture, answers: &[Answer]) -> Capture {
    let mut capture = capture.clone();
    for (at, driver) in answers.iter().flat_map(|answer| &answer.members) {
        if let Some(record) = capture.functions.get_mut(at) {
            record.properties.driver = driver
                .clone()
                .map(|driver| Reported::new(driver, Origin::of(Method::Sysfs)));
        }
    }
    capture
}

fn answers(folder: &Path) -> Result<(), Failed> {
    let (mut groups_asked, mut refused, mut not_viable, mut judged) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for archive in entries(folder) {
        if !name(&archive).ends_with(".tar.xz") {
            continue;
        }
        let Some(text) = member_of(&archive, "post/vfio.txt") else {
            continue;
        };
        let answers = read_answers(&text);
        let imported = import(&[Input::Path(archive.clone())]);
        let capture = with_drivers(&imported.capture, &answers);
        let host = Host::from_capture(&capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let settings = Settings::for_host(&host);
        let groups = Groups::predict(&host, &topology, &facts.iommu, &settings);
        let run = rules::run(&facts);
        for answer in answers {
            let first = answer.members.first().unwrap().0;
            let group = groups.companions(host.find(first).unwrap());
            let viability = Viability::of(&host, &topology, &facts.iommu, group.iter().copied());
            groups_asked += 1;
            not_viable += usize::from(!answer.viable);
            refused += usize::from(answer.reserved || answer.interrupts);
            let ours = (
                viability.is_viable(),
                !viability.reserved.is_empty(),
                facts.interrupt_remapping.vfio_refuses() == Some(true),
            );
            // What is not viable was not asked any further.
            let agrees = match answer.viable {
                true => ours == (Some(true), answer.reserved, answer.interrupts),
                false => ours.0 == Some(false),
            };
            if !agrees {
                let file = name(&archive);
                wrong.push(format!(
                    "{file} {first}: VFIO says viable={} reserved={} interrupts={}, we {ours:?}",
                    answer.viable, answer.reserved, answer.interrupts
                ));
            }
            // What VFIO takes must not be called impossible, and what it refuses must be.
            let taken = answer.viable && !answer.reserved && !answer.interrupts;
            for (at, driver) in answer.members.iter().filter(|_| answer.viable) {
                if driver.as_deref() != Some("vfio-pci") {
                    continue;
                }
                judged += 1;
                let verdict = Verdict::of(&run, Policy::Vfio, host.find(*at).unwrap());
                if (verdict == Verdict::NotAssignable) == taken {
                    let file = name(&archive);
                    wrong.push(format!(
                        "{file} {at}: taken={taken}, the verdict is {verdict:?}"
                    ));
                }
            }
        }
    }
    println!(
        "{groups_asked} groups: {not_viable} not viable, {refused} viable and refused; \
         {judged} functions judged"
    );
    if groups_asked < 400 || not_viable == 0 || refused == 0 || judged < 400 {
        wrong.push(format!(
            "{groups_asked} groups, {not_viable}, {refused}, {judged}"
        ));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// One file of an archive.
fn member_of(archive: &Path, wanted: &str) -> Option<String> {
    let file = std::io::BufReader::new(fs::File::open(archive).unwrap());
    let reader = lzma_rust2::XzReader::new(file, true);
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with(wanted) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            return Some(text);
        }
    }
    None
}
