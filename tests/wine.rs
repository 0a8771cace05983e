//! The Windows collector under Wine, on seeded machines.
//!
//! Wine keeps device nodes and their properties in its registry, so that a machine is a file
//! for `regedit`. What Wine lacks (ACPI tables, allocated resources, Hyper-V) is tested with
//! fakes in the library.

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

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use assignable::analysis::Facts;
use assignable::capture::{self, DeviceNodes};
use assignable::host::{DeviceState, Host};
use assignable::import::{Input, import};
use assignable::profile::{Profile, ScriptVerdict};
use assignable::rules;
use assignable::topology::{LocationPath, Topology};
use libtest_mimic::{Arguments, Failed, Trial};

/// What `.ci/run` has installed and built.
struct Wine {
    wine: String,
    collector: PathBuf,
    prefix: PathBuf,
}

/// A device node as the registry holds it.
struct Node {
    id: &'static str,
    name: &'static str,
    properties: &'static [Property],
}

/// A property: format id and property id, type and value.
type Property = (&'static str, u32, Seed);

enum Seed {
    Number(u32),
    Truth(bool),
    List(&'static [&'static str]),
}

const PCI: &str = "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62}";
const DEVICE: &str = "{a45c254e-df1c-4efd-8020-67d146a850e0}";
const STATE: &str = "{4340a6c5-93fa-4706-972c-7b648008a5a7}";
const MORE: &str = "{540b947e-8b40-45bc-a8a2-6a0b894cbda2}";
const ROOT: &str = "{d817fc28-793e-4b9e-9970-469d8be63073}";

/// What a machine must come to: address, state, the script's verdict, our findings.
struct Expected {
    at: &'static str,
    path: &'static str,
    state: DeviceState,
    script: ScriptVerdict,
    codes: &'static [&'static str],
}

struct Machine {
    name: &'static str,
    nodes: &'static [Node],
    expected: &'static [Expected],
    host_codes: &'static [&'static str],
}

const ROOT_BUS: Node = Node {
    id: r"ACPI\PNP0A08\0",
    name: "PCI Express Root Complex",
    properties: &[
        (
            DEVICE,
            37,
            Seed::List(&["PCIROOT(0)", "ACPI(_SB_)#ACPI(PC00)"]),
        ),
        (ROOT, 17, Seed::Truth(true)),
    ],
};

const PORT: Node = Node {
    id: r"PCI\VEN_8086&DEV_6F08&SUBSYS_00000000&REV_01\3&11583659&0&18",
    name: "PCI Express Root Port",
    properties: &[
        (DEVICE, 23, Seed::Number(0)),
        (DEVICE, 30, Seed::Number(0x0003_0000)),
        (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)"])),
        (PCI, 1, Seed::Number(8)),
        (PCI, 3, Seed::Number(6)),
        (PCI, 4, Seed::Number(4)),
        (STATE, 3, Seed::Number(0)),
    ],
};

const SECOND_PORT: Node = Node {
    id: r"PCI\VEN_8086&DEV_6F0A&SUBSYS_00000000&REV_01\3&11583659&0&20",
    name: "PCI Express Root Port",
    properties: &[
        (DEVICE, 23, Seed::Number(0)),
        (DEVICE, 30, Seed::Number(0x0004_0000)),
        (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0400)"])),
        (PCI, 1, Seed::Number(13)),
    ],
};

const MACHINES: &[Machine] = &[
    Machine {
        name: "a server that is ready",
        nodes: &[
            ROOT_BUS,
            PORT,
            Node {
                id: r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
                name: "NVMe drive",
                properties: &[
                    (DEVICE, 23, Seed::Number(3)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(2)),
                    (PCI, 14, Seed::Number(5)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(false)),
                    (STATE, 3, Seed::Number(0)),
                    (MORE, 5, Seed::Truth(true)),
                ],
            },
        ],
        expected: &[Expected {
            at: "0000:03:00.0",
            path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
            state: DeviceState::Started,
            script: ScriptVerdict::Assignable,
            codes: &[],
        }],
        host_codes: &[],
    },
    Machine {
        name: "a dismounted drive and a phantom",
        nodes: &[
            ROOT_BUS,
            PORT,
            Node {
                id: r"PCIP\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
                name: "NVMe drive (dismounted)",
                properties: &[
                    (DEVICE, 23, Seed::Number(3)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
                    (STATE, 3, Seed::Number(0)),
                    (MORE, 5, Seed::Truth(true)),
                ],
            },
            Node {
                id: r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
                name: "NVMe drive",
                properties: &[(MORE, 5, Seed::Truth(false)), (STATE, 3, Seed::Number(45))],
            },
        ],
        expected: &[Expected {
            at: "0000:03:00.0",
            path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
            state: DeviceState::Dismounted,
            script: ScriptVerdict::NotAssignable,
            codes: &["DDA020", "DDA022"],
        }],
        host_codes: &["DDA039"],
    },
    Machine {
        name: "reserved memory and firmware control",
        nodes: &[
            PORT,
            SECOND_PORT,
            Node {
                id: r"PCI\VEN_103C&DEV_323B&SUBSYS_3354103C&REV_01\4&368722DD&0&0018",
                name: "RAID controller",
                properties: &[
                    (DEVICE, 23, Seed::Number(3)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(2)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(true)),
                    (STATE, 3, Seed::Number(0)),
                ],
            },
            Node {
                id: r"PCI\VEN_10DE&DEV_118A&SUBSYS_100D10DE&REV_A1\4&2A9B11C0&0&0020",
                name: "Graphics card",
                properties: &[
                    (DEVICE, 23, Seed::Number(4)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0400)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(5)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(false)),
                    (STATE, 3, Seed::Number(0)),
                ],
            },
        ],
        expected: &[
            Expected {
                at: "0000:03:00.0",
                path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
                state: DeviceState::Started,
                script: ScriptVerdict::NotAssignable,
                codes: &["RSV001"],
            },
            Expected {
                at: "0000:04:00.0",
                path: "PCIROOT(0)#PCI(0400)#PCI(0000)",
                state: DeviceState::Started,
                script: ScriptVerdict::NotAssignable,
                codes: &["DDA004"],
            },
        ],
        host_codes: &[],
    },
];

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
    let wine = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"];
    let wine = wine.into_iter().find(|path| Path::new(path).is_file())?;
    let prefix = std::env::var_os("WINEPREFIX").map(PathBuf::from)?;
    collector.is_file().then(|| Wine {
        wine: wine.to_owned(),
        collector,
        prefix,
    })
}

/// One machine after the other: they share the registry.
fn all(wine: &Wine) -> Result<(), Failed> {
    for machine in MACHINES {
        println!("{}", machine.name);
        wine.seed(machine, true);
        check(wine, machine);
        wine.seed(machine, false);
    }
    Ok(())
}

impl Wine {
    fn run(&self, program: &str, arguments: &[&str]) -> std::process::Output {
        Command::new(&self.wine)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .arg(program)
            .args(arguments)
            .output()
            .expect("wine starts")
    }

    /// Puts the nodes into the registry, or takes them out.
    fn seed(&self, machine: &Machine, add: bool) {
        let mut text = "\u{feff}Windows Registry Editor Version 5.00\r\n".to_owned();
        for node in machine.nodes {
            node.write(&mut text, add);
        }
        let file = self.prefix.join("seed.reg");
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(&file, bytes).unwrap();
        let path = format!("Z:{}", file.display()).replace('/', "\\");
        assert!(self.run("regedit", &["/S", &path]).status.success());
    }
}

impl Node {
    fn write(&self, text: &mut String, add: bool) {
        let key = format!(
            r"HKEY_LOCAL_MACHINE\System\CurrentControlSet\Enum\{}",
            self.id
        );
        if !add {
            let _ = write!(text, "\r\n[-{key}]\r\n");
            return;
        }
        let name = self.name;
        let _ = write!(
            text,
            "\r\n[{key}]\r\n\"ClassGUID\"=\"{{4d36e97d-e325-11ce-bfc1-08002be10318}}\"\r\n\
             \"DeviceDesc\"=\"{name}\"\r\n\"ConfigFlags\"=dword:00000000\r\n"
        );
        for (group, id, seed) in self.properties {
            let (kind, bytes) = seed.bytes();
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = write!(
                text,
                "\r\n[{key}\\Properties\\{group}\\{id:04x}]\r\n@=hex({:x}):{}\r\n",
                0xffff_0000_u32 | kind,
                digits.join(",")
            );
        }
    }
}

impl Seed {
    /// `DEVPROP_TYPE_` number and value (devpropdef.h).
    fn bytes(&self) -> (u32, Vec<u8>) {
        match self {
            Self::Number(number) => (0x07, number.to_le_bytes().to_vec()),
            Self::Truth(truth) => (0x11, vec![if *truth { 0xff } else { 0 }]),
            Self::List(texts) => {
                let text = format!("{}\0\0", texts.join("\0"));
                (
                    0x2012,
                    text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                )
            }
        }
    }
}

fn check(wine: &Wine, machine: &Machine) {
    let output = wine.prefix.join("capture.zip");
    let _ = std::fs::remove_file(&output);
    let target = format!("Z:{}", output.display()).replace('/', "\\");
    let run = wine.run(wine.collector.to_str().unwrap(), &["-o", &target]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}");
    let raw = capture::load(&output).unwrap();
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
