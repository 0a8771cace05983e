//! `corpus`: everything over a folder of machines, compared with what is known of them.

use std::io::{BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

use assignable::batch::{self, Item, Outcome};
use assignable::policy::Policy;
use assignable::report::json::v1::{self, CorpusSummary};
use assignable::report::junit::{self, Case, Suite};
use assignable::report::{safe, spreadsheet_cell};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::{Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn corpus(
    global: &Global,
    folder: &Path,
    policies: &[Policy],
    accept: bool,
) -> Result<Exit, Failure> {
    let unreadable = |why: &str| Failure::Input(format!("{}: {why}", folder.display()));
    let items = batch::items(folder).map_err(|error| unreadable(&error.to_string()))?;
    if items.is_empty() {
        return Err(unreadable("no captures and no cases in it"));
    }
    let progress = progress(items.len());
    let mut writer = Writer::new(global.format)?;
    let mut summary = CorpusSummary::default();
    let mut numbered = items.iter();
    batch::run(&items, policies, |outcome| {
        progress.inc(1);
        if let (true, Some(item)) = (accept, numbered.next()) {
            store(item, &outcome)?;
        }
        summary.add(&outcome);
        writer.one(&outcome)
    })?;
    progress.finish_and_clear();
    writer.end(&summary)?;
    Ok(match (summary.unreadable, summary.failed) {
        (all, _) if all == summary.cases => Exit::NothingRead,
        (0, 0) => Exit::Answered,
        _ => Exit::FailOn,
    })
}

/// A bar on a terminal, from the first machine on.
fn progress(machines: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(machines as u64);
    let template = "{bar:30} {pos} of {len} machines ({elapsed}, {eta} left)";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Takes the answers of today as what is expected tomorrow.
fn store(item: &Item, outcome: &Outcome) -> Result<(), Failure> {
    let Ok(analysed) = &outcome.result else {
        return Ok(());
    };
    let mut text =
        serde_json::to_vec_pretty(&analysed.expectations).map_err(std::io::Error::from)?;
    text.push(b'\n');
    load::write(&item.expectations_path(), &text)
}

/// Writes outcomes as they come.
enum Writer {
    Text(Lines),
    Json {
        out: Lines,
        first: bool,
    },
    JsonLines(Lines),
    Csv(Box<csv::Writer<Lines>>),
    /// The format counts its cases at the beginning, so that they are kept.
    Junit(Suite),
}

type Lines = BufWriter<StdoutLock<'static>>;

impl Writer {
    fn new(format: Format) -> Result<Self, Failure> {
        let mut out = BufWriter::new(std::io::stdout().lock());
        Ok(match format {
            Format::Json => {
                out.write_all(b"{\"schema\":\"assignable.corpus/1\",\"cases\":[")?;
                Self::Json { out, first: true }
            }
            Format::Jsonl => Self::JsonLines(out),
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(COLUMNS).map_err(csv_error)?;
                Self::Csv(Box::new(csv))
            }
            Format::Junit => Self::Junit(Suite {
                name: "corpus".to_owned(),
                cases: Vec::new(),
            }),
            _ => Self::Text(out),
        })
    }

    fn one(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        match self {
            Self::Text(out) => text(out, outcome)?,
            Self::Json { out, first } => {
                out.write_all(if std::mem::take(first) { b"\n" } else { b",\n" })?;
                line(out, outcome)?;
            }
            Self::JsonLines(out) => {
                line(out, outcome)?;
                out.write_all(b"\n")?;
            }
            Self::Csv(csv) => rows(csv, outcome).map_err(csv_error)?,
            Self::Junit(suite) => suite.cases.extend(cases(outcome)),
        }
        Ok(())
    }

    fn end(self, summary: &CorpusSummary) -> Result<(), Failure> {
        match self {
            Self::Text(mut out) => {
                out.write_all(closing(summary).as_bytes())?;
                out.flush()?;
            }
            Self::Json { mut out, .. } => {
                let summary = serde_json::to_string(summary).map_err(std::io::Error::from)?;
                write!(out, "\n],\"summary\":{summary}}}\n")?;
                out.flush()?;
            }
            Self::JsonLines(mut out) => out.flush()?,
            Self::Csv(mut csv) => csv.flush()?,
            Self::Junit(suite) => output::text(&junit::junit("assignable corpus", &[suite]))?,
        }
        Ok(())
    }
}

/// One JSON document on one line.
fn line(out: &mut Lines, outcome: &Outcome) -> Result<(), Failure> {
    let case = v1::corpus_case(outcome);
    serde_json::to_writer(out, &case).map_err(std::io::Error::from)?;
    Ok(())
}

const COLUMNS: [&str; 9] = [
    "case", "status", "address", "vendor", "device", "class", "policy", "verdict", "findings",
];

/// One row for each device under each policy; one without a device where there is none. No
/// cell begins a formula.
fn rows(csv: &mut csv::Writer<Lines>, outcome: &Outcome) -> csv::Result<()> {
    let case = v1::corpus_case(outcome);
    let mut row = |cells: [&str; COLUMNS.len()]| csv.write_record(cells.map(spreadsheet_cell));
    let (name, status) = (case.case.as_str(), case.status.as_str());
    if case.devices.is_empty() {
        return row([name, status, "", "", "", "", "", "", ""]);
    }
    for device in &case.devices {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (vendor, id, class) = (
            text(&device.vendor),
            text(&device.device),
            text(&device.class),
        );
        let findings = device.findings.join(" ");
        for (policy, verdict) in &device.verdicts {
            row([
                name,
                status,
                &device.address,
                &vendor,
                &id,
                &class,
                policy,
                verdict,
                &findings,
            ])?;
        }
    }
    Ok(())
}

/// A reader that went away must still be known as such.
fn csv_error(error: csv::Error) -> Failure {
    Failure::Output(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })
}

/// Only what needs a look.
fn text(out: &mut Lines, outcome: &Outcome) -> std::io::Result<()> {
    let name = safe(&outcome.name);
    match &outcome.result {
        Err(error) => writeln!(out, "{name}: cannot be read: {}", safe(error)),
        Ok(analysed) => analysed
            .mismatches
            .iter()
            .try_for_each(|mismatch| writeln!(out, "{name}: {}", safe(&mismatch.to_string()))),
    }
}

fn closing(summary: &CorpusSummary) -> String {
    let mut text = format!(
        "{} machines with {} functions: {} as known, {} with differences, {} unreadable\n",
        summary.cases, summary.functions, summary.passed, summary.failed, summary.unreadable
    );
    let compared = summary.compared.iter();
    let compared: Vec<String> = compared
        .map(|(check, count)| format!("{count} {check}"))
        .collect();
    if !compared.is_empty() {
        text.push_str(&format!("compared: {}\n", compared.join(", ")));
    }
    if summary.without_truth > 0 {
        text.push_str(&format!(
            "{} machines come with nothing to compare (--accept stores today's answers)\n",
            summary.without_truth
        ));
    }
    text
}

/// One test case for each kind of knowledge of a machine, and one for reading it.
fn cases(outcome: &Outcome) -> Vec<Case> {
    let case = |name: &str, failure: Option<(String, String)>| Case {
        name: name.to_owned(),
        class_name: outcome.name.replace('/', "."),
        outcome: match failure {
            None => junit::Outcome::Passed,
            Some((message, details)) => junit::Outcome::Failed {
                message,
                kind: name.to_owned(),
                details,
            },
        },
        output: None,
    };
    let analysed = match &outcome.result {
        Err(error) => return vec![case("read", Some((error.clone(), error.clone())))],
        Ok(analysed) => analysed,
    };
    let mut cases = vec![case("read", None)];
    for check in analysed.compared.keys() {
        let wrong = analysed.mismatches.iter().filter(|m| m.check == *check);
        let wrong: Vec<String> = wrong.map(ToString::to_string).collect();
        let failure = wrong.first().map(|first| (first.clone(), wrong.join("\n")));
        cases.push(case(check.name(), failure));
    }
    cases
}
