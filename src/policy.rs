//! The platforms for which a verdict is given.

use std::fmt;
use std::str::FromStr;

/// A hypervisor platform with its requirements.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Policy {
    /// Discrete Device Assignment on Windows Server 2016.
    HyperV2016,
    /// Discrete Device Assignment on Windows Server 2019.
    HyperV2019,
    /// Discrete Device Assignment on Windows Server 2022.
    HyperV2022,
    /// Discrete Device Assignment on Windows Server 2025.
    HyperV2025,
    /// VFIO on Linux, type 1 container, no unsafe overrides.
    Vfio,
}

/// What a finding means to a policy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// It does not concern the policy.
    None,
    /// Worth knowing; the verdict stays.
    Note,
    /// Assignment works if something is done or accepted.
    Condition,
    /// Assignment is refused or unsafe.
    Blocks,
}

/// The effect of a rule's findings on each policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects {
    by_policy: [Effect; 5],
}

impl Policy {
    /// Every policy, oldest Hyper-V first.
    pub const ALL: [Self; 5] = [
        Self::HyperV2016,
        Self::HyperV2019,
        Self::HyperV2022,
        Self::HyperV2025,
        Self::Vfio,
    ];

    /// Its name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HyperV2016 => "hyperv-2016",
            Self::HyperV2019 => "hyperv-2019",
            Self::HyperV2022 => "hyperv-2022",
            Self::HyperV2025 => "hyperv-2025",
            Self::Vfio => "vfio",
        }
    }

    /// Whether it is one of the Hyper-V policies.
    pub const fn is_hyperv(self) -> bool {
        !matches!(self, Self::Vfio)
    }
}

impl Effects {
    /// No effect anywhere: what is for lint reports alone.
    pub const NONE: Self = Self::everywhere(Effect::None);

    /// One effect on all Hyper-V versions, another on VFIO.
    pub const fn new(hyperv: Effect, vfio: Effect) -> Self {
        Self {
            by_policy: [hyperv, hyperv, hyperv, hyperv, vfio],
        }
    }

    /// The same effect everywhere.
    pub const fn everywhere(effect: Effect) -> Self {
        Self {
            by_policy: [effect; 5],
        }
    }

    /// The same, but with another effect on one policy.
    #[must_use]
    pub const fn but(mut self, policy: Policy, effect: Effect) -> Self {
        self.by_policy[policy as usize] = effect;
        self
    }

    /// The effect on one policy.
    pub const fn on(self, policy: Policy) -> Effect {
        self.by_policy[policy as usize]
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Policy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for policy in Policy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy));
        }
        assert!("hyperv".parse::<Policy>().is_err());
    }

    #[test]
    fn an_exception_concerns_one_policy_alone() {
        let effects =
            Effects::new(Effect::Condition, Effect::None).but(Policy::HyperV2016, Effect::Blocks);
        assert_eq!(effects.on(Policy::HyperV2016), Effect::Blocks);
        assert_eq!(effects.on(Policy::HyperV2019), Effect::Condition);
        assert_eq!(effects.on(Policy::Vfio), Effect::None);
    }
}
