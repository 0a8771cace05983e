//! Bytes with the interesting ones marked.

use maud::{Markup, html};

use crate::bytes::{ConfigImage, Span};

const PER_LINE: u32 = 16;
/// Lines at most; what does not fit is said.
const MOST_LINES: u32 = 8;

/// Bytes of a configuration space around a span. `None` where the span holds no captured byte.
pub(super) fn config(image: &ConfigImage, span: Span) -> Option<Markup> {
    let bytes = image.bytes();
    let mask = image.known_mask();
    let digit = |offset: usize| {
        let byte = bytes.get(offset)?;
        let known = mask.map_or(0xff, |mask| mask.get(offset).copied().unwrap_or(0));
        let nibble = |shift: u8| {
            if (known >> shift) & 0xf == 0xf {
                char::from_digit(u32::from(byte >> shift & 0xf), 16).unwrap_or('?')
            } else {
                '?'
            }
        };
        Some([nibble(4), nibble(0)])
    };
    view(span, bytes.len(), digit)
}

/// Bytes of a table around a span.
pub(super) fn table(bytes: &[u8], span: Span) -> Option<Markup> {
    let digit = |offset: usize| {
        let byte = *bytes.get(offset)?;
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
        Some([digit(byte >> 4), digit(byte & 0xf)])
    };
    view(span, bytes.len(), digit)
}

fn view(span: Span, extent: usize, digits: impl Fn(usize) -> Option<[char; 2]>) -> Option<Markup> {
    let extent = u32::try_from(extent).unwrap_or(u32::MAX);
    if span.offset >= extent || span.len == 0 {
        return None;
    }
    let end = span.offset.saturating_add(span.len);
    let first = span.offset / PER_LINE;
    let last = (end - 1).min(extent - 1) / PER_LINE;
    let shown = last.min(first + MOST_LINES - 1);
    let marked = |offset: u32| span.offset <= offset && offset < end;
    Some(html! {
        pre.hex aria-label="bytes" {
            @for line in first..=shown {
                (format!("{:03x}:", line * PER_LINE))
                @for offset in line * PER_LINE..(line + 1) * PER_LINE {
                    @if let Some(digits) = digits(offset as usize) {
                        " "
                        @if marked(offset) {
                            mark { (digits[0]) (digits[1]) }
                        } @else {
                            (digits[0]) (digits[1])
                        }
                    }
                }
                "\n"
            }
            @if shown < last { "… " (last - shown) " more lines\n" }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(offset: u32, len: u32) -> Span {
        Span { offset, len }
    }

    #[test]
    fn the_bytes_of_the_span_are_marked_in_their_line() {
        let bytes: Vec<u8> = (0..40).collect();
        let text = table(&bytes, span(0x12, 2)).unwrap().into_string();
        assert!(text.contains("010: 10 11 <mark>12</mark> <mark>13</mark> 14"));
        assert!(!text.contains("000:"));
    }

    #[test]
    fn what_was_not_captured_is_a_question_mark_and_never_zero() {
        let image = ConfigImage::from_masked(vec![0x12, 0x30, 0x00], vec![0xff, 0xf0, 0x00]);
        let text = config(&image, span(0, 2)).unwrap().into_string();
        assert!(
            text.contains("000: <mark>12</mark> <mark>3?</mark>"),
            "{text}"
        );
        assert!(!text.contains("00 "));
        assert!(config(&image, span(0x40, 2)).is_none());
    }

    #[test]
    fn a_span_that_a_dump_made_huge_stays_short() {
        let bytes = vec![0; 4096];
        let text = table(&bytes, span(0, u32::MAX)).unwrap().into_string();
        assert!(text.contains("248 more lines"));
        assert!(text.len() < 8000);
    }
}
