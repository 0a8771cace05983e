//! The parts of one real machine agree with each other.
//!
//! `ASSIGNABLE_EXTRA_CORPUS` names the folder that holds the machines; without it every trial
//! is reported as ignored. Each dump of devices is imported together with everything else of
//! its machine; every fact that two parts state differently must be listed here, with why.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and the environment"
)]
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

#[path = "support/files.rs"]
mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assignable::capture::{Capture, Method};
use assignable::import::{Input, import};
use libtest_mimic::{Arguments, Failed, Trial};

use files::entries;

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// Differences between the parts of a machine: machine, fact, how many functions, and why.
const EXPLAINED: &[(&str, &str, usize, &str)] = &[
    (
        "acer-veriton-m680g-lynnfield",
        "driver",
        1,
        "the log is an excerpt with a device list at its end, of which lines were left out: the \
         driver of the next function stands below this one",
    ),
    (
        "hp-elitebook-630-g9-tb4",
        "iommu_group",
        2,
        "this list was made in another boot, with a driver block-listed: the kernel numbered the \
         groups of the host bridge and the graphics the other way round",
    ),
    (
        "hp-spectre-x360-15-df1",
        "resource 0",
        9,
        "this list was made under Windows, which places BARs anew",
    ),
    (
        "hp-spectre-x360-15-df1",
        "resource 1",
        1,
        "this list was made under Windows, which places BARs anew",
    ),
    (
        "hp-omnibook-strix",
        "iommu_group",
        27,
        "the list was made in a boot that began with the dock plugged in; in the boot of the log \
         it was plugged in later, when the numbers below 30 were taken",
    ),
];

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os(VARIABLE) {
        Some(root) => trials(&Path::new(&root).join("machines")),
        None => vec![Trial::test("machines", || Ok(())).with_ignored_flag(true)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(root: &Path) -> Vec<Trial> {
    let machines = entries(root);
    let count = machines.len();
    let mut trials = vec![Trial::test("complete", move || match count >= 20 {
        true => Ok(()),
        false => Err(format!("{count} machines, 20 wanted").into()),
    })];
    for machine in machines {
        let name = machine.file_name().unwrap().to_str().unwrap().to_owned();
        trials.push(Trial::test(name.clone(), move || agrees(&machine, &name)));
    }
    trials
}

fn agrees(folder: &Path, machine: &str) -> Result<(), Failed> {
    let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let is_dump = |name: &str| name.starts_with("lspci") && !name.starts_with("lspci-tree");
    let parts = entries(folder);
    let others: Vec<PathBuf> = parts
        .iter()
        .filter(|path| {
            let name = named(path);
            name.ends_with(".bin") || name == "dmesg.txt" || name == "iommu-groups.txt"
        })
        .cloned()
        .collect();
    for dump in parts.iter().filter(|path| is_dump(&named(path))) {
        let inputs: Vec<Input> = std::iter::once(dump)
            .chain(&others)
            .cloned()
            .map(Input::Path)
            .collect();
        let import = import(&inputs);
        if !import.errors.is_empty() {
            return Err(format!("{:?}", import.errors).into());
        }
        let both = compared(&import.capture);
        let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for conflict in &import.capture.manifest.conflicts {
            differences
                .entry(conflict.fact.clone())
                .or_default()
                .push(format!(
                    "{}: {} / {}",
                    conflict.function.as_deref().unwrap_or("host"),
                    conflict.kept,
                    conflict.other
                ));
        }
        say(&format!(
            "{machine}/{}: {} functions, {both} of them also in the log, {} differences",
            named(dump),
            import.capture.functions.len(),
            import.capture.manifest.conflicts.len()
        ));
        let mut unexplained: Vec<String> = Vec::new();
        for (fact, places) in differences {
            let explained = EXPLAINED
                .iter()
                .any(|entry| entry.0 == machine && entry.1 == fact && entry.2 == places.len());
            if !explained {
                let first: Vec<&String> = places.iter().take(3).collect();
                unexplained.push(format!("{fact} ({} places): {first:?}", places.len()));
            }
        }
        if !unexplained.is_empty() {
            return Err(unexplained.join("\n").into());
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what was compared is shown")]
fn say(line: &str) {
    println!("{line}");
}

/// Functions of which the log gave a fact that no other part gave first, or agreed with.
fn compared(capture: &Capture) -> usize {
    let is_log = |method: Method| method == Method::KernelLog;
    let from_log = capture.functions.values().filter(|record| {
        let facts = &record.properties;
        facts
            .config_lines
            .iter()
            .any(|lines| lines.source.starts_with("dmesg"))
            || facts
                .iommu_group
                .as_ref()
                .is_some_and(|group| is_log(group.origin.method))
    });
    from_log.count()
}
