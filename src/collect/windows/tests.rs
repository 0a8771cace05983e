//! A host in place of Windows: what Wine lacks.

use super::*;
use crate::capture::NodeResource;

/// A server that answers everything, or nothing.
struct Fake {
    answers: bool,
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Fake {
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

    fn hyperv(&mut self) -> Result<Option<HyperV>, String> {
        self.or(None)
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
    let capture = collect(&mut Fake { answers: true });
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
    assert_eq!(
        capture.manifest.failures.len(),
        1,
        "the table without a header"
    );
}

#[test]
fn what_a_host_refuses_is_said_and_the_rest_is_collected() {
    let capture = collect(&mut Fake { answers: false });
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert!(!nodes.resources_complete);
    let failed: Vec<_> = capture
        .manifest
        .failures
        .iter()
        .map(|f| f.what.as_str())
        .collect();
    assert_eq!(failed, ["allocated resources", "ACPI tables", "Hyper-V"]);
    assert_eq!(capture.manifest.privileges, Some(Privileges::User));
}
