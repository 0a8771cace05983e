//! What is concluded about remapping, reserved memory and native control is what the kernel of
//! the same machine said.
//!
//! `ASSIGNABLE_EXTRA_CORPUS` names the folder that holds logs and machines; without it every
//! trial is reported as ignored. The lines are read here a second time, word by word and
//! without the library, and are compared with what the library makes of logs and tables.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and the environment"
)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what cannot be read fails the test, which prints what it compared"
)]

#[path = "support/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assignable::addr::Segment;
use assignable::analysis::Facts;
use assignable::analysis::native_control::Control;
use assignable::decode::acpi::device_scope::ScopeType;
use assignable::decode::acpi::dmar::Body;
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::iommu::TableKind;
use assignable::rules::{self, Sum};
use assignable::topology::Topology;
use libtest_mimic::{Arguments, Failed, Trial};

use files::entries;

const VARIABLE: &str = "ASSIGNABLE_EXTRA_CORPUS";

/// What must have been compared at least, over all units of a kind.
const FLOORS: &[(&str, &[(&str, usize)])] = &[
    (
        "dmesg",
        &[
            ("logs", 60),
            ("units", 60),
            ("reserved ranges", 25),
            ("unit registers", 60),
            ("AMD units", 15),
            ("DMA remapping", 65),
            ("interrupt remapping", 55),
            ("root buses", 125),
            ("entries of memory maps", 1_000),
            ("ranges in maps", 15),
            ("firmware bugs", 3),
        ],
    ),
    (
        "machines",
        &[
            ("logs", 14),
            ("units", 15),
            ("reserved ranges", 10),
            ("unit registers", 8),
            // Two Intel machines and one of Arm have both a log and tables.
            ("units of tables", 3),
            ("reserved ranges of tables", 2),
            ("interrupt sources of tables", 4),
            ("SMMUs of tables", 1),
            ("grouped functions", 20),
            ("DMA remapping", 16),
            ("interrupt remapping", 14),
            ("root buses", 25),
        ],
    ),
];

/// Differences: unit, what, and why.
const EXPLAINED: &[(&str, &str, &str)] = &[(
    "dmesg/Dell-Inc.-PowerEdge-T440.txt",
    "ranges in maps",
    "the range lies in ACPI NVS, of which this kernel (5.10) complains and current ones do not: \
     since 6.1 they take such an entry for a reserved one",
)];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os(VARIABLE).map(PathBuf::from);
    let mut trials = Vec::new();
    for &(kind, floors) in FLOORS {
        let ignored = root.is_none();
        let root = root.clone();
        let trial = Trial::test(format!("kernel lines of {kind}"), move || match &root {
            Some(root) => compare_all(root, kind, floors),
            None => Ok(()),
        });
        trials.push(trial.with_ignored_flag(ignored));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Each unit: its log, and every part of it.
fn units(root: &Path, kind: &str) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let found = entries(&root.join(kind)).into_iter().filter_map(|path| {
        if path.is_file() {
            return Some((path.clone(), vec![path]));
        }
        let log = path.join("dmesg.txt");
        let parts = entries(&path).into_iter().filter(|part| {
            let name = part.file_name().unwrap().to_str().unwrap();
            name == "lspci.txt" || name == "iommu-groups.txt" || name.ends_with(".bin")
        });
        let parts = parts.chain([log.clone()]).collect();
        log.exists().then_some((log, parts))
    });
    found.collect()
}

fn compare_all(root: &Path, kind: &str, floors: &[(&str, usize)]) -> Result<(), Failed> {
    let mut compared = BTreeMap::new();
    let mut wrong = Vec::new();
    for (log, parts) in units(root, kind) {
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        let title = log.strip_prefix(root).unwrap_or(&log).display().to_string();
        let differences = compare(&Lines::read(&text), &parts, &mut compared);
        let unexplained = differences.iter().filter(|text| {
            let explained = EXPLAINED.iter();
            let known = explained.filter(|entry| entry.0 == title && text.starts_with(entry.1));
            known.count() == 0
        });
        wrong.extend(unexplained.map(|text| format!("{title}: {text}")));
        for entry in EXPLAINED.iter().filter(|entry| entry.0 == title) {
            if !differences.iter().any(|text| text.starts_with(entry.1)) {
                wrong.push(format!(
                    "{title}: {} is explained and does not differ",
                    entry.1
                ));
            }
        }
    }
    println!("{kind}: {compared:?}");
    for &(what, least) in floors {
        let count = compared.get(what).copied().unwrap_or(0);
        if count < least {
            wrong.push(format!("{what}: {count} compared, {least} wanted"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// What a log says, read word by word.
#[derive(Debug, Default)]
struct Lines {
    /// Base and flags of units.
    units: BTreeSet<(u64, u64)>,
    reserved: BTreeSet<(u64, u64)>,
    /// Base, capability and extended capability register.
    registers: BTreeSet<(u64, u64, u64)>,
    amd_units: BTreeSet<String>,
    /// Names of Arm's units (`arm-smmu-v3.0.auto`).
    smmus: BTreeSet<String>,
    /// Number and unit of I/O APICs and timers.
    sources: BTreeSet<(&'static str, u64, u64)>,
    /// Entries of the memory map.
    map: usize,
    /// Ranges that the kernel found in no reserved entry of the memory map.
    outside_map: BTreeSet<(u64, u64)>,
    /// Messages that call something in the tables a bug of the firmware.
    bugs: usize,
    /// DMA is remapped: groups are made, or the kernel says so.
    remaps: bool,
    /// The last word on interrupt remapping.
    interrupts: Option<bool>,
    /// By the name of the root bridge: its bus, and what was granted and refused.
    bridges: BTreeMap<String, Bridge>,
}

#[derive(Debug, Default)]
struct Bridge {
    at: Option<(u32, u8)>,
    granted: BTreeSet<String>,
    refused: BTreeSet<String>,
}

fn hex(word: &str) -> Option<u64> {
    u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()
}

impl Lines {
    fn read(text: &str) -> Self {
        let mut lines = Self::default();
        let mut announced = None;
        // A line without its end may be cut.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in whole.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            // The word behind another, as a number.
            let after = |word: &str| {
                let at = words.iter().position(|other| *other == word)?;
                hex(words.get(at + 1)?)
            };
            let tagged = line.contains("DMAR:") || line.contains("IOMMU:");
            if tagged && line.contains("DRHD base: ") {
                lines.units.extend(after("base:").zip(after("flags:")));
            } else if tagged && line.contains("RMRR base: ") {
                lines.reserved.extend(after("base:").zip(after("end:")));
            } else if line.contains(": reg_base_addr ") {
                let all = (after("reg_base_addr"), after("cap"), after("ecap"));
                if let (Some(base), Some(cap), Some(ecap)) = all {
                    lines.registers.insert((base, cap, ecap));
                }
            } else if line.contains("AMD-Vi: Found IOMMU") {
                // `AMD-Vi: Found IOMMU at 0000:00:00.2`, or the address in front of the tag.
                let at = words.iter().find(|word| {
                    let word = word.trim_end_matches(':');
                    word.len() == 12 && word.ends_with(['.', '2', '0', '1']) && word.contains(':')
                });
                lines
                    .amd_units
                    .extend(at.map(|at| at.trim_end_matches(':').to_owned()));
            } else if line.contains(" under DRHD base") {
                let kind = if line.contains("IOAPIC id") {
                    "IOAPIC"
                } else {
                    "HPET"
                };
                let id = words.iter().position(|word| *word == "id");
                let id = id.and_then(|at| words.get(at + 1)?.parse().ok());
                if let (Some(id), Some(base)) = (id, after("base")) {
                    lines.sources.insert((kind, id, base));
                }
            }
            // A debug console may quote the messages that it missed.
            let quoted = line.contains("missed message {");
            lines.map += usize::from(line.contains("BIOS-e820: [mem 0x") && !quoted);
            let marked = line.contains("[Firmware Bug]") || line.contains("[Firmware Warn]");
            let driver = line.contains("DMAR: ") || line.contains("AMD-Vi: ");
            // Older kernels have no mark (intel/dmar.c, warn_invalid_dmar; amd/init.c).
            let unmarked = line.contains("Your BIOS is broken; DMAR reported")
                || line.contains("Your BIOS is broken; bad RMRR")
                || line.contains("AMD-Vi: Can not reserve memory region");
            if marked && driver || unmarked {
                lines.bugs += 1;
                let range = line.split_once("can cover this RMRR [");
                let range = range.and_then(|(_, range)| range.split_once(']')?.0.split_once('-'));
                let range = range.and_then(|(start, last)| hex(start).zip(hex(last)));
                lines.outside_map.extend(range);
            }
            let smmu = words.iter().map(|word| word.trim_end_matches(':'));
            let smmu = smmu.filter(|word| word.starts_with("arm-smmu-") && word.ends_with(".auto"));
            lines.smmus.extend(smmu.map(str::to_owned));
            lines.remaps |= line.contains("dding to iommu group ")
                || line.contains("Virtualization Technology for Directed I/O")
                || line.contains("AMD-Vi: Found IOMMU");
            if line.contains("Enabled IRQ remapping")
                || line.contains("Interrupt remapping enabled")
            {
                lines.interrupts = Some(true);
            } else if line.contains("Failed to enable irq remapping")
                || line.contains("Disabling interrupt remapping")
                || line.contains("Not enabling interrupt remapping")
            {
                lines.interrupts = Some(false);
            }
            lines.bridge(line, &words, &mut announced);
        }
        lines
    }

    /// `ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-fe])`, and what follows about it.
    fn bridge(&mut self, line: &str, words: &[&str], announced: &mut Option<(u32, u8)>) {
        if line.contains("PCI Root Bridge [") {
            let number = |word: &str| {
                let at = line.find(word)? + word.len();
                let digits: String = line[at..]
                    .chars()
                    .take_while(char::is_ascii_hexdigit)
                    .collect();
                u32::from_str_radix(&digits, 16).ok()
            };
            let bus = number("[bus ").and_then(|bus| u8::try_from(bus).ok());
            *announced = number("(domain ").zip(bus);
            return;
        }
        let Some(at) = words.iter().position(|word| *word == "_OSC:") else {
            return;
        };
        let name = words[at - 1].trim_end_matches(':');
        if !name.starts_with("PNP0A0") {
            return;
        }
        let bridge = self.bridges.entry(name.to_owned()).or_default();
        if bridge.at.is_none() {
            bridge.at = announced.take();
        }
        let listed = line.split_once('[').and_then(|_| {
            let (_, list) = line.rsplit_once('[')?;
            list.split_once(']')
        });
        let named = listed
            .into_iter()
            .flat_map(|(list, _)| list.split_whitespace());
        let named = named.map(str::to_owned);
        if line.contains("OS now controls") {
            bridge.granted.extend(named);
        } else if line.contains("platform does not support") {
            bridge.refused.extend(named);
        } else if line.contains("platform retains control of PCIe features") {
            // Nothing at all is handed over (drivers/acpi/pci_root.c).
            let all = ["PCIeHotplug", "PME", "AER", "PCIeCapability"];
            bridge.refused.extend(all.map(str::to_owned));
        }
    }
}

/// Differences between lines and conclusions, which are counted in `compared`.
fn compare(
    lines: &Lines,
    parts: &[PathBuf],
    compared: &mut BTreeMap<&'static str, usize>,
) -> Vec<String> {
    let inputs: Vec<Input> = parts.iter().cloned().map(Input::Path).collect();
    let imported = import(&inputs);
    let mut wrong: Vec<String> = imported.errors.iter().map(|e| format!("{e:?}")).collect();
    let host = Host::from_capture(&imported.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let Some(log) = host.log() else {
        wrong.push("no log was read".to_owned());
        return wrong;
    };
    let mut count = |what, by| *compared.entry(what).or_default() += by;
    let mut same = |what: &'static str, read: String, concluded: String, by: usize| {
        count(what, by);
        if read != concluded {
            wrong.push(format!(
                "{what}: the lines say {read}, concluded was {concluded}"
            ));
        }
    };
    same("logs", String::new(), String::new(), 1);
    let said = &log.remapping;

    let units: BTreeSet<(u64, u64)> = said
        .units
        .iter()
        .map(|said| (said.value.base, said.value.flags.into()))
        .collect();
    same("units", show(&lines.units), show(&units), units.len());
    let reserved = said.reserved.iter().map(|said| said.value);
    let reserved: BTreeSet<(u64, u64)> = reserved.map(|r| (r.start(), r.last())).collect();
    same(
        "reserved ranges",
        show(&lines.reserved),
        show(&reserved),
        reserved.len(),
    );
    let registers: BTreeSet<(u64, u64, u64)> = said
        .registers
        .iter()
        .map(|said| &said.value)
        .map(|unit| (unit.base, unit.capability, unit.extended_capability))
        .collect();
    same(
        "unit registers",
        show(&lines.registers),
        show(&registers),
        registers.len(),
    );
    let amd: BTreeSet<String> = said
        .amd_units
        .iter()
        .map(|said| said.value.at.to_string())
        .collect();
    same("AMD units", show(&lines.amd_units), show(&amd), amd.len());

    // The captured table of the same machine, as resolved, beside what the kernel read in it.
    if let Some(dmar) = facts.dmar()
        && !lines.units.is_empty()
    {
        let units: BTreeSet<(u64, u64)> = facts
            .iommu
            .units()
            .iter()
            .map(|unit| (unit.base, unit.include_all.into()))
            .collect();
        same(
            "units of tables",
            show(&lines.units),
            show(&units),
            units.len(),
        );
        let bodies = || dmar.structures.iter().map(|structure| &structure.body);
        let reserved: BTreeSet<(u64, u64)> = bodies()
            .filter_map(|body| match body {
                Body::Rmrr(region) => Some((region.base, region.limit)),
                _ => None,
            })
            .collect();
        let count = reserved.len();
        same(
            "reserved ranges of tables",
            show(&lines.reserved),
            show(&reserved),
            count,
        );
        let sources: BTreeSet<(&str, u64, u64)> = bodies()
            .filter_map(|body| match body {
                Body::Drhd(unit) => Some(unit),
                _ => None,
            })
            .flat_map(|unit| unit.scopes.iter().map(move |scope| (scope, unit.base)))
            .filter_map(|(scope, base)| {
                let kind = match scope.kind {
                    ScopeType::IOAPIC => "IOAPIC",
                    ScopeType::HPET => "HPET",
                    _ => return None,
                };
                Some((kind, scope.enumeration_id.into(), base))
            })
            .collect();
        if !lines.sources.is_empty() {
            let count = sources.len();
            same(
                "interrupt sources of tables",
                show(&lines.sources),
                show(&sources),
                count,
            );
        }
    }

    if facts
        .iommu
        .tables()
        .iter()
        .any(|table| table.kind == TableKind::Iort)
        && !lines.smmus.is_empty()
    {
        let units = facts.iommu.units().len();
        same(
            "SMMUs of tables",
            lines.smmus.len().to_string(),
            units.to_string(),
            units,
        );
    }
    // What the kernel put into a group is covered by a unit of the captured table.
    if !facts.iommu.units().is_empty() {
        let grouped = || {
            host.iter()
                .filter(|(_, f)| f.reported.iommu_group.is_some())
        };
        let bare = grouped().filter(|(id, _)| facts.iommu.owner(*id).is_none());
        let bare: Vec<String> = bare.map(|(_, function)| function.at.to_string()).collect();
        same(
            "grouped functions",
            "[]".to_owned(),
            format!("{bare:?}"),
            grouped().count(),
        );
    }

    let run = rules::lint(&facts, &[rules::Part::Firmware], None);
    let answer = |code: &str| {
        let mut tallies = run.tallies();
        tallies
            .find(|(rule, _)| rule.code == code)
            .and_then(|(_, tally)| tally.sum())
    };
    if lines.remaps || !lines.units.is_empty() {
        let clean = answer("IOM001") == Some(Sum::Clean);
        same("DMA remapping", "true".to_owned(), clean.to_string(), 1);
    } else if facts.iommu.tables().is_empty() {
        // A log that says nothing of remapping proves nothing.
        let open = answer("IOM001") != Some(Sum::Clean) || facts.platform.groups_reported;
        same("silent logs", "true".to_owned(), open.to_string(), 1);
    }
    if let Some(remapped) = lines.interrupts {
        let wanted = if remapped { Sum::Clean } else { Sum::Fired };
        let concluded = answer("IOM002");
        same(
            "interrupt remapping",
            format!("{:?}", Some(wanted)),
            format!("{concluded:?}"),
            1,
        );
    }

    let bugs = said.firmware_bugs.len();
    same(
        "firmware bugs",
        lines.bugs.to_string(),
        bugs.to_string(),
        bugs,
    );
    let entries = log.memory.len();
    same(
        "entries of memory maps",
        lines.map.to_string(),
        entries.to_string(),
        entries,
    );
    if lines.map > 0 && !lines.reserved.is_empty() {
        // The rule looks for what the kernel looks for (intel/iommu.c, rmrr_sanity_check).
        let read = if lines.outside_map.is_empty() {
            Sum::Clean
        } else {
            Sum::Fired
        };
        let concluded = answer("RSV070");
        same(
            "ranges in maps",
            format!("{:?}", Some(read)),
            format!("{concluded:?}"),
            1,
        );
    }

    for (name, bridge) in &lines.bridges {
        let Some((segment, bus)) = bridge.at else {
            continue;
        };
        if bridge.granted.is_empty() && bridge.refused.is_empty() {
            continue;
        }
        let outcome = facts.native_control.of_bus(Segment(segment), bus);
        let names = [
            ("PCIeHotplug", Control::HOT_PLUG),
            ("PME", Control::PME),
            ("AER", Control::AER),
            ("PCIeCapability", Control::EXPRESS),
        ];
        let listed = |list: &BTreeSet<String>| {
            let known = names.iter().filter(|(name, _)| list.contains(*name));
            known.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let concluded = |control: Option<Control>| {
            let control = control.unwrap_or_default();
            let known = names.iter().filter(|(_, bit)| control.contains(*bit));
            known.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let read = (listed(&bridge.granted), listed(&bridge.refused));
        let ours = (
            concluded(outcome.map(|outcome| outcome.granted)),
            concluded(outcome.map(|outcome| outcome.refused)),
        );
        same(
            "root buses",
            format!("{name} {read:?}"),
            format!("{name} {ours:?}"),
            1,
        );
    }
    wrong
}

fn show<T: std::fmt::Debug>(set: &BTreeSet<T>) -> String {
    format!("{set:x?}")
}
