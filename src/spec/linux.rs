//! Series of Linux kernels.

use std::fmt;
use std::str::FromStr;

/// Kernel releases that group alike, each named after the first of them that was studied.
///
/// Rules and quirk tables are those of late stable releases (5.10.262, 6.1.192, 6.12.117,
/// 7.2.13): an early release of a series may lack quirks that were added to it later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Series {
    /// Up to 6.0: one pass over all functions.
    V5_10,
    /// From 6.1: each remapping unit probes its own functions when it registers.
    V6_1,
    /// From 6.12: `pci=config_acs` exists, and both ACS parameters start from the firmware's
    /// value.
    V6_12,
    /// From 7.2: source validation of some IDT switches is neither set nor asked for.
    V7_2,
}

impl Series {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V5_10, Self::V6_1, Self::V6_12, Self::V7_2];

    /// The release it is named after.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V5_10 => "5.10",
            Self::V6_1 => "6.1",
            Self::V6_12 => "6.12",
            Self::V7_2 => "7.2",
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Series {
    type Err = ();

    /// From any release: `6.8.0-51-generic` follows the rules of 6.1.
    fn from_str(release: &str) -> Result<Self, ()> {
        let release = release.trim().trim_start_matches('v');
        let mut numbers = release.split(|ch: char| !ch.is_ascii_digit());
        let mut number = || numbers.next().and_then(|text| text.parse::<u16>().ok());
        let (Some(major), Some(minor)) = (number(), number()) else {
            return Err(());
        };
        Ok(match (major, minor) {
            (..=5, _) | (6, 0) => Self::V5_10,
            (6, 1..=11) => Self::V6_1,
            (6, _) | (7, 0..=1) => Self::V6_12,
            _ => Self::V7_2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_follows_the_rules_of_the_newest_series_that_is_not_newer() {
        for (release, series) in [
            ("4.19.0-27-amd64", Series::V5_10),
            ("5.15.0-91-generic", Series::V5_10),
            ("6.0.19", Series::V5_10),
            ("6.1.0-56-amd64", Series::V6_1),
            ("6.11", Series::V6_1),
            ("6.12.95+deb13-amd64", Series::V6_12),
            ("7.1-rc3", Series::V6_12),
            ("v7.2.13", Series::V7_2),
            ("8.0", Series::V7_2),
        ] {
            assert_eq!(release.parse(), Ok(series), "{release}");
        }
        for nonsense in ["", "6", "six", "six.one"] {
            assert_eq!(nonsense.parse::<Series>(), Err(()), "{nonsense}");
        }
    }

    #[test]
    fn each_series_is_its_own_name() {
        for series in Series::ALL {
            assert_eq!(series.name().parse(), Ok(series));
        }
    }
}
