//! Another tool's decision, replayed, beside our own.

use std::fmt::Write as _;

use crate::capture::ScriptSentence;
use crate::profile::{Answer, Profile, Quirk, ScriptVerdict};
use crate::report::wording::{safe, short_verdict, wrap};
use crate::report::{Layout, Report};
use crate::verdict::Decision;

/// The replay as text, in the tool's order.
pub fn profile(report: &Report<'_>, layout: Layout, profile: Profile) -> String {
    let answers = profile.replay(report.facts);
    let mut out = String::new();
    let head = format!(
        "{}, replayed: what it prints of this machine, quirks included. Our own verdict stands \
         below each device.",
        profile.tool()
    );
    for line in wrap(&head, layout.width) {
        let _ = writeln!(out, "{}", layout.palette.dim(line));
    }
    for answer in &answers {
        out.push('\n');
        device(&mut out, report, layout, answer);
    }
    out.push('\n');
    summary(&mut out, &answers);
    host(&mut out, report, profile);
    quirks(&mut out, layout, &answers);
    out
}

fn device(out: &mut String, report: &Report<'_>, layout: Layout, answer: &Answer) {
    let function = report.facts.host.function(answer.id);
    let name = match &answer.name {
        Some(name) => safe(name),
        None => safe(&report.names.call(function)),
    };
    let _ = writeln!(
        out,
        "{}  {}",
        layout.palette.heading(name),
        layout.palette.dim(function.at)
    );
    let mut says: Vec<String> = answer
        .says
        .iter()
        .filter_map(|s| words(*s, answer))
        .collect();
    if let Some(missing) = answer.missing {
        says.push(format!("not captured: {missing}"));
    }
    let marks: Vec<&str> = answer.quirks.iter().map(|quirk| quirk.name()).collect();
    let mut line = format!("{}: {}", verdict_words(answer.verdict), says.join("; "));
    if says.is_empty() {
        line.truncate(line.len() - 2);
    }
    if !marks.is_empty() {
        let _ = write!(line, " [{}]", marks.join(", "));
    }
    if answer.computed {
        line.push_str(" (computed)");
    }
    for line in wrap(&line, layout.width.saturating_sub(2)) {
        let _ = writeln!(out, "  {line}");
    }
    if let Some(path) = &answer.location_path {
        let _ = writeln!(out, "  {}", safe(path));
    }
    let node = report.facts.host.nodes().of_function(function);
    if let Some(printed) = node.and_then(|node| node.survey.as_ref()) {
        let verdict = ScriptVerdict::of(&printed.value.says);
        let _ = writeln!(
            out,
            "  printed ({}): {}",
            safe(&printed.origin.to_string()),
            verdict_words(verdict)
        );
    }
    for &policy in report.policies {
        let decision = Decision::of(report.run, policy, answer.id);
        let findings = if decision.blockers.is_empty() {
            &decision.conditions
        } else {
            &decision.blockers
        };
        let codes: Vec<&str> = findings.iter().map(|finding| finding.rule().code).collect();
        let _ = writeln!(
            out,
            "  {policy}: {}",
            format!("{} {}", short_verdict(decision.verdict), codes.join(" ")).trim_end()
        );
    }
}

fn verdict_words(verdict: ScriptVerdict) -> &'static str {
    match verdict {
        ScriptVerdict::Assignable => "assignable",
        ScriptVerdict::Maybe => "may be assignable",
        ScriptVerdict::NotAssignable => "not assignable",
        ScriptVerdict::Unknown => "unknown",
    }
}

/// A sentence of the script in our words.
fn words(sentence: ScriptSentence, answer: &Answer) -> Option<String> {
    let text = match sentence {
        ScriptSentence::ReservedMemory => "tied to memory of the firmware",
        ScriptSentence::Redirectable => "its traffic could be redirected to other devices",
        ScriptSentence::ExpressEndpoint => "Express endpoint",
        ScriptSentence::EmbeddedEndpoint => "embedded endpoint",
        ScriptSentence::LegacyDisplay => "legacy Express endpoint, graphics",
        ScriptSentence::LegacyNotDisplay => "legacy Express endpoint, not graphics",
        ScriptSentence::FirmwareControl => "the firmware kept control of PCI Express",
        ScriptSentence::OldStyle => "old-style PCI device, switch port and so on",
        ScriptSentence::Disabled => "disabled; enable it and run the script again",
        ScriptSentence::NoInterrupts => "no interrupts",
        ScriptSentence::MessageInterrupts => "message-based interrupts",
        ScriptSentence::LineInterrupts => "line-based interrupts only",
        ScriptSentence::NoMmio => "no MMIO space",
        ScriptSentence::Mmio => {
            return Some(format!("{} MB of MMIO space", answer.megabytes?));
        }
        ScriptSentence::Unknown => return None,
    };
    Some(text.to_owned())
}

fn summary(out: &mut String, answers: &[Answer]) {
    let count = |wanted| {
        answers
            .iter()
            .filter(|answer| answer.verdict == wanted)
            .count()
    };
    let _ = writeln!(
        out,
        "{} assignable, {} maybe, {} not assignable, {} unknown",
        count(ScriptVerdict::Assignable),
        count(ScriptVerdict::Maybe),
        count(ScriptVerdict::NotAssignable),
        count(ScriptVerdict::Unknown),
    );
}

/// The script asks about the host last.
fn host(out: &mut String, report: &Report<'_>, profile: Profile) {
    let hyperv = report.facts.host.nodes().hyperv();
    let Some(hyperv) = hyperv.filter(|_| profile == Profile::SurveyDda) else {
        return;
    };
    if hyperv.iov_support == Some(false) {
        out.push_str("the machine cannot use these devices in a virtual machine:\n");
        for reason in &hyperv.iov_support_reasons {
            let _ = writeln!(out, "  {}", safe(reason));
        }
    }
}

fn quirks(out: &mut String, layout: Layout, answers: &[Answer]) {
    let mut seen: Vec<Quirk> = answers
        .iter()
        .flat_map(|a| a.quirks.iter().copied())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", layout.palette.heading("QUIRKS"));
    for quirk in seen {
        let line = format!("the script {}", quirk.describe());
        let mut lines = wrap(&line, layout.width.saturating_sub(12)).into_iter();
        let _ = writeln!(
            out,
            "{:<12}{}",
            quirk.name(),
            lines.next().unwrap_or_default()
        );
        for line in lines {
            let _ = writeln!(out, "{:12}{line}", "");
        }
    }
}
