//! Which way requests between functions take, as text.

use std::fmt::Write as _;

use crate::analysis::peer::{PeerPath, Peers, Route, Turn};
use crate::host::FunctionId;
use crate::report::wording::{fit, safe, wrap};
use crate::report::{Layout, Report};

/// Every pair of the two lists, both ways.
pub fn peer_pairs(
    report: &Report<'_>,
    layout: Layout,
    peers: &Peers<'_, '_>,
    pairs: &[(FunctionId, FunctionId)],
) -> String {
    let host = report.facts.host;
    let mut out = String::new();
    for (index, &(one, other)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let both = [(one, other), (other, one)];
        let paths = both.map(|(from, to)| (from, to, peers.path(from, to)));
        for (from, to, path) in &paths {
            let (from, to) = (host.function(*from).at, host.function(*to).at);
            let head = format!("{from} to {to}: {}", verdict(path.requests.0));
            let _ = writeln!(out, "{}", layout.palette.heading(head));
            for line in details(report, path) {
                for line in wrap(&line, layout.width.saturating_sub(2).max(20)) {
                    let _ = writeln!(out, "  {line}");
                }
            }
        }
        let mut ports: Vec<_> = paths
            .iter()
            .filter(|(.., path)| path.requests.0 != Route::NotPeers)
            .flat_map(|(.., path)| path.redirecting.iter().copied())
            .collect();
        ports.sort_unstable();
        ports.dedup();
        let redirected = paths
            .iter()
            .any(|(.., path)| path.requests.0 != Route::Direct);
        if redirected && !ports.is_empty() {
            let ports: Vec<_> = ports
                .iter()
                .map(|&id| host.function(id).at.to_string())
                .collect();
            let text = format!(
                "For direct traffic the kernel would have to be started with pci=disable_acs_redir={}, which puts all of them into one group.",
                ports.join(";")
            );
            for line in wrap(&text, layout.width) {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

/// Every one to every other.
pub fn peer_matrix(
    report: &Report<'_>,
    layout: Layout,
    peers: &Peers<'_, '_>,
    functions: &[FunctionId],
) -> String {
    let mut out = String::new();
    let digits = functions.len().to_string().len();
    let cell = digits + 1;
    for (number, &id) in (1..).zip(functions) {
        let function = report.facts.host.function(id);
        let name = safe(&report.names.call(function));
        let line = format!("{number:>digits$}  {}  {name}", function.at);
        let _ = writeln!(out, "{}", fit(&line, layout.width).trim_end());
    }
    let _ = write!(out, "\n{:digits$}  ", "");
    for number in 1..=functions.len() {
        let _ = write!(out, "{number:>cell$}");
    }
    out.push('\n');
    for (number, &from) in (1..).zip(functions) {
        let _ = write!(out, "{number:>digits$}  ");
        for &to in functions {
            let letter = match from == to {
                true => "-",
                false => letter(peers.path(from, to).requests.0),
            };
            let _ = write!(out, "{letter:>cell$}");
        }
        out.push('\n');
    }
    out.push_str(
        "\nFrom the row to the column: D direct, R through the root complex, X blocked, \
         ? not captured.\n",
    );
    out
}

const fn letter(route: Route) -> &'static str {
    match route {
        Route::Direct => "D",
        Route::ThroughRootComplex => "R",
        Route::Blocked => "X",
        Route::Unknown(_) => "?",
        Route::NotPeers => "-",
    }
}

const fn verdict(route: Route) -> &'static str {
    match route {
        Route::Direct => "direct",
        Route::ThroughRootComplex => "through the root complex",
        Route::Blocked => "blocked",
        Route::Unknown(_) => "not captured",
        Route::NotPeers => "no peers: one is the other, or a bridge above it",
    }
}

fn details(report: &Report<'_>, path: &PeerPath) -> Vec<String> {
    let mut lines = vec![sentence(report, path.requests)];
    match path.requests.0 {
        Route::Direct => lines.push("The IOMMU does not see such requests.".to_owned()),
        Route::ThroughRootComplex => lines.push(
            "Whether the root complex sends them down again cannot be read from a dump.".to_owned(),
        ),
        _ => {}
    }
    if path.completions_redirected == Some(true) {
        lines.push("Completions go back through the root complex (CR is on).".to_owned());
    }
    if let Some(translated) = path.translated {
        let text = format!(
            "Translated requests (ATS): {}. {}",
            verdict(translated.0),
            sentence(report, translated)
        );
        lines.push(text);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn sentence(report: &Report<'_>, (route, turn): (Route, Option<Turn>)) -> String {
    let at = |id: FunctionId| report.facts.host.function(id).at;
    if let Route::Unknown(missing) = route {
        let of = missing.of.map(|id| format!(" of {}", at(id)));
        return format!(
            "It depends on {}{}.",
            missing.fact.describe(),
            of.unwrap_or_default()
        );
    }
    match turn {
        None => String::new(),
        Some(Turn::ConventionalBus) => {
            "Both hang on a conventional PCI bus, which has no ACS.".to_owned()
        }
        Some(Turn::NoAcs(id)) => {
            format!(
                "{} has no ACS: nothing keeps its requests from its peers.",
                at(id)
            )
        }
        Some(Turn::RedirectOff(id)) => format!("{} has request redirect (RR) off.", at(id)),
        Some(Turn::RedirectOn(id)) => {
            format!("{} has request redirect (RR) on.", at(id))
        }
        Some(Turn::EgressOpen(id)) => {
            format!("The egress control (EC) of {} lets them through.", at(id))
        }
        Some(Turn::EgressClosed(id)) => {
            format!("The egress control (EC) of {} refuses them.", at(id))
        }
        Some(Turn::DirectTranslated(id)) => {
            format!("{} sends them direct (DT is on).", at(id))
        }
        Some(Turn::TranslationBlocked(id)) => {
            format!("{} refuses them (TB is on).", at(id))
        }
        Some(Turn::NoUpstreamForwarding(id)) => format!(
            "They are redirected upwards and come to {}, which does not forward them (no UF).",
            at(id)
        ),
        Some(Turn::RootComplex) => "They have only the root complex in common.".to_owned(),
    }
}
