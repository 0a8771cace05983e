//! Arguments in, exit code out. Everything that touches the terminal or files is here.

mod args;
mod commands;
mod exit;
mod guest_args;
mod load;
mod output;
mod progress;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use exit::{Exit, Failure};

/// Runs the command that the arguments name.
///
/// A panic is a defect of this program, whatever the input: it ends here, in an exit code of
/// its own and a message that asks for a report.
pub(crate) fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, not errors.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Answered
            };
            let _ = error.print();
            return code.into();
        }
    };
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        output::error(&format!("internal error at {place}"));
    }));
    let outcome = catch_unwind(AssertUnwindSafe(|| commands::run(&args)));
    match outcome {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(Failure::Output(error))) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Exit::Answered.into()
        }
        Ok(Err(failure)) => {
            output::error(&failure.to_string());
            failure.exit().into()
        }
        Err(_) => {
            output::error(
                "this is a defect of assignable, not of your dump; please report it with the \
                 dump (assignable import … -o case.zip keeps everything in one file)",
            );
            Exit::Internal.into()
        }
    }
}
