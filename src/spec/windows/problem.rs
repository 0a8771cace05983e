//! Problem codes of device nodes (Windows SDK, cfg.h).

/// A `CM_PROB_` number; 0 stands for no problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProblemCode(pub u32);

impl ProblemCode {
    /// No problem.
    pub const NONE: Self = Self(0);
    /// `CM_PROB_FAILED_START`: the device cannot start.
    pub const FAILED_START: Self = Self(10);
    /// `CM_PROB_NORMAL_CONFLICT`: it cannot find enough free resources.
    pub const NORMAL_CONFLICT: Self = Self(12);
    /// `CM_PROB_NEED_RESTART`: it needs a restart of the computer.
    pub const NEED_RESTART: Self = Self(14);
    /// `CM_PROB_REINSTALL`: its driver must be reinstalled.
    pub const REINSTALL: Self = Self(18);
    /// `CM_PROB_WILL_BE_REMOVED`: Windows is removing it.
    pub const WILL_BE_REMOVED: Self = Self(21);
    /// `CM_PROB_DISABLED`: it is disabled.
    pub const DISABLED: Self = Self(22);
    /// `CM_PROB_DEVICE_NOT_THERE`: it is not there or does not work.
    pub const DEVICE_NOT_THERE: Self = Self(24);
    /// `CM_PROB_FAILED_INSTALL`: no driver is installed.
    pub const FAILED_INSTALL: Self = Self(28);
    /// `CM_PROB_HARDWARE_DISABLED`: the firmware gave it no resources.
    pub const HARDWARE_DISABLED: Self = Self(29);
    /// `CM_PROB_FAILED_ADD`: its driver could not be loaded.
    pub const FAILED_ADD: Self = Self(31);
    /// `CM_PROB_DISABLED_SERVICE`: its driver is disabled.
    pub const DISABLED_SERVICE: Self = Self(32);
    /// `CM_PROB_TRANSLATION_FAILED`: Windows could not determine its resources.
    pub const TRANSLATION_FAILED: Self = Self(33);
    /// `CM_PROB_BIOS_TABLE`: the firmware does not describe its resources.
    pub const BIOS_TABLE: Self = Self(35);
    /// `CM_PROB_IRQ_TRANSLATION_FAILED`: its interrupt could not be translated.
    pub const IRQ_TRANSLATION_FAILED: Self = Self(36);
    /// `CM_PROB_FAILED_DRIVER_ENTRY`: its driver failed to start.
    pub const FAILED_DRIVER_ENTRY: Self = Self(37);
    /// `CM_PROB_DRIVER_FAILED_LOAD`: its driver is damaged or missing.
    pub const DRIVER_FAILED_LOAD: Self = Self(39);
    /// `CM_PROB_FAILED_POST_START`: its driver reported a failure.
    pub const FAILED_POST_START: Self = Self(43);
    /// `CM_PROB_PHANTOM`: it is not connected.
    pub const PHANTOM: Self = Self(45);
    /// `CM_PROB_HELD_FOR_EJECT`: it is prepared for removal.
    pub const HELD_FOR_EJECT: Self = Self(47);
    /// `CM_PROB_DRIVER_BLOCKED`: its driver is blocked.
    pub const DRIVER_BLOCKED: Self = Self(48);
    /// `CM_PROB_UNSIGNED_DRIVER`: its driver is not signed.
    pub const UNSIGNED_DRIVER: Self = Self(52);
    /// `CM_PROB_USED_BY_DEBUGGER`: the kernel debugger uses it.
    pub const USED_BY_DEBUGGER: Self = Self(53);
    /// `CM_PROB_DEVICE_RESET`: it was reset and has not come back.
    pub const DEVICE_RESET: Self = Self(54);
    /// `CM_PROB_GUEST_ASSIGNMENT_FAILED`: its assignment to a guest failed.
    pub const GUEST_ASSIGNMENT_FAILED: Self = Self(57);

    /// The header's name, where it has one.
    pub fn name(self) -> Option<&'static str> {
        let index = usize::try_from(self.0).ok()?.checked_sub(1)?;
        NAMES.get(index).copied()
    }

    /// What it says of a device, as half a sentence; the codes that servers meet.
    pub const fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::FAILED_START => "the device cannot start",
            Self::NORMAL_CONFLICT => "it cannot find enough free resources",
            Self::NEED_RESTART => "it needs a restart of the computer",
            Self::REINSTALL => "its driver must be reinstalled",
            Self::WILL_BE_REMOVED => "Windows is removing it",
            Self::DISABLED => "it is disabled",
            Self::DEVICE_NOT_THERE => "it is not there or does not work",
            Self::FAILED_INSTALL => "no driver is installed",
            Self::HARDWARE_DISABLED => "the firmware gave it no resources",
            Self::FAILED_ADD => "its driver could not be loaded",
            Self::DISABLED_SERVICE => "its driver is disabled",
            Self::TRANSLATION_FAILED => "Windows could not determine its resources",
            Self::BIOS_TABLE => "the firmware does not describe its resources",
            Self::IRQ_TRANSLATION_FAILED => "its interrupt could not be translated",
            Self::FAILED_DRIVER_ENTRY => "its driver failed to start",
            Self::DRIVER_FAILED_LOAD => "its driver is damaged or missing",
            Self::FAILED_POST_START => "its driver reported a failure",
            Self::PHANTOM => "it is not connected",
            Self::HELD_FOR_EJECT => "it is prepared for removal",
            Self::DRIVER_BLOCKED => "its driver is blocked",
            Self::UNSIGNED_DRIVER => "its driver is not signed",
            Self::USED_BY_DEBUGGER => "the kernel debugger uses it",
            Self::DEVICE_RESET => "it was reset and has not come back",
            Self::GUEST_ASSIGNMENT_FAILED => "its assignment to a guest failed",
            _ => return None,
        })
    }

    /// The code with a header name, with or without `CM_PROB_`, in any case.
    pub fn of_name(name: &str) -> Option<Self> {
        let upper = name.trim().to_ascii_uppercase();
        if upper == "CM_PROB_NONE" {
            return Some(Self::NONE);
        }
        let index = NAMES.iter().position(|known| {
            *known == upper || known.strip_prefix("CM_PROB_") == Some(upper.as_str())
        })?;
        u32::try_from(index + 1).ok().map(Self)
    }
}

/// Names of the codes from 1 on.
const NAMES: [&str; 57] = [
    "CM_PROB_NOT_CONFIGURED",
    "CM_PROB_DEVLOADER_FAILED",
    "CM_PROB_OUT_OF_MEMORY",
    "CM_PROB_ENTRY_IS_WRONG_TYPE",
    "CM_PROB_LACKED_ARBITRATOR",
    "CM_PROB_BOOT_CONFIG_CONFLICT",
    "CM_PROB_FAILED_FILTER",
    "CM_PROB_DEVLOADER_NOT_FOUND",
    "CM_PROB_INVALID_DATA",
    "CM_PROB_FAILED_START",
    "CM_PROB_LIAR",
    "CM_PROB_NORMAL_CONFLICT",
    "CM_PROB_NOT_VERIFIED",
    "CM_PROB_NEED_RESTART",
    "CM_PROB_REENUMERATION",
    "CM_PROB_PARTIAL_LOG_CONF",
    "CM_PROB_UNKNOWN_RESOURCE",
    "CM_PROB_REINSTALL",
    "CM_PROB_REGISTRY",
    "CM_PROB_VXDLDR",
    "CM_PROB_WILL_BE_REMOVED",
    "CM_PROB_DISABLED",
    "CM_PROB_DEVLOADER_NOT_READY",
    "CM_PROB_DEVICE_NOT_THERE",
    "CM_PROB_MOVED",
    "CM_PROB_TOO_EARLY",
    "CM_PROB_NO_VALID_LOG_CONF",
    "CM_PROB_FAILED_INSTALL",
    "CM_PROB_HARDWARE_DISABLED",
    "CM_PROB_CANT_SHARE_IRQ",
    "CM_PROB_FAILED_ADD",
    "CM_PROB_DISABLED_SERVICE",
    "CM_PROB_TRANSLATION_FAILED",
    "CM_PROB_NO_SOFTCONFIG",
    "CM_PROB_BIOS_TABLE",
    "CM_PROB_IRQ_TRANSLATION_FAILED",
    "CM_PROB_FAILED_DRIVER_ENTRY",
    "CM_PROB_DRIVER_FAILED_PRIOR_UNLOAD",
    "CM_PROB_DRIVER_FAILED_LOAD",
    "CM_PROB_DRIVER_SERVICE_KEY_INVALID",
    "CM_PROB_LEGACY_SERVICE_NO_DEVICES",
    "CM_PROB_DUPLICATE_DEVICE",
    "CM_PROB_FAILED_POST_START",
    "CM_PROB_HALTED",
    "CM_PROB_PHANTOM",
    "CM_PROB_SYSTEM_SHUTDOWN",
    "CM_PROB_HELD_FOR_EJECT",
    "CM_PROB_DRIVER_BLOCKED",
    "CM_PROB_REGISTRY_TOO_LARGE",
    "CM_PROB_SETPROPERTIES_FAILED",
    "CM_PROB_WAITING_ON_DEPENDENCY",
    "CM_PROB_UNSIGNED_DRIVER",
    "CM_PROB_USED_BY_DEBUGGER",
    "CM_PROB_DEVICE_RESET",
    "CM_PROB_CONSOLE_LOCKED",
    "CM_PROB_NEED_CLASS_CONFIG",
    "CM_PROB_GUEST_ASSIGNMENT_FAILED",
];

impl std::fmt::Display for ProblemCode {
    /// `22 (CM_PROB_DISABLED)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_lead_to_each_other() {
        // cfg.h: 22 CM_PROB_DISABLED, 45 CM_PROB_PHANTOM, 57 CM_PROB_GUEST_ASSIGNMENT_FAILED.
        for (code, name) in [
            (ProblemCode::DISABLED, "CM_PROB_DISABLED"),
            (ProblemCode::PHANTOM, "CM_PROB_PHANTOM"),
            (
                ProblemCode::GUEST_ASSIGNMENT_FAILED,
                "CM_PROB_GUEST_ASSIGNMENT_FAILED",
            ),
        ] {
            assert_eq!(code.name(), Some(name));
            assert_eq!(ProblemCode::of_name(&name.to_lowercase()), Some(code));
        }
        assert_eq!(ProblemCode::DISABLED.to_string(), "22 (CM_PROB_DISABLED)");
        assert_eq!(ProblemCode(99).to_string(), "99");
        assert_eq!(ProblemCode::of_name("phantom"), Some(ProblemCode(45)));
        assert_eq!(ProblemCode::NONE.name(), None);
    }
}
