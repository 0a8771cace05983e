//! What people send, in the wrappings that it comes in: each one gives the facts of the plain
//! text.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use assignable::analysis::Facts;
use assignable::capture::{Capture, FunctionRecord};
use assignable::host::Host;
use assignable::import::{Import, Input, import};
use assignable::rules;
use assignable::topology::Topology;

const LSPCI: &str = "\
00:00.0 Host bridge [0600]: Intel Corporation Xeon E3-1200 v6/7th Gen Core Processor Host Bridge/DRAM Registers [8086:5914] (rev 08)
\tSubsystem: Schröder & Söhne Device [1028:075b]
\tControl: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-
\tStatus: Cap+ 66MHz- UDF- FastB2B+ ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort+ >SERR- <PERR- INTx-
\tLatency: 0
\tIOMMU group: 0

00:01.0 PCI bridge [0604]: Intel Corporation 6th-10th Gen Core Processor PCIe Controller (x16) [8086:1901] (rev 08) (prog-if 00 [Normal decode])
\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+
\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-
\tLatency: 0, Cache Line Size: 64 bytes
\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tCapabilities: [a0] Express (v2) Root Port (Slot+), MSI 00
\tIOMMU group: 1
\tKernel driver in use: pcieport

01:00.0 Ethernet controller [0200]: Intel Corporation I350 Gigabit Network Connection [8086:1521] (rev 01)
\tSubsystem: Intel Corporation Ethernet Server Adapter I350-T2 [8086:5002]
\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+
\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-
\tLatency: 0, Cache Line Size: 64 bytes
\tIOMMU group: 1
\tRegion 0: Memory at df200000 (32-bit, non-prefetchable) [size=1M]
\tCapabilities: [40] Power Management version 3
\t\tFlags: PMEClk- DSI+ D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold+)
\t\tStatus: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=1 PME-
\tCapabilities: [a0] Express (v2) Endpoint, MSI 00
\t\tDevCap:\tMaxPayload 512 bytes, PhantFunc 0, Latency L0s <512ns, L1 <64us
\t\t\tExtTag- AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit 0W
\tKernel driver in use: igb

";

const LOG: &str = "\
[    0.000000] Linux version 6.8.12 (builder@host) (gcc 13) #1 SMP
[    0.000000] DMI: Dell Inc. Latitude 7480/00F6D3, BIOS 1.18.0 11/25/2020
[    0.000000] DMAR: IOMMU enabled
[    0.300000] ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-fe])
[    0.300000] pci 0000:00:00.0: [8086:5914] type 00 class 0x060000 conventional PCI endpoint
[    0.300000] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port
[    0.300000] pci 0000:01:00.0: [8086:1521] type 00 class 0x020000 PCIe Endpoint
[    0.400000] pci 0000:01:00.0: Adding to iommu group 1
";

fn one(bytes: impl Into<Vec<u8>>) -> Import {
    let name = "input".to_owned();
    import(&[Input::Bytes {
        name,
        bytes: bytes.into(),
    }])
}

/// Every function without the places in the text that its facts come from.
fn facts(capture: &Capture) -> BTreeMap<String, String> {
    let without_places = |record: &FunctionRecord| {
        let mut record = record.clone();
        record.properties.config_lines.clear();
        let mut value = serde_json::to_value(&record.properties).unwrap();
        drop_origins(&mut value);
        format!(
            "{value} {:?} {:?}",
            record.config.bytes(),
            record.config.known_mask()
        )
    };
    capture
        .functions
        .iter()
        .map(|(at, record)| (at.to_string(), without_places(record)))
        .collect()
}

fn drop_origins(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.remove("origin");
            members.values_mut().for_each(drop_origins);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(drop_origins),
        _ => {}
    }
}

/// Asserts that a wrapped text says what the plain one says.
fn same(bytes: impl Into<Vec<u8>>, how: &str) {
    let plain = one(LSPCI);
    assert_eq!(plain.capture.functions.len(), 3);
    assert!(
        plain
            .capture
            .functions
            .values()
            .all(|record| record.config.known_bits() > 30)
    );
    let wrapped = one(bytes);
    assert!(wrapped.errors.is_empty(), "{how}: {:?}", wrapped.errors);
    assert_eq!(facts(&wrapped.capture), facts(&plain.capture), "{how}");
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn encodings_do_not_matter() {
    let marked = format!("\u{feff}{LSPCI}");
    same(marked.as_bytes(), "UTF-8 with a mark");
    same(utf16(&marked, u16::to_le_bytes), "UTF-16, little-endian");
    same(utf16(&marked, u16::to_be_bytes), "UTF-16, big-endian");
    same(
        utf16(LSPCI, u16::to_le_bytes),
        "UTF-16, little-endian, no mark",
    );
    same(
        utf16(LSPCI, u16::to_be_bytes),
        "UTF-16, big-endian, no mark",
    );
    let latin: Vec<u8> = LSPCI
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    same(latin, "Latin-1");
    same(LSPCI.replace('\n', "\r\n"), "CRLF");
}

#[test]
fn quotes_and_indentation_do_not_matter() {
    for prefix in ["> ", "> > ", ">", "    ", "\t"] {
        let quoted: String = LSPCI
            .lines()
            .flat_map(|line| [prefix, line, "\n"])
            .collect();
        same(quoted, prefix);
    }
    same(format!("```\n{LSPCI}```\n"), "Markdown");
    same(format!("[CODE]\n{LSPCI}[/CODE]\n"), "a forum's code block");
}

#[test]
fn what_terminals_editors_and_pages_put_around_lines_does_not_matter() {
    let each = |change: &dyn Fn(usize, &str) -> String| -> String {
        let lines = LSPCI.lines().enumerate();
        lines.map(|(n, line)| change(n + 1, line) + "\n").collect()
    };
    let escaped = LSPCI
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    same(
        format!("<html><body><pre>\n{escaped}</pre>\n<p>That is all.</p>\n"),
        "page",
    );
    same(escaped.replace(' ', "&nbsp;"), "hard spaces");
    same(format!("[CODE]{LSPCI}[/CODE]\n"), "forum");
    same(each(&|n, line| format!("{n:6}\t{line}")), "cat -n");
    same(each(&|n, line| format!("{n}:{line}")), "grep -n");
    same(each(&|_, line| format!("| {line}")), "bars");
    same(each(&|_, line| format!("\x1b[0m{line}\x1b[K")), "colours");
    same(LSPCI.replace('\n', "\r"), "carriage returns");
}

#[test]
fn a_listing_with_a_heading_that_is_not_read_takes_no_group_away() {
    let listing = "\
IOMMU group 7
\t00:1c.2 PCI bridge [0604]: Intel Corporation Sunrise Point-H PCI Express Root Port #3 [8086:a112] (rev f1)
[COLOR=#000080]IOMMU group 1
\t00:01.0 PCI bridge [0604]: Intel Corporation Skylake PCIe Controller (x16) [8086:1901] (rev 07)
\t02:00.0 Serial Attached SCSI controller [0107]: LSI Logic / Symbios Logic SAS3008 PCI-Express Fusion-MPT SAS-3 [1000:0097] (rev 02)[/COLOR]
** one more
\t00:1f.6 Ethernet controller [0200]: Intel Corporation Ethernet Connection (2) I219-LM [8086:15b7] (rev 31)
";
    let import = one(listing);
    let functions = &import.capture.functions;
    let group = |at: &str| {
        let record = &functions[&at.parse().unwrap()];
        record
            .properties
            .iommu_group
            .as_ref()
            .map(|group| group.value)
    };
    assert_eq!(group("0000:00:1c.2"), Some(7));
    assert_eq!(group("0000:02:00.0"), Some(1), "behind the forum's mark");
    assert_eq!(group("0000:00:1f.6"), None, "its heading is not read");
    // That it has none does not follow: a listing by groups names members alone.
    let host = Host::from_capture(&import.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let id = host.find("0000:00:1f.6".parse().unwrap()).unwrap();
    let gaps: Vec<_> = run.gaps_of(id).iter().map(|gap| gap.rule.code).collect();
    assert!(gaps.contains(&"VFI005"), "{gaps:?}");
}

#[test]
fn what_other_commands_print_before_and_after_is_skipped_and_listed() {
    let session = format!(
        "root@host:~# uname -a\nLinux host 6.8.12 #1 SMP x86_64 GNU/Linux\nroot@host:~# lspci -vvv\n{LSPCI}root@host:~# lsusb\nBus 001 Device 001: ID 1d6b:0002 Linux Foundation 2.0 root hub\nroot@host:~# exit\n"
    );
    same(session.as_str(), "a session");
    let import = one(session);
    let said: Vec<String> = import.diagnostics.iter().map(ToString::to_string).collect();
    let after = 4 + LSPCI.lines().count();
    let expected = format!(
        "input: 6 lines of other content skipped: 1-3, {after}-{}",
        after + 2
    );
    assert!(said.contains(&expected), "{said:?}");
}

#[test]
fn lines_that_a_mail_wrapped_lose_nothing_but_what_cannot_be_joined() {
    let mut wrapped = String::new();
    for line in LSPCI.lines() {
        let mut length = 0;
        for word in line.split_inclusive(' ') {
            if length > 0 && length + word.trim_end().len() > 78 {
                wrapped.push('\n');
                length = 0;
            }
            wrapped.push_str(word);
            length += word.len();
        }
        wrapped.push('\n');
    }
    assert_ne!(wrapped, LSPCI);
    let (plain, wrapped) = (one(LSPCI).capture, one(wrapped).capture);
    assert_eq!(plain.functions.len(), wrapped.functions.len());
    for (at, record) in &wrapped.functions {
        let whole = &plain.functions[at];
        for offset in 0..256 {
            for bit in 0..8 {
                let here = record.config.bits(offset, bit, 1);
                assert!(
                    here.is_none() || here == whole.config.bits(offset, bit, 1),
                    "{at} {offset:#x} bit {bit}"
                );
            }
        }
        assert_eq!(
            record.properties.driver.is_some(),
            whole.properties.driver.is_some()
        );
        let group =
            |record: &FunctionRecord| record.properties.iommu_group.clone().map(|g| g.value);
        assert_eq!(group(record), group(whole), "{at}");
    }
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn the_parts_of_a_sosreport_become_one_machine() {
    // The registers that the text speaks of.
    let text = one(LSPCI).capture;
    let config = text.functions[&"01:00.0".parse().unwrap()].config.bytes()[..64].to_vec();
    let device = "sosreport-host/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";
    let archive = tar(&[
        (
            "sosreport-host/sos_commands/pci/lspci_-nnvv",
            LSPCI.as_bytes(),
        ),
        ("sosreport-host/sos_commands/kernel/dmesg", LOG.as_bytes()),
        (
            "sosreport-host/proc/cmdline",
            b"root=/dev/sda1 intel_iommu=on\n",
        ),
        (&format!("{device}/vendor"), b"0x8086\n"),
        (&format!("{device}/device"), b"0x1521\n"),
        (&format!("{device}/class"), b"0x020000\n"),
        (&format!("{device}/numa_node"), b"1\n"),
        (&format!("{device}/config"), &config),
    ]);
    let import = one(archive);
    assert!(import.errors.is_empty(), "{:?}", import.errors);
    let capture = import.capture;
    assert_eq!(capture.manifest.conflicts, []);
    assert_eq!(capture.functions.len(), 3);
    let nic = &capture.functions[&"01:00.0".parse().unwrap()];
    // The tree, the text and the log each say something that the others do not.
    assert_eq!(nic.properties.numa_node.as_ref().unwrap().value, 1);
    assert_eq!(
        nic.properties.resources.first().unwrap().value.len,
        Some(1 << 20)
    );
    assert_eq!(
        nic.properties.port_type.as_ref().unwrap().value,
        "PCIe Endpoint"
    );
    assert_eq!(nic.config.u16(2), Some(0x1521));
    assert!(capture.host.contains_key("cmdline") && capture.host.contains_key("log.txt"));
}

#[test]
fn a_folder_of_hw_probe_is_read_as_text_and_log() {
    // hw-probe numbers nothing and names its files without endings.
    let archive = tar(&[
        ("hw.info/logs/lspci_all", LSPCI.as_bytes()),
        ("hw.info/logs/dmesg", LOG.as_bytes()),
        ("hw.info/logs/lsusb", b"Bus 001 Device 001: ID 1d6b:0002\n"),
        ("hw.info/logs/cpuinfo", b"processor\t: 0\n"),
        ("hw.info/host", b"system:arch\nkernel:6.8\n"),
        ("hw.info/devices", b"pci:8086-1521;failed;network;igb\n"),
    ]);
    let import = one(archive);
    assert!(import.errors.is_empty(), "{:?}", import.errors);
    assert_eq!(import.capture.functions.len(), 3);
    let nic = &import.capture.functions[&"01:00.0".parse().unwrap()].properties;
    assert_eq!(nic.driver.as_ref().unwrap().value, "igb");
    assert_eq!(nic.port_type.as_ref().unwrap().value, "PCIe Endpoint");
    assert!(import.capture.host.contains_key("log.txt"));
}

#[test]
fn a_log_of_another_product_than_the_tree_is_refused() {
    let tree = tar(&[
        ("sys/class/dmi/id/product_name", b"ProLiant DL380 Gen10\n"),
        ("sys/devices/pci0000:00/0000:00:1f.0/vendor", b"0x8086\n"),
        ("sys/devices/pci0000:00/0000:00:1f.0/device", b"0xa1c1\n"),
    ]);
    let input = |name: &str, bytes: &[u8]| Input::Bytes {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
    };
    let import = import(&[input("tree.tar", &tree), input("dmesg.txt", LOG.as_bytes())]);
    let errors: Vec<String> = import.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "dmesg.txt: from another machine than the inputs before it: its log is from 'Dell Inc. \
          Latitude 7480/00F6D3', not from 'ProLiant DL380 Gen10'"
        ]
    );
    assert_eq!(import.capture.functions.len(), 1);
}

#[test]
fn what_ls_prints_of_the_groups_is_a_list_of_functions() {
    let listing = "$ ls /sys/kernel/iommu_groups/*/devices\n\
        /sys/kernel/iommu_groups/0/devices:\n0000:00:00.0\n\n\
        /sys/kernel/iommu_groups/1/devices:\n0000:00:01.0  0000:01:00.0\n\n\
        $ ls\n0000:02:00.0\n";
    let capture = one(listing).capture;
    let groups: BTreeMap<String, u32> = capture
        .functions
        .iter()
        .filter_map(|(at, record)| {
            Some((
                at.to_string(),
                record.properties.iommu_group.as_ref()?.value,
            ))
        })
        .collect();
    let expected = [
        ("0000:00:00.0", 0),
        ("0000:00:01.0", 1),
        ("0000:01:00.0", 1),
    ];
    let expected = expected.map(|(at, group)| (at.to_owned(), group));
    assert_eq!(groups, BTreeMap::from(expected));
    assert_eq!(
        capture.functions.len(),
        3,
        "what another command prints is none"
    );
}

#[test]
fn outputs_that_do_not_say_enough_are_refused_with_what_to_send() {
    for (text, words) in [
        (
            "-[0000:00]-+-00.0  Intel Corporation Device\n",
            "'lspci -t'",
        ),
        (
            "pci@0000:01:00.0  eno1        network        I350\n",
            "lshw",
        ),
        ("0000:01:00.0 vfio-pci [*]\n", "addresses and drivers"),
    ] {
        let import = one(text);
        let [error] = &import.errors[..] else {
            panic!("{text}: {:?}", import.errors);
        };
        let error = error.to_string();
        assert!(
            error.contains(words) && error.contains("sudo lspci -vvvnnxxxx"),
            "{error}"
        );
    }
}
