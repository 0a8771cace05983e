//! Hyper-V, asked through a program in the place of PowerShell.

use std::fs;
use std::path::PathBuf;

use assignable::capture::{Capture, HyperV};
use assignable::collect::windows::hyperv::ARGUMENTS;

use crate::machines::MACHINES;
use crate::{Wine, windows_path};

/// The place of PowerShell in Wine.
fn place(wine: &Wine) -> PathBuf {
    let system = wine.prefix.join("drive_c/windows/system32");
    system.join("WindowsPowerShell/v1.0/powershell.exe")
}

/// What Wine has in that place, kept aside.
fn own(wine: &Wine) -> PathBuf {
    place(wine).with_extension("wine")
}

/// Captures with a program in the place of PowerShell that prints this; with a code, it fails.
fn ask(wine: &Wine, options: &[&str], answer: &str, code: Option<&str>) -> (PathBuf, Capture) {
    let (program, own) = (place(wine), own(wine));
    if !own.exists() {
        fs::copy(&program, &own).unwrap();
    }
    fs::copy(&wine.powershell, &program).unwrap();
    fs::write(wine.prefix.join("answer"), answer).unwrap();
    let _ = fs::remove_file(wine.prefix.join("asked"));
    let answer = windows_path(&wine.prefix.join("answer"));
    let asked = windows_path(&wine.prefix.join("asked"));
    let mut variables = vec![
        ("ASSIGNABLE_POWERSHELL_ANSWER", answer.as_str()),
        ("ASSIGNABLE_POWERSHELL_ASKED", asked.as_str()),
    ];
    variables.extend(code.map(|code| ("ASSIGNABLE_POWERSHELL_CODE", code)));
    let collected = wine.collect(options, &variables);
    fs::copy(&own, &program).unwrap();
    collected
}

/// Captures a machine of which PowerShell prints this, and looks at what PowerShell was asked.
pub(crate) fn collect(wine: &Wine, answer: &str) -> (PathBuf, Capture) {
    let collected = ask(wine, &[], answer, None);
    let asked = fs::read(wine.prefix.join("asked")).unwrap();
    let asked = String::from_utf8(asked).unwrap();
    let mut words = asked.split_terminator('\0');
    let modules = words.next().unwrap().to_ascii_lowercase();
    let expected = r"c:\windows\system32\windowspowershell\v1.0\modules";
    assert_eq!(modules, expected, "no modules of the user");
    let words: Vec<&str> = words.collect();
    assert_eq!(words, ARGUMENTS, "the command arrives as it is");
    let hyperv: HyperV = serde_json::from_slice(&collected.1.host[HyperV::NAME]).unwrap();
    let printed: serde_json::Value = serde_json::from_str(answer).unwrap();
    assert_eq!(serde_json::to_value(hyperv).unwrap(), printed["hyperv"]);
    collected
}

/// Where PowerShell gives no answer, the capture says why, and has the rest.
pub(crate) fn check_failures(wine: &Wine) {
    let machine = MACHINES.iter().find(|machine| machine.hyperv.is_some());
    let machine = machine.expect("a machine has the role");
    let answer = machine.hyperv.unwrap_or_default();
    wine.seed(Some(machine));
    let why = |capture: &Capture| {
        assert!(!capture.host.contains_key(HyperV::NAME));
        assert!(capture.devnodes.is_some());
        let failures = &capture.manifest.failures;
        let failure = failures.iter().find(|failure| failure.what == "Hyper-V");
        failure.expect("a reason").why.clone()
    };
    let (_, refused) = ask(wine, &["--no-hyperv"], answer, None);
    assert_eq!(why(&refused), "not asked: --no-hyperv");
    assert!(!wine.prefix.join("asked").exists(), "nothing was run");
    let (_, failed) = ask(wine, &[], answer, Some("5"));
    let said = "it failed with exit code: 5: a cmdlet failed";
    assert_eq!(why(&failed), said);
    let (_, garbage) = ask(wine, &[], "Access denied.", None);
    assert_eq!(why(&garbage), "PowerShell printed no JSON: Access denied.");
    // What Wine has in the place of PowerShell ends at once.
    let (_, empty) = wine.collect(&[], &[]);
    assert_eq!(why(&empty), "PowerShell printed nothing");
    fs::remove_file(place(wine)).unwrap();
    let (_, absent) = wine.collect(&[], &[]);
    fs::copy(own(wine), place(wine)).unwrap();
    let said = why(&absent).to_ascii_lowercase();
    assert!(
        said.contains(r"system32\windowspowershell\v1.0\powershell.exe:"),
        "{said}"
    );
}
