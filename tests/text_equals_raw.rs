//! Bits read from the words of lspci against the bytes that it printed beside them.
//!
//! The dumps are other people's and not part of the repository: `ASSIGNABLE_EXTRA_CORPUS` names
//! the folder that holds them. Without it the tests are ignored.

#![expect(clippy::print_stdout, reason = "how much was compared")]
#![expect(
    clippy::disallowed_methods,
    reason = "the dumps are files, named by the environment"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use assignable::bytes::ConfigImage;
use assignable::import::lspci::verbose::{Line, Trust, reconstruct};
use libtest_mimic::{Arguments, Failed, Trial};

/// One function of a dump: its words, and the bytes printed below them.
struct Function {
    file: String,
    words: Vec<(u32, String)>,
    raw: Vec<u8>,
}

/// A byte whose known bits differ.
struct Difference {
    offset: u16,
    place: Place,
    text: u8,
    raw: u8,
    bits: u8,
}

/// The structure that a byte lies in, and its offset there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Place {
    Header(u16),
    Standard(u8, u16),
    Extended(u16, u16),
}

/// Bits that may differ, with the reason. Nothing here may touch the port type, ACS, MSI,
/// MSI-X, FLR, bus numbers or BAR types.
struct Exception {
    place: Place,
    bits: u8,
    /// The dump in which they do.
    only: Option<&'static str>,
    why: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        place: Place::Extended(0x1e, 3),
        bits: 0x30,
        only: Some("lspci-pciutils/cap-dev3"),
        why: "a mock-up: its bytes have a capability 2fh at 300h that its words lack, and every \
              lspci prints at least the number of one that it does not know",
    },
    Exception {
        place: Place::Extended(0x1e, 3),
        bits: 0x30,
        only: Some("lspci-pciutils/cap-flitmode"),
        why: "the same mock-up",
    },
];

/// Bits of each structure that are compared at least: about nine tenths of what the dumps held
/// when this was written.
const FLOORS: &[(&str, u32)] = &[
    ("capability 01", 8500),
    ("capability 03", 100),
    ("capability 05", 14_000),
    ("capability 08", 110),
    ("capability 09", 920),
    ("capability 0a", 620),
    ("capability 0d", 2400),
    ("capability 10", 20_000),
    ("capability 11", 1800),
    ("capability 12", 110),
    ("capability 13", 1200),
    ("extended capability 0001", 3600),
    ("extended capability 0002", 1100),
    ("extended capability 0003", 1800),
    ("extended capability 0004", 320),
    ("extended capability 0005", 750),
    ("extended capability 0008", 27),
    ("extended capability 0009", 24),
    ("extended capability 000b", 2300),
    ("extended capability 000d", 740),
    ("extended capability 000e", 190),
    ("extended capability 000f", 140),
    ("extended capability 0010", 1400),
    ("extended capability 0012", 27),
    ("extended capability 0013", 260),
    ("extended capability 0015", 400),
    ("extended capability 0017", 81),
    ("extended capability 0018", 400),
    ("extended capability 0019", 780),
    ("extended capability 001b", 180),
    ("extended capability 001d", 48),
    ("extended capability 001e", 560),
    ("extended capability 001f", 240),
    ("extended capability 0023", 350),
    ("extended capability 0025", 290),
    ("extended capability 0026", 290),
    ("extended capability 0027", 290),
    ("extended capability 002a", 81),
    ("extended capability 002b", 27),
    ("extended capability 002e", 81),
    ("extended capability 0030", 27),
    ("header", 58_000),
];

/// A test over the folder of dumps.
type Test = fn(&Path) -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").map(PathBuf::from);
    let tests: [(&str, Test); 6] = [
        (
            "every_bit_that_the_words_claim_is_the_printed_one",
            claims_are_true,
        ),
        ("a_flipped_bit_is_found", flips_are_found),
        ("a_cut_text_claims_nothing_else", cuts_claim_a_subset),
        ("a_wrapped_text_claims_nothing_else", wraps_claim_a_subset),
        (
            "a_selection_of_lines_claims_nothing_else",
            selections_claim_a_subset,
        ),
        (
            "no_exception_touches_what_verdicts_rest_on",
            exceptions_are_harmless,
        ),
    ];
    let trials = tests
        .into_iter()
        .map(|(name, test)| {
            let root = root.clone();
            Trial::test(name, move || test(&root.ok_or("no folder")?))
        })
        .map(|trial| trial.with_ignored_flag(std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").is_none()))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn claims_are_true(root: &Path) -> Result<(), Failed> {
    let functions = functions(root)?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrong = String::new();
    let mut total = 0;
    for function in &functions {
        let image = image(&function.words, true);
        let walk = Walk::of(&function.raw);
        for (offset, _, mask) in known(&image) {
            if usize::from(offset) < function.raw.len() {
                *counts.entry(walk.place(offset).structure()).or_default() += mask.count_ones();
                total += mask.count_ones();
            }
        }
        for difference in differences(function, &image) {
            let name = function.words.first().map_or("", |(_, text)| text.as_str());
            writeln!(
                wrong,
                "{} {}: {:#05x} {:?}: text {:08b} raw {:08b} bits {:08b}",
                function.file,
                name.split(' ').next().unwrap_or_default(),
                difference.offset,
                difference.place,
                difference.text,
                difference.raw,
                difference.bits,
            )?;
        }
    }
    println!("{} functions, {total} bits compared", functions.len());
    for (structure, bits) in &counts {
        println!("{bits:8} {structure}");
    }
    for &(structure, floor) in FLOORS {
        let bits = counts.get(structure).copied().unwrap_or(0);
        if bits < floor {
            writeln!(
                wrong,
                "only {bits} bits of {structure} compared, at least {floor} were"
            )?;
        }
    }
    if !wrong.is_empty() {
        return Err(format!("the words say otherwise:\n{wrong}").into());
    }
    Ok(())
}

/// Turns round every bit that a sample of images claims, one at a time.
fn flips_are_found(root: &Path) -> Result<(), Failed> {
    let mut flips = 0;
    for function in functions(root)?.iter_mut().step_by(23) {
        let image = image(&function.words, true);
        for (offset, _, mask) in known(&image) {
            let at = usize::from(offset);
            for bit in (0..8).map(|bit| 1 << bit).filter(|bit| mask & bit != 0) {
                let Some(byte) = function.raw.get_mut(at) else {
                    break;
                };
                *byte ^= bit;
                // The walk is left as it was: its names only sort the differences.
                let found = differing(function, &image).contains(&(offset, bit));
                if let Some(byte) = function.raw.get_mut(at) {
                    *byte ^= bit;
                }
                if !found {
                    let file = &function.file;
                    return Err(format!("{file}: flipped bit {bit:#x} at {offset:#x}").into());
                }
                flips += 1;
            }
        }
    }
    println!("{flips} bits flipped");
    (flips > 2_000)
        .then_some(())
        .ok_or_else(|| format!("only {flips} bits flipped").into())
}

/// Cuts the words of every function at every 97th byte.
fn cuts_claim_a_subset(root: &Path) -> Result<(), Failed> {
    let mut cuts = 0;
    for function in functions(root)? {
        let text: Vec<&str> = function
            .words
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        let text = text.join("\n");
        for end in (0..text.len()).step_by(97) {
            let cut = String::from_utf8_lossy(&text.as_bytes()[..end]);
            let words: Vec<_> = (1..).zip(cut.lines().map(str::to_owned)).collect();
            is_subset(&function, &image(&words, false), &format!("cut at {end}"))?;
            cuts += 1;
        }
    }
    println!("{cuts} cuts");
    (cuts > 5_000)
        .then_some(())
        .ok_or_else(|| format!("only {cuts} cuts").into())
}

/// Wraps the lines as mail programs do, with and without quote marks.
fn wraps_claim_a_subset(root: &Path) -> Result<(), Failed> {
    let mut bits = 0;
    for function in functions(root)? {
        for (width, mark) in [(72, "> "), (76, ""), (50, ">"), (30, "")] {
            let mut words = Vec::new();
            for (number, text) in &function.words {
                let mut line = String::new();
                for part in text.split_inclusive(' ') {
                    if line.trim().len() + part.len() > width && !line.trim().is_empty() {
                        words.push((*number, format!("{mark}{line}")));
                        line.clear();
                    }
                    line.push_str(part);
                }
                words.push((*number, format!("{mark}{line}")));
            }
            let image = image(&words, true);
            bits += image.known_bits();
            is_subset(&function, &image, &format!("wrapped at {width}"))?;
        }
    }
    println!("{bits} bits");
    (bits > 100_000)
        .then_some(())
        .ok_or_else(|| format!("only {bits} bits").into())
}

/// Leaves of each function its first line and those with some words, as `grep` does.
fn selections_claim_a_subset(root: &Path) -> Result<(), Failed> {
    let mut bits = 0;
    for function in functions(root)? {
        for kept in [
            &["Capabilities: "][..],
            &["Access Control", "ACSC"],
            &["Express (v", "Bus: primary", "ACSCtl"],
            &["Region", "Kernel driver"],
            &["MSI", "FLReset", "Subsystem"],
        ] {
            let mut words = function.words.clone();
            let mut first = true;
            words.retain(|(_, text)| {
                std::mem::take(&mut first) || kept.iter().any(|kept| text.contains(kept))
            });
            let image = image(&words, true);
            bits += image.known_bits();
            is_subset(&function, &image, &format!("{kept:?}"))?;
        }
    }
    println!("{bits} bits");
    (bits > 20_000)
        .then_some(())
        .ok_or_else(|| format!("only {bits} bits").into())
}

/// What is claimed must be claimed by the whole text as well.
fn is_subset(function: &Function, part: &ConfigImage, how: &str) -> Result<(), Failed> {
    let whole = known(&image(&function.words, true));
    for (offset, byte, mask) in known(part) {
        let all = whole.get(usize::from(offset)).copied();
        let (_, truth, truly) = all.unwrap_or((offset, 0, 0));
        if mask & !truly != 0 || (byte ^ truth) & mask != 0 {
            let (file, name) = (&function.file, &function.words[0].1);
            return Err(format!(
                "{file}: {name}: {how}, byte {offset:#x}: {byte:08b} of {mask:08b}, whole \
                 {truth:08b} of {truly:08b}"
            )
            .into());
        }
    }
    Ok(())
}

fn exceptions_are_harmless(_root: &Path) -> Result<(), Failed> {
    for exception in EXCEPTIONS {
        let harmful = match exception.place {
            // Bus numbers, BARs, layout, pointers and interrupt pin.
            Place::Header(0x0e | 0x10..=0x27 | 0x34 | 0x3d) => true,
            // Port type and FLR.
            Place::Standard(0x10, 0x02 | 0x03) => true,
            Place::Standard(0x10, 0x07) => exception.bits & 0x10 != 0,
            Place::Standard(0x05 | 0x11 | 0x13, _) => true,
            Place::Extended(0x0d | 0x0e | 0x10, _) => true,
            _ => false,
        };
        if harmful || exception.only.is_none() {
            return Err(format!(
                "{:?} may not be excepted: {}",
                exception.place, exception.why
            )
            .into());
        }
    }
    Ok(())
}

/// Bytes of which the image knows bits: offset, byte, mask.
fn known(image: &ConfigImage) -> Vec<(u16, u8, u8)> {
    let bytes = image.bytes().iter();
    let all = vec![0xff; image.bytes().len()];
    let masks = image.known_mask().unwrap_or(&all).iter();
    (0..)
        .zip(bytes.zip(masks))
        .map(|(offset, (byte, mask))| (offset, *byte, *mask))
        .collect()
}

fn differences(function: &Function, image: &ConfigImage) -> Vec<Difference> {
    let walk = Walk::of(&function.raw);
    let mut found = Vec::new();
    for (offset, text, mask) in known(image) {
        let Some(&raw) = function.raw.get(usize::from(offset)) else {
            continue;
        };
        let place = walk.place(offset);
        let excepted = EXCEPTIONS
            .iter()
            .filter(|exception| exception.place == place)
            .filter(|exception| {
                exception
                    .only
                    .is_none_or(|only| function.file.contains(only))
            })
            .fold(0, |bits, exception| bits | exception.bits);
        let bits = (text ^ raw) & mask & !excepted;
        if bits != 0 {
            found.push(Difference {
                offset,
                place,
                text,
                raw,
                bits,
            });
        }
    }
    found
}

/// Single bits that differ, exceptions and all.
fn differing(function: &Function, image: &ConfigImage) -> Vec<(u16, u8)> {
    let mut found = Vec::new();
    for (offset, text, mask) in known(image) {
        let Some(&raw) = function.raw.get(usize::from(offset)) else {
            continue;
        };
        let bits = (text ^ raw) & mask;
        found.extend(
            (0..8)
                .map(|bit| 1 << bit)
                .filter(|bit| bits & bit != 0)
                .map(|bit| (offset, bit)),
        );
    }
    found
}

fn image(words: &[(u32, String)], whole: bool) -> ConfigImage {
    let lines: Vec<Line<'_>> = words
        .iter()
        .map(|(number, text)| Line {
            number: *number,
            text,
        })
        .collect();
    let mut image = ConfigImage::empty();
    let trust = Trust {
        whole,
        bar_types: true,
    };
    reconstruct("dump", &lines, trust, &mut image, &mut Vec::new());
    image
}

/// Every function that has words and bytes, of every dump below the folder.
fn functions(root: &Path) -> Result<Vec<Function>, Failed> {
    let mut files = Vec::new();
    for folder in ["lspci-hex", "lspci-pciutils", "machines"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut functions = Vec::new();
    for file in files {
        let name = file.strip_prefix(root)?.display().to_string();
        let dump = name.starts_with("lspci-");
        if !dump
            && !name
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("lspci"))
        {
            continue;
        }
        let bytes = fs::read(&file)?;
        split(&name, &String::from_utf8_lossy(&bytes), &mut functions);
    }
    functions.retain(|function| function.raw.len() >= 64 && function.words.len() > 2);
    Ok(functions)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failed> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn split(file: &str, text: &str, functions: &mut Vec<Function>) {
    let mut current: Option<Function> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if is_header(line) {
            functions.extend(current.take());
            let words = vec![(number, line.to_owned())];
            current = Some(Function {
                file: file.to_owned(),
                words,
                raw: Vec::new(),
            });
        } else if let Some(function) = &mut current {
            match hex(line) {
                Some((offset, bytes)) if offset == function.raw.len() => function.raw.extend(bytes),
                Some(_) => {}
                None if line.trim().is_empty() || !function.raw.is_empty() => {}
                None => function.words.push((number, line.to_owned())),
            }
        }
    }
    functions.extend(current);
}

/// `0000:00:1f.0 …`
fn is_header(line: &str) -> bool {
    let Some((address, _)) = line.split_once(' ') else {
        return false;
    };
    let Some((bus, function)) = address.rsplit_once('.') else {
        return false;
    };
    let mut parts = bus.split(':').rev();
    let hex = |part: Option<&str>, lengths: &[usize]| {
        part.is_some_and(|part| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    function.len() == 1
        && hex(parts.next(), &[2])
        && hex(parts.next(), &[2])
        && parts
            .next()
            .is_none_or(|domain| hex(Some(domain), &[4, 5, 8]))
}

fn hex(line: &str) -> Option<(usize, Vec<u8>)> {
    let (offset, bytes) = line.trim().split_once(": ")?;
    if !(2..=3).contains(&offset.len()) {
        return None;
    }
    let offset = usize::from_str_radix(offset, 16).ok()?;
    let bytes: Result<Vec<u8>, _> = bytes
        .split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16))
        .collect();
    Some((offset, bytes.ok()?))
}

/// Where the structures of a space start, read from its bytes.
struct Walk {
    starts: BTreeMap<u16, Place>,
}

impl Walk {
    fn of(raw: &[u8]) -> Self {
        let mut starts = BTreeMap::new();
        starts.insert(0, Place::Header(0));
        let byte = |at: u16| raw.get(usize::from(at)).copied().unwrap_or(0);
        let word = |at: u16| u16::from_le_bytes([byte(at), byte(at + 1)]);
        let first = if byte(0x0e) & 0x7f == 2 { 0x14 } else { 0x34 };
        let mut at = u16::from(byte(first) & !3);
        while at >= 0x40 && !starts.contains_key(&at) {
            starts.insert(at, Place::Standard(byte(at), 0));
            at = u16::from(byte(at + 1) & !3);
        }
        let mut at = 0x100;
        while at >= 0x100 && word(at) != 0 && !starts.contains_key(&at) {
            starts.insert(at, Place::Extended(word(at), 0));
            at = word(at + 2) >> 4 & !3;
        }
        Self { starts }
    }

    fn place(&self, offset: u16) -> Place {
        let Some((start, place)) = self.starts.range(..=offset).next_back() else {
            return Place::Header(offset);
        };
        let within = offset - start;
        match *place {
            Place::Header(_) => Place::Header(within),
            Place::Standard(id, _) => Place::Standard(id, within),
            Place::Extended(id, _) => Place::Extended(id, within),
        }
    }
}

impl Place {
    fn structure(self) -> String {
        match self {
            Self::Header(_) => "header".to_owned(),
            Self::Standard(id, _) => format!("capability {id:02x}"),
            Self::Extended(id, _) => format!("extended capability {id:04x}"),
        }
    }
}
