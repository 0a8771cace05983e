//! Scenario files that are wrong, huge or odd: a clear message with file and line, never a
//! panic, and a schema that agrees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "scenarios are files")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::report::json;
use assignable::rules;
use assignable::sim::assign::{self, Scenario, Simulation};
use assignable::topology::Topology;
use jsonschema::Validator;
use proptest::prelude::*;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn machine(name: &str) -> Capture {
    corpus::load_case(&corpus(), name).unwrap().capture
}

/// Plays a scenario as `simulate` does; the message where it cannot be played.
fn play(capture: &Capture, scenario: &Scenario) -> Result<Simulation, String> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let gates = rules::gates(&facts, &run, scenario.platform.policy());
    let simulation = assign::play(&facts, scenario, &gates).map_err(|error| error.to_string())?;
    let findings = rules::judge(&simulation);
    let remarks: usize = simulation.steps.iter().map(|step| step.remarks.len()).sum();
    assert_eq!(findings.len(), remarks);
    Ok(simulation)
}

/// Line and message for a text that is no scenario.
fn wrong(text: &str) -> (usize, String) {
    let error = Scenario::parse(text).expect_err(text);
    (error.line, error.problem)
}

/// A text in front of what is wrong, so that a line that is made up would show.
const BEFORE: &str = "# comment\n\n[[vm]]\nname = 'a'\n\n[[vm]]\nname = 'b'\n\n";

#[test]
fn each_mistake_is_named_with_its_line() {
    for (text, line, part) in [
        ("[[vm]\nname = 'x'", 9, ""),
        ("[host]\nedition = 'pro'", 10, "edition"),
        ("[host]\naddress_bits = 300", 10, "300"),
        ("[host]\naddress_bits = 12", 9, "32 to 64"),
        ("[host]\nmitigation_driver = ['gpus']", 10, "gpus"),
        ("[[vm]]\nname = ''", 9, "name"),
        ("[[vm]]\ngeneration = 2", 9, "name"),
        ("[[vm]]\nname = 'x'\ncolour = 'red'", 9, "colour"),
        ("[[vm]]\nname = 'x'\ngeneration = 3", 9, "generation 3"),
        ("[[vm]]\nname = 'x'\ngeneration = -1", 9, "-1"),
        ("[[vm]]\nname = 'x'\nmemory = -4", 9, "-4"),
        ("[[vm]]\nname = 'x'\nmemory = '-4G'", 9, "amount of memory"),
        (
            "[[vm]]\nname = 'x'\nmemory = '99999999999999999999G'",
            9,
            "amount of memory",
        ),
        (
            "[[vm]]\nname = 'x'\nmemory = '16777216T'",
            9,
            "amount of memory",
        ),
        ("[[vm]]\nname = 'x'\naddress_bits = 53", 9, "32 to 52"),
        ("[[vm]]\nname = 'x'\naddress_bits = 256", 9, "256"),
        ("[[vm]]\nname = 'x'\nrunning = 'yes'", 9, "yes"),
        ("[[vm]]\nname = 7", 9, "string"),
        ("[[step]]\ndo = 'fly'", 10, "fly"),
        ("[[step]]\ndevice = 'gpu'", 9, "do"),
        ("[[step]]\ndo = 'disable'", 9, "device"),
        ("[[step]]\ndo = 'disable'\ndevice = 'gpus'", 9, "gpus"),
        (
            "[[step]]\ndo = 'disable'\ndevice = 'gpu'\nvm = 'a'",
            9,
            "vm",
        ),
        (
            "[[step]]\ndo = 'set'\nvm = 'a'\nhigh_mnio = '1G'",
            9,
            "high_mnio",
        ),
        (
            "[[step]]\ndo = 'set'\nvm = 'a'\naddress_bits = 60",
            9,
            "32 to 52",
        ),
        ("[[step]]\ndo = 'add-any'\nvm = 'a'\ncount = -1", 9, "-1"),
        (
            "[[step]]\ndo = 'add-any'\nvm = 'a'\ncount = 4294967296",
            9,
            "4294967296",
        ),
        ("[[step]]\ndo = 'restart-host'\nvm = 'a'", 9, "vm"),
    ] {
        let (found, problem) = wrong(&format!("{BEFORE}{text}"));
        let last = 8 + text.lines().count();
        assert!(
            (9..=last).contains(&found),
            "{text}: line {found}: {problem}"
        );
        assert!(
            found >= line || found == 9,
            "{text}: line {found}: {problem}"
        );
        assert!(problem.contains(part), "{text}: {problem}");
        assert!(
            !problem.contains('\n') || problem.lines().count() < 6,
            "{problem}"
        );
    }
    // At the top, where keys of no table stand.
    for text in [
        "title = ",
        "platform = 'hyperv-2012'",
        "expect_refusals = 'DDA061'",
        "\0",
        "\u{feff}[[[",
        "= 1",
        "step = 3",
        "vm = {}",
        "titel = 'x'",
        "a.b.c = 1",
    ] {
        assert_eq!(wrong(text).0, 1, "{text:?}");
    }
}

#[test]
fn what_the_capture_does_not_have_is_named_with_its_line() {
    let capture = machine("assignment-windows");
    for (text, expected) in [
        (
            "[[step]]\ndo = 'disable'\ndevice = '77:00.0'",
            "line 9: no device of the capture matches 0000:77:00.0",
        ),
        (
            "[[step]]\ndo = 'start'\nvm = 'c'",
            "line 9: the scenario has no virtual machine 'c'",
        ),
        (
            "[[step]]\ndo = 'start'\nvm = 'a'\n\n[[step]]\ndo = 'bind'\ndevice = 'nvme'",
            "line 13: step 2 does not exist under hyperv-2025",
        ),
        (
            "[host]\nrestart_needed = ['77:00.0']",
            "line 9: no device of the capture matches 0000:77:00.0",
        ),
        (
            "[[vm]]\nname = 'A'",
            "line 9: two virtual machines are called 'A'",
        ),
    ] {
        let scenario = Scenario::parse(&format!("{BEFORE}{text}")).unwrap();
        assert_eq!(play(&capture, &scenario).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn the_program_names_file_and_line() {
    let folder = std::env::temp_dir().join(format!("assignable-scenario-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let run = |name: &str, text: &[u8]| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_assignable"))
            .arg("simulate")
            .arg(corpus().join("lab-pxb-intel/capture"))
            .arg("--scenario")
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        assert!(message.contains(name), "{message}");
        assert!(message.len() < 2000, "{} bytes of message", message.len());
        message
    };
    assert!(run("syntax.toml", b"\n\n[[step]]\ndo = 'fly'\n").contains(": line 4: "));
    let nobody = b"\n[[vm]]\nname = 'a'\n[[step]]\ndo = 'disable'\ndevice = '77:00.0'\n";
    assert!(run("device.toml", nobody).contains(": line 4: no device"));
    assert!(run("bytes.toml", b"title = '\xff\xfe'\nx = 1\n").contains(": line 2: "));
    run("binary.toml", &[0x7f, b'E', b'L', b'F', 0, 1, 2, 3]);
    let mut long = b"[[step]]\ndo = 'start'\nvm = '".to_vec();
    long.extend(vec![b'x'; 1 << 20]);
    long.extend(b"'\n");
    assert!(run("long.toml", &long).contains(": line 1: "));
    let mut key = vec![b'k'; 1 << 20];
    key.extend(b" = 1\n");
    assert!(run("key.toml", &key).contains(": line 1: "));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nesting_without_end_and_files_without_end_are_refused() {
    for text in [
        format!("title = {}", "[".repeat(200_000)),
        format!("title = {}", "{a=".repeat(200_000)),
        "a.".repeat(200_000) + "b = 1",
        "[[step]]\n".repeat(2) + &"[".repeat(100_000),
    ] {
        let (line, problem) = wrong(&text);
        assert!(line >= 1 && problem.chars().count() <= 401, "{problem}");
    }
    let (_, problem) = wrong(&"#".repeat((16 << 20) + 1));
    assert!(problem.contains("bytes"), "{problem}");
}

/// The longest name, the largest numbers that can be written: played without a panic.
#[test]
fn extreme_values_are_played() {
    let name = "x".repeat(1 << 20);
    for platform in ["hyperv-2025", "vfio"] {
        let capture = machine(match platform {
            "vfio" => "assignment-linux",
            _ => "k520-three",
        });
        let take = match platform {
            "vfio" => "[[step]]\ndo = 'bind'\ndevice = 'gpu'\n",
            _ => {
                "[[step]]\ndo = 'disable'\ndevice = 'gpu'\n\
                  [[step]]\ndo = 'dismount'\ndevice = 'gpu'\nforce = true\n"
            }
        };
        for (memory, low, high, base, hint) in [
            ("16777215T", "16777215T", "16777215T", "16777215T", u64::MAX),
            ("0", "0", "0", "0", 0),
            ("0xffffffffffffffff", "1", "1", "0xffffffffffffffff", 1),
            ("1", "4G", "0xffffffffffffffff", "4G", 0x100_0000),
        ] {
            let hint = hint.min(i64::MAX as u64);
            let mut text = format!(
                "platform = '{platform}'\n[[vm]]\nname = '{name}'\nstop_action = 'turn-off'\n\
                 memory = '{memory}'\nlow_mmio = '{low}'\nhigh_mmio = '{high}'\n\
                 high_mmio_base = '{base}'\nmmio64_mb = {hint}\nhole64 = '{high}'\n\
                 address_bits = 52\n{take}"
            );
            for firmware in ["seabios", "ovmf"] {
                let _ = write!(
                    text,
                    "[[step]]\ndo = 'set'\nvm = '{name}'\nfirmware = '{firmware}'\n\
                     [[step]]\ndo = 'add'\ndevice = 'gpu'\nvm = '{name}'\n\
                     [[step]]\ndo = 'start'\nvm = '{name}'\n\
                     [[step]]\ndo = 'stop'\nvm = '{name}'\n"
                );
            }
            let scenario = Scenario::parse(&text).unwrap();
            let simulation = play(&capture, &scenario).unwrap();
            assert_eq!(simulation.vms[0].name.len(), 1 << 20);
        }
    }
}

/// Thousands of machines and steps take seconds, not hours; more than there may be are refused.
#[test]
fn thousands_of_machines_and_steps_are_played() {
    let capture = machine("dda-nvme");
    let mut text = String::new();
    for number in 0..5000 {
        let _ = write!(
            text,
            "[[vm]]\nname = 'vm{number}'\nstop_action = 'turn-off'\n"
        );
    }
    for number in (0..5000).rev() {
        let _ = write!(
            text,
            "[[step]]\ndo = 'start'\nvm = 'VM{number}'\n[[step]]\ndo = 'stop'\nvm = 'vm{number}'\n"
        );
    }
    let began = Instant::now();
    let scenario = Scenario::parse(&text).unwrap();
    let simulation = play(&capture, &scenario).unwrap();
    assert_eq!(simulation.steps.len(), 10_000);
    assert!(simulation.succeeds());
    assert_eq!(scenario.lines.vm[4999], 3 * 4999 + 1);
    assert_eq!(scenario.lines.step[9999], 3 * 14_999 + 1);
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
    let many = "[[step]]\ndo = 'restart-host'\n".repeat(100_001);
    assert!(wrong(&many).1.contains("100000 at most"));
    // One step on several devices counts as often.
    let wide = "[[step]]\ndo = 'disable'\ndevice = 'nvme'\n".repeat(60_000);
    let scenario = Scenario::parse(&wide).unwrap();
    let error = play(&capture, &scenario).unwrap_err();
    assert!(error.contains("more than 100000 steps"), "{error}");
}

fn validator() -> Validator {
    let schemas = json::v1::schemas();
    let (_, schema) = schemas
        .iter()
        .find(|(name, _)| *name == "scenario")
        .unwrap();
    let schema = serde_json::to_value(schema).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "the schema itself");
    jsonschema::validator_for(&schema).unwrap()
}

/// Every scenario of the corpus is valid, and what the reader refuses the schema refuses, as far
/// as it can say so.
#[test]
fn the_schema_accepts_what_is_read_and_refuses_what_is_not() {
    let validator = validator();
    let value = |text: &str| -> serde_json::Value { toml::from_str(text).unwrap() };
    let mut files = 0;
    for case in fs::read_dir(corpus()).unwrap() {
        let Ok(entries) = fs::read_dir(case.unwrap().path().join("scenarios")) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            Scenario::parse(&text).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&value(&text))
                .map(|error| error.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 52, "{files}");
    for text in [
        "titel = 'x'",
        "platform = 'hyperv-2012'",
        "vm = [{}]",
        "vm = [{ name = '' }]",
        "vm = [{ name = 'x', generation = 3 }]",
        "vm = [{ name = 'x', address_bits = 53 }]",
        "vm = [{ name = 'x', memory = '4 apples' }]",
        "vm = [{ name = 'x', running = 'yes' }]",
        "host = { address_bits = 12 }",
        "host = { edition = 'pro' }",
        "step = [{ do = 'fly' }]",
        "step = [{ do = 'disable' }]",
        "step = [{ do = 'add-any', vm = 'x', count = -1 }]",
    ] {
        assert!(Scenario::parse(text).is_err(), "{text}");
        assert!(!validator.is_valid(&value(text)), "the schema takes {text}");
    }
}

proptest! {
    /// Whatever bytes: an error with a line of the file, or a scenario that can be written as
    /// TOML and read again.
    #[test]
    fn any_text_is_read_or_refused(text in any_text()) {
        match Scenario::parse(&text) {
            Ok(scenario) => {
                let again = toml::to_string(&scenario).unwrap();
                let mut again = Scenario::parse(&again).unwrap();
                again.lines = scenario.lines.clone();
                prop_assert_eq!(again, scenario);
            }
            Err(error) => {
                prop_assert!(error.line >= 1 && error.line <= 1 + text.matches('\n').count());
                prop_assert!(!error.problem.is_empty());
            }
        }
    }
}

/// Random characters, and lines of scenarios put together at random.
fn any_text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "[[vm]]",
        "[[step]]",
        "[host]",
        "name = 'a'",
        "name = 'b'",
        "do = 'start'",
        "do = 'set'",
        "vm = 'a'",
        "memory = '4G'",
        "memory = ''",
        "device = 'gpu'",
        "device = ''",
        "do = 'add'",
        "count = 9999999999",
        "generation = 1",
        "address_bits = 0",
        "running = true",
        "'",
        "\"\"\"",
        "[[",
        "= =",
        "do = 'dismount'",
        "force = true",
        "high_mmio = '0xffffffffffffffff'",
        "title = 1",
    ]);
    let lines = prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"));
    prop_oneof![any::<String>(), lines]
}
