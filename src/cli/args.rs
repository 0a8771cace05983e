//! What was typed.

use std::path::PathBuf;

use super::guest_args::{MmioArgs, PlaceArgs, SimulateArgs};
use assignable::plan::Change;
use assignable::policy::Policy;
use assignable::profile::Profile;
use assignable::select::Selector;
use assignable::spec::linux::Series;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum, ValueHint};

/// Can this PCIe device be given to a virtual machine, and if not, exactly why?
///
/// Reads dumps that a customer sent; never touches a live host. Inputs are recognised by their
/// content: texts of lspci, acpidump and dmesg, sysfs trees (folder or tar), captures (folder or
/// zip). Several inputs are parts of one machine; `-` is standard input.
#[derive(Debug, Parser)]
#[command(name = "assignable", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Text for people, JSON for programs; some commands know others
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// When to use colours (NO_COLOR is honoured)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Columns of text output; default: the terminal's, or 120 where there is none
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(crate) width: Option<u16>,
    /// Names from this pci.ids file, or `system` for the system's own; default: built in
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) pci_ids: Option<String>,
    /// Say what was skipped while reading the inputs, line by line
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Panics on purpose, so that a test can see what happens
    #[arg(long, global = true, hide = true)]
    pub(crate) inject_panic: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Which devices can be assigned, which cannot, and why (the main command)
    Survey {
        #[command(flatten)]
        analysis: Analysis,
        /// List ports and bridges, and every note, too
        #[arg(long)]
        all: bool,
        /// Replay another tool's decision instead: `surveydda` (Microsoft's script) or `lisa`
        /// (Microsoft's test framework), quirks included
        #[arg(long, value_name = "PROFILE", value_parser = profile())]
        profile: Option<Profile>,
    },
    /// Everything about one device: path, isolation, interrupts, resets, BARs, evidence
    Explain {
        #[command(flatten)]
        analysis: Analysis,
        /// Address, location path, instance id, vendor:device, or class (gpu, nvme, network)
        #[arg(short, long, value_hint = ValueHint::Other, value_name = "DEVICE", required = true)]
        device: Vec<Selector>,
    },
    /// Everything as one HTML page that needs no network, for a ticket or a printer
    Report {
        #[command(flatten)]
        analysis: Analysis,
        /// Where to write it; default: standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What does not conform: the firmware's tables, and devices as their makers want to know
    Lint {
        #[command(flatten)]
        inputs: Inputs,
        /// Only this part
        #[arg(long, value_name = "PART")]
        part: Option<LintPart>,
        /// Only these devices, beside what concerns the whole host
        #[arg(short, long, value_hint = ValueHint::Other, value_name = "DEVICE")]
        device: Vec<Selector>,
        /// List every hit and every place
        #[arg(long)]
        all: bool,
        /// Take each input for a machine of its own, and count what each rule says of them
        #[arg(long, conflicts_with_all = ["device", "fail_on"])]
        summary: bool,
        /// Exit with 1 where a finding is this severe or worse (4 for `undetermined`)
        #[arg(long, value_name = "LEVEL")]
        fail_on: Option<LintLevel>,
    },
    /// What changed between two captures of a machine, in meaning and not in bytes
    Diff {
        /// The capture or dump from before
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The one from after
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// Platform to judge for; may be given several times
        #[arg(
            short,
            long = "policy",
            value_name = "POLICY",
            value_parser = policy(),
            default_values = ["hyperv-2025", "vfio"]
        )]
        policies: Vec<Policy>,
        /// Exit with 1 where such a change occurs
        #[arg(long, value_name = "CHANGE")]
        fail_on: Option<DiffLevel>,
        /// List new addresses of BARs and windows, too
        #[arg(long)]
        all: bool,
    },
    /// What error messages of Linux, QEMU, libvirt and Hyper-V mean, and which rules explain them
    ExplainLog {
        /// A log, or whatever was pasted into the ticket
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Dumps of the machine that the log is from: names its devices, and says what was found
        /// about them
        #[arg(value_name = "INPUT")]
        inputs: Vec<PathBuf>,
    },
    /// The index of rules, or one rule's page
    Rules {
        /// A code (ACS001) or name
        #[arg(value_hint = ValueHint::Other)]
        code: Option<String>,
    },
    /// The tree of buses, ports and functions
    Topology {
        #[command(flatten)]
        analysis: Analysis,
        /// The same as `--format dot`: a graph for Graphviz
        #[arg(long)]
        dot: bool,
    },
    /// IOMMU groups as Linux would make them, and what forces each merger
    Groups(Groups),
    /// Address space: the host's windows and their slack; with --device, where a guest's BARs
    /// land and the smallest gaps that hold them
    Mmio(Box<MmioArgs>),
    /// Play an assignment step by step: states, refusals, the pool, virtual machines
    Simulate(Box<SimulateArgs>),
    /// Verdicts and groups after a change: a card elsewhere, ACS on, the IOMMU on
    WhatIf {
        #[command(flatten)]
        analysis: Analysis,
        /// acs@PORT=on|off, acs-override=downstream,multifunction, rmrr@DEVICE=off, iommu=on,
        /// unsafe-interrupts=on, native-pcie=on, iommu-table=complete, edition=server,
        /// slot@DEVICE=PORT, bar2@DEVICE=32G, vfs@DEVICE=8
        #[arg(long, value_name = "CHANGE", required = true)]
        set: Vec<Change>,
    },
    /// The smallest change that makes a device assignable
    Fix {
        #[command(flatten)]
        analysis: Analysis,
        /// The device
        #[arg(short, long, value_hint = ValueHint::Other, value_name = "DEVICE", required = true)]
        device: Vec<Selector>,
    },
    /// How many guests of one shape the host can serve at once, and with which devices
    Place(Box<PlaceArgs>),
    /// Every header field and capability, every ACPI structure, with offsets and raw values
    Decode {
        #[command(flatten)]
        inputs: Inputs,
        #[command(flatten)]
        decoding: Decoding,
    },
    /// Convert any input to a capture
    Import {
        #[command(flatten)]
        inputs: Inputs,
        /// A folder, or a file that ends in .zip
        #[arg(short, long, value_name = "PATH")]
        output: PathBuf,
    },
    /// Take out of a capture what identifies people and machines, verdicts unchanged
    Redact {
        #[command(flatten)]
        inputs: Inputs,
        /// A folder, or a file that ends in .zip
        #[arg(short, long, value_name = "PATH")]
        output: PathBuf,
    },
    /// Check a capture against its manifest
    Verify {
        /// A capture: folder or zip
        #[arg(value_name = "CAPTURE")]
        capture: PathBuf,
    },
    /// Everything over a folder of captures, compared with what is known of each
    Corpus {
        /// A folder of captures, dumps and cases (docs/corpus.md)
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Platform to judge for; may be given several times
        #[arg(
            short,
            long = "policy",
            value_name = "POLICY",
            value_parser = policy(),
            default_values = ["hyperv-2025", "vfio"]
        )]
        policies: Vec<Policy>,
        /// Store today's verdicts and findings as what is expected from now on
        #[arg(long)]
        accept: bool,
    },
    /// JSON Schemas of the documents that this program reads and writes
    Schema {
        /// Which document; without it, their names
        #[arg(value_hint = ValueHint::Other)]
        name: Option<String>,
    },
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write the pages of all commands
    Man {
        /// Write all pages into this folder
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
    /// Build a machine from a description and store it as a capture
    #[command(hide = true)]
    Synth {
        /// A TOML description (docs/synth.md)
        #[arg(value_name = "TOML")]
        description: PathBuf,
        /// A folder, or a file that ends in .zip, or .txt for lspci -xxxx text
        #[arg(short, long, value_name = "PATH")]
        output: PathBuf,
    },
}

impl Command {
    /// The values of `--format` that the command knows.
    pub(crate) const fn formats(&self) -> &'static [Format] {
        match self {
            Self::Topology { .. } => &[Format::Text, Format::Json, Format::Dot, Format::Svg],
            Self::Survey { .. } | Self::Explain { .. } | Self::Groups { .. } => {
                &[Format::Text, Format::Json, Format::Markdown]
            }
            Self::Diff { .. } => &[Format::Text, Format::Json, Format::Markdown, Format::Html],
            Self::Mmio(_) | Self::Simulate(_) => &[Format::Text, Format::Json, Format::Svg],
            // Whatever the format is called, the page is the answer.
            Self::Report { .. } => &[Format::Text, Format::Html],
            Self::Lint { .. } => &[Format::Text, Format::Json, Format::Sarif, Format::Junit],
            Self::Corpus { .. } => &[
                Format::Text,
                Format::Json,
                Format::Jsonl,
                Format::Csv,
                Format::Junit,
            ],
            _ => &[Format::Text, Format::Json],
        }
    }
}

/// What to predict groups for.
#[derive(Debug, clap::Args)]
pub(crate) struct Groups {
    /// Dumps of one machine
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Release of the kernel, such as 5.10, 6.1, 6.12 or 7.2; default: the capture's own
    #[arg(long, value_name = "RELEASE", value_parser = kernel)]
    pub(crate) kernel: Option<Series>,
    /// Kernel command line, as far as it matters (iommu=, intel_iommu=, amd_iommu=,
    /// pci=disable_acs_redir=, pci=config_acs=, pcie_acs_override=); default: the capture's own
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub(crate) parameters: Option<String>,
    /// Take ACS control as captured, or as a kernel with an active IOMMU sets it; default:
    /// as captured where the capture's kernel had made groups
    #[arg(long, value_name = "MODE")]
    pub(crate) acs: Option<AcsMode>,
    /// Which grouping rules
    #[arg(long, value_name = "MODEL", default_value = "mainline")]
    pub(crate) model: GroupModel,
    /// Say where virtual functions would go that are not enabled yet
    #[arg(long)]
    pub(crate) vfs: bool,
    /// Instead: may traffic between two devices go direct, or between all GPUs, accelerators
    /// and network controllers (`all`)?
    #[arg(long, num_args = 1..=2, value_names = ["DEVICE", "DEVICE"])]
    pub(crate) p2p: Vec<String>,
}

/// Grouping rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum GroupModel {
    /// Those of Linux
    Mainline,
    /// Those of the unmerged series of 2025, which some vendors' kernels carry
    #[value(name = "rework-2025")]
    Rework2025,
}

/// Inputs: parts of one machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Dumps of one machine
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
}

/// What to decode, and how to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Decoding {
    /// Only these devices
    #[arg(short, long, value_hint = ValueHint::Other, value_name = "DEVICE")]
    pub(crate) device: Vec<Selector>,
    /// Only these ACPI tables, by signature (DMAR, IVRS, MADT, ...) or by name (SSDT2)
    #[arg(short, long, value_name = "SIGNATURE")]
    pub(crate) table: Vec<String>,
    /// Offset, width and raw value of each field
    #[arg(long)]
    pub(crate) offsets: bool,
    /// Bytes instead: as lspci -xxxx prints them, tables as acpidump does
    #[arg(long, conflicts_with = "offsets")]
    pub(crate) hex: bool,
}

/// Inputs with the question asked of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Analysis {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Platform to judge for; may be given several times
    #[arg(
        short,
        long = "policy",
        value_name = "POLICY",
        value_parser = policy(),
        default_values = ["hyperv-2025", "vfio"]
    )]
    pub(crate) policies: Vec<Policy>,
    /// Exit with 1 (or 4 for `undetermined`) where such a verdict or finding occurs
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
}

impl Analysis {
    /// The same inputs, asked nothing about verdicts.
    pub(crate) fn of(inputs: &Inputs) -> Self {
        Self {
            inputs: Inputs {
                inputs: inputs.inputs.clone(),
            },
            policies: vec![Policy::Vfio],
            fail_on: None,
        }
    }
}

/// When to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// A device is not assignable
    NotAssignable,
    /// A device is assignable with conditions only, or not at all
    Conditions,
    /// Evidence is missing for a device (exit code 4)
    Undetermined,
    /// A finding of any severity
    Info,
    /// A finding of low severity or worse
    Low,
    /// A finding of medium severity or worse
    Medium,
    /// A finding of high severity
    High,
}

/// A part of a lint report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LintPart {
    /// ACPI tables, and what they say of devices
    Firmware,
    /// Configuration spaces
    Devices,
}

/// When a lint run fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LintLevel {
    /// A finding of any severity
    Info,
    /// A finding of low severity or worse
    Low,
    /// A finding of medium severity or worse
    Medium,
    /// A finding of high severity
    High,
    /// Something could not be checked (exit code 4)
    Undetermined,
}

/// Which change counts as a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum DiffLevel {
    /// Any verdict is another one
    Verdict,
    /// A verdict got worse
    Worse,
    /// Anything but bus numbers
    Change,
}

/// Which ACS control register counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum AcsMode {
    /// The one in the capture
    Captured,
    /// What a kernel with an active IOMMU sets
    Enabled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Markdown,
    Html,
    Dot,
    Svg,
    Sarif,
    Junit,
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

fn kernel(text: &str) -> Result<Series, String> {
    text.parse()
        .map_err(|()| "expected a release, such as 6.12 or 6.8.0-51-generic".to_owned())
}

fn profile() -> impl TypedValueParser<Value = Profile> {
    let names = Profile::ALL.iter().map(|profile| profile.name());
    // What is possible is checked before, so that help and completions can list it.
    PossibleValuesParser::new(names).try_map(|text| {
        text.parse::<Profile>()
            .map_err(|_| "no such profile".to_owned())
    })
}

pub(super) fn policy() -> impl TypedValueParser<Value = Policy> {
    let names = Policy::ALL.iter().map(|policy| policy.name());
    PossibleValuesParser::new(names).try_map(|text| {
        text.parse::<Policy>()
            .map_err(|()| "no such policy".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_contradict_nothing() {
        super::Args::command().debug_assert();
    }
}
