//! One page that stands alone: no network, readable without script, inert whatever the dump
//! holds.
//!
//! Every text goes through maud, which escapes; text from the dump goes through
//! [`safe`](super::safe) first. Should markup slip through all the same, the page's own
//! Content Security Policy runs nothing but the one script below and loads nothing at all.

mod devices;
mod diff;
mod findings;
mod gaps;
mod guest;
mod hex;
mod machine;
mod memory;
mod summary;

pub use diff::diff;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::addr::Sbdf;
use crate::analysis::groups::{Groups, Options};
use crate::host::FunctionId;
use crate::report::{Report, picture};
use crate::verdict::Verdict;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The whole report as a page.
pub fn page(report: &Report<'_>) -> String {
    let facts = report.facts;
    let options = Options::for_host(facts.host);
    let groups = Groups::predict(facts.host, facts.topology, &facts.iommu, options);
    let picture = picture::drawing(report, &groups, &html! {});
    document(
        &summary::title(report),
        &html! {
            (summary::section(report))
            (devices::section(report, &groups))
            section #topology {
                h2 { "Topology" }
                p { "Every port, bridge and device, with what each port does to keep apart what lies below it. Rest the pointer on a box for its full text; equal functions share one." }
                div.scroll tabindex="0" role="region" aria-label="Topology, scrolls sideways" { (picture) }
            }
            (machine::section(report, &groups))
            (memory::section(report))
            (findings::section(report))
            (gaps::section(report))
            (summary::about(report))
        },
        &[
            ("summary", "Summary"),
            ("devices", "Devices"),
            ("topology", "Topology"),
            ("dma", "DMA and groups"),
            ("memory", "Memory"),
            ("findings", "Findings"),
            ("missing", "Missing evidence"),
            ("about", "About this page"),
        ],
    )
}

/// A page around sections.
pub(super) fn document(title: &str, body: &Markup, contents: &[(&str, &str)]) -> String {
    let style = format!("{STYLE}\n{}", picture::STYLE);
    let policy = format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source_of(&style),
        source_of(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="generator" content={ "assignable " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#summary" { "Skip to the summary" }
                nav aria-label="Contents" {
                    ul {
                        @for (id, name) in contents {
                            li { a href={ "#" (id) } { (name) } }
                        }
                    }
                }
                main { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The source expression that allows exactly this inline text (CSP Level 3, 2.3.1).
fn source_of(text: &str) -> String {
    use base64::Engine as _;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!("'sha256-{hash}'")
}

/// The id of a device's row.
fn anchor(at: Sbdf) -> String {
    format!("d{}", at.to_string().replace(':', "-"))
}

/// An address that leads to the row of its device.
fn link(report: &Report<'_>, id: FunctionId) -> Markup {
    let at = report.facts.host.function(id).at;
    html! { a.at href={ "#" (anchor(at)) } { (at) } }
}

/// The class in which a verdict is coloured.
const fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "yes",
        Verdict::AssignableWithConditions => "if",
        Verdict::Undetermined => "open",
        Verdict::NotAssignable => "no",
    }
}
