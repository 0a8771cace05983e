//! Other tools' decisions, replayed: Microsoft's SurveyDDA.ps1 (revision 1), and the variant in
//! LISA, Microsoft's test framework.
//!
//! A replay says what the tool prints of this machine, its known quirks included. It is no
//! verdict: the policies say what is true. Where Windows reported what the tool reads, the
//! replay is exact; elsewhere it reads what Windows would report, as far as it can be computed,
//! and says so.

mod input;
mod quirk;
#[cfg(test)]
mod tests;

pub use quirk::Quirk;

use crate::analysis::Facts;
use crate::analysis::device_type::DeviceType;
use crate::capture::{DeviceNode, ScriptSentence};
use crate::host::{Enumerator, Function, FunctionId};
use crate::spec::windows;
use input::{Interrupts, Megabytes, Reading};

/// A tool whose decision is replayed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Profile {
    /// Microsoft's SurveyDDA.ps1, revision 1.
    SurveyDda,
    /// `get_assignable_devices.py` of Microsoft's LISA.
    Lisa,
}

/// What the tool makes of a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScriptVerdict {
    /// Nothing against it.
    Assignable,
    /// It is disabled: enable it and ask again.
    Maybe,
    /// Refused.
    NotAssignable,
    /// The capture lacks what the tool reads.
    Unknown,
}

/// What the tool says of one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The device.
    pub id: FunctionId,
    /// The name that Windows gives it.
    pub name: Option<String>,
    /// The sentences in the tool's order, by their sense.
    pub says: Vec<ScriptSentence>,
    /// Megabytes of MMIO space that it prints.
    pub megabytes: Option<u64>,
    /// The location path that it prints.
    pub location_path: Option<String>,
    /// What that comes to.
    pub verdict: ScriptVerdict,
    /// Quirks that took part.
    pub quirks: Vec<Quirk>,
    /// Something that the tool reads was computed, because Windows did not report it.
    pub computed: bool,
    /// What is missing, where the answer is not known to its end.
    pub missing: Option<&'static str>,
}

impl Profile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SurveyDda, Self::Lisa];

    /// Its name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SurveyDda => "surveydda",
            Self::Lisa => "lisa",
        }
    }

    /// The tool in full.
    pub const fn tool(self) -> &'static str {
        match self {
            Self::SurveyDda => "Microsoft SurveyDDA.ps1, revision 1",
            Self::Lisa => "Microsoft LISA, get_assignable_devices.py",
        }
    }

    /// The answers about every device in the order in which the tool asks: that of the export,
    /// else by address.
    pub fn replay(self, facts: &Facts<'_, '_>) -> Vec<Answer> {
        let host = facts.host;
        let mut order: Vec<FunctionId> = Vec::with_capacity(host.functions().len());
        for node in host.nodes().all() {
            let at = node.function.as_ref().and_then(|at| at.parse().ok());
            order.extend(at.and_then(|at| host.find(at)));
        }
        let mut listed = vec![false; host.functions().len()];
        for id in &order {
            listed[id.index()] = true;
        }
        let rest = host
            .iter()
            .map(|(id, _)| id)
            .filter(|id| !listed[id.index()]);
        order.extend(rest);
        order
            .into_iter()
            .filter_map(|id| self.answer(facts, id))
            .collect()
    }

    /// The answer about one device; `None` where the tool does not list it.
    pub fn answer(self, facts: &Facts<'_, '_>, id: FunctionId) -> Option<Answer> {
        let function = facts.host.function(id);
        let proxy = function.windows.enumerator == Some(Enumerator::Pcip);
        let absent = function.windows.present == Some(false);
        // SurveyDDA asks for ids that begin with PCI, which those of the proxy driver do too.
        if absent || (self == Self::Lisa && proxy) {
            return None;
        }
        let mut script = Script {
            profile: self,
            facts,
            function,
            node: facts.host.nodes().of_function(function),
            answer: Answer {
                id,
                name: name(function),
                says: Vec::new(),
                megabytes: None,
                location_path: None,
                verdict: ScriptVerdict::Unknown,
                quirks: Vec::new(),
                computed: false,
                missing: None,
            },
        };
        script.answer.verdict = script.run();
        Some(script.answer)
    }
}

/// The name that Get-PnpDevice prints.
fn name(function: &Function<'_>) -> Option<String> {
    let names = [windows::FRIENDLY_NAME, windows::DESCRIPTION];
    names
        .into_iter()
        .find_map(|property| function.windows_text(property))
        .map(str::to_owned)
}

/// One run for one device.
struct Script<'s, 'f, 'h, 'c> {
    profile: Profile,
    facts: &'s Facts<'h, 'c>,
    function: &'f Function<'c>,
    node: Option<&'f DeviceNode>,
    answer: Answer,
}

impl Script<'_, '_, '_, '_> {
    /// The checks in the script's order; the first that fails ends the run.
    fn run(&mut self) -> ScriptVerdict {
        let steps = [
            Self::reserved_memory,
            Self::isolation,
            Self::device_type,
            Self::location,
            Self::disabled,
            Self::interrupts,
        ];
        for step in steps {
            if let Some(verdict) = step(self) {
                return verdict;
            }
        }
        self.mmio();
        ScriptVerdict::Assignable
    }

    fn refuse(&mut self, sentence: ScriptSentence) -> Option<ScriptVerdict> {
        self.answer.says.push(sentence);
        Some(ScriptVerdict::NotAssignable)
    }

    fn unknown(&mut self, missing: &'static str) -> Option<ScriptVerdict> {
        self.answer.missing = Some(missing);
        Some(ScriptVerdict::Unknown)
    }

    /// A value read, with the remark that it was computed.
    fn take<T>(&mut self, reading: Reading<T>) -> Reading<T> {
        if let Reading::Computed(value) = reading {
            self.answer.computed = true;
            return Reading::Value(value);
        }
        reading
    }

    /// `-ne 0` in PowerShell, which a missing value is too; LISA wants the word `False`.
    fn reserved_memory(&mut self) -> Option<ScriptVerdict> {
        let reading = input::reserved_memory(self.facts, self.answer.id, self.node);
        match self.take(reading) {
            Reading::Value(false) => None,
            Reading::Null => {
                self.answer.quirks.push(Quirk::S3);
                self.refuse(ScriptSentence::ReservedMemory)
            }
            Reading::Unknown => self.unknown(windows::RESERVED_MEMORY.name),
            _ => self.refuse(ScriptSentence::ReservedMemory),
        }
    }

    /// `-eq 0` in PowerShell, which a missing value is not.
    fn isolation(&mut self) -> Option<ScriptVerdict> {
        let reading = input::up_hierarchy(self.facts, self.answer.id, self.node);
        match self.take(reading) {
            Reading::Value(0) => self.refuse(ScriptSentence::Redirectable),
            Reading::Value(4) => {
                self.answer.quirks.push(Quirk::S5);
                None
            }
            Reading::Null => {
                self.answer.quirks.push(Quirk::S4);
                None
            }
            Reading::Unknown => self.unknown(windows::ACS_UP_HIERARCHY.name),
            _ => None,
        }
    }

    fn device_type(&mut self) -> Option<ScriptVerdict> {
        let reading = input::device_type(self.facts, self.answer.id, self.node);
        let device_type = match self.take(reading) {
            Reading::Unknown => return self.unknown(windows::DEVICE_TYPE.name),
            Reading::Value(number) => Some(DeviceType(number)),
            _ => {
                self.answer.quirks.push(Quirk::S4);
                None
            }
        };
        let display = self
            .function
            .identity
            .class
            .is_some_and(|class| class.base() == 0x03);
        let sentence = match device_type {
            Some(DeviceType::EXPRESS_ENDPOINT) => ScriptSentence::ExpressEndpoint,
            Some(DeviceType::RC_ENDPOINT) => ScriptSentence::EmbeddedEndpoint,
            Some(DeviceType::LEGACY_ENDPOINT) if display => {
                self.answer.quirks.push(Quirk::S11);
                ScriptSentence::LegacyDisplay
            }
            Some(DeviceType::LEGACY_ENDPOINT) => {
                return self.refuse(ScriptSentence::LegacyNotDisplay);
            }
            Some(DeviceType::TREATED_AS_PCI) => {
                return self.refuse(ScriptSentence::FirmwareControl);
            }
            _ => return self.refuse(ScriptSentence::OldStyle),
        };
        self.answer.says.push(sentence);
        None
    }

    /// The first path of the list, whichever form it has; LISA insists on one of PCI.
    fn location(&mut self) -> Option<ScriptVerdict> {
        self.answer.location_path = input::location_path(self.facts, self.answer.id);
        let path = self.answer.location_path.as_deref();
        if path.is_some_and(|path| !path.starts_with("PCIROOT")) {
            self.answer.quirks.push(Quirk::FirstPath);
        }
        let pci = path.is_some_and(|path| path.starts_with("PCI"));
        match self.profile {
            Profile::Lisa if path.is_none() => self.unknown(windows::LOCATION_PATHS.name),
            Profile::Lisa if !pci => Some(ScriptVerdict::NotAssignable),
            _ => None,
        }
    }

    fn disabled(&mut self) -> Option<ScriptVerdict> {
        if self.function.windows.problem_code != Some(windows::PROBLEM_DISABLED) {
            return None;
        }
        self.answer.says.push(ScriptSentence::Disabled);
        match self.profile {
            Profile::SurveyDda => {
                self.answer.quirks.push(Quirk::S9);
                Some(ScriptVerdict::Maybe)
            }
            Profile::Lisa => Some(ScriptVerdict::NotAssignable),
        }
    }

    fn interrupts(&mut self) -> Option<ScriptVerdict> {
        let found = input::interrupts(self.facts, self.answer.id, self.node, self.profile);
        self.answer.quirks.extend(found.quirks);
        match self.take(found.reading) {
            Reading::Value(Interrupts::None) => {
                self.answer.says.push(ScriptSentence::NoInterrupts);
                None
            }
            Reading::Value(Interrupts::Messages) => {
                self.answer.says.push(ScriptSentence::MessageInterrupts);
                None
            }
            Reading::Value(Interrupts::Lines) => self.refuse(ScriptSentence::LineInterrupts),
            _ => self.unknown("allocated interrupts (Win32_PnPAllocatedResource)"),
        }
    }

    fn mmio(&mut self) {
        let found = input::megabytes(self.facts, self.answer.id, self.node, self.profile);
        self.answer.quirks.extend(found.quirks);
        match self.take(found.reading) {
            Reading::Value(Megabytes::Sum(0)) => {
                self.answer.says.push(ScriptSentence::NoMmio);
                self.answer.megabytes = Some(0);
            }
            Reading::Value(Megabytes::Sum(megabytes)) => {
                self.answer.says.push(ScriptSentence::Mmio);
                self.answer.megabytes = Some(megabytes);
            }
            Reading::Value(Megabytes::Fails) => {}
            _ => {
                self.answer.missing = Some(
                    "allocated memory (Win32_PnPAllocatedResource, Win32_DeviceMemoryAddress)",
                );
            }
        }
    }
}

impl ScriptVerdict {
    /// What printed sentences come to.
    pub fn of(says: &[ScriptSentence]) -> Self {
        use ScriptSentence as Said;
        let refusal = |sentence: &Said| {
            matches!(
                sentence,
                Said::ReservedMemory
                    | Said::Redirectable
                    | Said::LegacyNotDisplay
                    | Said::FirmwareControl
                    | Said::OldStyle
                    | Said::LineInterrupts
            )
        };
        let asked =
            |sentence: &Said| matches!(sentence, Said::NoInterrupts | Said::MessageInterrupts);
        if says.iter().any(refusal) {
            Self::NotAssignable
        } else if says.contains(&Said::Disabled) {
            Self::Maybe
        } else if says.iter().any(asked) {
            Self::Assignable
        } else {
            Self::Unknown
        }
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assignable => "assignable",
            Self::Maybe => "maybe-assignable",
            Self::NotAssignable => "not-assignable",
            Self::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for Profile {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or(())
    }
}
