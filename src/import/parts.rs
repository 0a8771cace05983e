//! Several inputs as the parts of one machine.

use super::diagnostic::{self, Diagnostic, DiagnosticKind, Diagnostics};
use super::error::ImportError;
use super::gather::Gather;
use super::input::{self, Input};
use super::limits::{MAX_KEPT_TEXT, MAX_TABLES};
use super::sniff::Kind;
use super::{
    acpidump, device_list, kernel_log, lspci, markup, raw_config, same_machine, sysfs, text,
    windows,
};
use crate::addr::Sbdf;
use crate::capture::limits::{MAX_FUNCTIONS, MAX_TOTAL};
use crate::capture::{Capture, safe_name, unique_name};
use crate::spec::pci::HEADER_SIZE;

/// What became of the inputs.
#[derive(Debug, Default)]
pub struct Import {
    /// Everything that could be used, as one machine.
    pub capture: Capture,
    /// What was skipped, guessed or missing in the inputs that could be used.
    pub diagnostics: Vec<Diagnostic>,
    /// Inputs that could not be used at all. Never empty where nothing could be used.
    pub errors: Vec<ImportError>,
}

impl Import {
    /// Takes a part over unless it is of another machine, or too much.
    fn take(&mut self, name: &str, part: Capture) -> bool {
        let file = name.to_owned();
        if let Some(reason) = same_machine::stranger(&self.capture, &part) {
            self.errors.push(ImportError::OtherMachine { file, reason });
            return false;
        }
        if !fits(&self.capture, &part) {
            let limit = MAX_FUNCTIONS;
            self.errors
                .push(ImportError::TooManyFunctions { file, limit });
            return false;
        }
        self.capture.merge(part);
        true
    }

    /// Whether there is anything to analyse.
    pub fn is_usable(&self) -> bool {
        !self.capture.is_empty()
    }
}

/// Imports parts of one machine. A part that cannot be used does not lose the others.
pub fn import(inputs: &[Input]) -> Import {
    let mut import = Import::default();
    if inputs.is_empty() {
        import.errors.push(ImportError::NoInput);
    }
    let (mut with_log, mut with_settings) = (None, None);
    let mut logs = Vec::new();
    for input in inputs {
        let name = input.name();
        let mut diagnostics = Diagnostics::new(name.as_str());
        let room = MAX_TOTAL.saturating_sub(import.capture.bytes());
        match one(input, &name, room, &mut diagnostics) {
            Ok((mut part, log)) => {
                if part.host.contains_key(kernel_log::NAME) {
                    with_log.get_or_insert(name.clone());
                } else if part.is_empty() && log.is_none() {
                    with_settings.get_or_insert(name.clone());
                }
                windows::lift(&mut part);
                if import.take(&name, part) {
                    logs.extend(log.map(|log| (name, log)));
                }
            }
            Err(error) => import.errors.push(error),
        }
        import.diagnostics.append(&mut diagnostics.into_vec());
    }
    // A log tells the past: what else there is counts first.
    for (name, log) in logs {
        if import.take(&name, log) {
            with_log.get_or_insert(name);
        }
    }
    if let (true, Some(file)) = (import.capture.is_empty(), with_log) {
        import.errors.push(ImportError::OnlyLog { file });
    } else if let (true, Some(file)) = (import.capture.is_empty(), with_settings) {
        import.errors.push(ImportError::OnlySettings { file });
    }
    windows::place(&mut import.capture);
    // What one part lacks, another may have.
    let Import {
        capture,
        diagnostics,
        ..
    } = &mut import;
    let has_bytes = |at: &Sbdf| {
        let record = capture.functions.get(at);
        record.is_some_and(|record| record.config.knows(0, HEADER_SIZE))
    };
    let complete = capture.functions.keys().all(has_bytes);
    diagnostics.retain(|diagnostic| match &diagnostic.kind {
        DiagnosticKind::NoConfigBytes { .. } => !complete,
        DiagnosticKind::FunctionWithoutBytes { function } => !has_bytes(function),
        _ => true,
    });
    import
}

fn fits(all: &Capture, part: &Capture) -> bool {
    let new = part
        .functions
        .keys()
        .filter(|at| !all.functions.contains_key(at))
        .count();
    all.functions.len() + new <= MAX_FUNCTIONS
}

/// One input as a capture of at most `room` bytes, and its kernel log with what that says of
/// functions.
fn one(
    input: &Input,
    name: &str,
    room: u64,
    diagnostics: &mut Diagnostics,
) -> Result<(Capture, Option<Capture>), ImportError> {
    let gather = input::gather(input, name, diagnostics)?;
    let Gather {
        trees,
        parts,
        captures,
        files,
        diagnostics,
        ..
    } = gather;
    let mut part = Capture::default();
    captures.into_iter().for_each(|capture| part.merge(capture));
    let (tree, others) = trees.finish();
    for root in others {
        diagnostics.whole(DiagnosticKind::SecondTree { root });
    }
    let mut said = None;
    if !tree.is_empty() {
        let mut tree = sysfs::read(tree, diagnostics);
        if let Some(log) = tree.host.remove(kernel_log::NAME) {
            said = log_of("dmesg", &log, &part);
        }
        part.merge(tree);
    }
    for (kind, member, bytes) in parts {
        let known = &part;
        let outer = diagnostics.enter((!member.is_empty()).then(|| diagnostic::shortened(&member)));
        let path = if member.is_empty() { name } else { &member };
        let new = match kind {
            Kind::Lspci => lspci_text(path, bytes, known, diagnostics),
            Kind::DeviceList => device_list(path, bytes, known, diagnostics),
            Kind::TableDump => table_dump(path, bytes, known, diagnostics),
            Kind::Table => table(bytes, known, diagnostics),
            Kind::KernelLog => {
                // What the tree of the same input holds comes first.
                said = said.or_else(|| log_of(path, &bytes, known));
                Capture::default()
            }
            Kind::Markup => markup_text(path, bytes, known, diagnostics),
            Kind::Config => raw_config::read(path, bytes, diagnostics),
            Kind::Windows(export) => {
                windows::read(export, bytes, &source_name(path, known), diagnostics)
            }
        };
        diagnostics.enter(outer);
        part.merge(new);
    }
    if part.is_empty() && said.is_none() && part.host.is_empty() {
        return Err(ImportError::NothingInside {
            file: name.to_owned(),
            files,
        });
    }
    match part.bytes() > room {
        true => Err(ImportError::TooLarge {
            file: name.to_owned(),
            limit: MAX_TOTAL,
        }),
        false => Ok((part, said)),
    }
}

/// A text of lspci as a capture, with the text as its source.
fn lspci_text(
    path: &str,
    text: Vec<u8>,
    known: &Capture,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let source = source_name(path, known);
    let dump = lspci::read(text::without_mark(&text), &source, diagnostics);
    let mut part = Capture {
        functions: dump.functions,
        ..Capture::default()
    };
    part.manifest.conflicts = dump.conflicts;
    part.manifest.privileges = dump.privileges;
    part.sources.insert(source, text);
    part
}

/// A list of devices as a capture, with the text as its source. One of another machine than what
/// stands beside it in the same input is left out.
fn device_list(
    path: &str,
    text: Vec<u8>,
    known: &Capture,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let beside = known.sources.iter().find(|(_, source)| **source == text);
    let source = beside.map_or_else(|| source_name(path, known), |(name, _)| name.clone());
    let mut part = device_list::read(text::without_mark(&text), &source, diagnostics);
    let (known, new) = (&known.functions, &part.functions);
    let differs = same_machine::other_functions(known, new)
        .or_else(|| same_machine::other_groups(known, new));
    if let Some(reason) = differs {
        diagnostics.whole(DiagnosticKind::SecondListing { reason });
        return Capture::default();
    }
    part.sources.insert(source, text);
    part
}

/// A text of acpidump as a capture.
fn table_dump(
    path: &str,
    text: Vec<u8>,
    known: &Capture,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let mut part = Capture {
        tables: acpidump::read(text::without_mark(&text), diagnostics),
        ..Capture::default()
    };
    keep_short(path, text, known, &mut part);
    part
}

/// One raw ACPI table as a capture.
fn table(bytes: Vec<u8>, known: &Capture, diagnostics: &mut Diagnostics) -> Capture {
    let mut part = Capture::default();
    if known.tables.len() >= MAX_TABLES {
        let limit = MAX_TABLES;
        diagnostics.whole(DiagnosticKind::TooManyTables { limit });
    } else if let Some(name) = acpidump::raw_table(&bytes) {
        if let Some(cut) = acpidump::cut(&name, &bytes) {
            diagnostics.whole(cut);
        }
        part.tables.insert(name, bytes);
    }
    part
}

/// A kernel log as a capture, with what it says of functions. `None` where there is one already.
fn log_of(path: &str, text: &[u8], known: &Capture) -> Option<Capture> {
    if known.host.contains_key(kernel_log::NAME) {
        return None;
    }
    let log = text::without_mark(text);
    let kept = known
        .sources
        .iter()
        .find(|(_, source)| source.as_slice() == text);
    let source = kept.map_or_else(|| source_name(path, known), |(name, _)| name.clone());
    let mut part = kernel_log::read(log, &source);
    part.host.insert(kernel_log::NAME.to_owned(), log.to_vec());
    Some(part)
}

/// XML as a capture, with the text as its source.
fn markup_text(
    path: &str,
    text: Vec<u8>,
    known: &Capture,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let source = source_name(path, known);
    let mut part = markup::read(text::without_mark(&text), &source, diagnostics);
    part.sources.insert(source, text);
    part
}

/// Keeps a text as a source unless it is long: no evidence names a line of it.
fn keep_short(path: &str, text: Vec<u8>, known: &Capture, part: &mut Capture) {
    if text.len() < MAX_KEPT_TEXT {
        part.sources.insert(source_name(path, known), text);
    }
}

fn source_name(path: &str, known: &Capture) -> String {
    unique_name(&safe_name(path), |name| known.has_source(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "Linux version 6.1\nDMAR: IOMMU enabled\n\
        ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n";
    const LSPCI: &str = "00:00.0 Host bridge [0600]: Device [8086:1237]\n";

    fn imported(texts: &[&[u8]]) -> Import {
        let bytes = |(index, text): (usize, &&[u8])| Input::Bytes {
            name: format!("{index}.txt"),
            bytes: text.to_vec(),
        };
        import(&texts.iter().enumerate().map(bytes).collect::<Vec<_>>())
    }

    #[test]
    fn a_log_alone_is_recognised_and_not_enough() {
        let alone = imported(&[LOG.as_bytes()]);
        assert!(!alone.is_usable());
        assert!(matches!(&alone.errors[..], [ImportError::OnlyLog { file }] if file == "0.txt"));
        for texts in [[LOG, LSPCI], [LSPCI, LOG]] {
            let both = imported(&texts.map(str::as_bytes));
            assert!(both.is_usable() && both.errors.is_empty());
            assert_eq!(both.capture.host["log.txt"], LOG.as_bytes());
            assert_eq!(both.capture.sources.len(), 2);
        }
    }

    #[test]
    fn a_text_with_a_log_and_devices_is_both() {
        let text = [LOG, LSPCI].concat();
        let import = imported(&[text.as_bytes()]);
        assert_eq!(import.capture.functions.len(), 1);
        assert_eq!(import.capture.host["log.txt"], text.as_bytes());
        assert_eq!(import.capture.sources.len(), 1);
        assert!(
            imported(&[LSPCI.as_bytes()]).capture.host.is_empty(),
            "a text of lspci is no log"
        );
    }

    #[test]
    fn a_raw_table_is_imported_and_a_damaged_one_is_named() {
        let mut table = crate::testing::dmar(1, &[]);
        let good = imported(&[&table]);
        assert!(good.is_usable() && good.errors.is_empty());
        assert_eq!(good.capture.tables["DMAR"], table);
        table.pop();
        let cut = imported(&[&table]);
        assert!(cut.errors.is_empty());
        assert_eq!(cut.capture.tables["DMAR"], table);
        assert_eq!(cut.diagnostics.len(), 1);
        table.truncate(30);
        let error = imported(&[&table]).errors[0].to_string();
        assert_eq!(
            error,
            "0.txt: not recognised: an ACPI table with a wrong length or checksum"
        );
    }
}
