//! Names that are replaced throughout, so that what belongs together still does.

use std::collections::{BTreeMap, BTreeSet};

use super::{values, windows, words};
use crate::capture::Capture;

/// Names of sources that say nothing.
const PLAIN_SOURCES: &[&str] = &[
    "acpidump.txt",
    "dmesg.txt",
    "journal.txt",
    "log.txt",
    "lspci.txt",
    "stdin",
    "survey.txt",
    "devices.json",
    "devices.xml",
    "devices.csv",
];

/// What network and block devices are called where the kernel or a fixed scheme names them.
const DEVICE_SCHEMES: &[&str] = &[
    "dm-", "eth", "eno", "enp", "ens", "enP", "fd", "hd", "hwsim", "ib", "loop", "md", "mlx",
    "mmcblk", "nbd", "net", "nvme", "pmem", "roce", "sd", "sr", "vd", "wlan", "wlp", "wls", "wlo",
    "wwan", "wwp", "xvd",
];

/// Old names and new ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    sources: BTreeMap<String, String>,
    devices: BTreeMap<String, String>,
    machines: BTreeMap<String, String>,
    /// Last parts of Windows' instance ids that may be serial numbers, in upper case: a device
    /// has the same below `PCI` and, taken from the host, below `PCIP`.
    serials: BTreeMap<String, String>,
}

impl Names {
    /// Goes through a capture for names of files and of devices of the host.
    pub(super) fn of(capture: &Capture) -> Self {
        let mut names = Self::default();
        let mut mentioned: BTreeSet<&str> = capture.sources.keys().map(String::as_str).collect();
        for record in capture.functions.values() {
            let lines = record.properties.config_lines.iter();
            mentioned.extend(lines.map(|lines| lines.source.as_str()));
        }
        for (number, source) in (1..).zip(mentioned) {
            names.rename_source(source, number);
        }
        let users = capture
            .functions
            .values()
            .flat_map(|r| &r.properties.used_by);
        let users: BTreeSet<&str> = users.map(|user| user.value.as_str()).collect();
        let renamed = users.into_iter().filter(|name| !is_plain_device(name));
        for (number, name) in (1..).zip(renamed) {
            let new = format!("device{number}");
            names.devices.insert(name.to_owned(), new);
        }
        names.of_windows(capture);
        names
    }

    /// Names of virtual machines, and serial numbers in instance ids.
    fn of_windows(&mut self, capture: &Capture) {
        let hyperv = windows::hyperv(capture).unwrap_or_default();
        let nodes = windows::nodes(capture).unwrap_or_default();
        let machines = hyperv.machines.unwrap_or_default();
        let of_nodes = nodes.nodes.iter().filter_map(|n| n.instance_id.as_deref());
        let in_machines = machines.iter().filter_map(|m| m.devices.as_ref()).flatten();
        let pooled = hyperv.pool.iter().flatten().chain(in_machines);
        let of_pool = pooled.filter_map(|device| device.instance_path.as_deref());
        let serials: BTreeSet<String> = of_nodes
            .chain(of_pool)
            .filter_map(|id| id.rsplit('\\').next())
            .filter(|last| !values::is_place(last))
            .map(str::to_ascii_uppercase)
            .collect();
        for (number, serial) in (1..).zip(serials) {
            self.serials.insert(serial, format!("(redacted-{number})"));
        }
        let named: BTreeSet<&str> = machines.iter().map(|machine| &*machine.name).collect();
        for (number, name) in (1..).zip(named) {
            self.machines
                .insert(name.to_owned(), format!("guest{number}"));
        }
    }

    /// What stands for the last part of an instance id.
    pub(super) fn serial(&self, last: &str) -> Option<&str> {
        self.serials
            .get(&last.to_ascii_uppercase())
            .map(String::as_str)
    }

    /// The new name of a virtual machine.
    pub(super) fn machine(&self, name: &str) -> String {
        self.machines.get(name).cloned().unwrap_or_default()
    }

    fn rename_source(&mut self, source: &str, number: usize) {
        if PLAIN_SOURCES.contains(&source) {
            return;
        }
        let kind = source.rsplit('.').next().unwrap_or_default();
        let kind = match kind {
            "json" | "xml" | "csv" | "clixml" => kind,
            _ => "txt",
        };
        let new = format!("source-{number}.{kind}");
        self.sources.insert(source.to_owned(), new);
    }

    /// The new name of a source.
    pub(super) fn source(&mut self, name: &str) -> String {
        if PLAIN_SOURCES.contains(&name) {
            return name.to_owned();
        }
        if !self.sources.contains_key(name) {
            let number = self.sources.len() + 1;
            // Numbers of the first round may have gaps; a longer one clashes with none.
            self.rename_source(name, 1000 + number);
        }
        self.sources.get(name).cloned().unwrap_or_default()
    }

    /// The new name of a source, where it has been met.
    pub(super) fn known_source(&self, name: &str) -> String {
        self.sources
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    }

    /// The new name of a network or block device.
    pub(super) fn device(&self, name: &str) -> String {
        self.devices
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    }

    /// A text with every old name replaced by its new one.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let all = self.devices.iter().chain(&self.sources);
        for (old, new) in all.chain(&self.serials) {
            // Short names stand in too many words.
            if old.len() >= 4 && text.contains(old.as_str()) {
                text = text.replace(old.as_str(), new);
            } else {
                text = words::replace_word(&text, old, new);
            }
        }
        self.with_machines(&text)
    }

    /// A text with the new names of virtual machines. Such a name may be any word, and stand in a
    /// sentence for that word.
    pub(super) fn with_machines(&self, text: &str) -> String {
        let all = self.machines.iter();
        all.fold(text.to_owned(), |text, (old, new)| {
            words::replace_word(&text, old, new)
        })
    }
}

/// `nvme0n1`, `eth0`, `enp3s0f1np1`: letters of a scheme, then numbers and their letters. A
/// MAC address in a name (`enx001b21aabbcc`) is none.
fn is_plain_device(name: &str) -> bool {
    let scheme = DEVICE_SCHEMES.iter().any(|start| {
        name.strip_prefix(start).is_some_and(|rest| {
            let letters = rest.chars().filter(char::is_ascii_alphabetic).count();
            rest.len() <= 16
                && (letters <= 8)
                && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        })
    });
    let hex = name.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    scheme && hex < 12
}

#[cfg(test)]
mod tests {
    use super::is_plain_device;

    #[test]
    fn names_of_a_scheme_are_plain_and_others_are_not() {
        for name in [
            "nvme0n1",
            "sda",
            "eth0",
            "enp3s0f1np1",
            "eno1",
            "md127",
            "ib0",
        ] {
            assert!(is_plain_device(name), "{name}");
        }
        for name in [
            "enx001b21aabbcc",
            "customer-lan",
            "wlx001122334455",
            "br0",
            "vpn-acme",
        ] {
            assert!(!is_plain_device(name), "{name}");
        }
    }
}
