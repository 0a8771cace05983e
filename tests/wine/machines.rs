//! Machines, and what they must come to.

use assignable::host::{Assignment, DeviceState};
use assignable::profile::ScriptVerdict;

/// A device node as the registry holds it.
pub(crate) struct Node {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) properties: &'static [Property],
}

/// A property: format id and property id, type and value.
pub(crate) type Property = (&'static str, u32, Seed);

pub(crate) enum Seed {
    Number(u32),
    Truth(bool),
    List(&'static [&'static str]),
}

const PCI: &str = "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62}";
const DEVICE: &str = "{a45c254e-df1c-4efd-8020-67d146a850e0}";
const STATE: &str = "{4340a6c5-93fa-4706-972c-7b648008a5a7}";
const MORE: &str = "{540b947e-8b40-45bc-a8a2-6a0b894cbda2}";
const ROOT: &str = "{d817fc28-793e-4b9e-9970-469d8be63073}";

/// What a machine must come to: address, state, the script's verdict, our findings.
pub(crate) struct Expected {
    pub(crate) at: &'static str,
    pub(crate) path: &'static str,
    pub(crate) state: DeviceState,
    pub(crate) script: ScriptVerdict,
    pub(crate) codes: &'static [&'static str],
}

/// A value of the registry: key below `HKEY_LOCAL_MACHINE`, name, and what a `.reg` file has for
/// the value.
pub(crate) type Entry = (&'static str, &'static str, &'static str);

pub(crate) struct Machine {
    pub(crate) name: &'static str,
    pub(crate) nodes: &'static [Node],
    /// The boot configuration and the role.
    pub(crate) registry: &'static [Entry],
    /// What PowerShell prints of Hyper-V, where the role is there.
    pub(crate) hyperv: Option<&'static str>,
    pub(crate) expected: &'static [Expected],
    pub(crate) host_codes: &'static [&'static str],
    /// Boot options that must be captured.
    pub(crate) boot: &'static [(&'static str, &'static str)],
}

const BOOT_MANAGER: Entry = (
    r"BCD00000000\Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003",
    "Element",
    "\"{b2721d73-1db4-4c62-bf78-c548a880142d}\"",
);
const LOADER: Entry = (
    r"BCD00000000\Objects\{b2721d73-1db4-4c62-bf78-c548a880142d}\Description",
    "Type",
    "dword:10200003",
);
/// `hypervisorlaunchtype`.
const LAUNCH: &str =
    r"BCD00000000\Objects\{b2721d73-1db4-4c62-bf78-c548a880142d}\Elements\250000f0";
/// `pciexpress`.
const EXPRESS: &str =
    r"BCD00000000\Objects\{b2721d73-1db4-4c62-bf78-c548a880142d}\Elements\25000072";
/// What the entry inherits, in UTF-16: `{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}`.
const INHERIT: Entry = (
    r"BCD00000000\Objects\{b2721d73-1db4-4c62-bf78-c548a880142d}\Elements\14000006",
    "Element",
    "hex(7):7b,00,36,00,65,00,66,00,62,00,35,00,32,00,62,00,66,00,2d,00,31,00,37,00,36,00,36,00,\
     2d,00,34,00,31,00,64,00,62,00,2d,00,61,00,36,00,62,00,33,00,2d,00,30,00,65,00,65,00,35,00,\
     65,00,66,00,66,00,37,00,32,00,62,00,64,00,37,00,7d,00,00,00,00,00",
);
/// `testsigning` of `{bootloadersettings}`.
const INHERITED: Entry = (
    r"BCD00000000\Objects\{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}\Elements\16000049",
    "Element",
    "hex:01",
);
const ROLE: Entry = (
    r"SYSTEM\CurrentControlSet\Services\vmms",
    "ImagePath",
    r#""C:\\Windows\\System32\\vmms.exe""#,
);

const ROOT_BUS: Node = Node {
    id: r"ACPI\PNP0A08\0",
    name: "PCI Express Root Complex",
    properties: &[
        (
            DEVICE,
            37,
            Seed::List(&["PCIROOT(0)", "ACPI(_SB_)#ACPI(PC00)"]),
        ),
        (ROOT, 17, Seed::Truth(true)),
    ],
};

const PORT: Node = Node {
    id: r"PCI\VEN_8086&DEV_6F08&SUBSYS_00000000&REV_01\3&11583659&0&18",
    name: "PCI Express Root Port",
    properties: &[
        (DEVICE, 23, Seed::Number(0)),
        (DEVICE, 30, Seed::Number(0x0003_0000)),
        (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)"])),
        (PCI, 1, Seed::Number(8)),
        (PCI, 3, Seed::Number(6)),
        (PCI, 4, Seed::Number(4)),
        (STATE, 3, Seed::Number(0)),
    ],
};

const SECOND_PORT: Node = Node {
    id: r"PCI\VEN_8086&DEV_6F0A&SUBSYS_00000000&REV_01\3&11583659&0&20",
    name: "PCI Express Root Port",
    properties: &[
        (DEVICE, 23, Seed::Number(0)),
        (DEVICE, 30, Seed::Number(0x0004_0000)),
        (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0400)"])),
        (PCI, 1, Seed::Number(13)),
    ],
};

const DISMOUNTED: Node = Node {
    id: r"PCIP\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
    name: "NVMe drive (dismounted)",
    properties: &[
        (DEVICE, 23, Seed::Number(3)),
        (DEVICE, 30, Seed::Number(0)),
        (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
        (STATE, 3, Seed::Number(0)),
        (MORE, 5, Seed::Truth(true)),
    ],
};

pub(crate) const MACHINES: &[Machine] = &[
    Machine {
        name: "a server that is ready",
        nodes: &[
            ROOT_BUS,
            PORT,
            Node {
                id: r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
                name: "NVMe drive",
                properties: &[
                    (DEVICE, 23, Seed::Number(3)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(2)),
                    (PCI, 14, Seed::Number(5)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(false)),
                    (STATE, 3, Seed::Number(0)),
                    (MORE, 5, Seed::Truth(true)),
                ],
            },
        ],
        expected: &[Expected {
            at: "0000:03:00.0",
            path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
            state: DeviceState::Started,
            script: ScriptVerdict::Assignable,
            codes: &[],
        }],
        host_codes: &[],
        boot: &[("hypervisorlaunchtype", "Auto"), ("testsigning", "Yes")],
        registry: &[
            BOOT_MANAGER,
            LOADER,
            (LAUNCH, "Element", "hex:01,00,00,00,00,00,00,00"),
            INHERIT,
            INHERITED,
        ],
        hyperv: None,
    },
    Machine {
        name: "a dismounted drive and a phantom",
        nodes: &[
            ROOT_BUS,
            PORT,
            DISMOUNTED,
            Node {
                id: r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018",
                name: "NVMe drive",
                properties: &[(MORE, 5, Seed::Truth(false)), (STATE, 3, Seed::Number(45))],
            },
        ],
        expected: &[Expected {
            at: "0000:03:00.0",
            path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
            state: DeviceState::Dismounted,
            script: ScriptVerdict::NotAssignable,
            codes: &["DDA020", "DDA022"],
        }],
        host_codes: &["DDA039"],
        boot: &[],
        registry: &[],
        hyperv: None,
    },
    Machine {
        name: "a drive at a virtual machine that saves its state",
        nodes: &[ROOT_BUS, PORT, DISMOUNTED],
        expected: &[Expected {
            at: "0000:03:00.0",
            path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
            state: DeviceState::Assigned(Assignment::Machine(0)),
            script: ScriptVerdict::NotAssignable,
            codes: &["DDA023"],
        }],
        host_codes: &["DDA028", "DDA030", "DDA032"],
        boot: &[("hypervisorlaunchtype", "Off")],
        registry: &[
            BOOT_MANAGER,
            LOADER,
            (LAUNCH, "Element", "hex:00,00,00,00,00,00,00,00"),
            ROLE,
        ],
        hyperv: Some(
            r#"{"format":"assignable-windows-export","version":1,"hyperv":{"iov_support":false,
            "iov_support_reasons":["The chipset does not do interrupt remapping."],"pool":[],
            "machines":[{"name":"B\u00fccher","state":"Off","generation":2,
            "automatic_stop_action":"Save","dynamic_memory":false,"low_mmio_bytes":134217728,
            "high_mmio_bytes":536870912,"guest_controlled_cache_types":false,
            "nested_virtualization":false,"clustered":false,"devices":[{"instance_path":
            "PCIP\\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\\4&368722DD&0&0018",
            "location_path":"PCIROOT(0)#PCI(0300)#PCI(0000)"}]}]},"failures":[]}"#,
        ),
    },
    Machine {
        name: "reserved memory and firmware control",
        nodes: &[
            PORT,
            SECOND_PORT,
            Node {
                id: r"PCI\VEN_103C&DEV_323B&SUBSYS_3354103C&REV_01\4&368722DD&0&0018",
                name: "RAID controller",
                properties: &[
                    (DEVICE, 23, Seed::Number(3)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0300)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(2)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(true)),
                    (STATE, 3, Seed::Number(0)),
                ],
            },
            Node {
                id: r"PCI\VEN_10DE&DEV_118A&SUBSYS_100D10DE&REV_A1\4&2A9B11C0&0&0020",
                name: "Graphics card",
                properties: &[
                    (DEVICE, 23, Seed::Number(4)),
                    (DEVICE, 30, Seed::Number(0)),
                    (DEVICE, 37, Seed::List(&["PCIROOT(0)#PCI(0400)#PCI(0000)"])),
                    (PCI, 1, Seed::Number(5)),
                    (PCI, 31, Seed::Number(1)),
                    (PCI, 34, Seed::Truth(false)),
                    (STATE, 3, Seed::Number(0)),
                ],
            },
        ],
        expected: &[
            Expected {
                at: "0000:03:00.0",
                path: "PCIROOT(0)#PCI(0300)#PCI(0000)",
                state: DeviceState::Started,
                script: ScriptVerdict::NotAssignable,
                codes: &["RSV001"],
            },
            Expected {
                at: "0000:04:00.0",
                path: "PCIROOT(0)#PCI(0400)#PCI(0000)",
                state: DeviceState::Started,
                script: ScriptVerdict::NotAssignable,
                codes: &["DDA004"],
            },
        ],
        host_codes: &["DDA045"],
        boot: &[("pciexpress", "ForceDisable")],
        registry: &[
            BOOT_MANAGER,
            LOADER,
            (EXPRESS, "Element", "hex:01,00,00,00,00,00,00,00"),
        ],
        hyperv: None,
    },
];
