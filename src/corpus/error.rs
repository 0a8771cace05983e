//! What can be wrong with a case.

use crate::addr::Sbdf;
use crate::capture::CaptureError;
use crate::import::ImportError;
use crate::synth::SynthError;

/// A case that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The operating system refused.
    #[error("{file}: {problem}")]
    Io {
        /// File or folder.
        file: String,
        /// What it said.
        problem: std::io::Error,
    },
    /// `case.toml` or `truth.json` cannot be understood.
    #[error("{case}: {file}, line {line}: {problem}")]
    Text {
        /// The case.
        case: String,
        /// The file.
        file: &'static str,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A name that is no plain file name.
    #[error("{case}: '{name}' is no name of a case or of a file of this case")]
    UnsafeName {
        /// The case.
        case: String,
        /// The name.
        name: String,
    },
    /// A case is made from a description or from another case, not from both.
    #[error("{case}: both 'synth' and 'base' are given")]
    TwoSources {
        /// The case.
        case: String,
    },
    /// Bases lead in a circle, or too far.
    #[error("{case}: the chain of bases does not end")]
    TooDeep {
        /// The case at which the chain was given up.
        case: String,
    },
    /// The description makes no machine.
    #[error("{case}: {problem}")]
    Synth {
        /// The case.
        case: String,
        /// What is wrong.
        problem: SynthError,
    },
    /// One of the dumps cannot be read.
    #[error("{case}: {problem}")]
    Import {
        /// The case.
        case: String,
        /// What is wrong.
        problem: ImportError,
    },
    /// The capture cannot be read.
    #[error("{case}: {problem}")]
    Capture {
        /// The case.
        case: String,
        /// What is wrong.
        problem: CaptureError,
    },
    /// The case names a function that the machine does not have.
    #[error("{case}: there is no function {function}")]
    NoFunction {
        /// The case.
        case: String,
        /// The function.
        function: Sbdf,
    },
    /// The case names a member that the machine does not have.
    #[error("{case}: there is no {member}")]
    NoMember {
        /// The case.
        case: String,
        /// The member.
        member: String,
    },
    /// The configuration space to be patched is not the one that the case was made for.
    #[error("{case}: {function} has SHA-256 {found}; the patch is for {expected}")]
    OtherBase {
        /// The case.
        case: String,
        /// The function.
        function: Sbdf,
        /// Checksum of its configuration space.
        found: String,
        /// Checksum that the case states.
        expected: String,
    },
    /// A patch lies outside what was captured.
    #[error("{case}: the patch of {function} at {offset:#x} leaves the captured bytes")]
    PatchOutside {
        /// The case.
        case: String,
        /// The function.
        function: Sbdf,
        /// Its offset.
        offset: u16,
    },
    /// A property that no capture has, or a value that it cannot have.
    #[error("{case}: {function}: property '{property}': {problem}")]
    Property {
        /// The case.
        case: String,
        /// The function.
        function: Sbdf,
        /// The property.
        property: String,
        /// What is wrong.
        problem: String,
    },
    /// A function is in two groups of the truth.
    #[error("{case}: {function} is in two groups")]
    TwoGroups {
        /// The case.
        case: String,
        /// The function.
        function: Sbdf,
    },
}
