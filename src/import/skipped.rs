//! Lines of a text that were of no use.

use super::diagnostic::{DiagnosticKind, LineRange};

/// Ranges of lines that are listed one by one.
const MAX_RANGES: usize = 200;

/// Counts lines that were skipped, and lists where they are.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    lines: usize,
    ranges: Vec<LineRange>,
}

impl Skipped {
    /// Notes a line, counted from 1. Lines come in order.
    pub(super) fn line(&mut self, line: u32) {
        self.lines += 1;
        let room = self.ranges.len() < MAX_RANGES;
        match self.ranges.last_mut() {
            Some(last) if last.last.checked_add(1) == Some(line) => last.last = line,
            _ if room => self.ranges.push(LineRange {
                first: line,
                last: line,
            }),
            _ => {}
        }
    }

    /// What there is to say, if anything was skipped.
    pub(super) fn remark(self) -> Option<DiagnosticKind> {
        let Self { lines, ranges } = self;
        (lines > 0).then_some(DiagnosticKind::SkippedLines { lines, ranges })
    }
}
