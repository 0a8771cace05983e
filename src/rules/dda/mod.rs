//! DDA: Discrete Device Assignment on Hyper-V.

mod dda001_conventional_pci;
mod dda002_legacy_endpoint;
mod dda003_bridge_or_port;
mod dda004_firmware_keeps_pcie_control;
mod dda005_class_not_supported;
mod dda007_boot_display;
mod dda008_host_uses_device;
mod dda009_virtual_function;
mod dda010_virtual_functions_enabled;
mod dda011_integrated_endpoint;
mod dda012_disabled_device;
mod dda013_device_type_differs;
mod dda060_client_edition;
mod dda061_dismount_of_enabled_device;
mod dda062_restart_pending;
mod dda063_dismount_without_isolation;
mod dda064_dismount_without_mitigation;
mod dda065_dismount_of_blocked_device;
mod dda066_device_not_in_pool;
mod dda067_device_already_assigned;
mod dda068_pool_exhausted;
mod dda069_power_on_without_reset;
mod dda070_step_in_wrong_state;
mod dda071_devices_left_dismounted;
mod dda072_checks_skipped_by_force;
mod dda073_evidence_missing;
mod dda074_device_not_in_vm;

pub(in crate::rules) use dda001_conventional_pci::DDA001;
pub(in crate::rules) use dda002_legacy_endpoint::DDA002;
pub(in crate::rules) use dda003_bridge_or_port::DDA003;
pub(in crate::rules) use dda004_firmware_keeps_pcie_control::DDA004;
pub(in crate::rules) use dda005_class_not_supported::DDA005;
pub(in crate::rules) use dda007_boot_display::DDA007;
pub(in crate::rules) use dda008_host_uses_device::DDA008;
pub(in crate::rules) use dda009_virtual_function::DDA009;
pub(in crate::rules) use dda010_virtual_functions_enabled::DDA010;
pub(in crate::rules) use dda011_integrated_endpoint::DDA011;
pub(in crate::rules) use dda012_disabled_device::DDA012;
pub(in crate::rules) use dda013_device_type_differs::DDA013;
pub(in crate::rules) use dda060_client_edition::DDA060;
pub(in crate::rules) use dda061_dismount_of_enabled_device::DDA061;
pub(in crate::rules) use dda062_restart_pending::DDA062;
pub(in crate::rules) use dda063_dismount_without_isolation::DDA063;
pub(in crate::rules) use dda064_dismount_without_mitigation::DDA064;
pub(in crate::rules) use dda065_dismount_of_blocked_device::DDA065;
pub(in crate::rules) use dda066_device_not_in_pool::DDA066;
pub(in crate::rules) use dda067_device_already_assigned::DDA067;
pub(in crate::rules) use dda068_pool_exhausted::DDA068;
pub(in crate::rules) use dda069_power_on_without_reset::DDA069;
pub(in crate::rules) use dda070_step_in_wrong_state::DDA070;
pub(in crate::rules) use dda071_devices_left_dismounted::DDA071;
pub(in crate::rules) use dda072_checks_skipped_by_force::DDA072;
pub(in crate::rules) use dda073_evidence_missing::DDA073;
pub(in crate::rules) use dda074_device_not_in_vm::DDA074;

use crate::analysis::device_type::DeviceType;
use crate::bytes::Observed;
use crate::decode::config::cap::express;
use crate::host::{Function, FunctionId};
use crate::rules::{Evidence, Locus, Value};
use crate::spec::windows;

/// What a device type rests on: Windows' property where it was reported, else the port type of
/// the PCI Express capability, or that there is none.
fn type_evidence(id: FunctionId, function: &Function<'_>) -> Evidence {
    if let Some(reported) = function.windows.device_type {
        let name = DeviceType(reported).name();
        return Evidence::new(
            Locus::Reported(id, windows::DEVICE_TYPE.key),
            windows::DEVICE_TYPE.name,
            name.map_or(Value::Number(reported.into()), Value::Word),
        );
    }
    match function.express() {
        Observed::Present(express) => {
            let span = express.window().field_span(express::PORT_TYPE);
            let port_type = express.port_type();
            let seen = port_type.map_or(Value::Absent, |code| match code.name() {
                Some(name) => Value::Word(name),
                None => Value::byte(code.0),
            });
            Evidence::new(Locus::Config(id, span), express::PORT_TYPE.name, seen)
        }
        _ => Evidence::new(Locus::Lists(id), "PCI Express Capability", Value::Absent),
    }
}
