//! What the error messages of a log mean.

use std::fmt::Write as _;

use crate::messages::Hit;
use crate::report::Layout;
use crate::report::wording::{count, safe, wrap};
use crate::rules;

/// The known messages of a text, each with its meaning and the rules behind it.
pub fn messages(hits: &[Hit], layout: Layout) -> String {
    let mut out = String::new();
    if hits.is_empty() {
        out.push_str("The text holds no message that is known.\n");
        return out;
    }
    for (index, hit) in hits.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        one(&mut out, layout, hit);
    }
    out
}

fn one(out: &mut String, layout: Layout, hit: &Hit) {
    const FEW: usize = 8;
    let first = hit.lines.first().copied().unwrap_or(0);
    let more = match hit.lines.len() {
        0 | 1 => String::new(),
        lines => format!(" and {}", count(lines - 1, "more", "more")),
    };
    let title = format!("{}, line {first}{more}", hit.message.source.name());
    let _ = writeln!(out, "{}", layout.palette.heading(title));
    paragraph(out, layout, 2, &layout.palette.dim(safe(&hit.first)));
    paragraph(out, layout, 2, hit.message.meaning);
    if !hit.devices.is_empty() {
        let mut list: Vec<String> = hit
            .devices
            .iter()
            .take(FEW)
            .map(ToString::to_string)
            .collect();
        if hit.devices.len() > FEW {
            list.push(format!("and {} more", hit.devices.len() - FEW));
        }
        paragraph(out, layout, 2, &format!("devices: {}", list.join(" ")));
    }
    for code in hit.message.codes {
        if let Some(rule) = rules::find(code) {
            let text = format!("{}  {}", layout.palette.accent(rule.code), rule.summary);
            paragraph(out, layout, 2, &text);
        }
    }
    if !hit.message.advice.is_empty() {
        paragraph(
            out,
            layout,
            2,
            &format!("What to do: {}", hit.message.advice),
        );
    }
}

fn paragraph(out: &mut String, layout: Layout, indent: usize, text: &str) {
    for (index, line) in wrap(text, layout.width.saturating_sub(indent + 2))
        .iter()
        .enumerate()
    {
        let hang = if index == 0 { indent } else { indent + 2 };
        let _ = writeln!(out, "{:hang$}{line}", "");
    }
}
