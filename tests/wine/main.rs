//! The Windows collector under Wine, on seeded machines.
//!
//! Wine keeps device nodes and their properties in its registry, so that a machine is a file
//! for `regedit`; so is a boot configuration. For PowerShell, of which Wine has but a shell, a
//! program of ours stands in. What else Wine lacks (ACPI tables, allocated resources) is tested
//! with fakes in the library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says which machine it runs"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the test runs a program and writes its files"
)]

mod machines;
mod powershell;
mod seed;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assignable::analysis::Facts;
use assignable::capture::{self, Capture, DeviceNodes, WindowsHost};
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::profile::Profile;
use assignable::rules;
use assignable::topology::{LocationPath, Topology};
use libtest_mimic::{Arguments, Failed, Trial};
use machines::{MACHINES, Machine};

/// What `.ci/run` has installed and built.
struct Wine {
    wine: String,
    collector: PathBuf,
    /// What stands in for PowerShell.
    powershell: PathBuf,
    prefix: PathBuf,
}

fn main() {
    let arguments = Arguments::from_args();
    let wine = wine();
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|word| word == "wine");
    let trial = Trial::test(
        "the_collector_reads_each_seeded_machine",
        move || match &wine {
            Some(wine) => all(wine),
            None => Err(Failed::from(
                "wine or ASSIGNABLE_WINDOWS_COLLECTOR is missing, and ASSIGNABLE_REQUIRE asks for wine",
            )),
        },
    );
    let absent = self::wine().is_none() && !required;
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(absent)]).exit();
}

/// The program and the collector, where both are there.
fn wine() -> Option<Wine> {
    let collector = PathBuf::from(std::env::var_os("ASSIGNABLE_WINDOWS_COLLECTOR")?);
    let powershell = PathBuf::from(std::env::var_os("ASSIGNABLE_WINDOWS_POWERSHELL")?);
    let wine = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"];
    let wine = wine.into_iter().find(|path| Path::new(path).is_file())?;
    let prefix = std::env::var_os("WINEPREFIX").map(PathBuf::from)?;
    collector.is_file().then(|| Wine {
        wine: wine.to_owned(),
        collector,
        powershell,
        prefix,
    })
}

/// One machine after the other: they share the registry.
fn all(wine: &Wine) -> Result<(), Failed> {
    for machine in MACHINES {
        println!("{}", machine.name);
        wine.seed(Some(machine));
        check(wine, machine);
    }
    powershell::check_failures(wine);
    wine.seed(None);
    Ok(())
}

impl Wine {
    fn run(&self, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(&self.wine)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .envs(variables.iter().copied())
            .arg(program)
            .args(arguments)
            .output()
            .expect("wine starts")
    }

    /// What the collector captures of the machine that is seeded.
    fn collect(&self, options: &[&str], variables: &[(&str, &str)]) -> (PathBuf, Capture) {
        let output = self.prefix.join("capture.zip");
        let _ = std::fs::remove_file(&output);
        let target = windows_path(&output);
        let arguments: Vec<&str> = options.iter().chain(&["-o", &target]).copied().collect();
        let run = self.run(self.collector.to_str().unwrap(), &arguments, variables);
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(0), "{said}");
        let capture = capture::load(&output).unwrap();
        (output, capture)
    }

    /// Makes the registry that of a machine, or of none.
    fn seed(&self, machine: Option<&Machine>) {
        let file = self.prefix.join("seed.reg");
        std::fs::write(&file, seed::registry_file(machine)).unwrap();
        let run = self.run("regedit", &["/S", &windows_path(&file)], &[]);
        assert!(run.status.success());
    }
}

fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

fn check(wine: &Wine, machine: &Machine) {
    let (output, raw) = match machine.hyperv {
        Some(answer) => powershell::collect(wine, answer),
        None => wine.collect(&[], &[]),
    };
    complete(
        machine,
        &DeviceNodes::parse(raw.devnodes.as_ref().unwrap()).unwrap(),
    );
    // What Wine cannot answer is named.
    let failed: Vec<&str> = raw
        .manifest
        .failures
        .iter()
        .map(|f| f.what.as_str())
        .collect();
    assert!(failed.contains(&"ACPI tables"), "{failed:?}");
    assert!(!failed.contains(&"Hyper-V"), "{failed:?}");
    let boot = machine.boot.is_empty();
    assert_eq!(failed.contains(&"boot options"), boot, "{failed:?}");
    let windows: WindowsHost = serde_json::from_slice(&raw.host[WindowsHost::NAME]).unwrap();
    let captured = windows.boot.iter();
    let captured: Vec<_> = captured.map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(captured, machine.boot, "{}", machine.name);
    let imported = import(&[Input::Path(output)]);
    assert!(imported.errors.is_empty(), "{:?}", imported.errors);
    let host = Host::from_capture(&imported.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let findings = rules::run(&facts);
    for expected in machine.expected {
        let name = format!("{}: {}", machine.name, expected.at);
        let id = host.find(expected.at.parse().unwrap()).expect(&name);
        let path = LocationPath::of(&host, &topology, id).map(|path| path.to_string());
        assert_eq!(path.as_deref(), Some(expected.path), "{name}");
        assert_eq!(host.device_state(id), Some(expected.state), "{name}");
        let answer = Profile::SurveyDda.answer(&facts, id).expect(&name);
        assert_eq!(answer.verdict, expected.script, "{name}: {answer:?}");
        let found: Vec<_> = findings
            .findings_of(id)
            .iter()
            .map(|f| f.rule().code)
            .collect();
        for code in expected.codes {
            assert!(found.contains(code), "{name}: {found:?}, wanted {code}");
        }
    }
    let found: Vec<_> = findings
        .host_findings()
        .iter()
        .map(|f| f.rule().code)
        .collect();
    for code in machine.host_codes {
        assert!(
            found.contains(code),
            "{}: {found:?}, wanted {code}",
            machine.name
        );
    }
}

/// Every seeded node is in the capture with every property and its type. Wine writes instance
/// ids in upper case.
fn complete(machine: &Machine, nodes: &DeviceNodes) {
    for seeded in machine.nodes {
        let node = nodes
            .find(seeded.id)
            .unwrap_or_else(|| panic!("{} is missing", seeded.id));
        for (group, id, seed) in seeded.properties {
            let key = format!("{} {id}", group.to_uppercase());
            let property = node.properties.get(&key);
            let property = property.unwrap_or_else(|| panic!("{}: {key} is missing", seeded.id));
            assert_eq!(property.kind, Some(seed.bytes().0), "{}: {key}", seeded.id);
        }
    }
}
