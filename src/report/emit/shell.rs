//! Words of a POSIX shell.

use crate::addr::Sbdf;

/// In single quotes, in which nothing is special but the quote itself.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A value inside a comma-separated option of QEMU.
pub(super) fn option_value(text: &str) -> String {
    text.replace(',', ",,")
}

/// Takes a device from its driver and binds it to vfio-pci.
pub(super) fn bind(at: Sbdf) -> String {
    format!(
        "echo vfio-pci > /sys/bus/pci/devices/{at}/driver_override\n\
         if [ -e /sys/bus/pci/devices/{at}/driver ]; then echo {at} > /sys/bus/pci/devices/{at}/driver/unbind; fi\n\
         echo {at} > /sys/bus/pci/drivers_probe"
    )
}

/// Gives a device back to the driver that the kernel chooses.
pub(super) fn unbind(at: Sbdf) -> String {
    format!(
        "echo > /sys/bus/pci/devices/{at}/driver_override\n\
         echo {at} > /sys/bus/pci/devices/{at}/driver/unbind\n\
         echo {at} > /sys/bus/pci/drivers_probe"
    )
}
