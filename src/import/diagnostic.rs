//! What was skipped, guessed or missing on the way from an input to a capture.

mod decoration;

use std::fmt;

use crate::addr::Sbdf;

pub use decoration::Decoration;

/// One remark about an input that could be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// The input, as the caller named it.
    pub file: String,
    /// The file within an archive or folder.
    pub member: Option<String>,
    /// Where in it.
    pub place: Option<Place>,
    /// What about it.
    pub kind: DiagnosticKind,
}

/// A place in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A line of a text, counted from 1.
    Line(u32),
    /// A byte, counted from 0.
    Offset(u64),
}

/// Lines that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineRange {
    /// The first one, counted from 1.
    pub first: u32,
    /// The last one.
    pub last: u32,
}

/// What there is to say about an input.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// No function of the text has hex lines: only what the text says in words is known.
    NoConfigBytes {
        /// Functions in it.
        functions: usize,
    },
    /// This function has no hex lines, though others of the text have.
    FunctionWithoutBytes {
        /// The function.
        function: Sbdf,
    },
    /// A configuration space has another length than is usual, so part of it is missing.
    PartialSpace {
        /// The function.
        function: Sbdf,
        /// Bytes known.
        bytes: usize,
    },
    /// The text ends right behind a hex line of this function: there may have been more.
    OpenEnd {
        /// The function.
        function: Sbdf,
        /// Bytes known.
        bytes: usize,
    },
    /// A file with a configuration space is empty.
    EmptySpace {
        /// The function.
        function: Sbdf,
    },
    /// More bytes than a configuration space has. The first 4096 were used.
    SpaceTooLong {
        /// The function.
        function: Sbdf,
        /// Bytes there, as far as they were counted.
        bytes: usize,
    },
    /// A byte is given twice with different values. The first was kept.
    HexConflict {
        /// The function.
        function: Sbdf,
        /// Offset of the byte.
        offset: u16,
        /// The value kept.
        kept: u8,
        /// The value set aside.
        other: u8,
    },
    /// A hex line before the first function. It was skipped.
    HexWithoutFunction,
    /// A hex line is followed by something that is no byte. The bytes before it were used.
    HexTrailing {
        /// Bytes used.
        bytes: usize,
    },
    /// The end of a hex line that a message had cut was found on the next line and used.
    HexJoined,
    /// The text has no line end at its end: it may be cut.
    NoFinalLineEnd,
    /// A line is too long to be from the tool. Its start was looked at.
    LongLine {
        /// Bytes in it.
        bytes: usize,
    },
    /// The text was UTF-16 and is kept as UTF-8.
    Utf16,
    /// Something that was around every line was taken off.
    Undecorated {
        /// What.
        decoration: Decoration,
    },
    /// The text was a log in JSON and is kept as its messages, each on its line.
    LogInJson,
    /// More functions than any machine has. The others were skipped.
    TooManyFunctions {
        /// The limit.
        limit: usize,
    },
    /// Hex lines are scattered so much that not all were noted as evidence.
    TooManyHexRuns,
    /// An attribute holds something else than it should. It was skipped.
    Attribute {
        /// What it holds.
        text: String,
    },
    /// A `resource` file has a number of lines that no kernel writes. What is ambiguous was
    /// skipped.
    ResourceLines {
        /// Lines in it.
        lines: usize,
    },
    /// A function has two folders in the tree. This one was skipped.
    SecondFolder,
    /// A directory is named like a function but its number is impossible.
    NotAnAddress,
    /// The archive ends before its end mark, or in the middle of a file.
    ArchiveCut,
    /// A part of the archive is damaged; reading stopped there.
    ArchiveDamaged {
        /// What the reader said.
        problem: String,
    },
    /// A name in an archive that could lead out of it. It was skipped.
    UnsafeName,
    /// The name is absolute. It was read as relative to the root of the machine.
    AbsoluteName,
    /// A link that leads out of the archive. It was skipped.
    LinkOutside {
        /// Its target.
        target: String,
    },
    /// A file is larger than a file of its kind can be. It was skipped.
    FileTooLarge {
        /// Bytes that would have been read.
        limit: u64,
    },
    /// A file could not be read. It was skipped.
    Unreadable {
        /// What the operating system or the archive said.
        problem: String,
    },
    /// The archive holds the trees of several machines. Only the first was used.
    SecondTree {
        /// Where the other begins.
        root: String,
    },
    /// A folder has so many files that not all were looked at.
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
    /// An ACPI table ends too early, or a part of it is missing. It was used up to there.
    TableCut {
        /// Its signature.
        table: String,
        /// Bytes known.
        bytes: usize,
        /// Bytes that it should have, where its header is there.
        length: Option<usize>,
    },
    /// An ACPI table is headed by another signature than it begins with.
    TableSignature {
        /// What the heading says.
        said: String,
        /// What the table begins with.
        is: String,
    },
    /// More ACPI tables than any machine has. The others were skipped.
    TooManyTables {
        /// The limit.
        limit: usize,
    },
    /// Lines that say nothing about the machine: another command's output, prose.
    SkippedLines {
        /// How many.
        lines: usize,
        /// Where they are; of very many pieces only the first.
        ranges: Vec<LineRange>,
    },
    /// From here on the text is about another machine, or about the same one in another state.
    /// It was not used.
    SecondListing {
        /// What differs.
        reason: String,
    },
    /// A configuration space without an address: the file's name does not hold one.
    NoAddress {
        /// The address that it was given.
        function: Sbdf,
    },
    /// An export from Windows is broken at this place. What is whole was used.
    ExportBroken {
        /// What the reader said.
        problem: String,
    },
    /// Rows of a printed table whose instance id is cut. They were skipped.
    CutIds {
        /// How many.
        rows: usize,
    },
    /// Further remarks about this input were left out.
    More {
        /// How many.
        count: usize,
    },
}

/// Collects remarks about one input; their number is bounded.
#[derive(Debug)]
pub struct Diagnostics {
    file: String,
    member: Option<String>,
    list: Vec<Diagnostic>,
    dropped: usize,
}

impl Diagnostics {
    /// Remarks kept for one input.
    const LIMIT: usize = 1000;

    /// For the input of that name.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            member: None,
            list: Vec::new(),
            dropped: 0,
        }
    }

    /// Says which file within the input the next remarks are about; gives the one before.
    pub(crate) fn enter(&mut self, member: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.member, member)
    }

    /// A remark about a place in the current file.
    pub(crate) fn at(&mut self, place: Place, kind: DiagnosticKind) {
        self.push(self.member.clone(), Some(place), kind);
    }

    /// A remark about the current file.
    pub(crate) fn whole(&mut self, kind: DiagnosticKind) {
        self.push(self.member.clone(), None, kind);
    }

    /// A remark about a file within the input.
    pub(crate) fn member(&mut self, member: &str, kind: DiagnosticKind) {
        if self.list.len() < Self::LIMIT {
            self.push(Some(shortened(member)), None, kind);
        } else {
            self.dropped += 1;
        }
    }

    fn push(&mut self, member: Option<String>, place: Option<Place>, kind: DiagnosticKind) {
        if self.list.len() < Self::LIMIT {
            let file = self.file.clone();
            self.list.push(Diagnostic {
                file,
                member,
                place,
                kind,
            });
        } else {
            self.dropped += 1;
        }
    }

    /// All of them.
    pub fn into_vec(mut self) -> Vec<Diagnostic> {
        if self.dropped > 0 {
            let kind = DiagnosticKind::More {
                count: self.dropped,
            };
            self.list.push(Diagnostic {
                file: self.file,
                member: None,
                place: None,
                kind,
            });
        }
        self.list
    }
}

/// The first characters of a text from an input, control characters escaped.
pub(crate) fn shortened(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars().take(200) {
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    if text.chars().nth(200).is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(member) = &self.member {
            write!(f, ": {member}")?;
        }
        match self.place {
            Some(Place::Line(line)) => write!(f, ":{line}")?,
            Some(Place::Offset(offset)) => write!(f, ", byte {offset}")?,
            None => {}
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for DiagnosticKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConfigBytes { functions } => write!(
                f,
                "{functions} function{} without hex lines: registers are known as far as the words \
                 go; 'sudo lspci -vvvnnxxxx' shows them all",
                if *functions == 1 { "" } else { "s" }
            ),
            Self::FunctionWithoutBytes { function } => {
                write!(f, "{function} has no bytes of its configuration space")
            }
            Self::PartialSpace { function, bytes } => {
                write!(
                    f,
                    "{function} has {bytes} bytes of its configuration space; some are missing"
                )
            }
            Self::OpenEnd { function, bytes } => write!(
                f,
                "the text ends behind {bytes} bytes of {function}; it may be cut"
            ),
            Self::EmptySpace { function } => {
                write!(f, "the configuration space of {function} is empty")
            }
            Self::SpaceTooLong { function, bytes } => {
                write!(
                    f,
                    "the configuration space of {function} has {bytes} bytes; used 4096"
                )
            }
            Self::HexConflict {
                function,
                offset,
                kept,
                other,
            } => write!(
                f,
                "{function} has byte {offset:#05x} twice: kept {kept:#04x}, not {other:#04x}"
            ),
            Self::HexWithoutFunction => f.write_str("hex bytes before any function; skipped"),
            Self::HexTrailing { bytes } => {
                write!(f, "something else follows after {bytes} hex bytes; skipped")
            }
            Self::HexJoined => f.write_str("these bytes belong to the hex line before; used"),
            Self::NoFinalLineEnd => f.write_str("the text ends without a line end; it may be cut"),
            Self::LongLine { bytes } => {
                write!(f, "a line of {bytes} bytes; only its start was read")
            }
            Self::Utf16 => f.write_str("the text is UTF-16; kept as UTF-8"),
            Self::Undecorated { decoration } => {
                write!(f, "without {decoration}; kept as the lines behind them")
            }
            Self::LogInJson => f.write_str("a log in JSON; kept as its messages, line by line"),
            Self::TooManyFunctions { limit } => {
                write!(f, "more than {limit} functions; the others were skipped")
            }
            Self::TooManyHexRuns => {
                f.write_str("hex lines in too many pieces; the evidence will not name all lines")
            }
            Self::Attribute { text } => write!(f, "holds '{text}'; skipped"),
            Self::ResourceLines { lines } => write!(f, "has {lines} lines, as no kernel writes"),
            Self::SecondFolder => f.write_str("another folder of a function already seen; skipped"),
            Self::NotAnAddress => f.write_str("not an address of a function; skipped"),
            Self::ArchiveCut => f.write_str("the archive is cut here"),
            Self::ArchiveDamaged { problem } => write!(f, "the archive is damaged here: {problem}"),
            Self::UnsafeName => f.write_str("the name could lead out of the archive; skipped"),
            Self::AbsoluteName => f.write_str("the name is absolute; read as relative"),
            Self::LinkOutside { target } => {
                write!(f, "a link to '{target}', outside of the archive; skipped")
            }
            Self::FileTooLarge { limit } => write!(f, "more than {limit} bytes; skipped"),
            Self::Unreadable { problem } => write!(f, "{problem}; skipped"),
            Self::SecondTree { root } => {
                write!(f, "the tree of another machine begins at '{root}'; skipped")
            }
            Self::TooManyFiles { limit } => {
                write!(f, "more than {limit} files; the others were not looked at")
            }
            Self::TableCut {
                table,
                bytes,
                length,
            } => {
                write!(f, "table {table}: {bytes} bytes")?;
                if let Some(length) = length {
                    write!(f, " of {length}")?;
                }
                f.write_str("; the rest is missing")
            }
            Self::TableSignature { said, is } => {
                write!(f, "headed '{said}', but the bytes say {is}; used that")
            }
            Self::TooManyTables { limit } => {
                write!(f, "more than {limit} ACPI tables; the others were skipped")
            }
            Self::SkippedLines { lines, ranges } => {
                let plural = if *lines == 1 { "" } else { "s" };
                write!(f, "{lines} line{plural} of other content skipped:")?;
                for (index, LineRange { first, last }) in ranges.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    match first == last {
                        true => write!(f, "{comma} {first}")?,
                        false => write!(f, "{comma} {first}-{last}")?,
                    }
                }
                let listed: usize = ranges
                    .iter()
                    .map(|range| (range.last - range.first) as usize + 1)
                    .sum();
                f.write_str(if listed < *lines { ", …" } else { "" })
            }
            Self::SecondListing { reason } => {
                write!(
                    f,
                    "another list of devices begins here and was not used: {reason}"
                )
            }
            Self::NoAddress { function } => write!(
                f,
                "a configuration space without an address; taken as {function} (name the file \
                 after its address, e.g. 0000-01-00.0.config)"
            ),
            Self::ExportBroken { problem } => write!(f, "broken: {problem}; used what is whole"),
            Self::CutIds { rows } => write!(
                f,
                "{rows} rows name no device in full; export with '| ConvertTo-Json' or \
                 '| Format-List *' instead"
            ),
            Self::More { count } => write!(f, "{count} more remarks were left out"),
        }
    }
}
