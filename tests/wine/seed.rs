//! Machines as a file for `regedit`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::machines::{MACHINES, Machine, Node, Seed};

const ROOT: &str = "HKEY_LOCAL_MACHINE";
const ENUM: &str = r"System\CurrentControlSet\Enum";
/// The boot configuration, which Wine lacks.
const BOOT: &str = "BCD00000000";

/// The file that takes all machines out of the registry, and puts one into it: UTF-16 with its
/// mark.
pub(crate) fn registry_file(machine: Option<&Machine>) -> Vec<u8> {
    let mut text = "\u{feff}Windows Registry Editor Version 5.00\r\n".to_owned();
    let nodes = MACHINES.iter().flat_map(|machine| machine.nodes);
    let nodes = nodes.map(|node| format!(r"{ENUM}\{}", node.id));
    let entries = MACHINES.iter().flat_map(|machine| machine.registry);
    let entries = entries.map(|(key, ..)| match key.starts_with(BOOT) {
        true => BOOT.to_owned(),
        false => (*key).to_owned(),
    });
    let keys: BTreeSet<String> = nodes.chain(entries).collect();
    for key in keys {
        let _ = write!(text, "\r\n[-{ROOT}\\{key}]\r\n");
    }
    for node in machine.iter().flat_map(|machine| machine.nodes) {
        node.write(&mut text);
    }
    for (key, name, value) in machine.iter().flat_map(|machine| machine.registry) {
        let _ = write!(text, "\r\n[{ROOT}\\{key}]\r\n\"{name}\"={value}\r\n");
    }
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Node {
    fn write(&self, text: &mut String) {
        let key = format!(r"{ROOT}\{ENUM}\{}", self.id);
        let name = self.name;
        let _ = write!(
            text,
            "\r\n[{key}]\r\n\"ClassGUID\"=\"{{4d36e97d-e325-11ce-bfc1-08002be10318}}\"\r\n\
             \"DeviceDesc\"=\"{name}\"\r\n\"ConfigFlags\"=dword:00000000\r\n"
        );
        for (group, id, seed) in self.properties {
            let (kind, bytes) = seed.bytes();
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = write!(
                text,
                "\r\n[{key}\\Properties\\{group}\\{id:04x}]\r\n@=hex({:x}):{}\r\n",
                0xffff_0000_u32 | kind,
                digits.join(",")
            );
        }
    }
}

impl Seed {
    /// `DEVPROP_TYPE_` number and value (devpropdef.h).
    pub(crate) fn bytes(&self) -> (u32, Vec<u8>) {
        match self {
            Self::Number(number) => (0x07, number.to_le_bytes().to_vec()),
            Self::Truth(truth) => (0x11, vec![if *truth { 0xff } else { 0 }]),
            Self::List(texts) => {
                let text = format!("{}\0\0", texts.join("\0"));
                (
                    0x2012,
                    text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                )
            }
        }
    }
}
