//! Marks that forums and web pages put around quoted lines: `[COLOR=#000080]IOMMU group 1`,
//! `… (rev 02)[/CODE]`, `<pre>00:00.0 Host bridge`.

/// Names of such marks. Nothing that lspci prints in brackets is among them: `[size=1M]` is its own.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "b", "blockquote", "body", "br", "center", "code", "color", "div", "em", "font", "html", "i",
    "icode", "left", "li", "list", "mono", "noparse", "ol", "p", "php", "pre", "quote", "samp",
    "span", "spoiler", "strong", "tt", "u", "ul",
];
/// Longest mark, with its attributes.
const LONGEST: usize = 120;

/// A line without the marks at its start and at its end. Indentation before a mark goes with it;
/// what stands behind it stays.
pub(super) fn without(line: &[u8]) -> &[u8] {
    let ended = before(line);
    let mut start = ended.trim_ascii_start();
    let mut marked = false;
    while let Some(rest) = behind(start) {
        start = rest;
        marked = true;
    }
    match marked {
        true => start,
        false => ended,
    }
}

/// What follows a mark at the start of a line.
fn behind(line: &[u8]) -> Option<&[u8]> {
    let close = closing(*line.first()?)?;
    let end = line.iter().take(LONGEST).position(|&byte| byte == close)?;
    is_mark(line.get(1..end)?).then(|| line.get(end + 1..))?
}

/// The line without the marks at its end.
fn before(line: &[u8]) -> &[u8] {
    let mut line = line;
    let trimmed = |line: &[u8]| line.trim_ascii_end().last().copied();
    while let Some(open) = trimmed(line).and_then(opening) {
        line = line.trim_ascii_end();
        let start = line.iter().rev().take(LONGEST).position(|&b| b == open);
        let Some(start) = start.map(|back| line.len() - 1 - back) else {
            break;
        };
        let inside = line.get(start + 1..line.len() - 1).unwrap_or_default();
        if !is_mark(inside) {
            break;
        }
        line = line.get(..start).unwrap_or_default().trim_ascii_end();
    }
    line
}

/// `/COLOR`, `color=#000080`, `br/`, `span class="x"`.
fn is_mark(inside: &[u8]) -> bool {
    let inside = inside.strip_prefix(b"/").unwrap_or(inside);
    let end = inside.iter().position(|byte| !byte.is_ascii_alphabetic());
    let (name, rest) = inside.split_at(end.unwrap_or(inside.len()));
    matches!(rest.first(), None | Some(b'=' | b' ' | b'/'))
        && NAMES
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

const fn closing(open: u8) -> Option<u8> {
    match open {
        b'[' => Some(b']'),
        b'<' => Some(b'>'),
        _ => None,
    }
}

const fn opening(close: u8) -> Option<u8> {
    match close {
        b']' => Some(b'['),
        b'>' => Some(b'<'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_forums_and_pages_are_taken_off() {
        assert_eq!(
            behind(b"[COLOR=#000080]IOMMU group 1"),
            Some(&b"IOMMU group 1"[..])
        );
        assert_eq!(behind(b"<pre class=\"x\">00:00.0"), Some(&b"00:00.0"[..]));
        assert_eq!(
            before(b"ISA bridge (rev 02)[/COLOR][/CODE]"),
            b"ISA bridge (rev 02)"
        );
        assert_eq!(before(b"ISA bridge<br/>"), b"ISA bridge");
    }

    #[test]
    fn what_lspci_and_scripts_print_in_brackets_stays() {
        for line in [
            "[8086:1901] [R] 00:01.0",
            "[R] 00:01.0",
            "[ 0.1] pci",
            "<access denied>",
        ] {
            assert_eq!(behind(line.as_bytes()), None, "{line}");
        }
        for line in [
            "Radeon [AMD/ATI]",
            "Host bridge [0600]",
            "Region 0: Memory at df200000 [size=1M]",
            "Capabilities: <access denied>",
            "]",
        ] {
            assert_eq!(before(line.as_bytes()), line.as_bytes(), "{line}");
        }
    }
}
