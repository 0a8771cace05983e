//! Small words that every text report uses: sizes, counts, padding, and text from a dump made
//! harmless.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::verdict::Verdict;

/// Text from a dump, fit to be shown: control characters and those that deceive the eye become
/// `\u{…}`, and nothing is longer than a line should be.
pub fn safe(text: &str) -> String {
    const LONGEST: usize = 512;
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for (count, ch) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        push_visible(&mut out, ch);
    }
    out
}

/// The same at any length and over several lines, for programs that pass text on to people.
pub(super) fn safe_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if ch == '\n' {
            out.push(ch);
        } else {
            push_visible(&mut out, ch);
        }
    }
    out
}

/// Text from a dump as a cell of a table that a spreadsheet may open: harmless to look at, and
/// never a formula (OWASP, CSV Injection). Where it would begin one, an apostrophe goes before.
pub fn spreadsheet_cell(text: &str) -> String {
    // The last four are the full-width forms that some spreadsheets take for the first four.
    const STARTERS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = safe(text);
    if text.trim_start().starts_with(STARTERS) {
        format!("'{text}")
    } else {
        text
    }
}

fn push_visible(out: &mut String, ch: char) {
    if ch.is_control() || is_treacherous(ch) {
        out.extend(ch.escape_unicode());
    } else {
        out.push(ch);
    }
}

/// Characters that show something else than what stands there: marks that turn the direction
/// of writing, that take no room, that break lines, or that no text may hold.
const fn is_treacherous(ch: char) -> bool {
    matches!(
        ch,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    ) || ch as u32 & 0xfffe == 0xfffe
}

/// A verdict in one short word, as tables show it.
pub(super) const fn short_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "yes",
        Verdict::AssignableWithConditions => "if",
        Verdict::Undetermined => "?",
        Verdict::NotAssignable => "no",
    }
}

/// A verdict in words: its name in JSON, written as prose.
pub(super) const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "assignable",
        Verdict::AssignableWithConditions => "assignable with conditions",
        Verdict::Undetermined => "undetermined",
        Verdict::NotAssignable => "not assignable",
    }
}

/// A verdict on a host in words.
pub(super) const fn host_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "can assign devices",
        Verdict::AssignableWithConditions => "can assign devices if conditions are met",
        Verdict::Undetermined => "undetermined: the capture lacks evidence",
        Verdict::NotAssignable => "cannot assign devices",
    }
}

/// Cuts or pads to exactly `width` columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let columns = text.width();
    if columns <= width {
        return format!("{text}{:1$}", "", width - columns);
    }
    let mut out = String::new();
    let mut used = 0;
    for ch in text.chars() {
        let columns = ch.width().unwrap_or(0);
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        out.push(ch);
    }
    out.push('…');
    used += 1;
    format!("{out}{:1$}", "", width.saturating_sub(used))
}

/// A size in the largest binary unit that keeps it exact, or with one decimal.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = None;
    let mut scale = 1_u64;
    for (index, name) in UNITS.iter().enumerate() {
        let step = 1_u64 << (10 * (index + 1));
        if bytes < step {
            break;
        }
        unit = Some(*name);
        scale = step;
    }
    let Some(unit) = unit else {
        return format!("{bytes} B");
    };
    if bytes.is_multiple_of(scale) {
        return format!("{} {unit}", bytes / scale);
    }
    let tenths = u128::from(bytes) * 10 / u128::from(scale);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// `1 device`, `2 devices`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Breaks text into lines of at most `width` columns, at spaces.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_cannot_move_the_cursor_or_turn_the_line() {
        let text = safe("a\u{1b}[2J\r\nb\u{202e}c");
        assert_eq!(text, "a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}c");
        assert!(safe(&"x".repeat(10_000)).chars().count() <= 513);
    }

    #[test]
    fn a_cell_never_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(1)", " =1", "＝1"] {
            assert_eq!(spreadsheet_cell(text), format!("'{text}"));
        }
        assert_eq!(spreadsheet_cell("\t=1\r"), "\\u{9}=1\\u{d}");
        assert_eq!(spreadsheet_cell("0000:01:00.0"), "0000:01:00.0");
        assert_eq!(spreadsheet_cell("a-b=c"), "a-b=c");
    }

    #[test]
    fn sizes_are_exact_or_cut_to_a_tenth() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(16 << 10), "16 KiB");
        assert_eq!(size((256 << 20) + (32 << 20)), "288 MiB");
        assert_eq!(size((32 << 30) + (32 << 20)), "32.0 GiB");
        assert_eq!(size(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn fitting_counts_columns_not_bytes() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日… ");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("  ", 7), Vec::<String>::new());
    }
}
