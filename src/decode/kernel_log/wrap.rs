//! Lines that a terminal or a mail wrapped.
//!
//! Only logs whose lines begin with a time can be put together again: a line without one goes
//! on with the line before, if that is as long as lines get in this text.

use super::MAX_LINE;
use super::line::undecorated;

/// Widths that terminals and mails have.
const USUAL: &[usize] = &[72, 76, 78, 79, 80, 100, 120, 132, 160];
/// Narrower than this nobody wraps, and wider than that nobody does.
const NARROWEST: usize = 60;
const WIDEST: usize = 240;

/// How the lines of a text are wrapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wrap {
    /// Characters of the longest line.
    width: usize,
    /// At spaces, as mails do; else wherever the line was full, as terminals do.
    at_spaces: bool,
}

/// What stands on a line before its message, and the message.
fn parts(line: &str) -> (&str, &str) {
    let text = line.trim_start_matches([' ', '\t', '>', '|']);
    let quotes = line.len() - text.len();
    (line.get(..quotes).unwrap_or_default(), text.trim_end())
}

/// Whether a line begins with a time, a level or a host's name.
fn is_stamped(line: &str) -> bool {
    let text = parts(line).1;
    !text.is_empty() && undecorated(line).len() < text.len()
}

fn length(line: &str) -> usize {
    line.trim_end_matches('\r').chars().count()
}

impl Wrap {
    /// Finds out how a text is wrapped; `None` where it is not, or nothing tells.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        // Nearly all logs have longer lines, or none without a time.
        let text = std::str::from_utf8(text).ok()?;
        let wide = |line: &str| line.len() > WIDEST && length(line) > WIDEST;
        if text.lines().any(wide) {
            return None;
        }
        let width = text.lines().map(length).max()?;
        if width < NARROWEST {
            return None;
        }
        let (mut full, mut at_spaces, mut other) = (0, 0, 0);
        let mut before: Option<&str> = None;
        for line in text.lines() {
            let follows = before.filter(|_| !parts(line).1.is_empty() && !is_stamped(line));
            if let Some(before) = follows {
                if length(before) == width {
                    full += 1;
                } else if breaks_at_space(before, line, width) {
                    at_spaces += 1;
                } else {
                    other += 1;
                }
            }
            before = (is_stamped(line) || follows.is_some()).then_some(line);
        }
        let least = if USUAL.contains(&width) { 1 } else { 2 };
        match (full, at_spaces) {
            _ if full + at_spaces < least || other > 0 => None,
            (full, at_spaces) => Some(Self {
                width,
                at_spaces: at_spaces > full,
            }),
        }
    }

    /// Joins a line to what was read of the message, if it goes on with it. `before` is the line
    /// that stands before it.
    pub(super) fn join(self, message: &mut String, before: &str, line: &str) -> bool {
        let rest = parts(line).1;
        if rest.is_empty() || is_stamped(line) || message.is_empty() || message.len() > MAX_LINE {
            return false;
        }
        if self.at_spaces || length(before) < self.width {
            if !breaks_at_space(before, line, self.width) {
                return false;
            }
            message.push(' ');
            message.push_str(rest);
            return true;
        }
        // What the terminal cut within a message keeps its spaces.
        let quotes = line.trim_start_matches(['>', '|']);
        message.push_str(quotes.trim_end());
        true
    }
}

/// Whether the next word had no room on the line before.
fn breaks_at_space(before: &str, line: &str, width: usize) -> bool {
    let word = parts(line).1.split(' ').next().unwrap_or_default();
    length(before.trim_end()) + 1 + word.chars().count() > width
}

#[cfg(test)]
mod tests {
    use super::super::KernelLog;
    use super::*;

    const LOG: &str = "[    0.000000] Linux version 6.8.12-4-pve (build@proxmox) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC\n\
        [    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-6.8.12-4-pve root=/dev/mapper/pve-root ro quiet intel_iommu=on iommu=pt\n\
        [    0.323456] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port\n\
        [    0.323456] pci 0000:00:01.0: PCI bridge to [bus 01]\n\
        [    0.323456] pci 0000:01:00.0: [8086:1521] type 00 class 0x020000 PCIe Endpoint\n\
        [    0.323456] pci 0000:01:00.0: BAR 2 [mem 0x00000000d0000000-0x00000000dfffffff 64bit pref]\n\
        [    0.323456] pci 0000:01:00.0: BAR 0 [mem 0xf0000000-0xf00fffff]: assigned and enabled, says the firmware of this board\n\
        [    0.700000] pci 0000:00:01.0: Adding to iommu group 1\n\
        [    0.700000] pci 0000:01:00.0: Adding to iommu group 12\n";

    /// As a terminal of that width shows it.
    fn hard(text: &str, width: usize) -> String {
        let rows = text.lines().flat_map(|line| {
            let characters: Vec<char> = line.chars().collect();
            let rows = characters.chunks(width).map(|row| row.iter().collect());
            rows.collect::<Vec<String>>()
        });
        rows.flat_map(|row| [row, "\n".to_owned()]).collect()
    }

    /// As a mail of that width has it.
    fn soft(text: &str, width: usize) -> String {
        let mut wrapped = String::new();
        for line in text.lines() {
            let mut length = 0;
            for (index, word) in line.split(' ').enumerate() {
                if index > 0 && length + 1 + word.len() > width {
                    wrapped.push('\n');
                    length = 0;
                } else if index > 0 {
                    wrapped.push(' ');
                    length += 1;
                }
                wrapped.push_str(word);
                length += word.len();
            }
            wrapped.push('\n');
        }
        wrapped
    }

    /// A log without the lines that its facts stand on.
    fn facts(text: &str) -> String {
        let log = KernelLog::read(text.as_bytes());
        assert_eq!(log.functions.len(), 2, "{text}");
        let mut facts = format!("{:?}", (log.release, log.command_line, log.functions));
        while let Some((before, after)) = facts.split_once("line: ") {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            facts = format!("{before}{after}");
        }
        facts
    }

    #[test]
    fn a_wrapped_log_says_what_the_whole_one_says() {
        let whole = facts(LOG);
        assert!(
            whole.contains("0xd0000000") || whole.contains("3489660928"),
            "{whole}"
        );
        for width in [72, 80, 100] {
            assert_eq!(
                facts(&hard(LOG, width)),
                whole,
                "{width}\n{}",
                hard(LOG, width)
            );
            assert_eq!(
                facts(&soft(LOG, width)),
                whole,
                "{width}\n{}",
                soft(LOG, width)
            );
            let quoted = soft(LOG, width).replace('\n', "\n> ");
            assert_eq!(facts(&format!("> {quoted}")), whole, "{width}");
        }
    }

    #[test]
    fn a_log_that_is_not_wrapped_takes_nothing_from_other_lines() {
        assert_eq!(Wrap::of(LOG.as_bytes()), None);
        // Another command's output behind the longest line of a short log.
        let line = "[    0.700000] pci 0000:01:00.0: Adding to iommu group 1";
        let text = format!("{line}\n3 devices in the group\n");
        assert_eq!(Wrap::of(text.as_bytes()), None);
        let padded = format!("{LOG}2 functions are in the group\n");
        let log = KernelLog::read(padded.as_bytes());
        let group = log.functions[&"01:00.0".parse().unwrap()].group.unwrap();
        assert_eq!(group.value, Some(12));
    }
}
