//! What the error messages of a log mean.

use std::fmt::Write as _;

use crate::host::FunctionId;
use crate::messages::Hit;
use crate::report::ties::{self, Said};
use crate::report::wording::{count, safe, wrap};
use crate::report::{Layout, Report};
use crate::rules;

/// The known messages of a text, each with its meaning and the rules behind it; with a machine,
/// also which of its devices they name, and what these rules say about them.
pub fn messages(hits: &[Hit], machine: Option<&Report<'_>>, layout: Layout) -> String {
    let mut out = String::new();
    if hits.is_empty() {
        out.push_str("The text holds no message that is known.\n");
        return out;
    }
    for (index, hit) in hits.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        one(&mut out, machine, layout, hit);
    }
    out
}

fn one(out: &mut String, machine: Option<&Report<'_>>, layout: Layout, hit: &Hit) {
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
    let named = machine.map_or_else(Vec::new, |report| ties::named(report, hit));
    if machine.is_none() && !hit.devices.is_empty() {
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
    if let Some(report) = machine {
        for device in named.iter().take(FEW) {
            paragraph(out, layout, 4, &safe(&ties::describe(report, device)));
        }
        if named.len() > FEW {
            let more = format!("and {} more devices", named.len() - FEW);
            paragraph(out, layout, 4, &more);
        }
    }
    for code in hit.message.codes {
        if let Some(rule) = rules::find(code) {
            let text = format!("{}  {}", layout.palette.accent(rule.code), rule.summary);
            paragraph(out, layout, 2, &text);
            if let Some(report) = machine {
                tied(out, report, layout, &ties::said(report, code, &named));
            }
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

/// What a rule says about the devices of a message.
fn tied(
    out: &mut String,
    report: &Report<'_>,
    layout: Layout,
    said: &[(Option<FunctionId>, Said<'_>)],
) {
    const FEW: usize = 8;
    for (of, said) in said.iter().take(FEW) {
        let whom = match of {
            Some(id) => report.facts.host.function(*id).at.to_string(),
            None => "the whole host".to_owned(),
        };
        let text = match said {
            Said::Found(finding) => safe(&finding.message()),
            Said::Open(gap) => format!("not known, needs {}", gap.missing.fact.describe()),
            Said::Nothing => "the capture does not show it".to_owned(),
        };
        paragraph(out, layout, 4, &format!("{whom}: {text}"));
    }
    if said.len() > FEW {
        paragraph(out, layout, 4, &format!("and {} more", said.len() - FEW));
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
