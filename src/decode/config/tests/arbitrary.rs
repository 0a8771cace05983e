use proptest::collection::vec;
use proptest::prelude::*;

use crate::bytes::{ConfigImage, Decoded, Window};
use crate::decode::config::bar::{bars, vf_bars};
use crate::decode::config::bridge::{BridgeWindows, BusNumbers};
use crate::decode::config::cap::{
    af::AdvancedFeatures, bridge_subsystem::BridgeSubsystem, ea::EnhancedAllocation,
    express::Express, msi::Msi, msix::MsiX, pm::PowerManagement, vendor::VendorSpecific, vpd::Vpd,
};
use crate::decode::config::ext::{
    acs::Acs, aer::Aer, ari::Ari, ats::Ats, dpc::Dpc, dvsec::Dvsec, l1ss::L1Substates, ltr::Ltr,
    pasid::Pasid, pri::Pri, ptm::Ptm, rebar::ResizableBars, serial::SerialNumber, sriov::SrIov,
    vsec::Vsec,
};
use crate::decode::config::extent;
use crate::decode::config::{CapabilityId, ConfigSpace, cap, dump, ext, header_registers};
use crate::spec::Register;
use crate::spec::pci::HeaderType;

/// Any bytes, any mask; half the time with lists planted among them, so that the walk gets
/// somewhere.
fn image() -> impl Strategy<Value = ConfigImage> {
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..=0x1000),
        vec(
            prop_oneof![4 => Just(0_u8), 1 => any::<u8>()],
            0x100..=0x1000
        ),
    ];
    let mask = prop_oneof![
        4 => Just(None),
        1 => vec(any::<u8>(), 0..=0x1000).prop_map(Some),
        1 => vec(prop_oneof![99 => Just(0xff_u8), 1 => any::<u8>()], 0x1000).prop_map(Some),
    ];
    // Double words and ids: each entry points to the next one, the last one to none or
    // back into the list.
    let standard = (vec((0x10..0x40_u16, 0..0x18_u16), 1..12), 0..24_usize);
    let extended = (vec((0x41..0x400_u16, 0..0x30_u16), 1..60), 0..120_usize);
    (bytes, mask, standard, extended, any::<bool>(), 0..4_u8).prop_map(
        |(mut bytes, mask, standard, extended, plausible, layout)| {
            if plausible {
                plant(&mut bytes, &standard, &extended, layout);
            }
            match mask {
                None => ConfigImage::from_bytes(bytes),
                Some(mask) => ConfigImage::from_masked(bytes, mask),
            }
        },
    )
}

/// Entries by double word and id, and where the last one points back to.
type List = (Vec<(u16, u16)>, usize);

/// Links the entries into two lists and puts a header before them.
fn plant(bytes: &mut [u8], standard: &List, extended: &List, layout: u8) {
    let mut put = |offset: u16, patch: &[u8]| {
        let offset = usize::from(offset);
        if let Some(slot) = bytes.get_mut(offset..offset + patch.len()) {
            slot.copy_from_slice(patch);
        }
    };
    let next = |(entries, back): &List, index: usize| {
        let entry = entries.get(index).or_else(|| entries.get(*back));
        entry.map_or(0, |entry| 4 * entry.0)
    };
    for (index, &(word, id)) in standard.0.iter().enumerate() {
        let header = next(standard, index + 1) << 8 | id;
        put(4 * word, &header.to_le_bytes());
    }
    for (index, &(word, id)) in extended.0.iter().enumerate() {
        let header = u32::from(next(extended, index + 1)) << 20 | 1 << 16 | u32::from(id);
        put(4 * word, &header.to_le_bytes());
    }
    let [start, _] = next(standard, 0).to_le_bytes();
    put(0x00, &[0x86, 0x80, 0x34, 0x12, 0x06, 0x00, 0x10, 0x00]);
    put(0x0e, &[layout]);
    put(0x14, &[start]);
    put(0x34, &[start]);
    put(
        4 * standard.0.first().map_or(0x10, |entry| entry.0),
        &[0x10],
    );
    put(0x100, &(u32::from(next(extended, 0)) << 20).to_le_bytes());
}

/// Calls every accessor of every view; returns something, so that nothing is left out.
fn touch(window: Window<'_>) -> String {
    let pm = PowerManagement::new(window);
    let msi = Msi::new(window);
    let msix = MsiX::new(window);
    let express = Express::new(window);
    let ea = EnhancedAllocation::new(window);
    let af = AdvancedFeatures::new(window);
    let ids = BridgeSubsystem::new(window);
    let entries = ea.entries().unwrap_or_default();
    assert!(entries.len() <= 63);
    let ea_values: Vec<_> = entries
        .iter()
        .map(|entry| {
            let kinds = (entry.bei(), entry.primary(), entry.secondary());
            let flags = (entry.enabled(), entry.writable());
            (
                entry.length(),
                kinds,
                flags,
                entry.base(),
                entry.max_offset(),
                entry.range(),
            )
        })
        .collect();
    let standard = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        (
            pm.version(),
            pm.state(),
            pm.no_soft_reset(),
            pm.pme_from_d3cold(),
            pm.pme_enabled()
        ),
        (
            msi.enabled(),
            msi.vectors(),
            msi.vectors_enabled(),
            msi.address(),
            msi.address_64()
        ),
        (
            msix.enabled(),
            msix.function_masked(),
            msix.vectors(),
            msix.table(),
            msix.pending()
        ),
        (
            express.port_type(),
            express.version(),
            express.has_flr(),
            express.port_number()
        ),
        (
            express.ari_forwarding_supported(),
            express.ari_forwarding_enabled()
        ),
        (ea.count(), ea.fixed_buses(), ea_values),
        (
            af.has_flr(),
            af.has_transactions_pending(),
            af.transactions_pending()
        ),
    );
    let rest = format!(
        "{:?} {:?} {:?}",
        (
            Vpd::new(window).address(),
            Vpd::new(window).data(),
            msi.per_vector_masking()
        ),
        (
            VendorSpecific::new(window).length(),
            ids.vendor(),
            ids.device()
        ),
        (
            express.transactions_pending(),
            express.has_slot(),
            express.has_root()
        ),
    );
    format!("{standard} {rest} {}", touch_extended(window))
}

fn touch_extended(window: Window<'_>) -> String {
    let acs = Acs::new(window);
    let ari = Ari::new(window);
    let ats = Ats::new(window);
    let pri = Pri::new(window);
    let sriov = SrIov::new(window);
    let rebar = ResizableBars::new(window);
    let (vsec, dvsec) = (Vsec::new(window), Dvsec::new(window));
    let (ltr, dpc) = (Ltr::new(window), Dpc::new(window));
    let (l1, ptm) = (L1Substates::new(window), Ptm::new(window));
    let pf = "0000:ff:1f.7".parse().unwrap();
    let sizes: Vec<_> = rebar
        .bars()
        .into_iter()
        .flatten()
        .map(|bar| {
            let sizes: Vec<_> = bar
                .supported()
                .into_iter()
                .flat_map(|set| set.iter())
                .collect();
            (bar.bar(), bar.size().and_then(|size| size.bytes()), sizes)
        })
        .collect();
    assert!(sizes.len() <= 7);
    let aer: Vec<_> = (0..=255)
        .map(|bit| {
            let aer = Aer::new(window);
            (
                aer.uncorrectable_recorded(bit),
                aer.uncorrectable_masked(bit),
                aer.uncorrectable_fatal(bit),
            )
        })
        .collect();
    let egress: Vec<_> = (0..=255).map(|number| acs.egress_blocked(number)).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        (
            acs.capability(),
            acs.control(),
            acs.enhanced(),
            acs.vector_bits(),
            egress
        ),
        (
            ari.next_function(),
            ari.acs_groups_enabled(),
            ari.function_group(),
            aer
        ),
        (ats.enabled(), ats.queue_depth(), ats.smallest_unit()),
        (
            pri.enabled(),
            pri.stopped(),
            pri.pasid_required(),
            pri.capacity(),
            pri.allocation()
        ),
        (
            Pasid::new(window).enabled(),
            Pasid::new(window).width(),
            SerialNumber::new(window).number()
        ),
        (
            sriov.enabled(),
            sriov.memory_enabled(),
            sriov.ari_hierarchy(),
            sriov.initial_vfs()
        ),
        (
            sriov.total_vfs(),
            sriov.num_vfs(),
            sriov.dependency_link(),
            sriov.vf_device_id()
        ),
        (
            sriov.system_page_size(),
            sriov.vf_address(pf, u16::MAX),
            vf_bars(window),
            sizes
        ),
        (
            vsec.id(),
            vsec.revision(),
            vsec.length(),
            dvsec.vendor(),
            dvsec.revision(),
            dvsec.id()
        ),
        (
            ltr.max_snoop_ns(),
            ltr.max_no_snoop_ns(),
            dpc.enabled(),
            dpc.triggered(),
            l1.supported(),
            l1.enabled(),
            ptm.enabled(),
            ptm.is_root()
        ),
    )
}

/// Registers in order and without overlap, fields in order and inside their register.
fn check_registers(registers: &[Register], start: u16) -> Result<(), TestCaseError> {
    let mut end = start;
    for register in registers {
        prop_assert!(matches!(register.bytes, 1 | 2 | 4 | 8), "{register:?}");
        prop_assert!(
            register.offset >= end,
            "{} at {:#x}",
            register.name,
            register.offset
        );
        end = register.offset + u16::from(register.bytes);
        let mut bit = 0;
        for field in register.placed_fields() {
            prop_assert!(field.offset >= register.offset, "{}", field.name);
            let low = 8 * (field.offset - register.offset) + u16::from(field.bit);
            prop_assert!(
                low >= bit && field.width >= 1,
                "{}: {}",
                register.name,
                field.name
            );
            bit = low + u16::from(field.width);
            prop_assert!(
                bit <= 8 * u16::from(register.bytes),
                "{}: {}",
                register.name,
                field.name
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_bytes_are_the_walk_ends_inside_the_space(image in image()) {
        let Decoded { value: space, faults } = ConfigSpace::decode(&image);
        let mut met = std::collections::BTreeSet::new();
        for entry in &space.capabilities {
            let (lowest, end) = match entry.id {
                CapabilityId::Standard(_) => (0x40, 0x100),
                CapabilityId::Extended(_) => (0x100, 0x1000),
            };
            prop_assert!((lowest..end).contains(&entry.offset), "{entry:?}");
            prop_assert!(entry.offset < image.extent());
            prop_assert!(met.insert(entry.offset), "{entry:?} twice");
        }
        for fault in faults {
            prop_assert!(fault.span.offset + fault.span.len <= 0x1000, "{fault:?}");
            prop_assert!(!fault.to_string().is_empty());
        }
    }

    #[test]
    fn whatever_the_bytes_are_the_dump_stays_inside_the_space(image in image()) {
        let space = ConfigSpace::decode(&image).value;
        let structures = dump(&image, &space);
        prop_assert_eq!(structures.len(), space.capabilities.len() + 1);
        for structure in &structures {
            for register in &structure.registers {
                prop_assert!(register.offset + u16::from(register.bytes) <= 0x1000);
                prop_assert_eq!(register.value.value & !register.value.known, 0);
                prop_assert!(!register.value.to_string().is_empty());
                for field in &register.fields {
                    let known = register.value.known & field.mask() == field.mask();
                    prop_assert_eq!(field.raw.is_some(), known, "{}", field.name);
                    let bits = (register.value.value & field.mask()) >> field.low;
                    prop_assert_eq!(field.raw.unwrap_or(bits), bits, "{}", field.name);
                    prop_assert!(!field.to_string().is_empty());
                }
            }
            for run in &structure.raw {
                prop_assert!(run.offset + u16::try_from(run.bytes.len()).unwrap() <= image.extent());
                prop_assert!(!run.to_string().is_empty());
            }
        }
    }

    #[test]
    fn whatever_the_bytes_are_every_view_answers(image in image(), offset in 0..0x1001_u16) {
        let mut windows = vec![image.window(offset), image.window(0xffff)];
        let space = ConfigSpace::decode(&image).value;
        windows.extend(space.capabilities.iter().map(|entry| image.window(entry.offset)));
        for window in windows {
            prop_assert!(!touch(window).is_empty());
        }
        for layout in 0..=255 {
            bars(&image, HeaderType(layout));
        }
        BridgeWindows::decode(&image);
        BusNumbers::decode(&image);
    }

    #[test]
    fn whatever_the_bytes_are_register_tables_are_in_order(image in image(), offset in 0..0xff0_u16) {
        check_registers(&header_registers(&image), 0)?;
        for structure in cap::STRUCTURES.iter().chain(ext::STRUCTURES) {
            let window = image.window(offset);
            check_registers(&(structure.registers)(window), structure.id.header_length())?;
            let length = structure.certain_length(window);
            prop_assert!(length >= structure.id.header_length());
            prop_assert!(length <= extent::longest(structure.id), "{:?}: {length}", structure.id);
        }
    }
}

#[test]
fn each_id_has_one_structure() {
    let mut ids: Vec<_> = cap::STRUCTURES
        .iter()
        .chain(ext::STRUCTURES)
        .map(|structure| structure.id)
        .collect();
    let sorted = {
        let mut sorted = ids.clone();
        sorted.sort();
        sorted
    };
    assert_eq!(ids, sorted);
    ids.dedup();
    assert_eq!(ids.len(), cap::STRUCTURES.len() + ext::STRUCTURES.len());
}
