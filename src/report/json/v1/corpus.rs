//! `assignable.corpus/1` and `assignable.corpus-case/1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use crate::batch::{Analysed, Device, Mismatch, Outcome};

/// A folder of machines. Written as a stream: the machines come before the summary.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CorpusDocument {
    /// Always `assignable.corpus/1`.
    pub schema: String,
    /// One for each machine, by name.
    pub cases: Vec<CorpusCase>,
    /// All of them counted.
    pub summary: CorpusSummary,
}

/// One machine. With `--format jsonl` a line of its own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CorpusCase {
    /// Always `assignable.corpus-case/1`.
    pub schema: String,
    /// Its path below the folder.
    pub case: String,
    /// `passed`, `failed` (something differs from what is known) or `unreadable`.
    pub status: String,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Number of its functions, ports and bridges included.
    pub functions: usize,
    /// How often each kind of knowledge was compared: `groups`, `location-path`, `survey`,
    /// `vfio`, `verdict`, `findings`.
    pub compared: BTreeMap<String, usize>,
    /// What differs.
    pub mismatches: Vec<CorpusMismatch>,
    /// Its devices; ports and bridges are left out.
    pub devices: Vec<CorpusDevice>,
}

/// Something that differs from what is known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CorpusMismatch {
    /// What was compared.
    pub check: String,
    /// The function, `dddd:bb:dd.f`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What is known.
    pub expected: String,
    /// What was computed.
    pub found: String,
}

/// One device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CorpusDevice {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Vendor id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Class code, `0xBBSSPP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Verdict by policy.
    pub verdicts: BTreeMap<String, String>,
    /// Codes of the rules that fired on it or on its machine.
    pub findings: Vec<String>,
}

/// Machines counted.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CorpusSummary {
    /// All machines.
    pub cases: usize,
    /// Machines in which everything that was compared is the same.
    pub passed: usize,
    /// Machines in which something differs.
    pub failed: usize,
    /// Machines that could not be read.
    pub unreadable: usize,
    /// Machines that were read and of which nothing is known.
    pub without_truth: usize,
    /// Functions of all machines.
    pub functions: usize,
    /// How often each kind of knowledge was compared.
    pub compared: BTreeMap<String, usize>,
}

/// The outcome of one machine as a document.
pub fn corpus_case(outcome: &Outcome) -> CorpusCase {
    let mut case = CorpusCase {
        schema: "assignable.corpus-case/1".to_owned(),
        case: outcome.name.clone(),
        status: outcome.status().to_owned(),
        error: None,
        functions: 0,
        compared: BTreeMap::new(),
        mismatches: Vec::new(),
        devices: Vec::new(),
    };
    match &outcome.result {
        Err(error) => case.error = Some(error.clone()),
        Ok(analysed) => case.fill(analysed),
    }
    case
}

impl CorpusCase {
    fn fill(&mut self, analysed: &Analysed) {
        self.functions = analysed.functions;
        let compared = analysed.compared.iter();
        self.compared = compared
            .map(|(check, &count)| (check.name().to_owned(), count))
            .collect();
        self.mismatches = analysed.mismatches.iter().map(CorpusMismatch::of).collect();
        self.devices = analysed.devices.iter().map(CorpusDevice::of).collect();
    }
}

impl CorpusMismatch {
    fn of(mismatch: &Mismatch) -> Self {
        Self {
            check: mismatch.check.name().to_owned(),
            address: mismatch.function.map(|at| at.to_string()),
            expected: mismatch.expected.clone(),
            found: mismatch.found.clone(),
        }
    }
}

impl CorpusDevice {
    fn of(device: &Device) -> Self {
        let verdicts = device.verdicts.iter();
        Self {
            address: device.at.to_string(),
            vendor: device.vendor.map(|id| hex(id, 4)),
            device: device.device.map(|id| hex(id, 4)),
            class: device.class.map(|class| hex(class.0, 6)),
            verdicts: verdicts
                .map(|(policy, verdict)| (policy.name().to_owned(), verdict.name().to_owned()))
                .collect(),
            findings: device.findings.iter().cloned().collect(),
        }
    }
}

impl CorpusSummary {
    /// Counts one machine more.
    pub fn add(&mut self, outcome: &Outcome) {
        self.cases += 1;
        match (&outcome.result, outcome.status()) {
            (Err(_), _) => self.unreadable += 1,
            (Ok(analysed), status) => {
                if status == "passed" {
                    self.passed += 1;
                } else {
                    self.failed += 1;
                }
                self.functions += analysed.functions;
                self.without_truth += usize::from(analysed.compared.is_empty());
                for (check, count) in &analysed.compared {
                    *self.compared.entry(check.name().to_owned()).or_default() += count;
                }
            }
        }
    }
}
