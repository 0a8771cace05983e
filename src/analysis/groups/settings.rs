//! For which kernel, told what, the groups are predicted.

use super::Parameters;
use crate::analysis::kernel::Kernel;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::Host;
use crate::spec::linux::Series;

/// What a prediction is made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whose rules and quirks.
    pub kernel: Series,
    /// Which ACS control register counts.
    pub control: AcsControl,
    /// What its command line says.
    pub parameters: Parameters,
    /// Which rules.
    pub model: Model,
    /// Whether the kernel's table of exceptions counts.
    pub quirks: bool,
}

/// Which ACS control register counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AcsControl {
    /// The captured one; where the capture lacks it, what the kernel sets.
    AsCaptured,
    /// What the kernel sets when it starts with an active IOMMU.
    AsEnabled,
}

/// A set of grouping rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Model {
    /// Those of the kernel, unchanged from 5.10 to 7.3.
    Mainline,
    /// Those of the series "Fix incorrect iommu_groups with PCIe ACS" of 2025, third version:
    /// not merged, but some vendors' kernels carry it.
    Rework2025,
}

impl Settings {
    /// The release whose rules count where neither the capture nor the user names one.
    pub const DEFAULT: Series = Series::V6_12;

    /// What suits a capture: its own kernel and command line. Where that kernel had made
    /// groups, it had also set ACS control as it wanted it; elsewhere control is as the
    /// firmware left it. Where groups are reported and no service is on anywhere, the registers
    /// were read at another time than the groups, under another system perhaps.
    pub fn for_host(host: &Host<'_>) -> Self {
        let kernel = Kernel::of(host);
        let line = kernel.command_line.as_deref();
        Self {
            kernel: kernel.series().unwrap_or(Self::DEFAULT),
            control: match groups_reported(host) && any_service_on(host) {
                true => AcsControl::AsCaptured,
                false => AcsControl::AsEnabled,
            },
            parameters: line.map(Parameters::parse).unwrap_or_default(),
            model: Model::Mainline,
            quirks: true,
        }
    }

    /// The same with remapping on, whatever the command line says.
    #[must_use]
    pub fn with_remapping(mut self) -> Self {
        self.parameters.remapping_off = None;
        self
    }
}

/// Whether any function has an ACS service on that isolation asks for, or none was captured.
fn any_service_on(host: &Host<'_>) -> bool {
    let mut captured = host
        .functions()
        .iter()
        .filter_map(|function| function.acs_registers.present())
        .filter(|acs| acs.capability.set.intersects(AcsFlags::REQUIRED))
        .peekable();
    captured.peek().is_none()
        || captured.any(|acs| {
            acs.control.set.intersects(AcsFlags::REQUIRED) || !acs.control.unknown().is_empty()
        })
}

/// Whether the kernel of the capture had made groups.
pub(super) fn groups_reported(host: &Host<'_>) -> bool {
    let mut functions = host.functions().iter();
    functions.any(|function| function.reported.iommu_group.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::pcie::{ExtCapId, PortType};
    use crate::testing::{Dev, Machine};

    /// ACS of a port of 32 others: capability with all that isolation asks for and an egress
    /// vector, control, vector (PCIe 6.0, 7.7.11).
    fn control(ids: (u16, u16), control: u16, vector: u32) -> AcsControl {
        let mut body = vec![0x3d, 0x20];
        body.extend(control.to_le_bytes());
        body.extend(vector.to_le_bytes());
        let port = Dev::port(PortType::ROOT_PORT, 1, 1).ids(ids.0, ids.1);
        let port = port.extended(ExtCapId::ACS.0, &body).group(1);
        Machine::new()
            .with("00:01.0", port)
            .facts(|facts| Settings::for_host(facts.host).control)
    }

    #[test]
    fn where_groups_are_reported_and_no_service_is_on_the_registers_are_of_another_time() {
        let port = (0x10b5, 0x8747);
        assert_eq!(control(port, 0x1d, 0), AcsControl::AsCaptured);
        assert_eq!(control(port, 0, 0), AcsControl::AsEnabled);
    }

    #[test]
    fn a_bit_for_a_port_is_no_service() {
        assert_eq!(control((0x10b5, 0x8747), 0, 0x1d), AcsControl::AsEnabled);
        // On Intel's 100 series the word at this place is the control register.
        assert_eq!(control((0x8086, 0xa110), 0, 0x1d), AcsControl::AsCaptured);
    }
}
