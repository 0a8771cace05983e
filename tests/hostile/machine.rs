//! A machine that attacks whoever reads about it: every text that a capture can hold carries
//! markup, quotes, formulas, control characters, marks that turn the direction of writing, and
//! ten kilobytes of length.
//!
//! The structures of a capture are written out field by field: a field that is added does not
//! compile until it attacks as well.

#[path = "windows.rs"]
mod windows;

use std::collections::BTreeMap;

use assignable::capture::{
    Capture, Collector, Conflict, Failure, FunctionProperties, FunctionRecord, HyperV, Manifest,
    Method, Origin, Redaction, Reported, Resource, SourceLines, WindowsHost,
};
use serde_json::json;

/// Payloads; each field gets all of them in one text, first another one each time.
pub(crate) const PAYLOADS: &[&str] = &[
    "<script>window.stolen=1</script>",
    "\"><img src=x onerror=window.stolen=1>",
    "'><svg onload=window.stolen=1>",
    "</style></title></pre><iframe src=javascript:window.stolen=1>",
    "]]><!--",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "|a|b|\n|-|-|\n# heading\n[link](javascript:window.stolen=1) ![i](http://example.invalid/x.png)",
    "`code` **bold** <http://example.invalid> &lt;b&gt; &#60;",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "\u{202e}desrever\u{202c}\u{2066}\u{200b}\u{feff}\u{ad}",
    "\r\n\0\u{8}\u{85}\u{2028}\u{ffff}",
    "\" shape=plain label=<<b>x</b>> ]; evil [URL=\"javascript:1\"",
    "\\\"\\N\\l\\",
    "$(touch x) `touch x`; rm -rf /tmp/nowhere & %COMSPEC% {{7*7}}",
];

/// Texts, each another one.
#[derive(Default)]
pub(crate) struct Texts(usize);

impl Texts {
    /// The payloads from one on, and a tail of ten kilobytes.
    pub(crate) fn next(&mut self) -> String {
        let from = self.0 % PAYLOADS.len();
        self.0 += 1;
        let mut text: String = PAYLOADS[from..].concat();
        text.push_str(&PAYLOADS[..from].concat());
        text.push_str(&"<b>&\"'".repeat(1800));
        text
    }

    /// On one line.
    pub(crate) fn line(&mut self) -> String {
        self.next().replace(['\n', '\r', '\0'], " ")
    }

    pub(crate) fn reported<T>(&mut self, value: T) -> Reported<T> {
        let origin = Origin {
            method: Method::Lspci,
            source: Some(self.next()),
            line: Some(1),
        };
        Reported::new(value, origin)
    }

    fn told(&mut self) -> Option<Reported<String>> {
        let text = self.next();
        Some(self.reported(text))
    }

    fn several(&mut self) -> Option<Reported<Vec<String>>> {
        let texts = vec![self.next(), self.next()];
        Some(self.reported(texts))
    }
}

/// Five functions whose every text is hostile.
pub(crate) fn hostile() -> Capture {
    let description = r#"
        [[root]]
        device = [
          { kind = "root-port", acs = "none", device = [
            { class = "ethernet", flr = true, sriov = { total = 3, enabled = 3, bars = ["mem64p 64K"], msix = 5 } },
          ] },
        ]"#;
    let mut capture =
        assignable::synth::synthesise(description).unwrap_or_else(|error| panic!("{error}"));
    let mut texts = Texts::default();
    let last = capture.functions.len() - 1;
    for (index, record) in capture.functions.values_mut().enumerate() {
        let whole = std::mem::take(record);
        *record = FunctionRecord {
            properties: properties(whole.properties, &mut texts, index == last),
            config: whole.config,
        };
    }
    // One function has nothing but its texts.
    if let Some(record) = capture.functions.values_mut().last() {
        record.config = assignable::bytes::ConfigImage::empty();
    }
    capture.manifest = manifest(&mut texts);
    let host = [
        ("log.txt", log(&mut texts)),
        ("cmdline", texts.next()),
        ("version", texts.next()),
        (
            "cpuinfo",
            format!(
                "vendor_id : {}\naddress sizes : {}\n",
                texts.line(),
                texts.line()
            ),
        ),
        ("iomem", format!("00000000-00000fff : {}\n", texts.line())),
        (HyperV::NAME, json!(windows::hyperv(&mut texts)).to_string()),
        (
            WindowsHost::NAME,
            json!(windows::host(&mut texts)).to_string(),
        ),
    ];
    for (name, text) in host {
        capture.host.insert(name.to_owned(), text.into_bytes());
    }
    capture.devnodes = Some(windows::nodes(&mut texts).to_bytes());
    capture.tables = tables(&mut texts);
    capture.sources.insert(
        "=1+1 &'$(x)`\u{202e}.txt".to_owned(),
        texts.next().into_bytes(),
    );
    capture.unknown.insert(
        "=1+1 &'$(x)`\u{202e}.bin".to_owned(),
        texts.next().into_bytes(),
    );
    capture
}

/// Everything that is told of a function. What places a function among others is hostile in
/// one of them, so that the machine is still one.
fn properties(old: FunctionProperties, texts: &mut Texts, bare: bool) -> FunctionProperties {
    let attributes = BTreeMap::from([(texts.next(), texts.next())]);
    let windows = windows::KEYS.iter().map(|property| property.key.to_owned());
    let windows = windows.chain([texts.next()]);
    let windows = windows.map(|key| (key, json!([texts.next()])));
    let windows: Vec<_> = windows.collect();
    let mut resources = old.resources;
    resources.push(texts.reported(Resource {
        index: 5,
        start: 0x1000,
        len: Some(0x1000),
        flags: Some(0x200),
        unassigned: false,
    }));
    let unless_bare = |number| if bare { None } else { number };
    FunctionProperties {
        // Without ids the name is what the tool called it.
        vendor: unless_bare(old.vendor),
        device: unless_bare(old.device),
        subsystem_vendor: unless_bare(old.subsystem_vendor),
        subsystem_device: unless_bare(old.subsystem_device),
        class: if bare { None } else { old.class },
        base_class: old.base_class,
        name: texts.told(),
        revision: old.revision,
        port_type: if bare { texts.told() } else { old.port_type },
        resources,
        resource_indices_inferred: Some(texts.reported(true)),
        driver: texts.told(),
        iommu_group: Some(texts.reported(1)),
        iommu_unit: texts.told(),
        reserved_regions: texts.several(),
        numa_node: Some(texts.reported(0)),
        slot: texts.told(),
        reset_methods: texts.several(),
        reset_offered: Some(texts.reported(false)),
        power_state: texts.told(),
        boot_vga: Some(texts.reported(true)),
        physical_function: if bare {
            texts.told()
        } else {
            old.physical_function
        },
        parent: if bare { texts.told() } else { old.parent },
        root_bus: old.root_bus,
        root_bus_parent: if bare {
            texts.told()
        } else {
            old.root_bus_parent
        },
        acpi_path: texts.told(),
        sriov_total_vfs: old.sriov_total_vfs,
        sriov_num_vfs: old.sriov_num_vfs,
        used_by: texts.told().into_iter().chain(texts.told()).collect(),
        attributes: Some(texts.reported(attributes)),
        windows: windows
            .into_iter()
            .map(|(key, value)| (key, texts.reported(value)))
            .collect(),
        access_denied: Some(texts.reported(true)),
        config_lines: vec![SourceLines {
            offset: 0,
            len: 64,
            source: texts.next(),
            line: 1,
            bytes_per_line: 16,
        }],
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

fn manifest(texts: &mut Texts) -> Manifest {
    Manifest {
        format: Manifest::FORMAT.to_owned(),
        version: Manifest::VERSION,
        collector: Some(Collector {
            name: texts.next(),
            version: texts.next(),
        }),
        os: Some(texts.next()),
        os_release: Some(texts.next()),
        platform: BTreeMap::from([
            ("sys_vendor".to_owned(), texts.next()),
            ("product_name".to_owned(), texts.next()),
            (texts.next(), texts.next()),
        ]),
        privileges: None,
        time: Some(texts.next()),
        request: BTreeMap::from([(texts.next(), texts.next())]),
        failures: vec![Failure {
            what: texts.next(),
            why: texts.next(),
        }],
        conflicts: vec![Conflict {
            function: Some(texts.next()),
            fact: texts.next(),
            kept: texts.next(),
            other: texts.next(),
        }],
        redaction: Some(Redaction {
            changed: vec![texts.next()],
        }),
        files: BTreeMap::new(),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

/// Lines that rules read, each with a payload inside.
fn log(texts: &mut Texts) -> String {
    const BEFORE: &[&str] = &[
        "acpi PNP0A08:00: _OSC: platform does not support [PCIeHotplug ",
        "pci 0000:01:00.0: BAR 0: can't assign mem ",
        "vfio-pci 0000:01:00.0: Firmware has requested this device have a 1:1 IOMMU mapping ",
        "vfio-pci 0000:01:00.0: not ready 65535ms after FLR; giving up ",
        "DMAR: [Firmware Bug]: Your BIOS is broken; RMRR ",
        "vfio-pci 0000:01:00.0: Invalid PCI ROM header signature: ",
        "vfio-pci 0000:01:00.0: BAR 0: can't reserve [mem ",
    ];
    let lines = BEFORE.iter();
    lines
        .map(|before| format!("[    1.1] {before}{}]\n", texts.line()))
        .collect()
}

/// Tables whose names, makers and device names are hostile.
fn tables(texts: &mut Texts) -> BTreeMap<String, Vec<u8>> {
    let mut device = b"\\_SB.<script>\x1b[2J\"'=1+1\0".to_vec();
    let len = u8::try_from(8 + device.len()).unwrap_or(u8::MAX);
    // ACPI Name-space Device Declaration (Intel VT-d, 8.7).
    let mut named = vec![4, 0, len, 0, 0, 0, 0, 1];
    named.append(&mut device);
    let unit = [0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0];
    let body = [&[38, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &unit, &named].concat();
    let words = texts.next().into_bytes();
    BTreeMap::from([
        ("DMAR".to_owned(), table(*b"DMAR", &body)),
        ("SSDT".to_owned(), table(*b"=1\x1b<", &words)),
        ("=1+1".to_owned(), table(*b"=1+1", &words)),
    ])
}

/// A table (ACPI 6.5, 5.2.6) of a hostile maker.
fn table(signature: [u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(36 + body.len()).unwrap_or(u32::MAX);
    let mut table = signature.to_vec();
    table.extend(len.to_le_bytes());
    table.extend([1, 0]);
    table.extend(b"<b>\x1b[2=cmd|\"\r\n\t");
    table.extend(1_u32.to_le_bytes());
    table.extend(b"@\x9b1\"");
    table.extend(1_u32.to_le_bytes());
    table.extend(body);
    let sum = table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    table[9] = 0_u8.wrapping_sub(sum);
    table
}
