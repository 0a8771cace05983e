//! Registers of the PCI Express capability (PCIe 6.0, 7.5.3.2 to 7.5.3.23).

mod device;
mod link;
mod slot;

use super::Express;
use crate::spec::Register;
use crate::spec::pcie::PortType;

pub(super) use link::SPEEDS;

/// Watts that a power limit value counts.
const POWER_SCALE: &[(u64, &str)] = &[(0, "1 W"), (1, "0.1 W"), (2, "0.01 W"), (3, "0.001 W")];

/// The registers that an instance certainly has. Version 1 structures end where the port type
/// needs no more (PCIe 1.1, 7.8); version 2 structures go on at 24h.
pub(super) fn of(express: Express<'_>) -> Vec<Register> {
    let port = express.port_type();
    let control = if port == Some(PortType::PCIE_TO_PCI) {
        device::BRIDGE_CONTROL
    } else {
        device::CONTROL
    };
    let [link, slot, root] =
        [express.has_link(), express.has_slot(), express.has_root()].map(|part| part == Some(true));
    let mut registers = vec![
        device::EXPRESS,
        device::CAPABILITIES,
        control,
        device::STATUS,
    ];
    let mut add = |present: bool, part: &[Register]| {
        if present {
            registers.extend_from_slice(part);
        }
    };
    add(link, link::FIRST);
    add(slot, slot::FIRST);
    add(root, slot::ROOT);
    let second = express.version().is_some_and(|version| version >= 2);
    add(second, device::SECOND);
    add(second && link, link::SECOND);
    add(second && slot, slot::SECOND);
    registers
}
