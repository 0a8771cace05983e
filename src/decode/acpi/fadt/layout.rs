//! Fields of the FADT (ACPI 6.5, table 5.9).

use super::PmProfile;
use crate::bytes::Span;
use crate::decode::acpi::layout::{Entry, Part};
use crate::decode::acpi::sdt;
use crate::spec::{Document, Field, SpecRef};

const SPEC: SpecRef = Document::Acpi65.at("5.2.9 Fixed ACPI Description Table (FADT)");

/// The table is one structure that grew from revision to revision: fields behind its end are
/// not there.
pub(super) fn table(size: u32, revision: u8) -> Part {
    let mut entries = sdt::ENTRIES.to_vec();
    entries.extend_from_slice(ENTRIES);
    if revision < 2 {
        entries.retain(|entry| entry.offset != BOOT.offset);
    }
    let registers = REGISTERS.iter().filter_map(|&(name, offset)| {
        let span = Span {
            offset: u32::from(offset),
            len: 12,
        };
        let inside = u32::from(offset) + 12 <= size;
        inside.then(|| Part::new(name, span, SPEC, GENERIC_ADDRESS))
    });
    let span = Span {
        offset: 0,
        len: size,
    };
    Part::new("FADT", span, SPEC, entries).with(registers.collect())
}

/// Generic addresses by their place.
const REGISTERS: &[(&str, u16)] = &[
    ("RESET_REG", 0x74),
    ("X_PM1a_EVT_BLK", 0x94),
    ("X_PM1b_EVT_BLK", 0xa0),
    ("X_PM1a_CNT_BLK", 0xac),
    ("X_PM1b_CNT_BLK", 0xb8),
    ("X_PM2_CNT_BLK", 0xc4),
    ("X_PM_TMR_BLK", 0xd0),
    ("X_GPE0_BLK", 0xdc),
    ("X_GPE1_BLK", 0xe8),
    ("SLEEP_CONTROL_REG", 0xf4),
    ("SLEEP_STATUS_REG", 0x100),
];

/// A register anywhere (ACPI 6.5, 5.2.3.2).
pub(in crate::decode::acpi) const GENERIC_ADDRESS: &[Entry] = &[
    Entry::code(
        "Address Space ID",
        0x00,
        1,
        &[
            (0x00, "system memory"),
            (0x01, "system I/O"),
            (0x02, "PCI configuration space"),
            (0x03, "embedded controller"),
            (0x04, "SMBus"),
            (0x05, "CMOS"),
            (0x06, "PCI BAR target"),
            (0x07, "IPMI"),
            (0x08, "general purpose I/O"),
            (0x09, "generic serial bus"),
            (0x0a, "platform communications channel"),
            (0x7f, "functional fixed hardware"),
        ],
    ),
    Entry::decimal("Register Bit Width", 0x01, 1),
    Entry::decimal("Register Bit Offset", 0x02, 1),
    Entry::code(
        "Access Size",
        0x03,
        1,
        &[
            (0, "undefined"),
            (1, "byte"),
            (2, "word"),
            (3, "dword"),
            (4, "qword"),
        ],
    ),
    Entry::hex("Address", 0x04, 8),
];

const BOOT: Entry = Entry::bits(
    "IAPC_BOOT_ARCH",
    0x6d,
    2,
    &[
        Field::flag("Legacy Devices", 0x6d, 0),
        Field::flag("8042", 0x6d, 1),
        Field::flag("VGA Not Present", 0x6d, 2),
        Field::flag("MSI Not Supported", 0x6d, 3),
        Field::flag("PCIe ASPM Controls", 0x6d, 4),
        Field::flag("CMOS RTC Not Present", 0x6d, 5),
    ],
);

const ENTRIES: &[Entry] = &[
    Entry::hex("FIRMWARE_CTRL", 0x24, 4),
    Entry::hex("DSDT", 0x28, 4),
    Entry::hex("INT_MODEL", 0x2c, 1),
    Entry::code("Preferred_PM_Profile", 0x2d, 1, PmProfile::CODES),
    Entry::decimal("SCI_INT", 0x2e, 2),
    Entry::hex("SMI_CMD", 0x30, 4),
    Entry::hex("ACPI_ENABLE", 0x34, 1),
    Entry::hex("ACPI_DISABLE", 0x35, 1),
    Entry::hex("S4BIOS_REQ", 0x36, 1),
    Entry::hex("PSTATE_CNT", 0x37, 1),
    Entry::hex("PM1a_EVT_BLK", 0x38, 4),
    Entry::hex("PM1b_EVT_BLK", 0x3c, 4),
    Entry::hex("PM1a_CNT_BLK", 0x40, 4),
    Entry::hex("PM1b_CNT_BLK", 0x44, 4),
    Entry::hex("PM2_CNT_BLK", 0x48, 4),
    Entry::hex("PM_TMR_BLK", 0x4c, 4),
    Entry::hex("GPE0_BLK", 0x50, 4),
    Entry::hex("GPE1_BLK", 0x54, 4),
    Entry::decimal("PM1_EVT_LEN", 0x58, 1),
    Entry::decimal("PM1_CNT_LEN", 0x59, 1),
    Entry::decimal("PM2_CNT_LEN", 0x5a, 1),
    Entry::decimal("PM_TMR_LEN", 0x5b, 1),
    Entry::decimal("GPE0_BLK_LEN", 0x5c, 1),
    Entry::decimal("GPE1_BLK_LEN", 0x5d, 1),
    Entry::decimal("GPE1_BASE", 0x5e, 1),
    Entry::hex("CST_CNT", 0x5f, 1),
    Entry::decimal("P_LVL2_LAT", 0x60, 2),
    Entry::decimal("P_LVL3_LAT", 0x62, 2),
    Entry::decimal("FLUSH_SIZE", 0x64, 2),
    Entry::decimal("FLUSH_STRIDE", 0x66, 2),
    Entry::decimal("DUTY_OFFSET", 0x68, 1),
    Entry::decimal("DUTY_WIDTH", 0x69, 1),
    Entry::hex("DAY_ALRM", 0x6a, 1),
    Entry::hex("MON_ALRM", 0x6b, 1),
    Entry::hex("CENTURY", 0x6c, 1),
    BOOT,
    Entry::hex("Reserved", 0x6f, 1),
    Entry::bits(
        "Flags",
        0x70,
        4,
        &[
            Field::flag("WBINVD", 0x70, 0),
            Field::flag("WBINVD_FLUSH", 0x70, 1),
            Field::flag("PROC_C1", 0x70, 2),
            Field::flag("P_LVL2_UP", 0x70, 3),
            Field::flag("PWR_BUTTON", 0x70, 4),
            Field::flag("SLP_BUTTON", 0x70, 5),
            Field::flag("FIX_RTC", 0x70, 6),
            Field::flag("RTC_S4", 0x70, 7),
            Field::flag("TMR_VAL_EXT", 0x70, 8),
            Field::flag("DCK_CAP", 0x70, 9),
            Field::flag("RESET_REG_SUP", 0x70, 10),
            Field::flag("SEALED_CASE", 0x70, 11),
            Field::flag("HEADLESS", 0x70, 12),
            Field::flag("CPU_SW_SLP", 0x70, 13),
            Field::flag("PCI_EXP_WAK", 0x70, 14),
            Field::flag("USE_PLATFORM_CLOCK", 0x70, 15),
            Field::flag("S4_RTC_STS_VALID", 0x70, 16),
            Field::flag("REMOTE_POWER_ON_CAPABLE", 0x70, 17),
            Field::flag("FORCE_APIC_CLUSTER_MODEL", 0x70, 18),
            Field::flag("FORCE_APIC_PHYSICAL_DESTINATION_MODE", 0x70, 19),
            Field::flag("HW_REDUCED_ACPI", 0x70, 20),
            Field::flag("LOW_POWER_S0_IDLE_CAPABLE", 0x70, 21),
            Field::number("PERSISTENT_CPU_CACHES", 0x70, 22, 2),
        ],
    ),
    Entry::hex("RESET_VALUE", 0x80, 1),
    Entry::bits(
        "ARM_BOOT_ARCH",
        0x81,
        2,
        &[
            Field::flag("PSCI_COMPLIANT", 0x81, 0),
            Field::flag("PSCI_USE_HVC", 0x81, 1),
        ],
    ),
    Entry::hex("FADT Minor Version", 0x83, 1),
    Entry::hex("X_FIRMWARE_CTRL", 0x84, 8),
    Entry::hex("X_DSDT", 0x8c, 8),
    Entry::text("Hypervisor Vendor Identity", 0x10c, 8),
];
