//! The lines of one function, sorted into what stands before, within and behind the lists of
//! capabilities.

use super::Line;

/// Longest line that is looked at.
const MAX_LINE: usize = 4096;

/// One function's lines.
pub(super) struct Words<'a> {
    /// The first line.
    pub(super) header: Option<Statement>,
    /// Lines before the first capability, wrapped flags joined to their line.
    pub(super) top: Vec<Statement>,
    /// Capabilities in the order printed.
    pub(super) capabilities: Vec<Capability<'a>>,
    /// Lines behind the capabilities (driver, modules, bytes), or the text goes on.
    pub(super) ended: bool,
    /// The lines are not a selection: those that lspci prints for every function are there.
    pub(super) complete: bool,
    /// Printed with `-vv` or more.
    pub(super) detailed: bool,
}

/// A line and how deep it is indented.
#[derive(Clone, Copy)]
struct Indented<'a> {
    line: Line<'a>,
    indent: usize,
}

/// A line, or several where a mail wrapped it.
pub(super) struct Statement {
    /// What it says, without indentation.
    pub(super) text: String,
    /// Number of the line and where it starts in the text.
    lines: Vec<(usize, u32)>,
}

/// A line `Capabilities: …` and what is printed below it.
pub(super) struct Capability<'a> {
    /// Number of the first line.
    pub(super) line: u32,
    /// Behind `Capabilities:`.
    pub(super) text: &'a str,
    /// The lines below.
    pub(super) body: Vec<Statement>,
    /// Another line follows, so that the body was printed to its end.
    pub(super) ended: bool,
}

impl Statement {
    pub(super) fn new(line: u32, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            lines: vec![(0, line)],
        }
    }

    pub(super) fn join(&mut self, line: u32, text: &str) {
        self.text.push('\n');
        self.lines.push((self.text.len(), line));
        self.text.push_str(text);
    }

    /// Number of the line that holds a position of the text.
    pub(super) fn line_at(&self, position: usize) -> u32 {
        let behind = self.lines.partition_point(|&(start, _)| start <= position);
        let found = behind.checked_sub(1).and_then(|last| self.lines.get(last));
        found.map_or(0, |&(_, line)| line)
    }

    /// Number of the first line.
    pub(super) fn line(&self) -> u32 {
        self.line_at(0)
    }

    /// The text behind a label at its start.
    pub(super) fn after(&self, label: &str) -> Option<&str> {
        self.text.strip_prefix(label).map(str::trim_start)
    }

    /// The flags `Name+` and `Name-` in it.
    pub(super) fn flags(&self) -> impl Iterator<Item = (&str, bool, u32)> {
        let start = self.text.as_ptr() as usize;
        tokens(&self.text).filter_map(move |token| {
            let position = (token.as_ptr() as usize).saturating_sub(start);
            let (name, value) = flag(token)?;
            Some((name, value, self.line_at(position)))
        })
    }
}

/// The parts of a text between spaces and punctuation.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\n', ',', ';', '(', ')'])
        .filter(|token| !token.is_empty())
}

/// A name that ends in `+` or `-`.
fn flag(token: &str) -> Option<(&str, bool)> {
    let (name, value) = match token.strip_suffix('+') {
        Some(name) => (name, true),
        None => (token.strip_suffix('-')?, false),
    };
    (!name.is_empty()).then_some((name, value))
}

impl<'a> Words<'a> {
    pub(super) fn of(block: &[Line<'a>], whole: bool) -> Self {
        let mut lines: Vec<Indented<'a>> = Vec::with_capacity(block.len());
        let push = |lines: &mut Vec<Indented<'a>>, line: &Line<'a>, text| {
            let indent = indentation(line.text);
            let line = Line { text, ..*line };
            lines.push(Indented { line, indent });
        };
        let mut follows = whole;
        let mut rest = block.iter();
        while let Some(line) = rest.next() {
            if line.text.len() > MAX_LINE {
                push(&mut lines, line, "");
                continue;
            }
            let text = unquoted(line.text);
            if is_omission(text) {
                follows = false;
                // Stands in for the line before, whose end is there.
                push(&mut lines, line, "");
                break;
            }
            let hex = is_hex(text);
            if text.is_empty() || hex {
                // The last line of a text that was cut may have lost all but its indentation.
                follows |= hex || rest.len() > 0;
                if lines.is_empty() {
                    continue;
                }
                break;
            }
            push(&mut lines, line, text);
        }
        if !follows {
            // It may have lost its end.
            lines.pop();
        }
        Self::sorted(&lines, follows)
    }

    fn sorted(lines: &[Indented<'a>], follows: bool) -> Self {
        let mut words = Self {
            header: None,
            top: Vec::new(),
            capabilities: Vec::new(),
            ended: follows,
            complete: false,
            detailed: false,
        };
        let mut lines = lines.iter();
        words.header = lines
            .next()
            .map(|first| Statement::new(first.line.number, first.line.text));
        let mut behind = false;
        let mut list = None;
        for Indented { line, indent } in lines {
            if let Some(text) = line.text.strip_prefix("Capabilities:") {
                // A second list is no list of this function.
                if !behind {
                    words.end_capability();
                    list = Some(*indent).filter(|&indent| indent > 0);
                    words.capabilities.push(Capability {
                        line: line.number,
                        text: text.trim(),
                        body: Vec::new(),
                        ended: false,
                    });
                }
            } else if line.text.starts_with("Kernel ") || line.text.starts_with("Kernel:") {
                words.end_capability();
                behind = true;
                words.ended = true;
            } else if behind {
            } else if list == Some(*indent) {
                // A line that was damaged: of the list nothing more is certain.
                words.end_capability();
                words.ended = false;
                break;
            } else if let Some(capability) = words.capabilities.last_mut() {
                add(&mut capability.body, line, |text| !has_label(text));
            } else {
                add(&mut words.top, line, only_flags);
            }
        }
        if words.ended {
            words.end_capability();
        }
        let starts = |label: &str| words.top.iter().any(|top| top.text.starts_with(label));
        words.detailed = starts("Control:") && starts("Status:");
        words.complete = (words.detailed || starts("Flags:")) && !words.has_damage();
        words
    }

    /// Whether a line before the lists has a label that lspci does not print: what seems to be
    /// missing may be that line. What a mail wrapped has no label.
    fn has_damage(&self) -> bool {
        let labelled = self.top.iter().skip_while(|top| !is_labelled(top));
        labelled.filter(|top| !is_labelled(top)).any(|top| {
            top.text
                .split_whitespace()
                .take(4)
                .any(|word| word.ends_with(':'))
        })
    }

    fn end_capability(&mut self) {
        if let Some(last) = self.capabilities.last_mut() {
            last.ended = true;
        }
    }

    /// The line before the capabilities that starts with the label.
    pub(super) fn top(&self, label: &str) -> Option<&Statement> {
        self.top.iter().find(|top| top.text.starts_with(label))
    }

    /// Whether everything before the lists of capabilities was printed.
    pub(super) fn top_is_complete(&self) -> bool {
        self.complete && (self.ended || !self.capabilities.is_empty())
    }

    /// Whether the first line is all of it: mails wrap it, and then something else follows.
    pub(super) fn header_is_whole(&self) -> bool {
        self.complete && self.top.first().is_some_and(is_labelled)
    }

    /// Whether a line is not wrapped: one that is known to begin follows.
    pub(super) fn is_whole(&self, statement: &Statement) -> bool {
        let mut rest = self
            .top
            .iter()
            .skip_while(|top| top.line() != statement.line());
        rest.nth(1)
            .map_or_else(|| self.top_is_complete(), is_labelled)
    }

    /// Whether lspci itself saw nothing but ones.
    pub(super) fn is_unreadable(&self) -> bool {
        let unknown = |top: &Statement| {
            top.text.starts_with("!!!") && top.text.contains("Unknown header type")
        };
        self.top.iter().any(unknown)
    }
}

/// Whether a line before the capabilities is known to begin one.
fn is_labelled(top: &Statement) -> bool {
    const LABELS: [&str; 28] = [
        "DeviceName:",
        "Subsystem:",
        "Physical Slot:",
        "Control:",
        "Status:",
        "Flags:",
        "Latency:",
        "Interrupt:",
        "Device tree node:",
        "NUMA node:",
        "IOMMU group:",
        "BIST ",
        "Region ",
        "Memory at ",
        "I/O ports at ",
        "Bus: primary=",
        "I/O behind bridge:",
        "Memory behind bridge:",
        "Prefetchable memory behind bridge:",
        "Memory window ",
        "I/O window ",
        "16-bit legacy interface ports",
        "Driver in use:",
        "Secondary status:",
        "[virtual] Expansion ROM at ",
        "Expansion ROM at ",
        "BridgeCtl:",
        "!!!",
    ];
    LABELS.iter().any(|label| top.text.starts_with(label))
}

fn add(statements: &mut Vec<Statement>, line: &Line<'_>, continues: fn(&str) -> bool) {
    match statements.last_mut() {
        Some(last) if continues(line.text) => last.join(line.number, line.text),
        _ => statements.push(Statement::new(line.number, line.text)),
    }
}

/// Whether a line is the rest of a list of flags.
fn only_flags(text: &str) -> bool {
    tokens(text).all(|token| flag(token).is_some())
}

/// Whether a line below a capability begins a new register: its first word ends in a colon, or
/// it has one of the labels of several words.
fn has_label(text: &str) -> bool {
    const LONG: [&str; 11] = [
        "Initial VFs:",
        "VF offset:",
        "Supported Page Size:",
        "Region ",
        "VF Migration:",
        "Vector table:",
        "Page Request Capacity:",
        "BAR ",
        "Entry ",
        "!!!",
        "<",
    ];
    text.split_whitespace()
        .next()
        .is_some_and(|word| word.ends_with(':'))
        || LONG.iter().any(|label| text.starts_with(label))
}

/// How deep a line is indented behind the quote marks of mails.
fn indentation(text: &str) -> usize {
    let depth = |indent: usize, mark: char| match mark {
        '\t' => indent + 8,
        '>' => 0,
        _ => indent + 1,
    };
    let marks = text
        .chars()
        .take_while(|mark| matches!(mark, ' ' | '\t' | '>'));
    marks.fold(0, depth)
}

/// The line without indentation and the quote marks of mails.
fn unquoted(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '>']).trim_end()
}

/// `1c0: 86 80 …`
fn is_hex(text: &str) -> bool {
    let Some((offset, bytes)) = text.split_once(':') else {
        return false;
    };
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bytes = bytes.split_whitespace().peekable();
    (2..=3).contains(&offset.len())
        && hex(offset)
        && bytes
            .peek()
            .is_some_and(|byte| byte.len() == 2 && hex(byte))
}

/// What people put where they left lines out.
fn is_omission(text: &str) -> bool {
    let bare = text.trim_matches(['[', ']', '<', '(', ')']);
    bare.starts_with("...") || bare.starts_with('…') || matches!(bare, "snip" | "cut")
}
