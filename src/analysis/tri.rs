//! Answers of an analysis: yes, no, or what is missing.

use super::Missing;

/// A three-valued answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tri {
    /// Proven.
    Yes,
    /// Disproven.
    No,
    /// The capture lacks what would settle it.
    Unknown(Missing),
}

impl Tri {
    /// No if either is no, else unknown if either is unknown, else yes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown(missing), _) | (_, Self::Unknown(missing)) => Self::Unknown(missing),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// A definite answer, or unknown for want of `missing`.
    pub const fn from_option(answer: Option<bool>, missing: Missing) -> Self {
        match answer {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown(missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fact;
    use super::*;

    #[test]
    fn no_beats_unknown_and_unknown_beats_yes() {
        let unknown = Tri::Unknown(Missing::host(Fact::BarSizes));
        for (left, right, both) in [
            (Tri::Yes, Tri::Yes, Tri::Yes),
            (Tri::Yes, unknown, unknown),
            (unknown, Tri::Yes, unknown),
            (unknown, Tri::No, Tri::No),
            (Tri::No, unknown, Tri::No),
            (Tri::Yes, Tri::No, Tri::No),
        ] {
            assert_eq!(left.and(right), both);
        }
    }
}
