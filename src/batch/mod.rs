//! Everything over a folder of machines: each analysed and compared with what is known of it.
//!
//! One machine after another is in memory, a few at a time, so that memory does not depend on
//! their number.

mod check;
mod items;
mod lint;

pub use check::{Check, Mismatch};
pub use items::{Item, ItemKind, items};
pub use lint::{LintSummary, RuleSummary, lint};

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Settings};
use crate::corpus::{Expectations, Expected};
use crate::host::Host;
use crate::policy::Policy;
use crate::rules;
use crate::spec::pci::ClassCode;
use crate::topology::Topology;
use crate::verdict::{Verdict, is_candidate};
use items::Machine;

/// Machines in memory at once, for each thread.
const PER_THREAD: usize = 8;

/// What came of one machine.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name: the path below the folder.
    pub name: String,
    /// What was found, or why it could not be read.
    pub result: Result<Analysed, String>,
}

impl Outcome {
    /// `passed`, `failed` or `unreadable`.
    pub fn status(&self) -> &'static str {
        match &self.result {
            Ok(analysed) if analysed.mismatches.is_empty() => "passed",
            Ok(_) => "failed",
            Err(_) => "unreadable",
        }
    }
}

/// One machine, analysed and compared.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// Its functions that could be given to a machine: ports and bridges are left out.
    pub devices: Vec<Device>,
    /// Number of all functions.
    pub functions: usize,
    /// What was compared, and how often.
    pub compared: BTreeMap<Check, usize>,
    /// What differs.
    pub mismatches: Vec<Mismatch>,
    /// What would be expected if all this were right.
    pub expectations: Expectations,
}

/// One device with its verdicts.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its address.
    pub at: Sbdf,
    /// Vendor id.
    pub vendor: Option<u16>,
    /// Device id.
    pub device: Option<u16>,
    /// Class code.
    pub class: Option<ClassCode>,
    /// Verdict under each policy asked for.
    pub verdicts: Vec<(Policy, Verdict)>,
    /// Codes of the rules that fired on it or on the host, sorted.
    pub findings: BTreeSet<String>,
}

/// Analyses machines in parallel and hands each outcome on, in the order of the items. Stops
/// when `sink` fails.
pub fn run<E>(
    items: &[Item],
    policies: &[Policy],
    mut sink: impl FnMut(Outcome) -> Result<(), E>,
) -> Result<(), E> {
    let chunk = PER_THREAD * rayon::current_num_threads();
    for items in items.chunks(chunk.max(1)) {
        let outcomes: Vec<Outcome> = items
            .par_iter()
            .with_max_len(1)
            .map(|item| outcome(item, policies))
            .collect();
        outcomes.into_iter().try_for_each(&mut sink)?;
    }
    Ok(())
}

fn outcome(item: &Item, policies: &[Policy]) -> Outcome {
    Outcome {
        name: item.name.clone(),
        result: item.load().map(|machine| analyse(&machine, policies)),
    }
}

fn analyse(machine: &Machine, policies: &[Policy]) -> Analysed {
    let host = Host::from_capture(&machine.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let settings = Settings::for_host(&host);
    let groups = Groups::predict(&host, &topology, &facts.iommu, &settings);
    let mut checker = check::Checker::default();
    checker.groups(&host, &groups, machine.truth.groups.as_deref());
    checker.locations(&host, &topology, &machine.truth);
    checker.survey(&host, &run, &machine.truth);
    checker.vfio(&host, &run, &machine.truth);
    checker.expectations(&host, &run, &machine.expectations);
    let mut devices = Vec::new();
    let mut expectations = Expectations::default();
    for (id, function) in host.iter() {
        if !is_candidate(&facts, id) {
            continue;
        }
        let findings = run.host_findings().iter().chain(run.findings_of(id));
        let findings: BTreeSet<String> = findings.map(|f| f.rule().code.to_owned()).collect();
        let verdicts = policies
            .iter()
            .map(|&policy| (policy, Verdict::of(&run, policy, id)));
        let verdicts: Vec<(Policy, Verdict)> = verdicts.collect();
        let expected = Expected {
            verdicts: verdicts
                .iter()
                .map(|(policy, verdict)| (policy.name().to_owned(), verdict.name().to_owned()))
                .collect(),
            findings: Some(findings.clone()),
        };
        expectations.0.insert(function.at, expected);
        devices.push(Device {
            at: function.at,
            vendor: function.identity.vendor,
            device: function.identity.device,
            class: function.identity.class,
            verdicts,
            findings,
        });
    }
    Analysed {
        devices,
        functions: host.functions().len(),
        compared: checker.compared,
        mismatches: checker.mismatches,
        expectations,
    }
}
