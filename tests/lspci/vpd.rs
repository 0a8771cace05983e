//! Vital Product Data: what lspci prints of them against what we do, from a tree that is made for
//! it. Each of the data is there for one thing that a reader can get wrong.

use std::path::Path;
use std::process::Command;

use assignable::host::Host;
use assignable::import::{self, Input};
use assignable::names::Names;
use assignable::report::{self, Layout, Palette};
use libtest_mimic::Failed;

/// Keyword with its data.
fn keyword(name: &[u8; 2], data: &[u8]) -> Vec<u8> {
    [&name[..], &[u8::try_from(data.len()).unwrap()], data].concat()
}

/// Large resource with its tag.
fn large(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_le_bytes();
    [&[tag][..], &length, body].concat()
}

/// Identifier, read-only fields with a checksum that holds or does not, more resources.
fn data(name: &[u8], fields: &[Vec<u8>], holds: bool, spare: usize, rest: &[u8]) -> Vec<u8> {
    let mut body = fields.concat();
    body.extend(keyword(b"RV", &vec![0; 1 + spare]));
    let mut bytes = [large(0x82, name), large(0x90, &body)].concat();
    let at = bytes.len() - 1 - spare;
    let sum = bytes[..=at]
        .iter()
        .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    bytes[at] = sum.wrapping_neg().wrapping_add(u8::from(!holds));
    bytes.extend(rest);
    bytes
}

/// One function for each of the data.
fn samples() -> Vec<Vec<u8>> {
    let part = || vec![keyword(b"PN", b"MCX4121A-ACAT"), keyword(b"EC", b"A7")];
    let serial = keyword(b"SN", b"MT1640X00000\0");
    let known: Vec<Vec<u8>> = [
        b"PN", b"EC", b"MN", b"SN", b"V0", b"V9", b"VA", b"CC", b"FC", b"FN", b"NA", b"RM", b"Z0",
    ]
    .map(|name| keyword(name, b"value one"))
    .to_vec();
    let writable = [
        keyword(b"YA", b"asset \\ 7"),
        keyword(b"Y1", b"x"),
        keyword(b"RW", &[0; 40]),
    ];
    let end = [0x78];
    let odd = [
        keyword(b"V1", b"tab\there\x01\x7f"),
        keyword(b"CP", &[0x01, 0x10, 0x00, 0x20]),
        keyword(b"QQ", &[0xde, 0xad]),
        keyword(b"V2", b""),
    ];
    vec![
        data(b"CX4121A - ConnectX-4 LX SFP28", &part(), true, 0, &end),
        data(b"Adapter", &[part(), vec![serial]].concat(), true, 5, &end),
        data(b"Bad sum", &part(), false, 2, &end),
        data(b"All known", &known, true, 1, &end),
        data(b"Odd bytes\0", &odd, true, 0, &end),
        data(
            b"Writable",
            &part(),
            true,
            0,
            &[&large(0x91, &writable.concat())[..], &end].concat(),
        ),
        // Small and large resources without a meaning here.
        data(b"Unknown", &part(), true, 0, &[0x22, 1, 2]),
        data(b"Unknown", &part(), true, 0, &large(0x85, b"xx")),
        // What a device that was never written says.
        vec![0x00; 16],
    ]
}

/// Each sample below a function of its own, as Linux shows it.
fn tree(root: &Path) {
    for (index, vpd) in samples().iter().enumerate() {
        let folder = root.join(format!("sys/bus/pci/devices/0000:00:{index:02x}.0"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = vec![0; 256];
        config[..4].copy_from_slice(&[0xb3, 0x15, 0x15, 0x10]);
        config[6] = 0x10; // capability list
        config[0x0b] = 0x02; // network controller
        config[0x34] = 0x40;
        config[0x40] = 0x03; // Vital Product Data, the last one
        let resource = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(13);
        for (name, bytes) in [
            ("config", &config[..]),
            ("vpd", vpd),
            ("vendor", b"0x15b3\n"),
            ("device", b"0x1015\n"),
            ("class", b"0x020000\n"),
            ("irq", b"0\n"),
            ("resource", resource.as_bytes()),
        ] {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

/// Facts: the name of the product, each field, the end.
fn facts(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.map(|line| match line.split_once(' ') {
        // Our offset of a resource.
        Some((offset, rest)) if offset.starts_with('+') => rest,
        _ => line,
    });
    let fact = |line: &str| {
        let line = line.trim();
        let named = |title: &str| {
            line.strip_prefix(title)
                .map(|rest| rest.trim_start_matches(':').trim())
        };
        if let Some(name) = named("Product Name") {
            return Some(format!("name {name}"));
        }
        if let Some(kind) = line
            .strip_prefix("Unknown ")
            .filter(|kind| kind.contains(" resource type "))
        {
            return Some(kind.split(',').next()?.to_owned());
        }
        if line.starts_with('[') && line.get(3..5) == Some("] ") {
            return Some(line.trim_end_matches(':').trim().to_owned());
        }
        ["Read-only fields", "Read/write fields", "End"]
            .iter()
            .find(|title| line.trim_end_matches(':') == **title)
            .map(|title| (*title).to_owned())
    };
    lines.filter_map(fact).collect()
}

pub(crate) fn compare() -> Result<(), Failed> {
    let root = std::env::temp_dir().join(format!("assignable-vpd-{}", std::process::id()));
    tree(&root);
    let import = import::import(&[Input::Path(root.clone())]);
    let host = Host::from_capture(&import.capture);
    let layout = Layout {
        width: 120,
        palette: Palette::plain(),
        all: true,
    };
    let option = format!("sysfs.path={}", root.join("sys/bus/pci").display());
    let mut compared = 0;
    let mut differences = Vec::new();
    for (id, function) in host.iter() {
        let at = function.at.to_string();
        let printed = Command::new("lspci")
            .args([
                "-A",
                "linux-sysfs",
                "-O",
                &option,
                "-vvv",
                "-n",
                "-D",
                "-s",
                &at,
            ])
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
        let theirs = facts(&printed);
        let decoded = report::decode(&host, &Names::built_in(), layout, id, false);
        let (_, ours) = decoded.split_once("[vpd]").unwrap_or_default();
        let ours = facts(ours);
        compared += theirs.len();
        if theirs != ours {
            differences.push(format!("{at}: {theirs:#?} there, {ours:#?} here"));
        }
    }
    std::fs::remove_dir_all(&root).unwrap();
    println!("{compared} facts of Vital Product Data compared");
    if !differences.is_empty() {
        return Err(differences.join("\n").into());
    }
    match compared >= 55 && host.functions().len() == samples().len() {
        true => Ok(()),
        false => Err(format!("only {compared} facts").into()),
    }
}
