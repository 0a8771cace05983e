//! The checks that specifications and operating systems ask of firmware tables and configuration
//! spaces, and the rule that makes each, or why none does.
//!
//! The list is older than the rules: it was drawn up from the specifications, from what Linux
//! refuses, and from what fwts looks at. A check without a rule needs an argument.

use std::collections::BTreeSet;

use assignable::rules::{Part, RULES, find};

use By::{Argued, Rules};

/// Who makes a check.
enum By {
    /// These rules.
    Rules(&'static [&'static str]),
    /// No rule, because of this.
    Argued(&'static str),
}

/// A check, where it comes from, and who makes it.
type Check = (&'static str, &'static str, By);

const DMAR: &[Check] = &[
    (
        "checksum, and a length of 48 at least",
        "VT-d 8.1",
        Rules(&["IOM005"]),
    ),
    (
        "a structure of length 0",
        "dmar.c, dmar_walk_remapping_entries",
        Rules(&["IOM005"]),
    ),
    (
        "a structure past the end of the table",
        "dmar.c, dmar_walk_remapping_entries",
        Rules(&["IOM005"]),
    ),
    (
        "no unit at all",
        "dmar.c, parse_dmar_table",
        Rules(&["IOM006"]),
    ),
    (
        "register base 0",
        "dmar.c, dmar_validate_one_drhd",
        Rules(&["IOM007"]),
    ),
    (
        "register base not aligned to 4 KiB",
        "VT-d 8.3",
        Rules(&["IOM007"]),
    ),
    // The kernel takes such a unit for missing and prints no registers of it; its message is
    // what a dump can hold.
    (
        "registers read all ones",
        "dmar.c, dmar_validate_one_drhd",
        Rules(&["IOM071"]),
    ),
    (
        "host address width below 12 bits",
        "dmar.c, parse_dmar_table",
        Rules(&["IOM008"]),
    ),
    (
        "more than one INCLUDE_ALL in a segment",
        "VT-d 8.3",
        Rules(&["IOM009"]),
    ),
    (
        "INCLUDE_ALL not last in its segment",
        "VT-d 8.3",
        Rules(&["IOM009"]),
    ),
    (
        "scope length below 8, odd, or past its structure",
        "VT-d 8.3.1",
        Rules(&["IOM005"]),
    ),
    ("scope type unknown", "VT-d 8.3.1", Rules(&["IOM011"])),
    (
        "scope path leads to nothing, or through no bridge",
        "VT-d 8.3.1",
        Rules(&["IOM012"]),
    ),
    (
        "scope type and header type contradict",
        "dmar.c, dmar_insert_dev_scope",
        Rules(&["IOM013"]),
    ),
    ("start bus is no root bus", "VT-d 8.3.1", Rules(&["IOM014"])),
    (
        "explicit unit without an existing device",
        "dmar.c, dmar_parse_one_drhd",
        Rules(&["IOM015"]),
    ),
    ("device in two units", "VT-d 8.3.1", Rules(&["IOM016"])),
    (
        "unit in a segment without devices",
        "VT-d 8.3",
        Rules(&["IOM030"]),
    ),
    (
        "function in no unit",
        "intel/iommu.c, device_lookup_iommu",
        Rules(&["IOM003"]),
    ),
    (
        "unit described twice",
        "dmar.c, dmar_find_dmaru",
        Rules(&["IOM017"]),
    ),
    (
        "RMRR not of whole pages, or empty",
        "intel/iommu.c, rmrr_sanity_check",
        Rules(&["RSV003"]),
    ),
    (
        "RMRR not reserved in the memory map",
        "intel/iommu.c, arch_rmrr_sanity_check",
        Rules(&["RSV070"]),
    ),
    ("RMRR without device", "VT-d 8.4", Rules(&["RSV005"])),
    (
        "RMRR of a device that is to be given away",
        "intel/iommu.c, device_rmrr_is_relaxable",
        Rules(&["RSV001", "RSV002"]),
    ),
    (
        "RMRRs that overlap each other, or usable memory",
        "VT-d 8.4",
        Rules(&["RSV006", "RSV070"]),
    ),
    (
        "RHSA of no unit",
        "dmar.c, dmar_parse_one_rhsa",
        Rules(&["IOM018"]),
    ),
    (
        "ANDD name without its end",
        "dmar.c, dmar_parse_one_andd",
        Rules(&["IOM005"]),
    ),
    (
        "ANDD without scope entry, and the reverse",
        "VT-d 8.7",
        Rules(&["IOM019"]),
    ),
    (
        "ATSR of other than root ports, or beside ALL_PORTS",
        "VT-d 8.5",
        Rules(&["IOM020"]),
    ),
    (
        "SATC and SIDP of other than endpoints, or without ATS",
        "VT-d 8.8",
        Rules(&["IOM020"]),
    ),
    (
        "I/O APIC in no scope",
        "irq_remapping.c, parse_ioapics_under_ir",
        Rules(&["INT003"]),
    ),
    (
        "interrupt remapping not offered",
        "VT-d 8.1",
        Rules(&["IOM002", "IOM040"]),
    ),
    (
        "x2APIC opt-out, platform opt-in, remapping opt-out",
        "VT-d 8.1",
        Rules(&["INT004", "IOM022", "IOM023"]),
    ),
    ("reserved bits and bytes", "VT-d 8.1", Rules(&["IOM070"])),
    (
        "QuickData engine below a foreign unit",
        "intel/iommu.c, quirk_ioat_snb_local_iommu",
        Rules(&["IOM034"]),
    ),
    (
        "structures in descending order",
        "VT-d 8.2",
        Rules(&["IOM010"]),
    ),
    (
        "DMA faults in the kernel's log",
        "dmar.c, dmar_fault",
        Rules(&["IMP075"]),
    ),
    (
        "more than 1024 units",
        "dmar.c, dmar_alloc_seq_id",
        Rules(&["IOM035"]),
    ),
];

const IVRS: &[Check] = &[
    ("checksum", "48882 5.2", Rules(&["IOM005"])),
    (
        "length below 48; block of length 0 or past the end",
        "amd/init.c, init_iommu_all",
        Rules(&["IOM005"]),
    ),
    (
        "revision neither 1 nor 2; type 40h in revision 1",
        "48882 5.2.1",
        Rules(&["IOM025"]),
    ),
    ("block type unknown", "48882 5.2.2", Rules(&["IOM011"])),
    (
        "IVHD shorter than its header",
        "48882 5.2.2.1",
        Rules(&["IOM005"]),
    ),
    (
        "entry type whose length is not defined",
        "amd/init.c, ivhd_entry_length",
        Rules(&["IOM005"]),
    ),
    (
        "entries do not end with their block",
        "48882 5.2.2.5",
        Rules(&["IOM005"]),
    ),
    ("entry type reserved", "48882 5.2.2.5", Rules(&["IOM011"])),
    (
        "ranges open, alone, backwards or nested",
        "48882 5.2.2.5",
        Rules(&["IOM024"]),
    ),
    (
        "special device of an unknown variety",
        "amd/init.c, add_special_device",
        Rules(&["IOM025"]),
    ),
    (
        "ACPI device outside of type 40h",
        "48882 5.2.2.8",
        Rules(&["IOM025"]),
    ),
    (
        "ACPI device without hardware id, or with a malformed unique id",
        "48882 5.2.2.8",
        Rules(&["IOM033"]),
    ),
    (
        "unique id above 255",
        "amd/init.c, init_iommu_from_acpi",
        Rules(&["IOM033"]),
    ),
    (
        "unit without a block of the chosen type",
        "amd/init.c, get_highest_supported_ivhd_type",
        Rules(&["IOM026"]),
    ),
    (
        "unit's function missing, or no IOMMU",
        "amd/init.c, iommu_init_pci",
        Rules(&["IOM027"]),
    ),
    (
        "capability offset without secure device capability",
        "48882 5.2.2.1",
        Rules(&["IOM027"]),
    ),
    (
        "register base 0, not aligned, or taken",
        "amd/init.c, iommu_map_mmio_space",
        Rules(&["IOM007", "IOM071"]),
    ),
    (
        "feature images differ between units, or from the register",
        "amd/init.c, late_iommu_features_init",
        Rules(&["IOM029"]),
    ),
    (
        "reserved value for levels of host page tables",
        "48882 3.4.10",
        Rules(&["IOM031"]),
    ),
    // A block names one segment, so that a foreign one cannot be stated; an alias on another bus is
    // what every bridge to conventional PCI has.
    (
        "alias that does not exist",
        "48882 5.2.2.5",
        Rules(&["IOM032"]),
    ),
    (
        "I/O APIC in no special entry; none in the south bridge",
        "amd/iommu.c, check_ioapic_information",
        Rules(&["INT003", "INT007"]),
    ),
    (
        "two special entries for one I/O APIC",
        "48882 5.2.2.7",
        Rules(&["INT005"]),
    ),
    ("reserved fields", "48882 5.2", Rules(&["IOM070"])),
    (
        "IVMD empty, not of whole pages, or backwards",
        "48882 5.2.2.9",
        Rules(&["RSV003"]),
    ),
    (
        "IVMD of a device that is to be given away",
        "amd/iommu.c, amd_iommu_get_resv_regions",
        Rules(&["RSV001", "RSV002"]),
    ),
    (
        "function in no entry",
        "amd/iommu.c, amd_iommu_probe_device",
        Rules(&["IOM003"]),
    ),
    (
        "id covered by two units",
        "48882 5.2.2.5",
        Rules(&["IOM016"]),
    ),
    (
        "processor without CMPXCHG16B; Stoney Ridge",
        "amd/init.c, early_amd_iommu_init",
        Argued(
            "about the processor, not the firmware: every AMD processor with an IOMMU in use since 2006 has the instruction, and on Stoney Ridge Linux leaves the IOMMU off by itself, which its groups and its log show (IOM001)",
        ),
    ),
    (
        "only the hardware id of an ACPI device matches",
        "amd/iommu.c, get_acpihid_device_id",
        Argued(
            "a dump shows no `_HID` and `_UID` of the namespace short of running its AML; where the kernel met it, its log says so, with the mark that IOM071 looks for",
        ),
    ),
];

const OTHER_TABLES: &[Check] = &[
    (
        "MCFG without entry, or of an odd length",
        "PCI Firmware 3.3, 4.1.2",
        Rules(&["CFG021"]),
    ),
    (
        "ECAM not reserved",
        "mmconfig-shared.c, pci_mmcfg_check_reserved",
        Rules(&["CFG023"]),
    ),
    (
        "ECAM ranges backwards or overlapping",
        "mmconfig-shared.c, pci_mmconfig_add",
        Rules(&["CFG021"]),
    ),
    (
        "ECAM above 4 GiB in revision 0",
        "mmconfig-shared.c, acpi_mcfg_check_entry",
        Rules(&["CFG021"]),
    ),
    (
        "bus without ECAM, or 256 bytes on a mapped one",
        "PCI Firmware 3.3, 4.1.2",
        Rules(&["CFG022", "CFG024"]),
    ),
    (
        "VIOT node outside of the table, or of a wrong length",
        "viot.c, viot_check_bounds",
        Rules(&["IOM005"]),
    ),
    (
        "VIOT output node that is no unit",
        "viot.c, viot_get_iommu",
        Rules(&["IOM036"]),
    ),
    (
        "VIOT reserved fields, node type unknown",
        "VIOT specification",
        Rules(&["IOM070", "IOM011"]),
    ),
];

const SPACES: &[Check] = &[
    (
        "vendor id all ones or zero",
        "PCIe 7.5.1.1.1",
        Rules(&["CAP001"]),
    ),
    (
        "64 bytes captured",
        "sysfs-bus-pci, config",
        Rules(&["CAP002"]),
    ),
    (
        "256 bytes of an Express function",
        "PCIe 7.2.2",
        Rules(&["CAP003"]),
    ),
    (
        "capability pointer into the header, unaligned, or past the data",
        "PCI 3.0, 6.7",
        Rules(&["CFG001", "CFG008"]),
    ),
    (
        "loop, overlap, capability past its space",
        "PCI 3.0, 6.7",
        Rules(&["CFG001"]),
    ),
    ("capability id FFh", "PCI 3.0, 6.7", Rules(&["CFG001"])),
    (
        "capability that may occur once occurs twice",
        "PCIe 7.5",
        Rules(&["CFG003"]),
    ),
    ("extended space reads ones", "PCIe 7.6", Rules(&["CFG001"])),
    (
        "extended space repeats the first 256 bytes",
        "probe.c, pci_ext_cfg_is_aliased",
        Rules(&["CFG004"]),
    ),
    (
        "extended pointer below 100h or unaligned",
        "PCIe 7.6.3",
        Rules(&["CFG001", "CFG008"]),
    ),
    (
        "bus numbers backwards or outside the bridge above",
        "PCI Bridge 1.2, 3.2.5",
        Rules(&["TOP002", "CFG007"]),
    ),
    (
        "two bridges claim one bus; bus below no bridge",
        "PCI Bridge 1.2, 3.2.5",
        Rules(&["TOP002"]),
    ),
    (
        "function above 0 without function 0",
        "PCI 3.0, 3.2.2.3.4",
        Rules(&["TOP004"]),
    ),
    (
        "function 0 hides the others",
        "PCI 3.0, 6.2.1",
        Rules(&["TOP005"]),
    ),
    (
        "port type impossible at its place, or with its header",
        "PCIe 7.5.3.2",
        Rules(&["CFG006"]),
    ),
    (
        "BAR outside the windows above; BARs overlap",
        "PCI Bridge 1.2, 3.2.5.8",
        Rules(&["BAR012", "BAR013"]),
    ),
    (
        "BAR zero while memory is decoded",
        "PCI 3.0, 6.2.5.1",
        Rules(&["BAR003"]),
    ),
    (
        "BAR programmed while memory is not decoded",
        "PCI 3.0, 6.2.2",
        Argued(
            "how every device without a driver looks after Linux or Windows disabled it: the state of a system, no fault of firmware or device",
        ),
    ),
    (
        "integrated endpoint below a port",
        "PCIe 1.3.2.3",
        Rules(&["CFG006"]),
    ),
    (
        "ACS where none is allowed",
        "PCIe 6.12.1",
        Rules(&["CFG009"]),
    ),
];

/// What a vendor asks before a device ships.
const DEVICES: &[Check] = &[
    ("power management", "PCIe 7.5.2", Rules(&["CFG030"])),
    (
        "capabilities of the link's speed",
        "PCIe 7.7.3 to 7.7.10",
        Rules(&["CFG037"]),
    ),
    (
        "ACS on root ports and switch ports",
        "PCIe 6.12.1.1",
        Rules(&["ACS001", "ACS004"]),
    ),
    (
        "ACS on functions of one device",
        "PCIe 6.12.1.2",
        Rules(&["ACS002"]),
    ),
    (
        "large BARs not prefetchable or of 32 bits",
        "PCIe 7.5.1.2.1",
        Rules(&["BAR010", "BAR011", "BAR005"]),
    ),
    ("I/O BARs", "PCIe 1.3.2.2", Rules(&["BAR001"])),
    ("malformed BARs", "PCI 3.0, 6.2.5.1", Rules(&["CFG005"])),
    ("line interrupts alone", "PCIe 6.1", Rules(&["INT001"])),
    (
        "messages to 64-bit addresses",
        "PCIe 7.7.1.2",
        Rules(&["INT010"]),
    ),
    ("function level reset", "PCIe 6.6.2", Rules(&["RST001"])),
    (
        "MSI-X structures inside of BARs, apart from each other",
        "PCIe 7.7.2",
        Rules(&["INT002", "INT011"]),
    ),
    ("SR-IOV numbers", "PCIe 9.3.3", Rules(&["CFG031", "CFG035"])),
    ("Resizable BAR", "PCIe 7.8.6", Rules(&["CFG032"])),
    ("serial number", "PCIe 7.9.3", Rules(&["CFG033"])),
    ("subsystem ids", "PCIe 7.5.1.2.3", Rules(&["CFG036"])),
    ("reserved bits", "PCIe 7.4", Rules(&["CFG034"])),
    ("header layout", "PCIe 7.5.1.1.9", Rules(&["CFG002"])),
];

/// Rules of lint reports that answer no check of the lists.
const BEYOND: &[&str] = &[
    // No table at all, which is no fault of a table.
    "IOM001", "CFG020", // What several sources say of one machine.
    "RSV007", "RSV008", // Chipsets that cannot do it.
    "INT006",
    // What the firmware keeps from the system when it starts, which no table says.
    "DDA004",
];

fn lists() -> impl Iterator<Item = &'static Check> {
    [DMAR, IVRS, OTHER_TABLES, SPACES, DEVICES]
        .into_iter()
        .flatten()
}

#[test]
fn every_check_has_a_rule_or_an_argument() {
    // The lists are complete as they were drawn up: D01 to D38, I01 to I29, M01 to M05 with V01 to
    // V03, C01 to C19 with C17 in two.
    assert_eq!((DMAR.len(), IVRS.len()), (38, 29));
    assert_eq!((OTHER_TABLES.len(), SPACES.len()), (8, 20));
    let mut argued = 0;
    for (check, source, by) in lists() {
        assert!(source.len() > 3, "{check}");
        match by {
            Rules(codes) => {
                assert!(!codes.is_empty(), "{check}");
                for code in *codes {
                    assert!(find(code).is_some(), "{check}: there is no rule {code}");
                }
            }
            Argued(why) => {
                argued += 1;
                assert!(why.len() > 60, "{check}: {why}");
            }
        }
    }
    assert_eq!(argued, 3);
}

#[test]
fn every_lint_rule_answers_a_check() {
    let answering: BTreeSet<&str> = lists()
        .filter_map(|(_, _, by)| match by {
            Rules(codes) => Some(*codes),
            Argued(_) => None,
        })
        .flatten()
        .copied()
        .chain(BEYOND.iter().copied())
        .collect();
    let idle: Vec<&str> = RULES
        .iter()
        .filter(|rule| matches!(rule.lint, Some(Part::Firmware | Part::Device)))
        .map(|rule| rule.code)
        .filter(|code| !answering.contains(code))
        .collect();
    assert_eq!(idle, Vec::<&str>::new(), "rules that no check asks for");
}
