//! Cases of the corpus from the lab (`docs/lab.md`).
//!
//! `store OUT CASE TITLE [root|user]` makes a case of what a boot left in the folder OUT.
//! `check OUT CASE` compares a boot with the case that an earlier one made.
//! `ARCHIVE CASE` makes one from an archive of `/sys` and `/proc`; `case.toml` is written by hand.
//!
//! The truth is the partition that the kernel shows by its `iommu_group` links, and what VFIO
//! said when it was asked for each function.

#![allow(
    clippy::print_stdout,
    reason = "a tool of the lab tells what it compared"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assignable::analysis::Facts;
use assignable::batch::{self, Item, ItemKind, Outcome};
use assignable::capture::{self, Capture};
use assignable::corpus;
use assignable::host::Host;
use assignable::import::{self, Input};
use assignable::policy::Policy;
use assignable::rules;
use assignable::topology::Topology;
use assignable::verdict::Verdict;

type Done<T = ()> = Result<T, Box<dyn Error>>;

const USAGE: &str =
    "usage: lab-case store OUT CASE TITLE [root|user] | check OUT CASE | ARCHIVE CASE";

fn main() -> Done {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["store", out, case, title] => store(Path::new(out), Path::new(case), title, "root"),
        ["store", out, case, title, who @ ("root" | "user")] => {
            store(Path::new(out), Path::new(case), title, who)
        }
        ["check", out, case] => check(Path::new(out), Path::new(case)),
        [archive, case] => from_archive(PathBuf::from(archive), Path::new(case)),
        _ => Err(USAGE.into()),
    }
}

fn store(out: &Path, case: &Path, title: &str, who: &str) -> Done {
    let file = out.join(format!("{who}.zip"));
    let differences = capture::verify(&file)?;
    if !differences.is_empty() {
        return Err(format!("{}: {differences:?}", file.display()).into());
    }
    let capture = capture::load(&file)?;
    fs::create_dir_all(case)?;
    capture::to_zip_file(&capture, &case.join("capture.zip"))?;
    let vfio = vfio(&read(&out.join("vfio.txt"))?)?;
    write(&case.join("truth.json"), &truth(&capture, &vfio)?)?;
    let made = read(&out.join("made.txt"))?;
    let privilege = match who {
        "user" => ", captured by an ordinary user",
        _ => "",
    };
    let release = capture.manifest.os_release.as_deref().unwrap_or_default();
    let (title, special) = (format!("{title}{privilege}"), special(&capture, &vfio));
    let text = |text: &str| toml::Value::from(text).to_string();
    write(
        &case.join("case.toml"),
        &format!(
            "title = {}\norigin = \"lab\"\nmade = {}\nspecial = {}\ntruth_file = true\n",
            text(&title),
            text(&format!("{}; Linux {release}", made.trim())),
            text(&special),
        ),
    )
}

/// What the case is good for, in numbers.
fn special(capture: &Capture, vfio: &BTreeMap<String, String>) -> String {
    let functions = capture.functions.len();
    let groups = groups(capture).len();
    let opened = vfio.values().filter(|answer| *answer == "opened").count();
    format!(
        "{functions} functions in {groups} groups of a real kernel; VFIO handed out {opened} of {}.",
        vfio.len()
    )
}

/// A boot must show what the stored one showed: functions, groups, VFIO's answers, verdicts.
fn check(out: &Path, case: &Path) -> Done {
    let corpus = case.parent().unwrap_or(Path::new("."));
    let name = case.file_name().unwrap_or_default().to_string_lossy();
    let stored = corpus::load_case(corpus, &name)?;
    let mut wrong = Vec::new();
    for who in ["root", "user"] {
        let file = out.join(format!("{who}.zip"));
        let differences = capture::verify(&file)?;
        wrong.extend(differences.iter().map(|d| format!("{who}: {d}")));
        let fresh = capture::load(&file)?;
        if !fresh.functions.keys().eq(stored.capture.functions.keys()) {
            wrong.push(format!("{who}: other functions than in the case"));
        }
        if groups(&fresh) != groups(&stored.capture) {
            wrong.push(format!("{who}: other groups than in the case"));
        }
        if who == "root" {
            let (now, then) = (verdicts(&fresh), verdicts(&stored.capture));
            wrong.extend(
                now.iter()
                    .filter(|v| !then.contains(v))
                    .map(|v| format!("new: {v}")),
            );
            wrong.extend(
                then.iter()
                    .filter(|v| !now.contains(v))
                    .map(|v| format!("gone: {v}")),
            );
            let mut changed = 0;
            for (at, record) in &fresh.functions {
                let before = stored
                    .capture
                    .functions
                    .get(at)
                    .map(|record| &record.config);
                changed += usize::from(before != Some(&record.config));
            }
            println!(
                "{changed} of {} spaces differ from the case",
                fresh.functions.len()
            );
        } else if fresh
            .functions
            .values()
            .any(|record| record.config.extent() > 128)
        {
            wrong.push("an ordinary user read more than the header".to_owned());
        }
        // The collector's file as a customer would send it: predicted groups are the kernel's.
        let item = Item {
            name: who.to_owned(),
            path: file,
            kind: ItemKind::File,
        };
        batch::run(&[item], &Policy::ALL, |outcome: Outcome| -> Done {
            let result = outcome.result?;
            println!(
                "{who}: {} functions, compared {:?}",
                result.functions, result.compared
            );
            wrong.extend(result.mismatches.iter().map(|m| format!("{who}: {m}")));
            Ok(())
        })?;
    }
    let vfio = vfio(&read(&out.join("vfio.txt"))?)?;
    let known = stored.truth.vfio.iter();
    let known: BTreeMap<_, _> = known
        .map(|(at, o)| (at.to_string(), o.name().to_owned()))
        .collect();
    if vfio != known {
        wrong.push(format!("VFIO said {vfio:?}, and {known:?} before"));
    }
    if wrong.is_empty() {
        println!("{name}: as stored");
        return Ok(());
    }
    Err(wrong.join("\n").into())
}

fn verdicts(capture: &Capture) -> Vec<String> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let run = rules::run(&Facts::of(&host, &topology));
    let mut verdicts = Vec::new();
    for (id, function) in host.iter() {
        for policy in Policy::ALL {
            let verdict = Verdict::of(&run, policy, id).name();
            verdicts.push(format!("{} is {verdict} under {policy}", function.at));
        }
    }
    verdicts
}

/// `0000:01:00.0 opened`, `… not-viable`, `… refused set-iommu: EPERM`
fn vfio(text: &str) -> Done<BTreeMap<String, String>> {
    let mut answers = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let (Some(at), Some(answer)) = (words.next(), words.next()) else {
            return Err(format!("vfio.txt: '{line}' is no answer").into());
        };
        answers.insert(at.to_owned(), answer.to_owned());
    }
    Ok(answers)
}

fn from_archive(archive: PathBuf, case: &Path) -> Done {
    let imported = import::import(&[Input::Path(archive)]);
    if let Some(error) = imported.errors.into_iter().next() {
        return Err(error.into());
    }
    fs::create_dir_all(case)?;
    let folder = case.join("capture");
    if folder.join("manifest.json").is_file() {
        fs::remove_dir_all(&folder)?;
    }
    capture::to_folder(&imported.capture, &folder)?;
    let truth = truth(&imported.capture, &BTreeMap::new())?;
    write(&case.join("truth.json"), &truth)
}

/// The kernel's groups, in the order of their first members. A kernel that made none says
/// nothing about how it would have grouped.
fn groups(capture: &Capture) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (at, record) in &capture.functions {
        if let Some(group) = &record.properties.iommu_group {
            groups.entry(group.value).or_default().push(at.to_string());
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort();
    groups
}

fn truth(capture: &Capture, vfio: &BTreeMap<String, String>) -> Done<String> {
    let release = capture.manifest.os_release.as_deref();
    let release = release.unwrap_or("of unknown release");
    let source = match vfio.is_empty() {
        true => format!("Linux {release}, iommu_group links"),
        false => format!("Linux {release}, iommu_group links and answers of VFIO"),
    };
    let mut parts = vec![format!("  \"source\": {}", serde_json::to_string(&source)?)];
    let groups = groups(capture);
    if !groups.is_empty() {
        let lines: Result<Vec<_>, _> = groups.iter().map(serde_json::to_string).collect();
        let lines = lines?.join(",\n    ");
        parts.push(format!("  \"groups\": [\n    {lines}\n  ]"));
    }
    if !vfio.is_empty() {
        let lines = vfio
            .iter()
            .map(|(at, answer)| format!("\"{at}\": \"{answer}\""));
        let lines = lines.collect::<Vec<_>>().join(",\n    ");
        parts.push(format!("  \"vfio\": {{\n    {lines}\n  }}"));
    }
    Ok(format!("{{\n{}\n}}\n", parts.join(",\n")))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this tool reads what the lab left"
)]
fn read(path: &Path) -> Done<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[expect(clippy::disallowed_methods, reason = "this tool writes cases")]
fn write(path: &Path, text: &str) -> Done {
    Ok(fs::write(path, text)?)
}
