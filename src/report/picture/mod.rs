//! The tree as a picture (SVG): ports with their ACS, devices with their verdicts, groups and
//! remapping units, as a tidy tree that grows to the right.

mod draw;
mod tidy;
mod tree;

pub(in crate::report) use draw::drawing;
pub(in crate::report) use tree::alike;

use maud::{Markup, PreEscaped, html};

use crate::report::Report;

/// Colours and lines, for the picture alone and inside a page.
pub(in crate::report) const STYLE: &str = include_str!("picture.css");

/// The tree as an SVG file of its own.
pub fn topology(report: &Report<'_>) -> String {
    let style = html! { style { (PreEscaped(STYLE)) } };
    let drawing: Markup = drawing(report, &report.facts.predicted, &style);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
        drawing.into_string()
    )
}
