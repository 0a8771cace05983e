//! The log of a Linux kernel, from `dmesg` or a journal: what it says about functions, root
//! buses and the IOMMU, each with its line.
//!
//! The kernel prints what it read from registers and what it made of it. Where a log holds
//! several boots, the last one that names devices counts: numbers of buses and groups change
//! from boot to boot. Messages are those of drivers/pci, drivers/iommu, drivers/acpi/pci_root.c
//! and drivers/vfio, from Linux 2.6.32 on.

mod ecam;
mod function;
mod line;
mod memory;
mod range;
mod remapping;
mod root_bus;
mod statement;
mod wrap;

pub use ecam::Ecam;
pub use function::{LoggedFunction, Note, NoteKind};
pub use memory::{MemoryEntry, MemoryKind};
pub use range::LoggedRange;
pub use remapping::{AmdUnit, IdentityMap, Remapping, State, Unit, UnitRegisters};
pub use root_bus::LoggedRootBus;

use std::collections::BTreeMap;

use crate::addr::{Sbdf, Segment};
use line::{Message, Subject};
use wrap::Wrap;

/// Longest line that is looked at. The kernel's own limit is below 1100 bytes.
const MAX_LINE: usize = 4096;
/// Functions of one machine; the bound of the capture format.
const MAX_FUNCTIONS: usize = 16_384;
/// Root buses, remapping units and the like: far more than machines have.
const MAX_ENTRIES: usize = 1024;

/// Something that a log says, with its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said<T> {
    /// What it says.
    pub value: T,
    /// The line, counted from 1.
    pub line: u32,
}

/// What a log says about one boot of one machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KernelLog {
    /// Release of the kernel (`6.8.0-45-generic`).
    pub release: Option<Said<String>>,
    /// Its command line. The last one printed stands.
    pub command_line: Option<Said<String>>,
    /// Vendor, product and firmware in the kernel's words (`DMI: …`).
    pub machine: Option<Said<String>>,
    /// Functions, by address.
    pub functions: BTreeMap<Sbdf, LoggedFunction>,
    /// Root buses, by segment and number.
    pub root_buses: BTreeMap<(Segment, u8), LoggedRootBus>,
    /// DMA and interrupt remapping.
    pub remapping: Remapping,
    /// What became of memory mapped configuration space.
    pub ecam: Ecam,
    /// The firmware's memory map.
    pub memory: Vec<Said<MemoryEntry>>,
}

impl<T> Said<T> {
    const fn new(value: T, line: u32) -> Self {
        Self { value, line }
    }
}

impl KernelLog {
    /// Reads a log. A last line without its end may be cut and is not used.
    pub fn read(log: &[u8]) -> Self {
        let mut earlier = Self::default();
        let mut current = Self::default();
        let whole = log.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
        let lines = log.get(..whole).unwrap_or_default();
        if let Some(wrap) = Wrap::of(lines) {
            current.wrapped(&String::from_utf8_lossy(lines), wrap, &mut earlier);
            return Self::of_boots(earlier, current);
        }
        for (number, line) in (1..).zip(lines.split(|&byte| byte == b'\n')) {
            let line = line.get(..MAX_LINE).unwrap_or(line);
            let Ok(line) = std::str::from_utf8(line) else {
                let line = String::from_utf8_lossy(line);
                current.line(number, &line, &mut earlier);
                continue;
            };
            current.line(number, line, &mut earlier);
        }
        Self::of_boots(earlier, current)
    }

    /// Vendor, product and board in the kernel's words: `DMI: …` up to the firmware.
    pub fn machine_of(log: &[u8]) -> Option<String> {
        const MARK: &[u8] = b"DMI: ";
        let has_mark = |line: &&[u8]| line.windows(MARK.len()).any(|window| window == MARK);
        log.split(|&byte| byte == b'\n')
            .map(|line| line.get(..MAX_LINE).unwrap_or(line))
            .filter(has_mark)
            .find_map(|line| {
                let line = String::from_utf8_lossy(line);
                let text = line::message(&line)?.text.strip_prefix("DMI: ")?;
                Some(text.rsplit_once(", BIOS ")?.0.trim().to_owned())
            })
    }

    /// Reads lines that are wrapped; a message has the number of its first line.
    fn wrapped(&mut self, text: &str, wrap: Wrap, earlier: &mut Self) {
        let (mut message, mut first, mut before) = (String::new(), 0, "");
        for (number, line) in (1..).zip(text.lines()) {
            if !wrap.join(&mut message, before, line) {
                self.line(first, &message, earlier);
                line.clone_into(&mut message);
                first = number;
            }
            before = line;
        }
        self.line(first, &message, earlier);
    }

    /// The text of another boot, or no log at all, may follow the one that counts.
    fn of_boots(earlier: Self, current: Self) -> Self {
        match earlier.says_something() && !current.says_something() {
            true => earlier,
            false => current,
        }
    }

    /// Whether it names anything of the machine's PCI.
    fn says_something(&self) -> bool {
        !self.functions.is_empty() || !self.root_buses.is_empty()
    }

    fn line(&mut self, number: u32, line: &str, earlier: &mut Self) {
        let Some(Message { subject, text }) = line::message(line) else {
            return;
        };
        match subject {
            Subject::Function { driver, at } => self.function(number, driver, at, text),
            Subject::Bus { segment, bus } => {
                if self.root_buses.len() < MAX_ENTRIES
                    || self.root_buses.contains_key(&(segment, bus))
                {
                    root_bus::bus(&mut self.root_buses, (segment, bus), number, text);
                }
            }
            Subject::None => self.general(number, text, earlier),
        }
    }

    fn function(&mut self, number: u32, driver: &str, at: Sbdf, text: &str) {
        self.remapping.function(number, at, text);
        if !self.functions.contains_key(&at)
            && (self.functions.len() >= MAX_FUNCTIONS || !function::introduces(text))
        {
            return;
        }
        let function = self.functions.entry(at).or_default();
        function.message(number, driver, text);
    }

    fn general(&mut self, number: u32, text: &str, earlier: &mut Self) {
        let said = |text: &str| Some(Said::new(text.trim().to_owned(), number));
        if let Some(rest) = text.strip_prefix("Linux version ") {
            if self.says_something() {
                *earlier = std::mem::take(self);
            } else {
                *self = Self::default();
            }
            self.release = rest.split(' ').next().and_then(said);
        } else if let Some(rest) = text
            .strip_prefix("Command line: ")
            .or_else(|| text.strip_prefix("Kernel command line: "))
        {
            self.command_line = said(rest);
        } else if let Some(rest) = text.strip_prefix("DMI: ")
            && !rest.starts_with("Memory slots")
        {
            self.machine = said(rest);
        } else if let Some(entry) = memory::entry(text) {
            if self.memory.len() < MAX_ENTRIES {
                self.memory.push(Said::new(entry, number));
            }
        } else if let Some((group, at)) = function::old_group(text) {
            self.function(number, "pci", at, &group);
        } else if let Some(at) = function::faulting(text) {
            if let Some(function) = self.functions.get_mut(&at) {
                function.note(number, text);
            }
        } else {
            ecam::general(&mut self.ecam, number, text);
            if !root_bus::general(&mut self.root_buses, number, text) {
                self.remapping.general(number, text);
            }
        }
    }
}

#[cfg(test)]
mod tests;
