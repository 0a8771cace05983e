//! What lspci prints of configuration spaces against what we decode of the same bytes.
//!
//! Every corpus case is printed by an installed lspci from our own hex dump of it; so are the
//! dumps that `ASSIGNABLE_EXTRA_CORPUS` names, and, through a file system tree, the captures of
//! the lab. What is missing is reported as ignored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, reads files, and runs lspci"
)]

#[path = "lspci/compare.rs"]
mod compare;
#[path = "lspci/derived.rs"]
mod derived;
#[path = "lspci/exceptions.rs"]
mod exceptions;
#[path = "support/files.rs"]
mod files;
#[path = "lspci/rare.rs"]
mod rare;
#[path = "lspci/rules.rs"]
mod rules;
#[path = "lspci/stored.rs"]
mod stored;
#[path = "lspci/text.rs"]
mod text;
#[path = "lspci/vpd.rs"]
mod vpd;
#[path = "lspci/wordings.rs"]
mod wordings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use assignable::bytes::ConfigImage;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::import::{self, Input};
use assignable::names::Names;
use assignable::report::hex;
use compare::Outcome;
use files::below;
use libtest_mimic::{Arguments, Failed, Trial};
use text::Printed;

/// Machines whose lists are damaged on purpose: lspci reads on where Linux stops. What we make
/// of each damage has its own tests.
const DAMAGED: &[&str] = &["malformed-lists"];

/// Folders of texts with bytes.
const DUMPS: &[&str] = &["lspci-hex", "lspci-pciutils", "machines"];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").map(PathBuf::from);
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    let required = |name: &str| required.split(',').any(|word| word == name);
    let installed = Command::new("lspci").arg("--version").output().is_ok();
    assert!(
        installed || !required("lspci"),
        "ASSIGNABLE_REQUIRE names lspci, but it is not installed"
    );
    assert!(
        root.is_some() || !required("extra"),
        "ASSIGNABLE_REQUIRE names extra, but ASSIGNABLE_EXTRA_CORPUS is not set"
    );
    let without = !installed || root.is_none();
    let (dumps, lab, words) = (root.clone(), root.clone(), root);
    let trials = vec![
        Trial::test("corpus cases", compare_corpus).with_ignored_flag(!installed),
        Trial::test("dumps", move || compare_dumps(&dumps.unwrap())).with_ignored_flag(without),
        Trial::test("lab captures as trees", move || compare_lab(&lab.unwrap()))
            .with_ignored_flag(without),
        Trial::test("vital product data", vpd::compare).with_ignored_flag(!installed),
        Trial::test("stored texts", move || stored::compare(&words.unwrap()))
            .with_ignored_flag(without),
        Trial::test(
            "no exception touches what verdicts rest on",
            exceptions::are_harmless,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// Outcomes of many machines.
#[derive(Default)]
struct Total {
    machines: usize,
    functions: usize,
    outcome: Outcome,
    /// Exceptions met, with how often.
    excepted: BTreeMap<&'static str, usize>,
    /// How often a fact differs, and where first.
    differences: BTreeMap<String, (usize, String)>,
}

impl Total {
    /// What may stand before a colon.
    fn labels() -> Vec<&'static str> {
        let labels = rules::all().map(|rule| rule.label);
        let labels = labels.chain(derived::LABELS.iter().copied());
        labels.filter(|label| !label.is_empty()).collect()
    }

    /// Compares the functions of a machine with what lspci printed of them.
    fn machine(&mut self, name: &str, capture: &Capture, printed: &str) {
        self.machines += 1;
        for function in text::functions(printed, &Self::labels()) {
            let at = match function.at.matches(':').count() {
                1 => format!("0000:{}", function.at),
                _ => function.at.clone(),
            };
            let Some(record) = at.parse().ok().and_then(|at| capture.functions.get(&at)) else {
                panic!("{name}: lspci prints {at}, which we do not have");
            };
            self.function(name, &at, &function, &record.config);
        }
    }

    fn function(&mut self, name: &str, at: &str, printed: &Printed, config: &ConfigImage) {
        self.functions += 1;
        self.outcome.function(printed, config);
        for difference in std::mem::take(&mut self.outcome.differences) {
            match exceptions::find(name, &difference) {
                Some(why) => *self.excepted.entry(why).or_default() += 1,
                None => {
                    let compare::Difference {
                        structure,
                        what,
                        values: (theirs, ours),
                    } = difference;
                    let example = format!("{theirs} there, {ours} here ({name}, {at})");
                    let key = format!("{structure}: {what}");
                    self.differences.entry(key).or_insert((0, example)).0 += 1;
                }
            }
        }
    }

    fn finish(self, least_functions: usize, least_facts: usize) -> Result<(), Failed> {
        let facts: usize = self.outcome.facts.values().sum();
        println!(
            "{} machines, {} functions, {facts} facts agree:",
            self.machines, self.functions
        );
        for (structure, count) in &self.outcome.facts {
            println!("{count:>8}  {structure}");
        }
        for (why, count) in &self.excepted {
            println!("{count:>8}  exception: {why}");
        }
        for (what, count) in &self.outcome.unknown {
            println!("{count:>8}  not compared: {what}");
        }
        if !self.differences.is_empty() {
            let count = self.differences.len();
            let shown: Vec<_> = self
                .differences
                .iter()
                .map(|(what, (count, example))| format!("{count:>6} {what}: {example}"))
                .collect();
            return Err(format!("{count} differences:\n{}", shown.join("\n")).into());
        }
        if self.functions < least_functions || facts < least_facts {
            return Err("fewer functions or facts than there should be".into());
        }
        Ok(())
    }
}

/// What lspci prints of our own hex dump of a capture, and what we read of the same dump: bits
/// that only words told are not in it.
fn printed(capture: &Capture) -> (String, Capture) {
    let host = Host::from_capture(capture);
    let ids: Vec<_> = host.iter().map(|(id, _)| id).collect();
    let dump = hex::functions(&host, &Names::built_in(), &ids);
    let folder = std::env::temp_dir();
    let file = folder.join(format!(
        "assignable-lspci-{}-{:?}.txt",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&file, dump.text).unwrap();
    let text = lspci(&["-F", file.to_str().unwrap()]);
    let shown = import::import(&[Input::Path(file.clone())]).capture;
    std::fs::remove_file(&file).unwrap();
    (text, shown)
}

fn lspci(arguments: &[&str]) -> String {
    let output = Command::new("lspci")
        .args(arguments)
        .args(["-vvv", "-n", "-D"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn compare_corpus() -> Result<(), Failed> {
    let mut total = Total::default();
    for (name, case) in corpus::load_all(Path::new("corpus")).unwrap() {
        let capture = case.unwrap().capture;
        if DAMAGED.contains(&name.as_str()) {
            continue;
        }
        let (text, shown) = printed(&capture);
        total.machine(&name, &shown, &text);
    }
    total.finish(400, 100_000)
}

fn compare_dumps(root: &Path) -> Result<(), Failed> {
    let mut total = Total::default();
    let mut refused = Vec::new();
    for folder in DUMPS {
        for path in below(&root.join(folder)) {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if !name.contains("lspci") || name.contains("lspci-tree") {
                continue;
            }
            let import = import::import(&[Input::Path(path.clone())]);
            // lspci is shown the customer's own file first: what it says of it is noted.
            let own = lspci(&["-F", path.to_str().unwrap()]);
            let (text, shown) = printed(&import.capture);
            if own.trim().is_empty() && !text.trim().is_empty() {
                refused.push(name.clone());
            }
            total.machine(&name, &shown, &text);
        }
    }
    for name in refused {
        println!("lspci refuses {name}; it was given our own dump of it");
    }
    total.finish(600, 50_000)
}

fn compare_lab(root: &Path) -> Result<(), Failed> {
    let mut total = Total::default();
    let folder = std::env::temp_dir().join(format!("assignable-lab-{}", std::process::id()));
    for path in below(&root.join("qemu")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // The same machine under another kernel has the same bytes.
        if !name.ends_with(".tar.xz") || name.contains("-k") {
            continue;
        }
        std::fs::create_dir_all(&folder).unwrap();
        let unpacked = Command::new("tar")
            .args([
                "-xJf",
                path.to_str().unwrap(),
                "-C",
                folder.to_str().unwrap(),
            ])
            .output()
            .unwrap();
        assert!(unpacked.status.success(), "{name}");
        let bus = find(&folder, "sys/bus/pci").expect("a tree has a bus");
        let option = format!("sysfs.path={}", bus.display());
        let text = lspci(&["-A", "linux-sysfs", "-O", &option]);
        let import = import::import(&[Input::Path(path.clone())]);
        total.machine(&name, &import.capture, &text);
        std::fs::remove_dir_all(&folder).unwrap();
    }
    total.finish(500, 100_000)
}

/// The folder whose path ends so.
fn find(folder: &Path, end: &str) -> Option<PathBuf> {
    let wanted = folder.join(end);
    if wanted.is_dir() {
        return Some(wanted);
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
        .iter()
        .filter(|path| path.is_dir() && !path.is_symlink())
        .find_map(|path| find(path, end))
}
