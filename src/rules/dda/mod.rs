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
mod dda014_no_root_port_with_acs;
mod dda020_survey_script_quirk;
mod dda021_survey_script_answer_differs;
mod dda022_dismounted_device;
mod dda023_assigned_device;
mod dda024_device_problem;
mod dda025_guest_assignment_failed;
mod dda026_not_disableable;
mod dda027_dismount_refused;
mod dda028_iov_not_supported;
mod dda029_client_edition_host;
mod dda030_hypervisor_without_iommu;
mod dda031_power_on_policy;
mod dda032_guest_saves_state;
mod dda033_nested_guest_with_device;
mod dda034_high_gap_beyond_processor;
mod dda035_mmio_gap_too_small;
mod dda036_clustered_guest;
mod dda037_gpu_partition_beside_device;
mod dda038_stale_assignment;
mod dda039_phantom_nodes;
mod dda040_proxy_driver_failed;
mod dda041_maker_refuses_guests;
mod dda042_assigned_without_dismount;
mod dda043_host_driver_on_display;
mod dda044_described_iommu_not_used;
mod dda045_boot_option_against_express;
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
mod dda075_start_with_stale_assignment;

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
pub(in crate::rules) use dda014_no_root_port_with_acs::DDA014;
pub(in crate::rules) use dda020_survey_script_quirk::DDA020;
pub(in crate::rules) use dda021_survey_script_answer_differs::DDA021;
pub(in crate::rules) use dda022_dismounted_device::DDA022;
pub(in crate::rules) use dda023_assigned_device::DDA023;
pub(in crate::rules) use dda024_device_problem::DDA024;
pub(in crate::rules) use dda025_guest_assignment_failed::DDA025;
pub(in crate::rules) use dda026_not_disableable::DDA026;
pub(in crate::rules) use dda027_dismount_refused::DDA027;
pub(in crate::rules) use dda028_iov_not_supported::DDA028;
pub(in crate::rules) use dda029_client_edition_host::DDA029;
pub(in crate::rules) use dda030_hypervisor_without_iommu::DDA030;
pub(in crate::rules) use dda031_power_on_policy::DDA031;
pub(in crate::rules) use dda032_guest_saves_state::DDA032;
pub(in crate::rules) use dda033_nested_guest_with_device::DDA033;
pub(in crate::rules) use dda034_high_gap_beyond_processor::DDA034;
pub(in crate::rules) use dda035_mmio_gap_too_small::DDA035;
pub(in crate::rules) use dda036_clustered_guest::DDA036;
pub(in crate::rules) use dda037_gpu_partition_beside_device::DDA037;
pub(in crate::rules) use dda038_stale_assignment::DDA038;
pub(in crate::rules) use dda039_phantom_nodes::DDA039;
pub(in crate::rules) use dda040_proxy_driver_failed::DDA040;
pub(in crate::rules) use dda041_maker_refuses_guests::DDA041;
pub(in crate::rules) use dda042_assigned_without_dismount::DDA042;
pub(in crate::rules) use dda043_host_driver_on_display::DDA043;
pub(in crate::rules) use dda044_described_iommu_not_used::DDA044;
pub(in crate::rules) use dda045_boot_option_against_express::DDA045;
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
pub(in crate::rules) use dda075_start_with_stale_assignment::DDA075;

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
