//! Resizable BARs (PCIe 6.0, 7.8.6), of physical and of virtual functions.

use super::body::{Body, behind, number, until};
use super::text::Statement;

/// Most entries that the capability can have.
const MOST: usize = 6;

pub(super) fn set(body: &mut Body<'_, '_, '_>) {
    let capability = body.capability;
    let lines = || {
        capability
            .body
            .iter()
            .filter(|line| line.text.starts_with("BAR "))
    };
    let broken = capability
        .body
        .iter()
        .find(|line| line.text.starts_with('<'));
    let last = capability.body.last().map(Statement::line);
    for (statement, offset) in lines().take(MOST).zip((0x04..).step_by(8)) {
        let whole = capability.ended || last != Some(statement.line());
        entry(statement, whole, offset, body);
    }
    let count = lines().count();
    match broken {
        Some(broken) => {
            let count = behind(&broken.text, "num_bars=").and_then(|rest| number(rest, 10));
            if let Some(count) = count {
                body.set(broken.line(), 0x08, 5, 3, count);
            }
        }
        None if capability.ended && (1..=MOST).contains(&count) => {
            body.set(capability.line, 0x08, 5, 3, count as u64);
        }
        None => {}
    }
}

/// `BAR 0: current size: 8GB, supported: 256MB 512MB`
fn entry(statement: &Statement, whole: bool, offset: u16, body: &mut Body<'_, '_, '_>) {
    let line = statement.line();
    let text = &statement.text;
    if let Some(index) = behind(text, "BAR ").and_then(|rest| number(rest, 10)) {
        body.set(line, offset + 4, 0, 3, index);
    }
    let current = behind(text, "current size: ").map(|rest| until(rest, &[',']));
    if let Some(current) = current.and_then(exponent) {
        body.set(line, offset + 4, 8, 6, current);
    }
    let sizes = behind(text, "supported: ").unwrap_or_default();
    let sizes: Option<Vec<u64>> = sizes.split_whitespace().map(exponent).collect();
    if let Some(sizes) = sizes.filter(|_| whole) {
        let set = sizes.iter().fold(0_u64, |set, size| set | 1 << size);
        body.set(line, offset, 4, 28, set & 0xfff_ffff);
        body.set(line, offset + 4, 16, 16, set >> 28);
    }
}

/// Binary logarithm of a size in MiB, up to 8 EiB.
fn exponent(text: &str) -> Option<u64> {
    let value = number(text, 10)?;
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let unit = match unit {
        "MB" => 0,
        "GB" => 10,
        "TB" => 20,
        "PB" => 30,
        "EB" => 40,
        _ => return None,
    };
    super::body::log2(value)
        .map(|exponent| exponent + unit)
        .filter(|exponent| *exponent < 44)
}
