//! One file for each command: build the request, ask the library, choose the exporter.

mod analysis;
mod captures;
mod corpus;
mod decode;
mod diff;
mod explain_log;
mod groups;
mod lint;
mod mmio;
mod plan;
mod reference;
mod shell;
mod simulate;

use clap::ValueEnum;

use super::args::{Args, Command, Format};
use super::exit::{Exit, Failure};

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let global = &args.global;
    #[expect(
        clippy::panic,
        reason = "on purpose: a test looks at what a panic ends in"
    )]
    if global.inject_panic {
        panic!("injected");
    }
    known_format(args)?;
    match &args.command {
        Command::Survey {
            analysis,
            all,
            profile,
        } => match profile {
            Some(profile) => analysis::profile(global, analysis, *profile),
            None => analysis::survey(global, analysis, *all),
        },
        Command::Explain { analysis, device } => analysis::explain(global, analysis, device),
        Command::Topology { analysis, dot } => analysis::topology(global, analysis, *dot),
        Command::ExplainLog { file } => explain_log::explain_log(global, file),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { output } => shell::man(output.as_deref()),
        Command::Diff {
            before,
            after,
            policies,
            fail_on,
            all,
        } => diff::diff(global, [before, after], policies, *fail_on, *all),
        Command::Report { analysis, output } => {
            analysis::report(global, analysis, output.as_deref())
        }
        Command::Groups(options) => groups::groups(global, options),
        Command::Mmio(args) => mmio::mmio(global, args),
        Command::Simulate(args) => simulate::simulate(global, args),
        Command::WhatIf { analysis, set } => plan::what_if(global, analysis, set),
        Command::Fix { analysis, device } => plan::fix(global, analysis, device),
        Command::Place(args) => plan::place(global, args),
        Command::Decode { inputs, decoding } => decode::decode(global, inputs, decoding),
        Command::Lint {
            inputs,
            part,
            all,
            summary: true,
            ..
        } => lint::summary(global, inputs, *part, *all),
        Command::Lint {
            inputs,
            part,
            device,
            all,
            summary: false,
            fail_on,
        } => lint::lint(global, inputs, *part, device, *all, *fail_on),
        Command::Corpus {
            folder,
            policies,
            accept,
        } => corpus::corpus(global, folder, policies, *accept),
        Command::Rules { code } => reference::rules(global, code.as_deref()),
        Command::Schema { name } => reference::schema(name.as_deref()),
        Command::Import { inputs, output } => captures::import(global, inputs, output),
        Command::Redact { inputs, output } => captures::redact(global, inputs, output),
        Command::Verify { capture } => captures::verify(global, capture),
        Command::Synth {
            description,
            output,
        } => captures::synth(description, output),
    }
}

/// Refuses a format that the command does not know, before anything is read.
fn known_format(args: &Args) -> Result<(), Failure> {
    let known = args.command.formats();
    if known.contains(&args.global.format) {
        return Ok(());
    }
    let name = |format: &Format| {
        let value = format.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    };
    let names: Vec<String> = known.iter().map(name).collect();
    Err(Failure::Usage(format!(
        "this command has no format '{}'; it knows {}",
        name(&args.global.format),
        names.join(", ")
    )))
}
