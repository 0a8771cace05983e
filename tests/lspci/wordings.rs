//! Words that the installed lspci does not use: those of older ones for the same registers, and
//! those of newer ones for what it does not know.

use crate::rules::Rule;

const UNCORRECTABLE: &[(&str, &str)] = &[
    ("UncorrIntErr", "Uncorrectable Internal Error"),
    ("BlockedTLP", "MC Blocked TLP"),
    ("AtomicOpBlocked", "AtomicOp Egress Blocked"),
    ("TLPBlockedErr", "TLP Prefix Blocked Error"),
    ("PoisonTLPBlocked", "Poisoned TLP Egress Blocked"),
    ("DMWrReqBlocked", "DMWr Request Egress Blocked"),
    ("IDECheck", "IDE Check Failed"),
    ("MisIDETLP", "Misrouted IDE TLP"),
    ("PCRC_CHECK", "PCRC Check Failed"),
    ("TLPXlatBlocked", "TLP Translation Egress Blocked"),
];
const CORRECTABLE: &[(&str, &str)] = &[
    ("NonFatalErr", "Advisory Non-Fatal Error"),
    ("CorrIntErr", "Corrected Internal Error"),
    ("HeaderOF", "Header Log Overflow"),
];

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

const AER: &str = "Advanced Error Reporting";
const EXPRESS: &str = "PCI Express";
const PTM: &str = "Precision Time Measurement";
const IDE: &str = "Integrity and Data Encryption";
const MARGINING: &str = "Lane Margining at the Receiver";

pub(crate) const RULES: &[Rule] = &[
    flags(AER, "UESta", "Uncorrectable Error Status", UNCORRECTABLE),
    flags(AER, "UEMsk", "Uncorrectable Error Mask", UNCORRECTABLE),
    flags(AER, "UESvrt", "Uncorrectable Error Severity", UNCORRECTABLE),
    flags(AER, "CESta", "Correctable Error Status", CORRECTABLE),
    flags(AER, "CEMsk", "Correctable Error Mask", CORRECTABLE),
    flags(
        AER,
        "AERCap",
        "Advanced Error Capabilities and Control",
        &[
            ("GenCap", "ECRC Generation Capable"),
            ("CGenEn", "ECRC Generation Enable"),
            ("ChkCap", "ECRC Check Capable"),
            ("ChkEn", "ECRC Check Enable"),
        ],
    ),
    flags(
        "MSI",
        "",
        "Message Control",
        &[("Mask", "Per-Vector Masking Capable")],
    ),
    flags("MSI-X", "", "Message Control", &[("Mask", "Function Mask")]),
    flags(
        EXPRESS,
        "DevCap",
        "Device Capabilities",
        &[("TEE-IO", "TEE-IO Supported")],
    ),
    flags(
        EXPRESS,
        "DevCtl",
        "Device Control",
        &[
            ("Correctable", "Correctable Error Reporting Enable"),
            ("Non-Fatal", "Non-Fatal Error Reporting Enable"),
            ("Fatal", "Fatal Error Reporting Enable"),
            ("Unsupported", "Unsupported Request Reporting Enable"),
        ],
    ),
    flags(
        EXPRESS,
        "DevSta",
        "Device Status",
        &[
            ("UncorrErr", "Non-Fatal Error Detected"),
            ("UnsuppReq", "Unsupported Request Detected"),
        ],
    ),
    flags(
        EXPRESS,
        "LnkCtl",
        "Link Control",
        &[
            ("LnkDisable", "Link Disable"),
            ("Retrain", "Retrain Link"),
            ("FltModeDis", "Flit Mode Disable"),
        ],
    ),
    flags(
        EXPRESS,
        "LnkSta2",
        "Link Status 2",
        &[("FltMode", "Flit Mode Status")],
    ),
    // The lines behind `AtomicOpsCtl:` are of the whole register.
    flags(
        EXPRESS,
        "AtomicOpsCtl",
        "Device Control 2",
        &[
            ("IDOReq", "IDO Request Enable"),
            ("IDOCompl", "IDO Completion Enable"),
            ("LTR", "LTR Mechanism Enable"),
            (
                "EmergencyPowerReductionReq",
                "Emergency Power Reduction Request",
            ),
            ("10BitTagReq", "10-Bit Tag Requester Enable"),
            ("EETLPPrefixBlk", "End-End TLP Prefix Blocking"),
        ],
    ),
    flags(
        PTM,
        "PTMCap",
        "PTM Capability",
        &[
            ("RequesterCap:", "PTM Requester Capable"),
            ("ResponderCap:", "PTM Responder Capable"),
            ("RootCap:", "PTM Root Capable"),
        ],
    ),
    flags(
        PTM,
        "PTMControl",
        "PTM Control",
        &[("RootSelect:", "Root Select")],
    ),
    flags(
        MARGINING,
        "PortCap",
        "Margining Port Capabilities",
        &[("Driver", "Margining Uses Driver Software")],
    ),
    flags(
        MARGINING,
        "PortSta",
        "Margining Port Status",
        &[
            ("MargReady", "Margining Ready"),
            ("MargSoftReady", "Margining Software Ready"),
        ],
    ),
    flags(
        IDE,
        "IDECap",
        "IDE Capability",
        &[
            ("FlowThru", "Flow-Through IDE Stream Supported"),
            ("PartHdr", "Partial Header Encryption Supported"),
            ("Aggr", "Aggregation Supported"),
            // Misspelt there for PCRC.
            ("PCPC", "PCRC Supported"),
            ("IDE_KM", "IDE_KM Protocol Supported"),
            (
                "SelCfg",
                "Selective IDE for Configuration Requests Supported",
            ),
            ("TeeLim", "TEE-Limited Stream Supported"),
            ("XT", "XT Supported"),
        ],
    ),
    flags(
        IDE,
        "IDECtl",
        "IDE Control",
        &[("FTEn", "Flow-Through IDE Stream Enabled")],
    ),
];

/// Titles of older and newer ones, beside those of the installed lspci.
pub(crate) const TITLES: &[(&str, &str)] = &[
    ("Vendor Specific Information: Intel", "Vendor Specific"),
    ("Subsystem", "Bridge Subsystem Vendor ID"),
];
