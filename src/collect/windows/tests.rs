//! A host in place of Windows: what Wine lacks.

use super::*;
use crate::capture::NodeResource;

/// A server that answers everything, or nothing.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) answers: bool,
    /// Keys and names of the registry in lower case.
    values: BTreeMap<(String, String), RegistryValue>,
    /// The registry may not be read.
    pub(super) refuses: bool,
    /// The entry that started the system.
    pub(super) started: Option<String>,
    /// What came of asking Hyper-V.
    printed: Option<Result<Vec<u8>, String>>,
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Fake {
    pub(super) fn set(&mut self, key: &str, name: &str, kind: u32, bytes: &[u8]) {
        let place = (key.to_ascii_lowercase(), name.to_ascii_lowercase());
        let bytes = bytes.to_vec();
        self.values.insert(place, RegistryValue { kind, bytes });
    }

    /// A server that answers everything, and of which Hyper-V says this.
    fn with_hyperv(printed: Result<&str, &str>) -> Self {
        let mut fake = Self {
            answers: true,
            started: Some("{1}".to_owned()),
            printed: Some(match printed {
                Ok(text) => Ok(text.as_bytes().to_vec()),
                Err(why) => Err(why.to_owned()),
            }),
            ..Self::default()
        };
        let entry = r"BCD00000000\Objects\{1}";
        let loader = 0x1020_0003_u32.to_le_bytes();
        fake.set(&format!(r"{entry}\Description"), "Type", 4, &loader);
        let key = format!(r"{entry}\Elements\25000115");
        fake.set(&key, "Element", 3, &2_u64.to_le_bytes());
        fake
    }

    fn or<T>(&self, value: T) -> Result<T, String> {
        match self.answers {
            true => Ok(value),
            false => Err("not implemented".to_owned()),
        }
    }
}

impl Source for Fake {
    fn nodes(&mut self) -> Result<Vec<RawNode>, String> {
        let property = |key: &str, kind: u32, bytes: &[u8]| RawProperty {
            key: key.to_owned(),
            kind,
            bytes: bytes.to_vec(),
        };
        let drive = RawNode {
            instance_id: r"PCI\VEN_144D&DEV_A820\4&1&0&0008".to_owned(),
            present: true,
            properties: vec![
                property(windows::DEVICE_TYPE.key, 7, &[2, 0, 0, 0]),
                property(windows::RESERVED_MEMORY.key, 0x11, &[0]),
                property(
                    windows::LOCATION_PATHS.key,
                    0x2012,
                    &utf16("PCIROOT(0)#PCI(0100)#PCI(0000)\0\0"),
                ),
            ],
            registry: BTreeMap::from([("MSISupported".to_owned(), 1)]),
        };
        let gone = RawNode {
            instance_id: r"PCI\VEN_1\3&1&0&10".to_owned(),
            ..RawNode::default()
        };
        Ok(vec![drive, gone])
    }

    fn resources(&mut self, _: &str) -> Result<Vec<RawResource>, String> {
        let mut bytes = vec![0; 24];
        bytes[12..16].copy_from_slice(&(-4_i32).to_le_bytes());
        self.or(vec![RawResource { kind: 4, bytes }])
    }

    fn tables(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let ssdt = |mark: u8| [b"SSDT".as_slice(), &[mark; 40]].concat();
        self.or(vec![ssdt(1), ssdt(2), ssdt(1), b"x".to_vec()])
    }

    fn windows(&mut self) -> WindowsHost {
        WindowsHost {
            build: self.answers.then_some(20348),
            ..WindowsHost::default()
        }
    }

    fn registry(&mut self, key: &str, name: &str) -> Result<Option<RegistryValue>, String> {
        if self.refuses {
            return Err("access denied".to_owned());
        }
        let place = (key.to_ascii_lowercase(), name.to_ascii_lowercase());
        Ok(self.values.get(&place).cloned())
    }

    fn boot_entry(&mut self) -> Option<String> {
        self.started.clone()
    }

    fn hyperv(&mut self) -> Result<Option<Vec<u8>>, String> {
        match self.printed.take() {
            Some(printed) => printed.map(Some),
            None => self.or(None),
        }
    }

    fn platform(&mut self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn elevated(&mut self) -> bool {
        self.answers
    }
}

#[test]
fn everything_that_a_host_gives_is_in_the_capture() {
    let capture = collect(&mut Fake::with_hyperv(Ok(r#"{"hyperv": {}}"#)));
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert!(nodes.properties_complete && nodes.resources_complete);
    let drive = &nodes.nodes[0];
    assert_eq!(drive.number(windows::DEVICE_TYPE), Some(2));
    assert_eq!(drive.number(windows::RESERVED_MEMORY), Some(0));
    assert_eq!(
        drive.list(windows::LOCATION_PATHS).next(),
        Some("PCIROOT(0)#PCI(0100)#PCI(0000)")
    );
    assert_eq!(drive.is_present(), Some(true));
    assert_eq!(
        drive.resources[0].value,
        NodeResource::Interrupt {
            number: 0xffff_fffc
        }
    );
    assert_eq!(nodes.nodes[1].is_present(), Some(false));
    let tables: Vec<_> = capture.tables.keys().collect();
    assert_eq!(tables, ["SSDT", "SSDT2"], "a table twice is one");
    assert_eq!(capture.manifest.os_release.as_deref(), Some("20348"));
    let host: WindowsHost = serde_json::from_slice(&capture.host[WindowsHost::NAME]).unwrap();
    assert_eq!(host.boot_option("hypervisoriommupolicy"), Some("Disable"));
    assert_eq!(
        capture.manifest.failures.len(),
        1,
        "the table without a header"
    );
}

#[test]
fn what_a_host_refuses_is_said_and_the_rest_is_collected() {
    let capture = collect(&mut Fake::default());
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert!(!nodes.resources_complete);
    let failed: Vec<_> = capture
        .manifest
        .failures
        .iter()
        .map(|f| f.what.as_str())
        .collect();
    assert_eq!(
        failed,
        [
            "allocated resources",
            "ACPI tables",
            "boot options",
            "Hyper-V"
        ]
    );
    assert_eq!(capture.manifest.privileges, Some(Privileges::User));
}

/// A host with a device in the pool and one at a virtual machine whose name needs escapes, as
/// [`hyperv::COMMAND`] prints it.
const PRINTED: &str = r#"{"format":"assignable-windows-export","version":1,"hyperv":{
    "iov_support":false,"iov_support_reasons":["The chipset \u2026 remapping."],
    "pool":[{"instance_path":"PCIP\\VEN_144D&DEV_A820\\4&1&0&0008",
             "location_path":"PCIROOT(0)#PCI(0100)#PCI(0000)"}],
    "machines":[{"name":"B\u00fccher \ud83d\ude00","state":"Off","generation":2,
                 "automatic_stop_action":"TurnOff","dynamic_memory":false,
                 "low_mmio_bytes":3221225472,"high_mmio_bytes":34359738368,
                 "guest_controlled_cache_types":true,"nested_virtualization":false,
                 "clustered":false,
                 "devices":[{"instance_path":"PCIP\\VEN_10DE\\1","location_path":"PCIROOT(0)"}]}]},
    "failures":[{"what":"virtual machines","why":"one is busy"}]}"#;

#[test]
fn hyper_v_facts_are_in_the_capture_with_what_could_not_be_asked() {
    let capture = collect(&mut Fake::with_hyperv(Ok(PRINTED)));
    let hyperv: HyperV = serde_json::from_slice(&capture.host[HyperV::NAME]).unwrap();
    assert_eq!(hyperv.iov_support, Some(false));
    let machine = &hyperv.machines.as_ref().unwrap()[0];
    assert_eq!(machine.name, "B\u{fc}cher \u{1f600}");
    assert_eq!(machine.low_mmio_bytes, Some(3 << 30));
    assert_eq!(machine.high_mmio_bytes, Some(32 << 30));
    let failed = &capture.manifest.failures;
    assert!(
        failed
            .iter()
            .any(|f| f.what == "virtual machines" && f.why == "one is busy")
    );
}

/// The document is that of the PowerShell collector: read as such, it gives the same facts.
#[cfg(feature = "analyzer")]
#[test]
fn the_importer_of_the_powershell_collector_reads_the_same_of_it() {
    use crate::import::{Input, import};

    let collected = collect(&mut Fake::with_hyperv(Ok(PRINTED)));
    let devices = r#""version":1,"devices":[{"InstanceId":"PCI\\VEN_8086&DEV_6F08\\3&1&0&18"}],"#;
    let document = PRINTED.replacen(r#""version":1,"#, devices, 1);
    let imported = import(&[Input::Bytes {
        name: "host.json".to_owned(),
        bytes: document.into(),
    }]);
    assert!(imported.errors.is_empty(), "{:?}", imported.errors);
    assert_eq!(
        collected.host[HyperV::NAME],
        imported.capture.host[HyperV::NAME]
    );
}

#[test]
fn no_answer_of_hyper_v_is_said_with_its_reason_and_the_rest_is_collected() {
    let long = format!("a\u{7}{}", "b".repeat(100));
    for (printed, why) in [
        (Err("not asked: --no-hyperv"), "not asked: --no-hyperv"),
        (
            Err("it took longer than 120 seconds"),
            "it took longer than 120 seconds",
        ),
        (Ok(""), "PowerShell printed nothing"),
        (Ok(" \r\n"), "PowerShell printed nothing"),
        (
            Ok(&*long),
            &*format!(r"PowerShell printed no JSON: a\u{{7}}{}", "b".repeat(58)),
        ),
        (
            Ok(r#"{"hyperv": {"#),
            r#"PowerShell printed no JSON: {"hyperv": {"#,
        ),
        (Ok("[]"), "PowerShell printed no JSON: []"),
        (
            Ok(r#"{"format": "assignable-windows-export", "failures": []}"#),
            "the PowerShell module Hyper-V is not installed",
        ),
        (
            Ok(r#"{"hyperv": {"machines": 7}}"#),
            "invalid type: integer `7`, expected a sequence",
        ),
    ] {
        let capture = collect(&mut Fake::with_hyperv(printed));
        let failed = capture.manifest.failures.iter();
        let said: Vec<_> = failed
            .filter(|f| f.what == "Hyper-V")
            .map(|f| f.why.as_str())
            .collect();
        assert_eq!(said, [why], "{printed:?}");
        assert!(!capture.host.contains_key(HyperV::NAME));
        assert!(capture.devnodes.is_some() && !capture.tables.is_empty());
    }
}

/// The program starts with arguments that no quoting of Windows can change: a quotation mark in
/// the command would have to be escaped twice.
#[test]
fn the_command_needs_no_quoting() {
    assert!(hyperv::COMMAND.is_ascii());
    assert!(!hyperv::COMMAND.contains(['"', '\0', '\r']));
    // A command line has 32,767 characters (CreateProcess).
    assert!(hyperv::COMMAND.len() < 16_000);
}
