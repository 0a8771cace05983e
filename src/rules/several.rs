//! One finding with many places: what a rule found in a table or along a list.

use std::fmt;

use super::{Confidence, Evidence, Finding, Outcome, Rule, Subject, Violation};

/// The same kind of fault at one or more places.
#[derive(Debug)]
struct Several<V>(Vec<V>);

/// Sentences that are said in full; of the rest the number.
const SAID: usize = 3;

impl<V: fmt::Display> fmt::Display for Several<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.0.iter().take(SAID).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            place.fmt(f)?;
        }
        match self.0.len().saturating_sub(SAID) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// A hit at every place, each with its evidence; clean where there is none.
pub(in crate::rules) fn several<V: Violation + 'static>(
    rule: &'static Rule,
    subject: Subject,
    confidence: Confidence,
    places: impl IntoIterator<Item = (V, Evidence)>,
) -> Outcome {
    let (violations, mut evidence): (Vec<V>, Vec<Evidence>) = places.into_iter().unzip();
    if evidence.is_empty() {
        return Outcome::Clean;
    }
    let related = evidence.split_off(1);
    let Some(primary) = evidence.pop() else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(rule, subject, confidence, Several(violations), primary).with(related),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_places_are_said_in_full_and_the_rest_counted() {
        assert_eq!(Several(vec!["a"]).to_string(), "a");
        assert_eq!(Several(vec!["a", "b"]).to_string(), "a; b");
        let many = Several(vec!["a", "b", "c", "d", "e"]);
        assert_eq!(many.to_string(), "a; b; c; and 2 more");
    }
}
