//! Whether the interrupts of devices are remapped, without which VFIO refuses every group.
//!
//! Linux drivers/vfio/vfio_iommu_type1.c, `vfio_iommu_type1_attach_group`: a container takes a
//! group only where the IOMMU isolates interrupts, or where `allow_unsafe_interrupts` is set.

use serde_json::Value;

use crate::analysis::kernel::Kernel;
use crate::decode::kernel_log::{Said, State};
use crate::host::Host;
use crate::iommu::{Iommu, TableKind};

/// What a capture says of interrupt remapping.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InterruptRemapping {
    /// What stands against it.
    pub obstacle: Option<Obstacle>,
    /// What of it the tables and the kernel's log say, whatever the command line does.
    pub by_platform: Option<Obstacle>,
    /// A table offers it, or a kernel says that it is in use.
    pub offered: bool,
    /// VFIO was told to go without.
    pub unsafe_allowed: bool,
    /// A paravirtual unit is all that is described, and which processor it serves is not known.
    pub architecture_missing: bool,
}

/// Why interrupts are not remapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// A word of the kernel's command line switches it off.
    CommandLine(String),
    /// INTR_REMAP of the DMAR table is clear.
    Flag,
    /// The kernel gave it up (line of the log).
    Kernel(u32),
    /// VFIO looked for it in vain (line of the log).
    Vfio(u32),
    /// The unit is a paravirtual one on x86: it remaps DMA alone.
    Paravirtual,
}

impl InterruptRemapping {
    /// From the command line, the tables and the kernel's log, in this order.
    pub fn of(host: &Host<'_>, iommu: &Iommu) -> Self {
        let line = Kernel::of(host).command_line.unwrap_or_default();
        let offer = offered_by_tables(iommu);
        let said = said_by_kernel(host);
        // Which processor it is matters to a paravirtual unit alone.
        let paravirtual = paravirtual_alone(host);
        let x86 = paravirtual.then(|| is_x86(host)).flatten();
        let by_kernel = || {
            let said = said?;
            match said.value {
                State::InterruptRemappingFailed => Some(Obstacle::Kernel(said.line)),
                State::VfioWithoutInterruptRemapping => Some(Obstacle::Vfio(said.line)),
                _ => None,
            }
        };
        let in_use = said.is_some_and(|said| said.value == State::InterruptRemapping);
        let by_platform = match offer {
            Some(false) => Some(Obstacle::Flag),
            _ => by_kernel(),
        };
        let obstacle = switched_off(&line)
            .map(|word| Obstacle::CommandLine(word.to_owned()))
            .or_else(|| by_platform.clone())
            .or_else(|| (x86 == Some(true)).then_some(Obstacle::Paravirtual));
        Self {
            obstacle,
            by_platform,
            offered: offer == Some(true) || in_use,
            unsafe_allowed: allows_unsafe(&line) || module_allows_unsafe(host),
            architecture_missing: paravirtual && x86.is_none(),
        }
    }

    /// Whether VFIO refuses every group for it; `None` where the capture does not tell.
    pub fn vfio_refuses(&self) -> Option<bool> {
        match self {
            Self {
                unsafe_allowed: true,
                ..
            } => Some(false),
            Self {
                obstacle: Some(_), ..
            } => Some(true),
            Self { offered: true, .. } => Some(false),
            _ => None,
        }
    }
}

/// Whether the tables offer it; `None` where none of them says. An IVRS table has no such flag:
/// AMD's units always remap interrupts.
fn offered_by_tables(iommu: &Iommu) -> Option<bool> {
    let flags = iommu.tables().iter();
    let flags = flags.filter_map(|table| table.interrupt_remapping);
    flags.reduce(|all, remaps| all && remaps)
}

/// What a kernel says last about it.
fn said_by_kernel(host: &Host<'_>) -> Option<Said<State>> {
    host.log()?.remapping.last_of(&[
        State::InterruptRemapping,
        State::InterruptRemappingFailed,
        State::VfioWithoutInterruptRemapping,
    ])
}

/// The word of a command line that switches it off: `intremap=off` (the last setting counts),
/// `nointremap`, or `noapic`, which leaves the I/O APICs out that remapping must cover.
fn switched_off(line: &str) -> Option<&str> {
    let last = setting(line, "intremap");
    line.split_whitespace().find(|&word| match word {
        "nointremap" | "noapic" => true,
        _ => word
            .strip_prefix("intremap=")
            .is_some_and(|value| Some(value) == last && value.split(',').any(|part| part == "off")),
    })
}

/// The module option that makes VFIO go without.
const UNSAFE: &str = "vfio_iommu_type1.allow_unsafe_interrupts";

fn allows_unsafe(line: &str) -> bool {
    let alone = line.split_whitespace().rfind(|word| {
        word.strip_prefix(UNSAFE)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    // A name without a value sets a switch.
    alone == Some(UNSAFE) || setting(line, UNSAFE).is_some_and(is_true)
}

/// As `/sys/module` showed it.
fn module_allows_unsafe(host: &Host<'_>) -> bool {
    let Some(bytes) = host.capture().host.get("kernel.json") else {
        return false;
    };
    let kernel: Value = serde_json::from_slice(bytes).unwrap_or_default();
    kernel
        .pointer("/modules/vfio_iommu_type1/allow_unsafe_interrupts")
        .and_then(Value::as_str)
        .is_some_and(is_true)
}

/// As the kernel reads a switch (lib/kstrtox.c, `kstrtobool`).
fn is_true(value: &str) -> bool {
    matches!(
        value.as_bytes(),
        [b'1' | b'y' | b'Y' | b't' | b'T', ..] | [b'o' | b'O', b'n' | b'N', ..]
    )
}

/// The last setting of a parameter.
fn setting<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let settings = line.split_whitespace();
    let mut values = settings.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    values.next_back()
}

/// Whether VIOT is the only table about remapping. A table counts by its name, as a log may list
/// it without its bytes.
fn paravirtual_alone(host: &Host<'_>) -> bool {
    let kinds = [
        TableKind::Dmar,
        TableKind::Ivrs,
        TableKind::Viot,
        TableKind::Iort,
    ];
    let names = host.capture().tables.keys();
    let mut found = names
        .filter_map(|name| kinds.iter().find(|kind| name.starts_with(kind.signature())))
        .peekable();
    found.peek().is_some() && found.all(|kind| *kind == TableKind::Viot)
}

/// Whether the host's processor is an x86, whose interrupts only a hardware unit remaps. On ARM
/// the interrupt controller tells devices apart.
fn is_x86(host: &Host<'_>) -> Option<bool> {
    let processor = host.capture().host.get("cpuinfo");
    let processor = processor.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let says = |word: &str| processor.as_ref().is_some_and(|text| text.contains(word));
    let release = Kernel::of(host).release.unwrap_or_default();
    let ends = |names: [&str; 2]| names.iter().any(|name| release.ends_with(name));
    if says("vendor_id") || ends(["amd64", "x86_64"]) {
        Some(true)
    } else if says("CPU implementer") || ends(["arm64", "aarch64"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, dmar};

    fn of(machine: &Machine) -> InterruptRemapping {
        machine.facts(|facts| InterruptRemapping::of(facts.host, &facts.iommu))
    }

    fn with(files: &[(&str, &str)]) -> Machine {
        let mut machine = Machine::with_port().with_table_bytes("DMAR", dmar(1, &[]));
        for (name, text) in files {
            let bytes = text.as_bytes().to_vec();
            machine.capture.host.insert((*name).to_owned(), bytes);
        }
        machine
    }

    fn off(word: &str) -> Option<Obstacle> {
        Some(Obstacle::CommandLine(word.to_owned()))
    }

    #[test]
    fn each_word_that_switches_it_off_is_seen() {
        for word in ["intremap=off", "intremap=nosid,off", "nointremap", "noapic"] {
            let line = format!("quiet {word} ro\n");
            let found = of(&with(&[("cmdline", &line)]));
            assert_eq!(found.obstacle, off(word));
            assert_eq!(found.vfio_refuses(), Some(true));
        }
        for line in ["intremap=off intremap=on", "intel_iommu=off", "x=noapic"] {
            assert_eq!(of(&with(&[("cmdline", line)])).obstacle, None, "{line}");
        }
    }

    #[test]
    fn vfio_goes_without_where_it_is_told_to() {
        let told = |value: &str| {
            let line = format!("intremap=off {UNSAFE}{value}");
            of(&with(&[("cmdline", &line)])).vfio_refuses()
        };
        for yes in ["=1", "=Y", "=on", ""] {
            assert_eq!(told(yes), Some(false), "{yes}");
        }
        for no in ["=0", "=n", "=1 vfio_iommu_type1.allow_unsafe_interrupts=0"] {
            assert_eq!(told(no), Some(true), "{no}");
        }
        let module = |value: &str| {
            let json = format!(
                "{{\"modules\": {{\"vfio_iommu_type1\": {{\"allow_unsafe_interrupts\": \"{value}\"}}}}}}"
            );
            of(&with(&[("cmdline", "nointremap"), ("kernel.json", &json)])).vfio_refuses()
        };
        assert_eq!(module("Y"), Some(false));
        assert_eq!(module("N"), Some(true));
    }

    #[test]
    fn tables_and_logs_are_asked_where_the_command_line_is_silent() {
        let table = |flags: u8| Machine::with_port().with_table_bytes("DMAR", dmar(flags, &[]));
        assert_eq!(of(&table(0)).obstacle, Some(Obstacle::Flag));
        assert_eq!(of(&table(1)).vfio_refuses(), Some(false));
        assert_eq!(of(&Machine::with_port()).vfio_refuses(), None);
        let failed = "[ 0.1] DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.\n";
        let log = Machine::with_port().with_log(failed);
        assert_eq!(of(&log).obstacle, Some(Obstacle::Kernel(1)));
        let enabled = "[ 0.2] DMAR-IR: Enabled IRQ remapping in x2apic mode\n";
        let log = Machine::with_port().with_log(enabled);
        assert_eq!(of(&log).vfio_refuses(), Some(false));
    }

    #[test]
    fn a_paravirtual_unit_remaps_no_interrupts_of_an_x86() {
        let on = |cpu: &str| {
            let mut machine = Machine::with_port().with_table("VIOT");
            let bytes = cpu.as_bytes().to_vec();
            machine.capture.host.insert("cpuinfo".to_owned(), bytes);
            of(&machine)
        };
        let x86 = on("processor\t: 0\nvendor_id\t: GenuineIntel\n");
        assert_eq!(x86.obstacle, Some(Obstacle::Paravirtual));
        let arm = on("processor\t: 0\nCPU implementer\t: 0x41\n");
        assert_eq!((arm.obstacle, arm.architecture_missing), (None, false));
        assert!(on("").architecture_missing);
    }
}
