//! Exit codes: published in README, held by tests.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// The question was answered, whatever the answer.
    Answered = 0,
    /// A finding or verdict of the level named by `--fail-on` occurred.
    FailOn = 1,
    /// Wrong usage.
    Usage = 2,
    /// Nothing could be read.
    NothingRead = 3,
    /// `--fail-on undetermined`, and evidence is missing.
    Undetermined = 4,
    /// A defect of this program.
    Internal = 5,
}

/// Why a command could not answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments ask for something that is not there.
    Usage(String),
    /// No input could be read.
    Input(String),
    /// A file could not be written.
    Write(PathBuf, String),
    /// Standard output could not be written.
    Output(std::io::Error),
}

impl Failure {
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Input(_) => Exit::NothingRead,
            Self::Write(..) | Self::Output(_) => Exit::NothingRead,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Input(text) => f.write_str(text),
            Self::Write(path, why) => write!(f, "cannot write {}: {why}", path.display()),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}
