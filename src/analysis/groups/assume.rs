//! How facts that the capture lacks are taken.

use crate::analysis::Tri;

/// One way to take them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Assume {
    /// Bridges of which it is not known are isolated.
    bridges: bool,
    /// Other functions of which it is not known are isolated.
    others: bool,
}

impl Assume {
    /// Everything is isolated: the finest partition.
    pub(super) const ISOLATED: Self = Self {
        bridges: true,
        others: true,
    };

    /// Nothing is: the coarsest partition, as long as every bridge has a group.
    ///
    /// Groups only ever merge when a function turns out not to be isolated, except that
    /// functions below a bridge without group of its own find each other only where the bridge
    /// is isolated. Then [`Self::MIXED`] must be tried too.
    pub(super) const NOT_ISOLATED: Self = Self {
        bridges: false,
        others: false,
    };

    /// One kind is and the other is not.
    pub(super) const MIXED: [Self; 2] = [
        Self {
            bridges: true,
            others: false,
        },
        Self {
            bridges: false,
            others: true,
        },
    ];

    /// What an open question about a bridge or another function is taken to be.
    pub(super) const fn of(self, bridge: bool) -> bool {
        match bridge {
            true => self.bridges,
            false => self.others,
        }
    }

    /// An answer with what is open decided.
    pub(super) const fn decide(self, answer: Tri, bridge: bool) -> bool {
        match answer {
            Tri::Yes => true,
            Tri::No => false,
            Tri::Unknown(_) => self.of(bridge),
        }
    }
}
