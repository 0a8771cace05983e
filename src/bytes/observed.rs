//! What a capture says about something: four answers, never fewer.

use super::Fault;

/// A fact as far as the capture holds it.
///
/// "Not captured" is neither "absent" nor zero, and bytes that contradict themselves are
/// neither: whoever reads the fact must choose what each means to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Observed<T> {
    /// The capture holds it.
    Present(T),
    /// The capture proves that the device does not have it.
    Absent,
    /// The capture does not reach that far.
    NotCaptured,
    /// The bytes that should hold it contradict themselves.
    Malformed(Fault),
}

impl<T> Observed<T> {
    /// The value, where present.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the capture holds a value.
    pub const fn is_present(&self) -> bool {
        matches!(self, Self::Present(_))
    }

    /// Whether the capture settles the matter, with a value or with its absence.
    pub const fn is_definite(&self) -> bool {
        matches!(self, Self::Present(_) | Self::Absent)
    }

    /// Applies `f` to a present value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Present(value) => Observed::Present(f(value)),
            Self::Absent => Observed::Absent,
            Self::NotCaptured => Observed::NotCaptured,
            Self::Malformed(fault) => Observed::Malformed(fault),
        }
    }

    /// Replaces a present value by what `f` finds in it.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Observed<U>) -> Observed<U> {
        match self {
            Self::Present(value) => f(value),
            Self::Absent => Observed::Absent,
            Self::NotCaptured => Observed::NotCaptured,
            Self::Malformed(fault) => Observed::Malformed(fault),
        }
    }
}

impl<T> From<Option<T>> for Observed<T> {
    /// `None` from a masked read means that the bits are not in the capture.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NotCaptured, Self::Present)
    }
}
