//! Rules of rare structures: buses of another time, CXL, second channels.

use crate::rules::Form::{Dec, Hex, Words};
use crate::rules::{INDICATORS, Rule, VC_ARBITRATION};

/// `Register#1` is the second register of that name; `Field@1` is bit 1 of a field.
const fn flags(
    structure: &'static str,
    label: &'static str,
    register: &'static str,
    flags: &'static [(&'static str, &'static str)],
) -> Rule {
    Rule {
        structure,
        label,
        register,
        flags,
        values: &[],
    }
}

const HT: &str = "HyperTransport";
const CXL: &str = "Designated Vendor-Specific (DVSEC)";
const VC: &str = "Virtual Channel";

const HT_ERRORS: &[(&str, &str)] = &[
    ("<Prot", "Protocol Error"),
    ("<Ovfl", "Overflow Error"),
    ("<EOC", "End of Chain Error"),
    ("CTLTm", "CTL Timeout"),
];
const HT_FREQUENCIES: &[(&str, &str)] = &[
    ("200MHz", "200 MHz"),
    ("300MHz", "300 MHz"),
    ("400MHz", "400 MHz"),
    ("500MHz", "500 MHz"),
    ("600MHz", "600 MHz"),
    ("800MHz", "800 MHz"),
    ("1.0GHz", "1000 MHz"),
    ("1.2GHz", "1200 MHz"),
    ("1.4GHz", "1400 MHz"),
    ("1.6GHz", "1600 MHz"),
    ("Vend", "Vendor-Specific Frequency"),
];
const HT_FEATURES: &[(&str, &str)] = &[
    ("IsocFC", "Isochronous Flow Control Mode"),
    ("LDTSTOP", "LDTSTOP#"),
    ("CRCTM", "CRC Test Mode"),
    ("ECTLT", "Extended CTL Time Required"),
    ("64bA", "64-bit Addressing"),
    ("UIDRD", "Unit ID Reorder Disable"),
    ("ExtRS", "Extended Register Set"),
    ("UCnfE", "Upstream Configuration Enable"),
];
const HT_HANDLING: &[(&str, &str)] = &[
    ("PFlE", "Protocol Error Flood Enable"),
    ("OFlE", "Overflow Error Flood Enable"),
    ("PFE", "Protocol Error Fatal Enable"),
    ("OFE", "Overflow Error Fatal Enable"),
    ("EOCFE", "End of Chain Error Fatal Enable"),
    ("RFE", "Response Error Fatal Enable"),
    ("CRCFE", "CRC Error Fatal Enable"),
    ("SERRFE", "System Error Fatal Enable"),
    ("CF", "Chain Fail"),
    ("RE", "Response Error"),
    ("PNFE", "Protocol Error Nonfatal Enable"),
    ("ONFE", "Overflow Error Nonfatal Enable"),
    ("EOCNFE", "End of Chain Error Nonfatal Enable"),
    ("RNFE", "Response Error Nonfatal Enable"),
    ("CRCNFE", "CRC Error Nonfatal Enable"),
    ("SERRNFE", "System Error Nonfatal Enable"),
];
const FLEX_BUS: &[(&str, &str)] = &[
    ("Cache", "Cache"),
    ("IO", "IO"),
    ("Mem", "Mem"),
    ("SynHdrByp", "Sync Header Bypass"),
    ("DrftBuf", "Drift Buffer"),
    ("68BFlit", "68B Flit and VH"),
    ("MltLogDev", "Multi-Logical Device"),
    ("RCD", "Disable RCD Training"),
    ("Retimer1", "Retimer 1 Present"),
    ("Retimer2", "Retimer 2 Present"),
    ("256BFlit", "Latency-Optimized 256B Flit"),
    ("PBRFlit", "PBR Flit"),
];
const RANGE: &[(&str, &str)] = &[("Valid", "Memory Info Valid"), ("Active", "Memory Active")];
const BLOCKS: &[(&str, u64)] = &[
    ("empty", 0),
    ("component registers", 1),
    ("BAR virtualization", 2),
    ("CXL device registers", 3),
    ("CPMU registers", 4),
];

const fn block(label: &'static str, register: &'static str) -> Rule {
    Rule {
        structure: CXL,
        label,
        register,
        flags: &[],
        values: &[
            ("BIR: bar", Dec, "Register BIR"),
            (" ID: ", Words(BLOCKS), "Register Block Identifier"),
        ],
    }
}

pub(crate) const RULES: &[Rule] = &[
    flags(
        "PCI Express",
        "DevCap2",
        "Device Capabilities 2",
        &[
            ("TPHComp", "TPH Completer Supported@0"),
            ("ExtTPHComp", "TPH Completer Supported@1"),
        ],
    ),
    Rule {
        structure: "PCI Express",
        label: "Control",
        register: "Slot Control",
        flags: &[
            ("Power", "Power Controller Control"),
            ("Interlock", "Electromechanical Interlock Control"),
        ],
        values: &[
            ("AttnInd ", Words(INDICATORS), "Attention Indicator Control"),
            ("PwrInd ", Words(INDICATORS), "Power Indicator Control"),
        ],
    },
    Rule {
        structure: VC,
        label: "VC1 Caps",
        register: "VC Resource Capability#1",
        flags: &[("RejSnoopTrans", "Reject Snoop Transactions")],
        values: &[("PATOffset=", Hex, "Port Arbitration Table Offset")],
    },
    flags(VC, "VC1 Arb", "VC Resource Capability#1", VC_ARBITRATION),
    Rule {
        structure: VC,
        label: "VC1 Ctrl",
        register: "VC Resource Control#1",
        flags: &[("Enable", "VC Enable")],
        values: &[("ID=", Dec, "VC ID"), ("TC/VC=", Hex, "TC/VC Map")],
    },
    flags(
        VC,
        "VC1 Status",
        "VC Resource Status#1",
        &[
            ("NegoPending", "VC Negotiation Pending"),
            ("InProgress", "Port Arbitration Table Status"),
        ],
    ),
    Rule {
        structure: "Root Complex Link Declaration",
        label: "Link0",
        register: "Link Description",
        flags: &[
            ("AssocRCRB", "Associate RCRB Header"),
            ("LinkValid", "Link Valid"),
        ],
        values: &[
            ("TargetPort=", Hex, "Target Port Number"),
            ("TargetComponent=", Hex, "Target Component ID"),
            (
                "LinkType=",
                Words(&[("MemMapped", 0), ("Config", 1)]),
                "Link Type",
            ),
        ],
    },
    Rule {
        structure: "Downstream Port Containment",
        label: "DpcCtl",
        register: "DPC Control",
        flags: &[
            ("Cmpl", "DPC Completion Control"),
            ("INT", "DPC Interrupt Enable"),
            ("ErrCor", "DPC ERR_COR Enable"),
            ("PoisonedTLP", "Poisoned TLP Egress Blocking Enable"),
            ("SwTrigger", "DPC Software Trigger"),
            ("DL_ActiveErr", "DL_Active ERR_COR Enable"),
        ],
        values: &[("Trigger:", Dec, "DPC Trigger Enable")],
    },
    Rule {
        structure: "Downstream Port Containment",
        label: "Source",
        register: "",
        flags: &[],
        values: &[("", Hex, "DPC Error Source ID/")],
    },
    // lspci prints both registers on one line.
    flags(
        "Multicast",
        "McastCap",
        "Multicast Control",
        &[("Enable", "MC_Enable")],
    ),
    Rule {
        structure: "PCI-X",
        label: "Command",
        register: "PCI-X Command",
        flags: &[
            ("DPERE", "Data Parity Error Recovery Enable"),
            ("ERO", "Enable Relaxed Ordering"),
        ],
        values: &[
            ("RBC=", Words(READS), "Maximum Memory Read Byte Count"),
            (
                "OST=",
                Words(SPLITS),
                "Maximum Outstanding Split Transactions",
            ),
        ],
    },
    Rule {
        structure: "PCI-X",
        label: "Status",
        register: "PCI-X Status",
        flags: &[
            ("64bit", "64-bit Device"),
            ("133MHz", "133 MHz Capable"),
            ("SCD", "Split Completion Discarded"),
            ("USC", "Unexpected Split Completion"),
            ("RSCEM", "Received Split Completion Error Message"),
            ("266MHz", "266 MHz Capable"),
            ("533MHz", "533 MHz Capable"),
        ],
        values: &[
            (
                "DC=",
                Words(&[("simple", 0), ("bridge", 1)]),
                "Device Complexity",
            ),
            (
                "DMMRBC=",
                Words(READS),
                "Designed Maximum Memory Read Byte Count",
            ),
            (
                "DMOST=",
                Words(SPLITS),
                "Designed Maximum Outstanding Split Transactions",
            ),
        ],
    },
    flags(
        "PCI-X",
        "Status",
        "PCI-X Bridge Status",
        &[
            ("64bit", "64-bit Device"),
            ("133MHz", "133 MHz Capable"),
            ("SCD", "Split Completion Discarded"),
            ("USC", "Unexpected Split Completion"),
            ("SCO", "Split Completion Overrun"),
            ("SRD", "Split Request Delayed"),
        ],
    ),
    flags(
        "AGP",
        "Status",
        "AGP Status",
        &[
            ("Iso", "Isochronous"),
            ("SBA", "Sideband Addressing"),
            ("ITACoh", "ITA Coherent"),
            ("GART64", "64-bit GART"),
            ("HTrans", "HTRANS# Disabled"),
            ("64bit", "Above 4 GiB"),
            ("FW", "Fast Writes"),
            ("AGP3", "AGP3 Mode"),
        ],
    ),
    flags(
        "AGP",
        "Command",
        "AGP Command",
        &[
            ("SBA", "Sideband Addressing Enable"),
            ("AGP", "AGP Enable"),
            ("GART64", "64-bit GART Enable"),
            ("64bit", "Above 4 GiB Enable"),
            ("FW", "Fast Writes Enable"),
        ],
    ),
    flags(HT, "Link Error", "Link Frequency", HT_ERRORS),
    flags(HT, "Link Error 0", "Link Frequency 0", HT_ERRORS),
    flags(HT, "Link Error 1", "Link Frequency 1", HT_ERRORS),
    flags(
        HT,
        "Link Frequency Capability",
        "Link Frequency Capability",
        HT_FREQUENCIES,
    ),
    flags(
        HT,
        "Link Frequency Capability 0",
        "Link Frequency Capability 0",
        HT_FREQUENCIES,
    ),
    flags(
        HT,
        "Link Frequency Capability 1",
        "Link Frequency Capability 1",
        HT_FREQUENCIES,
    ),
    frequency("Link Frequency", "Link Frequency"),
    frequency("Link Frequency 0", "Link Frequency 0"),
    frequency("Link Frequency 1", "Link Frequency 1"),
    flags(HT, "Feature Capability", "Feature Capability", HT_FEATURES),
    flags(HT, "Error Handling", "Error Handling", HT_HANDLING),
    Rule {
        structure: HT,
        label: "Revision ID",
        register: "Revision ID",
        flags: &[],
        values: &[("", Dec, "Major Revision"), (".", Dec, "Minor Revision")],
    },
    flags(
        CXL,
        "CXLPortSta",
        "CXL Port Extension Status",
        &[(
            "PMComplete",
            "Port Power Management Initialization Complete",
        )],
    ),
    flags(
        CXL,
        "CXLPortCtl",
        "Port Control Extensions",
        &[
            ("UnmaskSBR", "Unmask SBR"),
            ("UnmaskLinkDisable", "Unmask Link Disable"),
            ("AltMem", "Alt Memory and ID Space Enable"),
            ("AltBME", "Alt BME"),
            ("ViralEnable", "Viral Enable"),
        ],
    ),
    Rule {
        structure: CXL,
        label: "AlternateBus",
        register: "",
        flags: &[],
        values: &[
            ("", Hex, "Alternate Bus Base/"),
            ("-", Hex, "Alternate Bus Limit/"),
        ],
    },
    flags(CXL, "FBCap", "DVSEC Flex Bus Port Capability", FLEX_BUS),
    flags(CXL, "FBCtl", "DVSEC Flex Bus Port Control", FLEX_BUS),
    flags(CXL, "FBSta", "DVSEC Flex Bus Port Status", FLEX_BUS),
    Rule {
        structure: CXL,
        label: "FBModTS",
        register: "",
        flags: &[],
        values: &[(
            "Received FB Data: ",
            Hex,
            "DVSEC Flex Bus Port Received Modified TS Data/",
        )],
    },
    flags(
        CXL,
        "FBCap2",
        "DVSEC Flex Bus Port Capability 2",
        &[("NOPHint", "NOP Hint Capable")],
    ),
    flags(
        CXL,
        "FBCtl2",
        "DVSEC Flex Bus Port Control 2",
        &[("NOPHint", "NOP Hint Enable")],
    ),
    Rule {
        structure: CXL,
        label: "FBSta2",
        register: "DVSEC Flex Bus Port Status 2",
        flags: &[],
        values: &[("NOPHintInfo: ", Dec, "NOP Hint Info")],
    },
    flags(
        CXL,
        "CXLSta2",
        "CXL Status 2",
        &[
            ("ResetComplete", "CXL Reset Complete"),
            ("ResetError", "CXL Reset Error"),
            ("PMComplete", "Power Management Initialization Complete"),
        ],
    ),
    flags(CXL, "Range1", "Range 1 Size Low", RANGE),
    flags(CXL, "Range2", "Range 2 Size Low", RANGE),
    block("Block1", "Register Block Offset Low"),
    block("Block2", "Register Block Offset Low#1"),
    block("Block3", "Register Block Offset Low#2"),
];

const fn frequency(label: &'static str, register: &'static str) -> Rule {
    Rule {
        structure: HT,
        label,
        register,
        flags: &[],
        values: &[("", Words(FREQUENCIES), "Frequency")],
    }
}

const FREQUENCIES: &[(&str, u64)] = &[
    ("200MHz", 0),
    ("300MHz", 1),
    ("400MHz", 2),
    ("500MHz", 3),
    ("600MHz", 4),
    ("800MHz", 5),
    ("1.0GHz", 6),
    ("1.2GHz", 7),
    ("1.4GHz", 8),
    ("1.6GHz", 9),
    // Codes that lspci has no word for (HyperTransport 3.10, 7.5.7).
    ("[a]", 0xa),
    ("[b]", 0xb),
    ("[c]", 0xc),
    ("[d]", 0xd),
    ("[e]", 0xe),
    ("Vend", 0xf),
];
const READS: &[(&str, u64)] = &[("512", 0), ("1024", 1), ("2048", 2), ("4096", 3)];
const SPLITS: &[(&str, u64)] = &[
    ("12", 5),
    ("16", 6),
    ("1", 0),
    ("2", 1),
    ("32", 7),
    ("3", 2),
    ("4", 3),
    ("8", 4),
];
