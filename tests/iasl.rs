//! Every field that iasl prints of an ACPI table against ours: name, offset and value.
//!
//! The stored decodes and the tables are other people's and not part of the repository:
//! `ASSIGNABLE_EXTRA_CORPUS` names the folder that holds them. Tables without a stored decode
//! are decoded by an installed iasl. What is missing is reported as ignored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, reads files, and runs iasl"
)]

#[path = "support/files.rs"]
mod files;
#[path = "iasl/names.rs"]
mod names;
#[path = "iasl/ours.rs"]
mod ours;
#[path = "iasl/text.rs"]
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use assignable::decode::acpi::dmar::Dmar;
use assignable::decode::acpi::ivrs::Ivrs;
use assignable::import::{self, Input};
use files::below;
use libtest_mimic::{Arguments, Failed, Trial};

/// Facts compared, by table and structure.
type Counts = BTreeMap<String, usize>;

/// Signatures that both decode.
const COMPARED: &[&[u8]] = &[
    b"APIC", b"DMAR", b"FACP", b"HEST", b"IORT", b"IVRS", b"MCFG", b"SRAT",
];

/// Folders with whole machines, from which tables are taken that have no stored decode.
const MACHINES: &[&str] = &["acpidump", "acpi-fwts", "qemu", "machines"];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").map(PathBuf::from);
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    let required = |name: &str| required.split(',').any(|word| word == name);
    assert!(
        root.is_some() || !required("extra"),
        "ASSIGNABLE_REQUIRE names extra, but ASSIGNABLE_EXTRA_CORPUS is not set"
    );
    let installed = Command::new("iasl").arg("-v").output().is_ok();
    assert!(
        installed || !required("iasl"),
        "ASSIGNABLE_REQUIRE names iasl, but it is not installed"
    );
    let (stored, live, again) = (root.clone(), root.clone(), root.clone());
    let trials = vec![
        Trial::test("stored decodes have no unexplained difference", move || {
            compare_stored(&stored.unwrap())
        })
        .with_ignored_flag(root.is_none()),
        Trial::test(
            "an installed iasl says the same of other tables",
            move || compare_live(&live.unwrap()),
        )
        .with_ignored_flag(root.is_none() || !installed),
        Trial::test("DMAR and IVRS are encoded as they were read", move || {
            encode_again(&again.unwrap())
        })
        .with_ignored_flag(root.is_none()),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// Differences and what was compared, over many tables.
#[derive(Default)]
struct Comparison {
    tables: usize,
    counts: Counts,
    differences: BTreeSet<String>,
    explained: BTreeMap<&'static str, usize>,
    /// Tables that contradict themselves: iasl and we may read on at different places.
    damaged: BTreeMap<String, Damage>,
}

#[derive(Default)]
struct Damage {
    faults: Vec<String>,
    agree: usize,
    differ: usize,
}

impl Comparison {
    fn table(&mut self, name: &str, bytes: &[u8], decode: &str) {
        let facts = text::facts(decode);
        assert!(!facts.is_empty(), "{name}: the decode has no field");
        self.tables += 1;
        let ours = ours::Fields::of(bytes);
        if !ours.faults.is_empty() {
            let agree = facts.iter().filter(|fact| ours.check(fact).is_ok()).count();
            let damage = Damage {
                faults: ours.faults,
                agree,
                differ: facts.len() - agree,
            };
            self.damaged.insert(name.to_owned(), damage);
            return;
        }
        for fact in &facts {
            match ours.check(fact) {
                Ok(structure) => *self.counts.entry(structure).or_default() += 1,
                Err(difference) => match names::explained(bytes, fact) {
                    Some(why) => *self.explained.entry(why).or_default() += 1,
                    None => _ = self.differences.insert(format!("{name}: {difference}")),
                },
            }
        }
    }

    fn finish(
        self,
        least_tables: usize,
        least_facts: usize,
        most_damaged: usize,
    ) -> Result<(), Failed> {
        let facts: usize = self.counts.values().sum();
        println!("{} tables, {facts} facts agree:", self.tables);
        for (structure, count) in &self.counts {
            println!("{count:>8}  {structure}");
        }
        for (why, count) in &self.explained {
            println!("{count:>8}  explained: {why}");
        }
        for (name, damage) in &self.damaged {
            let Damage {
                faults,
                agree,
                differ,
            } = damage;
            println!("damaged: {name}: {agree} facts agree, {differ} do not");
            for fault in faults {
                println!("          {fault}");
            }
        }
        if self.damaged.len() > most_damaged {
            return Err("more tables are called damaged than there are".into());
        }
        if !self.differences.is_empty() {
            let shown: Vec<_> = self.differences.iter().take(60).cloned().collect();
            let count = self.differences.len();
            return Err(format!("{count} differences:\n{}", shown.join("\n")).into());
        }
        if self.tables < least_tables || facts < least_facts {
            return Err("fewer tables or facts than there should be".into());
        }
        Ok(())
    }
}

fn compare_stored(root: &Path) -> Result<(), Failed> {
    let mut comparison = Comparison::default();
    for folder in ["acpi", "acpi-qemu"] {
        for path in below(&root.join(folder)) {
            let name = path.to_str().unwrap();
            let Some(stem) = name.strip_suffix(".iasl.txt") else {
                continue;
            };
            let bytes = std::fs::read(format!("{stem}.bin")).unwrap();
            if !COMPARED.iter().any(|known| bytes.starts_with(known)) {
                continue;
            }
            let decode = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let short = path.strip_prefix(root).unwrap().display().to_string();
            comparison.table(&short, &bytes, &decode);
        }
    }
    comparison.finish(600, 40_000, 0)
}

fn compare_live(root: &Path) -> Result<(), Failed> {
    let mut tables: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for path in below(&root.join("acpi")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("FACP") && name.ends_with(".bin") {
            tables.insert(std::fs::read(&path).unwrap(), path.display().to_string());
        }
    }
    for folder in MACHINES {
        for path in below(&root.join(folder)) {
            let import = import::import(&[Input::Path(path.clone())]);
            for (name, bytes) in import.capture.tables {
                if COMPARED.iter().any(|known| bytes.starts_with(known)) {
                    let title = format!("{} of {}", name, path.display());
                    tables.entry(bytes).or_insert(title);
                }
            }
        }
    }
    let folder = std::env::temp_dir().join(format!("assignable-iasl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut comparison = Comparison::default();
    let mut refused = Vec::new();
    for (bytes, name) in &tables {
        let (input, output) = (folder.join("table.dat"), folder.join("table.dsl"));
        std::fs::write(&input, bytes).unwrap();
        let _ = std::fs::remove_file(&output);
        let _ = Command::new("iasl")
            .current_dir(&folder)
            .args(["-d", "table.dat"])
            .output()
            .unwrap();
        match std::fs::read(&output) {
            Ok(decode) if !text::facts(&String::from_utf8_lossy(&decode)).is_empty() => {
                comparison.table(name, bytes, &String::from_utf8_lossy(&decode));
            }
            _ => refused.push(name.clone()),
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    for name in refused {
        println!("iasl refuses {name}");
    }
    comparison.finish(200, 10_000, 10)
}

/// What was decoded of a real table without faults is encoded to the same bytes.
fn encode_again(root: &Path) -> Result<(), Failed> {
    let (mut tables, mut wrong) = (0, Vec::new());
    for folder in ["acpi", "acpi-qemu", "machines"] {
        for path in below(&root.join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            let encoded = match bytes.get(..4) {
                Some(b"DMAR") => Dmar::decode(&bytes).map(|table| table.value.encode()),
                Some(b"IVRS") => Ivrs::decode(&bytes).map(|table| table.value.encode()),
                _ => continue,
            };
            tables += 1;
            if encoded.as_deref() != Some(&bytes) {
                wrong.push(path.display().to_string());
            }
        }
    }
    println!("{tables} tables encoded to their bytes");
    if wrong.is_empty() && tables >= 340 {
        Ok(())
    } else {
        Err(format!("{tables} tables; other bytes: {wrong:?}").into())
    }
}
