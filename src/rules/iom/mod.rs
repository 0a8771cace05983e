//! IOM: remapping of DMA and interrupts.

mod iom001_no_dma_remapping;
mod iom002_interrupt_remapping_off;
mod iom003_not_covered;
mod iom004_remapping_switched_off;
mod iom005_remapping_table_damaged;
mod iom006_no_remapping_unit;
mod iom007_unit_registers_misplaced;
mod iom008_address_width_implausible;
mod iom009_include_all_misused;
mod iom010_structures_out_of_order;
mod iom011_unknown_table_entries;
mod iom012_scope_names_nothing;
mod iom013_scope_names_other_kind;
mod iom014_scope_start_bus_no_root;
mod iom015_unit_without_device;
mod iom016_device_of_two_units;
mod iom017_unit_described_twice;
mod iom018_affinity_of_no_unit;
mod iom019_acpi_device_unmatched;
mod iom020_ats_list_inconsistent;
mod iom022_remapping_opt_out;
mod iom023_dma_protection_without_interrupt_remapping;
mod iom024_device_range_unpaired;
mod iom025_ivrs_entry_not_allowed;
mod iom026_unit_without_chosen_block;
mod iom027_unit_function_differs;
mod iom029_feature_images_differ;
mod iom030_segment_without_devices;
mod iom031_host_translation_not_offered;
mod iom032_alias_names_nothing;
mod iom033_acpi_device_entry_malformed;
mod iom034_quick_data_of_wrong_unit;
mod iom035_too_many_units;
mod iom036_viot_output_no_unit;
mod iom040_vfio_without_interrupt_remapping;
mod iom070_reserved_bits_in_table;
mod iom071_kernel_reports_firmware_bug;

pub(in crate::rules) use iom001_no_dma_remapping::IOM001;
pub(in crate::rules) use iom002_interrupt_remapping_off::IOM002;
pub(in crate::rules) use iom003_not_covered::IOM003;
pub(in crate::rules) use iom004_remapping_switched_off::IOM004;
pub(in crate::rules) use iom005_remapping_table_damaged::IOM005;
pub(in crate::rules) use iom006_no_remapping_unit::IOM006;
pub(in crate::rules) use iom007_unit_registers_misplaced::IOM007;
pub(in crate::rules) use iom008_address_width_implausible::IOM008;
pub(in crate::rules) use iom009_include_all_misused::IOM009;
pub(in crate::rules) use iom010_structures_out_of_order::IOM010;
pub(in crate::rules) use iom011_unknown_table_entries::IOM011;
pub(in crate::rules) use iom012_scope_names_nothing::IOM012;
pub(in crate::rules) use iom013_scope_names_other_kind::IOM013;
pub(in crate::rules) use iom014_scope_start_bus_no_root::IOM014;
pub(in crate::rules) use iom015_unit_without_device::IOM015;
pub(in crate::rules) use iom016_device_of_two_units::IOM016;
pub(in crate::rules) use iom017_unit_described_twice::IOM017;
pub(in crate::rules) use iom018_affinity_of_no_unit::IOM018;
pub(in crate::rules) use iom019_acpi_device_unmatched::IOM019;
pub(in crate::rules) use iom020_ats_list_inconsistent::IOM020;
pub(in crate::rules) use iom022_remapping_opt_out::IOM022;
pub(in crate::rules) use iom023_dma_protection_without_interrupt_remapping::IOM023;
pub(in crate::rules) use iom024_device_range_unpaired::IOM024;
pub(in crate::rules) use iom025_ivrs_entry_not_allowed::IOM025;
pub(in crate::rules) use iom026_unit_without_chosen_block::IOM026;
pub(in crate::rules) use iom027_unit_function_differs::IOM027;
pub(in crate::rules) use iom029_feature_images_differ::IOM029;
pub(in crate::rules) use iom030_segment_without_devices::IOM030;
pub(in crate::rules) use iom031_host_translation_not_offered::IOM031;
pub(in crate::rules) use iom032_alias_names_nothing::IOM032;
pub(in crate::rules) use iom033_acpi_device_entry_malformed::IOM033;
pub(in crate::rules) use iom034_quick_data_of_wrong_unit::IOM034;
pub(in crate::rules) use iom035_too_many_units::IOM035;
pub(in crate::rules) use iom036_viot_output_no_unit::IOM036;
pub(in crate::rules) use iom040_vfio_without_interrupt_remapping::IOM040;
pub(in crate::rules) use iom070_reserved_bits_in_table::IOM070;
pub(in crate::rules) use iom071_kernel_reports_firmware_bug::IOM071;

use super::{Evidence, Locus, Outcome, Value};
use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::acpi::dmar::Dmar;
use crate::decode::acpi::ivrs::{Ivhd, Ivrs};
use crate::iommu::TableKind;

/// The DMAR table, or the answer of a rule that is about it alone.
fn dmar<'f>(facts: &'f Facts<'_, '_>) -> Result<&'f Dmar, Outcome> {
    let missing = Outcome::NotApplicable("no DMAR table was captured");
    facts.dmar().ok_or(missing)
}

/// The IVRS table, or the answer of a rule that is about it alone.
fn ivrs<'f>(facts: &'f Facts<'_, '_>) -> Result<&'f Ivrs, Outcome> {
    let missing = Outcome::NotApplicable("no IVRS table was captured");
    facts.ivrs().ok_or(missing)
}

/// A value in a table.
const fn place(table: TableKind, span: Span, what: &'static str, seen: Value) -> Evidence {
    Evidence::new(Locus::Table(table, span), what, seen)
}

/// The blocks of an IVRS table that Linux uses: those of the units of [`Facts::iommu`].
fn chosen<'t>(
    facts: &'t Facts<'_, '_>,
    table: &'t Ivrs,
) -> impl Iterator<Item = (&'t Ivhd, Span)> + 't {
    let units = facts.iommu.units();
    table.units().filter(move |(_, span)| {
        let mut used = units.iter();
        used.any(|unit| unit.table == TableKind::Ivrs && unit.span == *span)
    })
}

/// Images of the extended feature register that count: EFRSup is set, and Linux uses the block.
fn feature_images(facts: &Facts<'_, '_>, table: &Ivrs) -> Vec<(u64, Span)> {
    if table.info & 1 == 0 {
        return Vec::new();
    }
    chosen(facts, table)
        .filter_map(|(unit, span)| Some((unit.images?.0, span)))
        .collect()
}
