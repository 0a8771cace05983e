//! Every interrupt controller structure that is defined (ACPI 6.5, 5.2.12.2 to 5.2.12.28).

use crate::decode::acpi::layout::Entry;
use crate::spec::Field;

pub(super) struct Known {
    pub(super) kind: u8,
    pub(super) least: u16,
    pub(super) title: &'static str,
    pub(super) entries: &'static [Entry],
}

const fn known(kind: u8, least: u16, title: &'static str, entries: &'static [Entry]) -> Known {
    Known {
        kind,
        least,
        title,
        entries,
    }
}

const TYPE: Entry = Entry::hex("Type", 0x00, 1);
const LENGTH: Entry = Entry::decimal("Length", 0x01, 1);
pub(super) const HEAD: [Entry; 2] = [TYPE, LENGTH];

const PROCESSOR: &[Field] = &[
    Field::flag("Enabled", 0x00, 0),
    Field::flag("Online Capable", 0x00, 1),
];
/// The same bits of a register elsewhere.
const fn processor(offset: u16) -> [Field; 2] {
    [PROCESSOR[0].at(offset), PROCESSOR[1].at(offset)]
}
const FLAGS_AT_4: [Field; 2] = processor(0x04);
const FLAGS_AT_8: [Field; 2] = processor(0x08);

const POLARITY: &[(u64, &str)] = &[
    (0, "conforms to the bus"),
    (1, "active high"),
    (3, "active low"),
];
const TRIGGER: &[(u64, &str)] = &[(0, "conforms to the bus"), (1, "edge"), (3, "level")];
/// MPS INTI flags of a register at an offset.
const fn inti(offset: u16) -> [Field; 2] {
    [
        Field::code("Polarity", offset, 0, 2, POLARITY),
        Field::code("Trigger Mode", offset, 2, 2, TRIGGER),
    ]
}
const INTI_AT_2: [Field; 2] = inti(0x02);
const INTI_AT_3: [Field; 2] = inti(0x03);
const INTI_AT_8: [Field; 2] = inti(0x08);

pub(super) const KNOWN: &[Known] = &[
    known(
        0x00,
        8,
        "Processor Local APIC",
        &[
            TYPE,
            LENGTH,
            Entry::decimal("ACPI Processor UID", 0x02, 1),
            Entry::hex("APIC ID", 0x03, 1),
            Entry::bits("Flags", 0x04, 4, &FLAGS_AT_4),
        ],
    ),
    known(
        0x01,
        12,
        "I/O APIC",
        &[
            TYPE,
            LENGTH,
            Entry::hex("I/O APIC ID", 0x02, 1),
            Entry::hex("Reserved", 0x03, 1),
            Entry::hex("I/O APIC Address", 0x04, 4),
            Entry::decimal("Global System Interrupt Base", 0x08, 4),
        ],
    ),
    known(
        0x02,
        10,
        "Interrupt Source Override",
        &[
            TYPE,
            LENGTH,
            Entry::code("Bus", 0x02, 1, &[(0, "ISA")]),
            Entry::decimal("Source", 0x03, 1),
            Entry::decimal("Global System Interrupt", 0x04, 4),
            Entry::bits("Flags", 0x08, 2, &INTI_AT_8),
        ],
    ),
    known(
        0x03,
        8,
        "NMI Source",
        &[
            TYPE,
            LENGTH,
            Entry::bits("Flags", 0x02, 2, &INTI_AT_2),
            Entry::decimal("Global System Interrupt", 0x04, 4),
        ],
    ),
    known(
        0x04,
        6,
        "Local APIC NMI",
        &[
            TYPE,
            LENGTH,
            Entry::hex("ACPI Processor UID", 0x02, 1),
            Entry::bits("Flags", 0x03, 2, &INTI_AT_3),
            Entry::decimal("Local APIC LINT#", 0x05, 1),
        ],
    ),
    known(
        0x05,
        12,
        "Local APIC Address Override",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("Local APIC Address", 0x04, 8),
        ],
    ),
    known(
        0x06,
        16,
        "I/O SAPIC",
        &[
            TYPE,
            LENGTH,
            Entry::hex("I/O APIC ID", 0x02, 1),
            Entry::hex("Reserved", 0x03, 1),
            Entry::decimal("Global System Interrupt Base", 0x04, 4),
            Entry::hex("I/O SAPIC Address", 0x08, 8),
        ],
    ),
    known(
        0x07,
        17,
        "Local SAPIC",
        &[
            TYPE,
            LENGTH,
            Entry::decimal("ACPI Processor ID", 0x02, 1),
            Entry::hex("Local SAPIC ID", 0x03, 1),
            Entry::hex("Local SAPIC EID", 0x04, 1),
            Entry::bytes("Reserved", 0x05, 3),
            Entry::bits("Flags", 0x08, 4, &FLAGS_AT_8),
            Entry::decimal("ACPI Processor UID Value", 0x0c, 4),
        ],
    ),
    known(
        0x08,
        16,
        "Platform Interrupt Source",
        &[
            TYPE,
            LENGTH,
            Entry::bits("Flags", 0x02, 2, &INTI_AT_2),
            Entry::code(
                "Interrupt Type",
                0x04,
                1,
                &[(1, "PMI"), (2, "INIT"), (3, "corrected platform error")],
            ),
            Entry::hex("Processor ID", 0x05, 1),
            Entry::hex("Processor EID", 0x06, 1),
            Entry::hex("I/O SAPIC Vector", 0x07, 1),
            Entry::decimal("Global System Interrupt", 0x08, 4),
            Entry::bits(
                "Platform Interrupt Source Flags",
                0x0c,
                4,
                &[Field::flag("CPEI Processor Override", 0x0c, 0)],
            ),
        ],
    ),
    known(
        0x09,
        16,
        "Processor Local x2APIC",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("X2APIC ID", 0x04, 4),
            Entry::bits("Flags", 0x08, 4, &FLAGS_AT_8),
            Entry::decimal("ACPI Processor UID", 0x0c, 4),
        ],
    ),
    known(
        0x0a,
        12,
        "Local x2APIC NMI",
        &[
            TYPE,
            LENGTH,
            Entry::bits("Flags", 0x02, 2, &INTI_AT_2),
            Entry::hex("ACPI Processor UID", 0x04, 4),
            Entry::decimal("Local x2APIC LINT#", 0x08, 1),
            Entry::bytes("Reserved", 0x09, 3),
        ],
    ),
    known(
        0x0b,
        76,
        "GIC CPU Interface (GICC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("CPU Interface Number", 0x04, 4),
            Entry::hex("ACPI Processor UID", 0x08, 4),
            Entry::bits(
                "Flags",
                0x0c,
                4,
                &[
                    Field::flag("Enabled", 0x0c, 0),
                    Field::flag("Performance Interrupt Edge-Triggered", 0x0c, 1),
                    Field::flag("VGIC Maintenance Interrupt Edge-Triggered", 0x0c, 2),
                    Field::flag("Online Capable", 0x0c, 3),
                ],
            ),
            Entry::hex("Parking Protocol Version", 0x10, 4),
            Entry::hex("Performance Interrupt GSIV", 0x14, 4),
            Entry::hex("Parked Address", 0x18, 8),
            Entry::hex("Physical Base Address", 0x20, 8),
            Entry::hex("GICV", 0x28, 8),
            Entry::hex("GICH", 0x30, 8),
            Entry::hex("VGIC Maintenance Interrupt", 0x38, 4),
            Entry::hex("GICR Base Address", 0x3c, 8),
            Entry::hex("MPIDR", 0x44, 8),
            Entry::hex("Processor Power Efficiency Class", 0x4c, 1),
            Entry::hex("Reserved", 0x4d, 1),
            Entry::hex("SPE Overflow Interrupt", 0x4e, 2),
            Entry::hex("TRBE Interrupt", 0x50, 2),
        ],
    ),
    known(
        0x0c,
        24,
        "GIC Distributor (GICD)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("GIC ID", 0x04, 4),
            Entry::hex("Physical Base Address", 0x08, 8),
            Entry::hex("System Vector Base", 0x10, 4),
            Entry::hex("GIC Version", 0x14, 1),
            Entry::bytes("Reserved", 0x15, 3),
        ],
    ),
    known(
        0x0d,
        24,
        "GIC MSI Frame",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("GIC MSI Frame ID", 0x04, 4),
            Entry::hex("Physical Base Address", 0x08, 8),
            Entry::bits(
                "Flags",
                0x10,
                4,
                &[Field::flag("SPI Count/Base Select", 0x10, 0)],
            ),
            Entry::decimal("SPI Count", 0x14, 2),
            Entry::decimal("SPI Base", 0x16, 2),
        ],
    ),
    known(
        0x0e,
        16,
        "GIC Redistributor (GICR)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("Discovery Range Base Address", 0x04, 8),
            Entry::hex("Discovery Range Length", 0x0c, 4),
        ],
    ),
    known(
        0x0f,
        20,
        "GIC Interrupt Translation Service (ITS)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Reserved", 0x02, 2),
            Entry::hex("GIC ITS ID", 0x04, 4),
            Entry::hex("Physical Base Address", 0x08, 8),
            Entry::hex("Reserved", 0x10, 4),
        ],
    ),
    known(
        0x10,
        16,
        "Multiprocessor Wakeup",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Mailbox Version", 0x02, 2),
            Entry::hex("Reserved", 0x04, 4),
            Entry::hex("Mailbox Address", 0x08, 8),
            Entry::hex("Reset Vector", 0x10, 8),
        ],
    ),
    known(
        0x11,
        15,
        "Core Programmable Interrupt Controller (CORE PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("ACPI Processor ID", 0x03, 4),
            Entry::hex("Physical Processor ID", 0x07, 4),
            Entry::hex("Flags", 0x0b, 4),
        ],
    ),
    known(
        0x12,
        23,
        "Legacy I/O Programmable Interrupt Controller (LIO PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Base Address", 0x03, 8),
            Entry::hex("Size", 0x0b, 2),
            Entry::hex("Cascade Vector", 0x0d, 2),
            Entry::hex("Cascade Vector Mapping", 0x0f, 8),
        ],
    ),
    known(
        0x13,
        21,
        "HyperTransport Programmable Interrupt Controller (HT PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Base Address", 0x03, 8),
            Entry::hex("Size", 0x0b, 2),
            Entry::hex("Cascade Vector", 0x0d, 8),
        ],
    ),
    known(
        0x14,
        13,
        "Extend I/O Programmable Interrupt Controller (EIO PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Cascade Vector", 0x03, 1),
            Entry::hex("Node", 0x04, 1),
            Entry::hex("Node Map", 0x05, 8),
        ],
    ),
    known(
        0x15,
        19,
        "MSI Programmable Interrupt Controller (MSI PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Message Address", 0x03, 8),
            Entry::hex("Start", 0x0b, 4),
            Entry::hex("Count", 0x0f, 4),
        ],
    ),
    known(
        0x16,
        17,
        "Bridge I/O Programmable Interrupt Controller (BIO PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Base Address", 0x03, 8),
            Entry::hex("Size", 0x0b, 2),
            Entry::hex("Hardware ID", 0x0d, 2),
            Entry::hex("GSI Base", 0x0f, 2),
        ],
    ),
    known(
        0x17,
        15,
        "LPC Programmable Interrupt Controller (LPC PIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Base Address", 0x03, 8),
            Entry::hex("Size", 0x0b, 2),
            Entry::hex("Cascade Vector", 0x0d, 2),
        ],
    ),
    known(
        0x18,
        20,
        "RISC-V Hart Local Interrupt Controller (RINTC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Reserved", 0x03, 1),
            Entry::bits("Flags", 0x04, 4, &FLAGS_AT_4),
            Entry::hex("Hart ID", 0x08, 8),
            Entry::hex("ACPI Processor UID", 0x10, 4),
            Entry::hex("External Interrupt Controller ID", 0x14, 4),
            Entry::hex("IMSIC Base Address", 0x18, 8),
            Entry::hex("IMSIC Size", 0x20, 4),
        ],
    ),
    known(
        0x19,
        16,
        "RISC-V Incoming MSI Controller (IMSIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("Reserved", 0x03, 1),
            Entry::hex("Flags", 0x04, 4),
            Entry::decimal("Supervisor Interrupt Identities", 0x08, 2),
            Entry::decimal("Guest Interrupt Identities", 0x0a, 2),
            Entry::hex("Guest Index Bits", 0x0c, 1),
            Entry::hex("Hart Index Bits", 0x0d, 1),
            Entry::hex("Group Index Bits", 0x0e, 1),
            Entry::hex("Group Index Shift", 0x0f, 1),
        ],
    ),
    known(
        0x1a,
        36,
        "RISC-V Advanced Platform Level Interrupt Controller (APLIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("APLIC ID", 0x03, 1),
            Entry::hex("Flags", 0x04, 4),
            Entry::text("Hardware ID", 0x08, 8),
            Entry::decimal("Interrupt Delivery Controllers", 0x10, 2),
            Entry::decimal("Interrupt Sources", 0x12, 2),
            Entry::decimal("Global System Interrupt Base", 0x14, 4),
            Entry::hex("Physical Base Address", 0x18, 8),
            Entry::hex("Size", 0x20, 4),
        ],
    ),
    known(
        0x1b,
        36,
        "RISC-V Platform Level Interrupt Controller (PLIC)",
        &[
            TYPE,
            LENGTH,
            Entry::hex("Version", 0x02, 1),
            Entry::hex("PLIC ID", 0x03, 1),
            Entry::text("Hardware ID", 0x04, 8),
            Entry::decimal("Interrupt Sources", 0x0c, 2),
            Entry::decimal("Maximum Priority", 0x0e, 2),
            Entry::hex("Flags", 0x10, 4),
            Entry::hex("Size", 0x14, 4),
            Entry::hex("Physical Base Address", 0x18, 8),
            Entry::decimal("Global System Interrupt Base", 0x20, 4),
        ],
    ),
];
