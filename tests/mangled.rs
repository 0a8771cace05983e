//! Mangled texts: cut, shuffled, with flipped bytes, one machine's behind another's.
//!
//! Whatever is done to a text, reading it ends, and no fact comes out that the text did not
//! hold: a fact may get lost, or carry what its own line now says, and nothing else.
//!
//! The texts are some of our own, and those of the folder in `ASSIGNABLE_EXTRA_CORPUS`; without
//! it their trials are reported as ignored.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and the environment"
)]
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

#[path = "support/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use assignable::capture::{Capture, FunctionProperties};
use assignable::import::{Input, import};
use libtest_mimic::{Arguments, Failed, Trial};

use files::below;

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// Folders of texts, and how many of each are mangled: the smallest of different sizes.
const KINDS: &[(&str, usize)] = &[
    ("lspci-text", 4),
    ("lspci-groups", 4),
    ("lspci-hex", 3),
    ("lspci-pciutils", 3),
    ("groups", 4),
    ("dmesg", 4),
    ("machines", 4),
];
/// Cuts of one text at most; they are spread over it.
const CUTS: usize = 120;

/// Own texts of the other forms. Where a function is one line, its lines may be shuffled; of XML
/// neither lines nor bytes stand alone.
const OWN: &[(&str, &str, &[&str])] = &[
    (
        "lspci -mm",
        "00:00.0 \"0600\" \"8086\" \"3ec2\" -r07 \"1028\" \"0869\"\n\
         00:01.0 \"0604\" \"8086\" \"1901\" -r07 -p00 \"\" \"\"\n\
         01:00.0 \"0200\" \"8086\" \"1521\" -r01 -p00 \"8086\" \"5002\"\n\
         01:00.1 \"Ethernet controller [0200]\" \"Intel Corporation [8086]\" \"I350 [1521]\" -r01 \"Intel [8086]\" \"X [5002]\"\n",
        &["cut", "flipped", "shuffled", "behind another"],
    ),
    (
        "pvesh",
        "│ class    │ device │ id           │ iommugroup │ vendor │ device_name │\n\
         │ 0x060000 │ 0x3ec2 │ 0000:00:00.0 │          0 │ 0x8086 │ Host Bridge │\n\
         │ 0x020000 │ 0x1521 │ 0000:01:00.0 │         13 │ 0x8086 │ I350        │\n\
         │ 0x030000 │ 0x1eb8 │ 0000:02:00.0 │         -1 │ 0x10de │ TU104GL     │\n",
        &["cut", "flipped", "shuffled", "behind another"],
    ),
    (
        "pciconf",
        "hostb0@pci0:0:0:0:\tclass=0x060000 card=0x08691028 chip=0x3ec28086 rev=0x07 hdr=0x00\n\
         igb0@pci0:1:0:0:\tclass=0x020000 card=0x50028086 chip=0x15218086 rev=0x01 hdr=0x00\n\
         none1@pci0:2:0:0:\tclass=0x030000 card=0x12a210de chip=0x1eb810de rev=0xa1 hdr=0x00\n",
        &["cut", "shuffled", "behind another"],
    ),
    (
        "lspci -vmm",
        "Slot:\t00:00.0\nClass:\t0600\nVendor:\t8086\nDevice:\t3ec2\nRev:\t07\n\n\
         Slot:\t01:00.0\nClass:\t0200\nVendor:\t8086\nDevice:\t1521\nSVendor:\t8086\nSDevice:\t5002\nRev:\t01\nProgIf:\t00\nDriver:\tigb\nNUMANode:\t1\nIOMMUGroup:\t13\n\n",
        &["cut", "flipped", "behind another"],
    ),
    (
        "esxcli",
        "0000:00:00.0\n   Address: 0000:00:00.0\n   Vendor ID: 0x8086\n   Device ID: 0x0e00\n   Device Class: 0x0600\n\n\
         0000:02:00.0\n   Address: 0000:02:00.0\n   Vendor ID: 0x8086\n   Device ID: 0x1521\n   Device Class: 0x0200\n   Programming Interface: 0x00\n   Module Name: igbn\n\n",
        &["cut", "flipped", "behind another"],
    ),
    (
        "virsh nodedev-dumpxml",
        "<device>\n  <driver>\n    <name>vfio-pci</name>\n  </driver>\n  <capability type='pci'>\n    <class>0x030000</class>\n    <domain>0</domain>\n    <bus>1</bus>\n    <slot>0</slot>\n    <function>0</function>\n    <product id='0x1eb8'>TU104GL</product>\n    <vendor id='0x10de'>NVIDIA</vendor>\n    <iommuGroup number='13'>\n      <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n    </iommuGroup>\n  </capability>\n</device>\n",
        &["cut", "behind another"],
    ),
];

type Mangle = fn(&[u8]) -> Result<(), Failed>;

/// The ways to mangle, by name.
const WAYS: &[(&str, Mangle)] = &[
    ("cut", cut),
    ("flipped", flipped),
    ("shuffled", shuffled),
    ("behind another", behind_another),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = OWN.iter().flat_map(own_trials).collect();
    trials.push(Trial::test(
        "an invented fact is noticed",
        an_invented_fact_is_noticed,
    ));
    match std::env::var_os(VARIABLE) {
        Some(root) => trials.extend(corpus_trials(Path::new(&root))),
        None => trials.push(Trial::test("mangled", || Ok(())).with_ignored_flag(true)),
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn own_trials((name, text, ways): &'static (&str, &str, &[&str])) -> Vec<Trial> {
    let chosen = WAYS.iter().filter(|(way, _)| ways.contains(way));
    chosen
        .map(|&(way, mangle)| {
            Trial::test(format!("{name}, {way}"), move || {
                let functions = imported(text.as_bytes().to_vec()).functions.len();
                match functions {
                    0 => Err("no function in the whole text".into()),
                    _ => mangle(text.as_bytes()),
                }
            })
        })
        .collect()
}

/// The check itself: a text with another driver, group, id or function than the original fails.
fn an_invented_fact_is_noticed() -> Result<(), Failed> {
    let text = OWN[3].1;
    let original = facts(&imported(text.into()));
    for (from, to) in [
        ("igb", "e1000e"),
        ("IOMMUGroup:\t13", "IOMMUGroup:\t14"),
        ("Device:\t1521", "Device:\t1522"),
        ("Slot:\t01:00.0", "Slot:\t02:00.0"),
        ("Rev:\t07", "Rev:\t07\nDriver:\tx"),
    ] {
        let other = facts(&imported(text.replace(from, to).into_bytes()));
        if nothing_invented(&original, &other, &BTreeSet::new(), from).is_ok() {
            return Err(format!("'{to}' in place of '{from}' goes unnoticed").into());
        }
    }
    Ok(())
}

fn corpus_trials(root: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(kind, count) in KINDS {
        let mut files = below(&root.join(kind));
        files.sort_by_key(|path| (fs::metadata(path).unwrap().len(), path.clone()));
        let step = (files.len() / count / 2).max(1);
        for path in files.into_iter().step_by(step).take(count) {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            for &(how, mangle) in WAYS {
                let path = path.clone();
                trials.push(Trial::test(format!("{name}, {how}"), move || {
                    mangle(&fs::read(&path).unwrap())
                }));
            }
        }
    }
    trials
}

fn imported(bytes: Vec<u8>) -> Capture {
    let name = "text.txt".to_owned();
    import(&[Input::Bytes { name, bytes }]).capture
}

/// Facts about one function by name, each with the line that says it where there is one.
type Facts = BTreeMap<String, (String, Option<u64>)>;

/// Everything that a capture says about functions: reported facts, and known bits by byte.
fn facts(capture: &Capture) -> BTreeMap<String, Facts> {
    let mut all = BTreeMap::new();
    for (at, record) in &capture.functions {
        let mut facts = Facts::new();
        let mut properties = record.properties.clone();
        let lines = std::mem::take(&mut properties.config_lines);
        // The words of a name may be cut; it decides nothing.
        properties.name = None;
        reported(&properties, &mut facts);
        let config = &record.config;
        for (offset, &byte) in config.bytes().iter().enumerate() {
            let offset = u16::try_from(offset).unwrap();
            let known = config
                .known_mask()
                .map_or(0xff, |mask| mask[usize::from(offset)]);
            let line = lines.iter().find_map(|lines| lines.line_of(offset));
            for bit in (0..8).filter(|bit| known & 1 << bit != 0) {
                let value = (byte >> bit & 1).to_string();
                facts.insert(
                    format!("config {offset:#05x} bit {bit}"),
                    (value, line.map(u64::from)),
                );
            }
        }
        all.insert(at.to_string(), facts);
    }
    all
}

fn reported(properties: &FunctionProperties, facts: &mut Facts) {
    let value = serde_json::to_value(properties).unwrap();
    let mut add = |name: String, fact: &serde_json::Value| {
        let line = fact["origin"]["line"].as_u64();
        facts.insert(name, (fact["value"].to_string(), line));
    };
    for (name, fact) in value.as_object().unwrap() {
        match fact.as_array() {
            // A resource is a fact under its index; its size and address are told together.
            Some(list) => {
                for fact in list {
                    add(format!("{name} {}", fact["value"]["index"]), fact);
                }
            }
            None => add(name.clone(), fact),
        }
    }
}

/// Fails for a fact that the original lacks, unless its own line was changed.
fn nothing_invented(
    original: &BTreeMap<String, Facts>,
    mangled: &BTreeMap<String, Facts>,
    changed: &BTreeSet<u64>,
    what: &str,
) -> Result<(), Failed> {
    for (at, facts) in mangled {
        let known = original.get(at);
        for (name, (value, line)) in facts {
            let before = known.and_then(|facts| facts.get(name));
            let same =
                before.is_some_and(|(known, _)| known == value) || is_less(known, name, value);
            let own = line.is_some_and(|line| changed.contains(&line));
            if !same && !own {
                return Err(format!(
                    "{what}: {at} {name} is {value} (line {line:?}), not {before:?}"
                )
                .into());
            }
        }
    }
    Ok(())
}

/// Whether a fact says the same as one of the original, only less: a class without its
/// interface; a BAR before the kernel had a place for it, as an earlier line of a log says.
fn is_less(known: Option<&Facts>, name: &str, value: &str) -> bool {
    let class = || known?.get("class")?.0.parse::<u32>().ok();
    match name {
        "base_class" => class().is_some_and(|class| (class >> 8).to_string() == value),
        _ if name.starts_with("resources") => value.contains("\"unassigned\":true"),
        _ => false,
    }
}

/// Cut at every 97th byte, as far as the bound goes.
fn cut(text: &[u8]) -> Result<(), Failed> {
    let capture = imported(text.to_vec());
    let original = facts(&capture);
    let dumped = capture.functions.iter().filter(|(_, record)| {
        let lines = &record.properties.config_lines;
        lines.iter().any(|lines| lines.bytes_per_line > 0)
    });
    let in_hex: BTreeSet<String> = dumped.map(|(at, _)| at.to_string()).collect();
    let places: Vec<usize> = (0..text.len()).step_by(97).collect();
    for &end in places.iter().step_by(places.len().div_ceil(CUTS)) {
        let mut short = facts(&imported(text[..end].to_vec()));
        // Hex lines set words aside; cut before these lines, the words are all there is.
        for (at, facts) in &mut short {
            let known = original.get(at).filter(|_| in_hex.contains(at));
            facts.retain(|name, _| {
                let unknown = known.is_some_and(|known| !known.contains_key(name));
                !(unknown && name.starts_with("config "))
            });
        }
        // In a log the last word about a resource stands; an earlier one is there all the same.
        for facts in short.values_mut() {
            facts.retain(|name, (value, line)| {
                !(name.starts_with("resources") && says(text, *line, value))
            });
        }
        nothing_invented(
            &original,
            &short,
            &BTreeSet::new(),
            &format!("cut at byte {end}"),
        )?;
    }
    Ok(())
}

/// Whether a line of a log holds the first address of a resource.
fn says(text: &[u8], line: Option<u64>, resource: &str) -> bool {
    let Ok(resource) = serde_json::from_str::<serde_json::Value>(resource) else {
        return false;
    };
    let (Some(start), Some(line)) = (resource["start"].as_str(), line) else {
        return false;
    };
    let line = text
        .split(|&byte| byte == b'\n')
        .nth(usize::try_from(line).unwrap() - 1);
    let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
    line.contains("[mem 0x") && line.contains(start.trim_start_matches("0x"))
}

/// One byte in every line flipped, in turn; the function that a header line names may change
/// with it, and what stands below it.
fn flipped(text: &[u8]) -> Result<(), Failed> {
    let original = facts(&imported(text.to_vec()));
    let mut random = Random(text.len() as u64 + 1);
    for round in 0..24 {
        let mut bytes = text.to_vec();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(7);
        let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        // A line that now ends early or late moves the numbers of those that follow.
        if bytes[at] == b'\n' || text[at] == b'\n' {
            continue;
        }
        let mangled = facts(&imported(bytes));
        // A damaged header gives its lines to the function before it, or to another address.
        let headers = header_lines(text);
        if headers.contains(&line) {
            known_values_only(
                &original,
                &mangled,
                &format!("round {round}, header at line {line}"),
            )?;
            continue;
        }
        let changed = BTreeSet::from([line]);
        nothing_invented(
            &original,
            &mangled,
            &changed,
            &format!("round {round}, byte {at}"),
        )?;
    }
    Ok(())
}

/// Lines with an address in them and no indentation.
fn header_lines(text: &[u8]) -> BTreeSet<u64> {
    (1..)
        .zip(text.split(|&byte| byte == b'\n'))
        .filter(|(_, line)| {
            line.windows(7)
                .any(|window| window[2] == b':' && window[5] == b'.')
        })
        .map(|(number, _)| number)
        .collect()
}

/// Whatever the order of the lines: each value was somewhere in the text.
fn shuffled(text: &[u8]) -> Result<(), Failed> {
    let original = facts(&imported(text.to_vec()));
    let mut random = Random(text.len() as u64);
    for round in 0..4 {
        let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        for index in (1..lines.len()).rev() {
            lines.swap(index, random.below(index + 1));
        }
        let mangled = facts(&imported(lines.join(&b'\n')));
        for (at, facts) in &mangled {
            let Some(known) = original.get(at) else {
                return Err(format!("round {round}: {at} does not exist").into());
            };
            for name in ["vendor", "device", "class"] {
                let pair = facts.get(name).zip(known.get(name));
                if pair.is_some_and(|(now, before)| now.0 != before.0) {
                    return Err(format!("round {round}: {name} of {at}").into());
                }
            }
        }
        known_values_only(&original, &mangled, &format!("round {round}"))?;
    }
    Ok(())
}

/// Each reported value is one that some function has in the original.
fn known_values_only(
    original: &BTreeMap<String, Facts>,
    mangled: &BTreeMap<String, Facts>,
    what: &str,
) -> Result<(), Failed> {
    let values: BTreeSet<(&str, &str)> = original
        .values()
        .flatten()
        .map(|(name, (value, _))| (kind(name), value.as_str()))
        .collect();
    for (at, facts) in mangled {
        for (name, (value, _)) in facts {
            // Which register lines of the wrong function fall into depends on their order.
            let exempt = name.starts_with("config ") || name.starts_with("resource");
            if !exempt && !values.contains(&(kind(name), value.as_str())) {
                let unknown_to_original = !original.contains_key(at);
                // The damaged line itself may name another function, driver or number.
                if !unknown_to_original && what.starts_with("round") && !what.contains("header") {
                    return Err(format!("{what}: {at} {name} is {value}").into());
                }
            }
        }
    }
    Ok(())
}

fn kind(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

/// Another machine's list of devices and log in front: the facts of the text behind it are its
/// own, or it is refused as a whole.
fn behind_another(text: &[u8]) -> Result<(), Failed> {
    const OTHER: &str = "00:00.0 Host bridge [0600]: Other [1022:ffee]\n\
        00:01.0 PCI bridge [0604]: Other [1022:ffed]\n\
        ff:1f.7 Host bridge [0600]: Other [1022:ffec]\n\n\
        [    0.0] Linux version 4.0.0 (other)\n\
        [    0.1] pci 0000:ff:1f.7: [1022:ffec] type 00 class 0x060000\n\
        [    0.2] pci 0000:ff:1f.7: Adding to iommu group 99\n\n";
    let other = facts(&imported(OTHER.as_bytes().to_vec()));
    let own = facts(&imported(text.to_vec()));
    let both = facts(&imported([OTHER.as_bytes(), text].concat()));
    for (at, facts) in &both {
        for (name, (value, _)) in facts {
            let from = |side: &BTreeMap<String, Facts>| {
                side.get(at)
                    .and_then(|facts| facts.get(name))
                    .is_some_and(|known| known.0 == *value)
            };
            if !from(&other)
                && !from(&own)
                && !is_less(own.get(at), name, value)
                && !is_less(other.get(at), name, value)
            {
                return Err(format!("{at} {name} is {value}").into());
            }
        }
    }
    Ok(())
}

/// A small generator with a fixed start: the same mangling each time (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}
