//! Results as JUnit XML, which every continuous integration server reads.

use super::wording::safe_lines;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A test suite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// A test case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Its name within the suite.
    pub name: String,
    /// What servers group cases by; dots separate levels.
    pub class_name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it has to say although it did not fail.
    pub output: Option<String>,
}

/// How a test case ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nothing to object to.
    Passed,
    /// Something to object to.
    Failed {
        /// In one line.
        message: String,
        /// A word that servers count failures by.
        kind: String,
        /// In full.
        details: String,
    },
    /// It could not be run, or does not apply, and why.
    Skipped(String),
}

/// Suites as one JUnit document. Neither times nor host names are in it: the same results give
/// the same bytes. Characters that XML does not allow, or that deceive the eye, are escaped.
pub fn junit(name: &str, suites: &[Suite]) -> String {
    let mut document = Report::new(name);
    for suite in suites {
        let mut out = TestSuite::new(safe_lines(&suite.name));
        out.add_test_cases(suite.cases.iter().map(Case::export));
        document.add_test_suite(out);
    }
    // Writing to memory cannot fail, and there are no names of attributes from outside.
    document.to_string().unwrap_or_default()
}

impl Case {
    fn export(&self) -> TestCase {
        let status = match &self.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Failed {
                message,
                kind,
                details,
            } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status
                    .set_message(safe_lines(message))
                    .set_type(safe_lines(kind))
                    .set_description(safe_lines(details));
                status
            }
            Outcome::Skipped(why) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(safe_lines(why));
                status
            }
        };
        let mut case = TestCase::new(safe_lines(&self.name), status);
        case.set_classname(safe_lines(&self.class_name));
        if let Some(output) = &self.output {
            case.set_system_out(safe_lines(output));
        }
        case
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    fn case(name: &str, outcome: Outcome) -> Case {
        Case {
            name: name.to_owned(),
            class_name: "a.b".to_owned(),
            outcome,
            output: None,
        }
    }

    #[test]
    fn a_parser_reads_every_outcome_back() {
        let failed = Outcome::Failed {
            message: "<no> \"name\"".to_owned(),
            kind: "high".to_owned(),
            details: "line 1\nline 2 & more".to_owned(),
        };
        let suite = Suite {
            name: "firmware".to_owned(),
            cases: vec![
                case("one", Outcome::Passed),
                case("two", failed),
                case("three", Outcome::Skipped("no table".to_owned())),
            ],
        };
        let text = junit("assignable", &[suite]);
        let report = Report::deserialize_from_str(&text).unwrap();
        assert_eq!((report.tests, report.failures), (3, 1));
        let cases = &report.test_suites[0].test_cases;
        assert_eq!(cases[1].name.as_str(), "two");
        let TestCaseStatus::NonSuccess {
            message,
            description,
            ..
        } = &cases[1].status
        else {
            panic!("{:?}", cases[1].status);
        };
        assert_eq!(message.as_ref().unwrap().as_str(), "<no> \"name\"");
        let description = description.as_ref().unwrap().as_str();
        assert_eq!(description, "line 1\nline 2 & more");
        assert!(matches!(cases[2].status, TestCaseStatus::Skipped { .. }));
    }

    #[test]
    fn the_same_results_give_the_same_bytes_and_characters_that_xml_forbids_are_escaped() {
        let suites = [Suite {
            name: "\u{1}a".to_owned(),
            cases: vec![case("b\u{0}\u{1b}[2J", Outcome::Passed)],
        }];
        let text = junit("x", &suites);
        assert_eq!(text, junit("x", &suites));
        assert!(!text.contains(['\u{0}', '\u{1}', '\u{1b}']), "{text}");
        assert!(!text.contains("timestamp"), "{text}");
    }
}
