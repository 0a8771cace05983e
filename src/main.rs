//! The command line of `assignable`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
