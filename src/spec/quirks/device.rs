//! Devices that differ from what their registers say, by vendor and device id.
//!
//! Source of every table: Linux kernel, drivers/pci/quirks.c and drivers/vfio/pci, the state
//! of release 7.2. Facts only: ids and what holds for them.

/// Vendor id and the first and last device id of a run.
type Run = (u16, u16, u16);

/// Root ports of Intel's 100 and 200 series and of the mobile chipsets of that time: the ACS
/// capability has registers of 4 bytes, control at offset 8.
const WIDE_ACS_REGISTERS: &[Run] = &[
    (0x8086, 0x9d10, 0x9d1b),
    (0x8086, 0xa110, 0xa11f),
    (0x8086, 0xa167, 0xa16a),
    (0x8086, 0xa290, 0xa29f),
    (0x8086, 0xa2e7, 0xa2ee),
];

/// A function level reset is advertised but leaves the device unusable.
const BROKEN_FUNCTION_LEVEL_RESET: &[Run] = &[
    (0x1022, 0x1487, 0x1487),
    (0x1022, 0x148c, 0x148c),
    (0x1022, 0x149c, 0x149c),
    (0x1022, 0x1502, 0x1502),
    (0x1022, 0x17f0, 0x17f0),
    (0x1022, 0x7901, 0x7901),
    (0x14c3, 0x0616, 0x0616),
    (0x14c3, 0x7925, 0x7925),
    (0x8086, 0x1502, 0x1503),
];

/// The device keeps its state through D3hot, whatever its power management register says.
const BROKEN_POWER_RESET: &[Run] = &[
    (0x15b3, 0xcb84, 0xcb84),
    (0x15b3, 0xcf6c, 0xcf6c),
    (0x15b3, 0xcf70, 0xcf70),
    (0x15b3, 0xcf80, 0xcf80),
];

/// The device does not come back from a reset of the bus above it.
const BROKEN_BUS_RESET: &[Run] = &[
    (0x104c, 0xb005, 0xb005),
    (0x10de, 0x22ce, 0x22ce),
    (0x10de, 0x22d0, 0x22d0),
    (0x10de, 0x2340, 0x237f),
    (0x168c, 0x0030, 0x0030),
    (0x168c, 0x0032, 0x0034),
    (0x168c, 0x003c, 0x003c),
    (0x168c, 0x003e, 0x003e),
    (0x177d, 0xa100, 0xa100),
    (0x17cb, 0x0308, 0x0308),
    (0x17cb, 0x1103, 0x1103),
    (0x17cb, 0x1107, 0x1107),
    (0x1b21, 0x1164, 0x1164),
];

/// The kernel has a reset of its own for the device that needs no capability.
const DEVICE_SPECIFIC_RESET: &[Run] = &[
    (0x1425, 0x4000, 0x4fff),
    (0x8086, 0x0156, 0x0156),
    (0x8086, 0x0166, 0x0166),
    (0x8086, 0x10ed, 0x10ed),
];

/// vfio-pci refuses the device unless told not to: accelerators that can break out
/// (QuickAssist, Data Streaming and In-Memory Analytics).
const VFIO_DENIED: &[Run] = &[
    (0x8086, 0x0435, 0x0435),
    (0x8086, 0x0443, 0x0443),
    (0x8086, 0x0b25, 0x0b25),
    (0x8086, 0x0cfe, 0x0cfe),
    (0x8086, 0x19e2, 0x19e3),
    (0x8086, 0x37c8, 0x37c9),
];

/// Whether the ACS control register of a root port lies at offset 8 instead of 6.
pub fn has_wide_acs_registers(vendor: u16, device: u16) -> bool {
    listed(WIDE_ACS_REGISTERS, vendor, device)
}

/// Whether the function level reset of a device must not be used.
pub fn has_broken_function_level_reset(vendor: u16, device: u16) -> bool {
    listed(BROKEN_FUNCTION_LEVEL_RESET, vendor, device)
}

/// Whether a trip through D3hot does not reset a device, whatever it says.
pub fn has_broken_power_reset(vendor: u16, device: u16) -> bool {
    listed(BROKEN_POWER_RESET, vendor, device)
}

/// Whether a device does not come back from a reset of the bus above it.
pub fn has_broken_bus_reset(vendor: u16, device: u16) -> bool {
    listed(BROKEN_BUS_RESET, vendor, device)
}

/// Whether Linux resets a device in a way of its own that needs no capability.
pub fn has_device_specific_reset(vendor: u16, device: u16) -> bool {
    listed(DEVICE_SPECIFIC_RESET, vendor, device)
}

/// Whether vfio-pci refuses a device.
pub fn is_denied_by_vfio(vendor: u16, device: u16) -> bool {
    listed(VFIO_DENIED, vendor, device)
}

fn listed(runs: &[Run], vendor: u16, device: u16) -> bool {
    runs.iter()
        .any(|&(maker, first, last)| maker == vendor && (first..=last).contains(&device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_in_order_and_apart() {
        for runs in [
            WIDE_ACS_REGISTERS,
            BROKEN_FUNCTION_LEVEL_RESET,
            BROKEN_POWER_RESET,
            BROKEN_BUS_RESET,
            DEVICE_SPECIFIC_RESET,
            VFIO_DENIED,
        ] {
            assert!(runs.iter().all(|run| run.1 <= run.2));
            let apart = |pair: &[Run]| (pair[0].0, pair[0].2) < (pair[1].0, pair[1].1);
            assert!(runs.windows(2).all(apart), "{runs:x?}");
        }
    }

    #[test]
    fn the_ends_of_a_run_belong_to_it_and_their_neighbours_do_not() {
        assert!(has_wide_acs_registers(0x8086, 0xa110));
        assert!(has_wide_acs_registers(0x8086, 0xa11f));
        assert!(!has_wide_acs_registers(0x8086, 0xa120));
        assert!(!has_wide_acs_registers(0x8087, 0xa110));
        assert!(is_denied_by_vfio(0x8086, 0x19e3));
        assert!(!is_denied_by_vfio(0x8086, 0x19e4));
    }
}
