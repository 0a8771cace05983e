//! Emitted commands, read by those who know: a PowerShell grammar, libvirt's schema, QEMU.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, reads its environment, and runs tools"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assignable::analysis::Facts;
use assignable::corpus;
use assignable::host::Host;
use assignable::names::Names;
use assignable::report::emit::{EmitError, Target, emit};
use assignable::report::{Report, SimulationReport};
use assignable::rules;
use assignable::sim::assign::{self, Scenario};
use assignable::topology::Topology;
use libtest_mimic::{Arguments, Failed, Trial};

/// Names that break whatever quotes badly.
const NAMES: &[&str] = &[
    "Guest",
    "it's",
    "\u{2018}curly\u{2019} 'straight' \"double\"",
    "$(reboot) `whoami` $x; rm -rf ~ #",
    "a,b=c -- d",
    "<vm>&amp;]]>--",
    "日本語",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The commands of every scenario of the corpus that can be emitted for a target, with each
/// odd name in place of the VM's.
fn emitted(target: Target) -> Vec<(String, String)> {
    let hyperv = target == Target::PowerShell;
    let mut all = Vec::new();
    for name in [
        "dda-nvme",
        "k520-three",
        "assignment-windows",
        "assignment-linux",
    ] {
        let case = corpus::load_case(&root(), name).unwrap();
        let host = Host::from_capture(&case.capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let run = rules::run(&facts);
        let names = Names::built_in();
        let mut files: Vec<_> = std::fs::read_dir(root().join(name).join("scenarios"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for (file, number) in files.iter().zip(0..) {
            let text = std::fs::read_to_string(file).unwrap();
            let mut scenario = Scenario::parse(&text).unwrap();
            if scenario.platform.policy().is_hyperv() != hyperv {
                continue;
            }
            let odd = NAMES[number % NAMES.len()];
            rename(&mut scenario, odd);
            let policies = [scenario.platform.policy()];
            let report = Report {
                facts: &facts,
                run: &run,
                names: &names,
                policies: &policies,
            };
            let gates = rules::gates(&facts, &run, policies[0]);
            let simulation = assign::play(&facts, &scenario, &gates).unwrap();
            let findings = rules::judge(&simulation);
            let played = SimulationReport {
                title: scenario.title.as_deref(),
                simulation: &simulation,
                findings: &findings,
            };
            match emit(&report, &played, target) {
                Ok(text) => all.push((format!("{name}/{}", file.display()), text)),
                Err(EmitError::Name(_)) => {}
                Err(error) => panic!("{}: {error}", file.display()),
            }
        }
    }
    assert!(all.len() >= 10, "only {} scenarios", all.len());
    all
}

/// Renames the first VM of a scenario everywhere.
fn rename(scenario: &mut Scenario, name: &str) {
    let Some(old) = scenario.vm.first().map(|vm| vm.name.clone()) else {
        return;
    };
    let mut value = serde_json::to_value(&*scenario).unwrap();
    fn walk(value: &mut serde_json::Value, old: &str, new: &str) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    let named = matches!(key.as_str(), "vm" | "name");
                    match value {
                        serde_json::Value::String(text) if named && text == old => {
                            *text = new.to_owned();
                        }
                        other => walk(other, old, new),
                    }
                }
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(|v| walk(v, old, new)),
            _ => {}
        }
    }
    walk(&mut value, &old, name);
    *scenario = serde_json::from_value(value).unwrap();
}

/// Every script is free of syntax errors, and so are the commands that undo it. What Windows
/// PowerShell 5.1 does not know is not in it.
fn powershell() -> Result<(), Failed> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into())?;
    let mut check = |name: &str, text: &str| {
        let tree = parser.parse(text, None).expect("a tree");
        assert!(!tree.root_node().has_error(), "{name}:\n{text}");
    };
    check("a good script", "Set-VM -Name 'a' -StaticMemory\n");
    for (name, text) in emitted(Target::PowerShell) {
        check(&name, &text);
        if let Some((_, undo)) = text.split_once("# To undo all of it:\n") {
            let undo: Vec<&str> = undo
                .lines()
                .map(|line| line.strip_prefix("# ").expect("commented out"))
                .collect();
            check(&format!("{name}, undo"), &undo.join("\n"));
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let outside = line.split('\'').step_by(2).collect::<String>();
            assert!(
                !outside.contains("&&") && !outside.contains("||"),
                "{name}: {line}"
            );
        }
    }
    let bad = parser.parse("Set-VM -Name 'it's'\n", None).expect("a tree");
    assert!(bad.root_node().has_error(), "the check can fail");
    Ok(())
}

/// libvirt's own schema accepts every domain.
fn libvirt() -> Result<(), Failed> {
    let validate = |xml: &str| {
        let mut child = Command::new("xmllint")
            .args(["--noout", "--relaxng", SCHEMA, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(xml.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let mut domains = 0;
    for (name, text) in emitted(Target::Libvirt) {
        if text.is_empty() {
            continue;
        }
        // Several VMs are several documents.
        for domain in text.split_inclusive("</domain>\n") {
            let output = validate(domain);
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}: {message}\n{domain}");
            domains += 1;
        }
    }
    assert!(domains >= 5, "only {domains} domains");
    let bad = validate("<domain type='kvm'><name>x</name><nonsense/></domain>");
    assert!(!bad.status.success(), "the check can fail");
    Ok(())
}

/// QEMU knows every property of vfio-pci that is used, and a guest fails for nothing but the
/// device, which does not exist here.
fn qemu() -> Result<(), Failed> {
    let help = Command::new("qemu-system-x86_64")
        .args(["-device", "vfio-pci,help"])
        .output()?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let mut runs = 0;
    for (name, text) in emitted(Target::Qemu) {
        let devices = text
            .lines()
            .filter_map(|line| line.split_once("'vfio-pci,"));
        for (_, properties) in devices {
            let properties = properties.trim_end_matches(['\\', ' ', '\'']);
            for property in properties.split(',') {
                let key = property.split('=').next().unwrap();
                // Every device of QEMU has these two.
                let general = matches!(key, "id" | "bus");
                assert!(
                    general || help.contains(&format!("  {key}=")),
                    "{name}: {key}"
                );
            }
        }
        // What the simulation refuses, QEMU may refuse for that reason.
        if text.contains("# refused, ") {
            continue;
        }
        let Some(at) = text.find("\nqemu-system-x86_64") else {
            continue;
        };
        let (command, _) = text[at..].split_once("\n\n").unwrap_or((&text[at..], ""));
        let command: String = command
            .replace("accel=kvm", "accel=tcg")
            .replace("-cpu 'host'", "-cpu 'max'")
            .replace("'host,host-phys-bits=off,", "'max,")
            .lines()
            .filter(|line| !line.contains("if=pflash"))
            .map(|line| match line.contains("  -m '") {
                true => "  -m '512M' \\",
                false => line,
            })
            .collect::<Vec<_>>()
            .join("\n");
        let command = format!("{} -display none -monitor none -S", command.trim_end());
        let stderr = run(&command);
        assert!(
            stderr.contains("no such host device"),
            "{name}: {command}\n{stderr}"
        );
        runs += 1;
    }
    assert!(runs >= 3, "only {runs} command lines");
    Ok(())
}

/// Runs a command in a shell, and ends it where it goes on.
fn run(command: &str) -> String {
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec {}", command.trim_start())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A shell finds no syntax error.
fn shell() -> Result<(), Failed> {
    for target in [Target::Qemu, Target::Proxmox] {
        for (name, text) in emitted(target) {
            let mut child = Command::new("sh")
                .args(["-n"])
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            child.stdin.take().unwrap().write_all(text.as_bytes())?;
            let output = child.wait_with_output()?;
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}: {message}\n{text}");
        }
    }
    Ok(())
}

const SCHEMA: &str = "/usr/share/libvirt/schemas/domain.rng";

fn main() {
    let arguments = Arguments::from_args();
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    let has = |tool: &str| {
        let found = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        found.is_ok_and(|status| status.success())
    };
    let trial = |tool: &str, there: bool, name: &str, test: fn() -> Result<(), Failed>| {
        let wanted = required.split(',').any(|name| name == tool);
        assert!(
            there || !wanted,
            "ASSIGNABLE_REQUIRE names {tool}, which is not here"
        );
        Trial::test(name, test).with_ignored_flag(!there)
    };
    let schema = Path::new(SCHEMA).exists() && has("xmllint");
    let trials = vec![
        Trial::test("powershell parses", powershell),
        trial("sh", cfg!(unix), "shell scripts parse", shell),
        trial("libvirt", schema, "libvirt accepts the domains", libvirt),
        trial(
            "qemu",
            has("qemu-system-x86_64"),
            "qemu knows the options",
            qemu,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}
