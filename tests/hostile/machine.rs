//! A machine that attacks whoever reads about it: every text that a capture can hold carries
//! markup, quotes, formulas, control characters, marks that turn the direction of writing, and
//! ten kilobytes of length.

use std::collections::BTreeMap;

use assignable::capture::{
    Capture, Conflict, Failure, Method, Origin, Redaction, Reported, Resource,
};

/// Payloads; each field gets all of them in one text, first another one each time.
pub(crate) const PAYLOADS: &[&str] = &[
    "<script>window.stolen=1</script>",
    "\"><img src=x onerror=window.stolen=1>",
    "'><svg onload=window.stolen=1>",
    "</style></title></pre><iframe src=javascript:window.stolen=1>",
    "]]><!--",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1,1)",
    "|a|b|\n|-|-|\n# heading\n[link](javascript:window.stolen=1) ![i](http://example.invalid/x.png)",
    "`code` **bold** <http://example.invalid> &lt;b&gt; &#60;",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "\u{202e}desrever\u{202c}\u{2066}\u{200b}\u{feff}\u{ad}",
    "\r\n\0\u{8}\u{85}\u{2028}\u{ffff}",
    "\" shape=plain label=<<b>x</b>> ]; evil [URL=\"javascript:1\"",
    "\\\"\\N\\l\\",
    "$(touch x) `touch x`; rm -rf /tmp/nowhere & %COMSPEC% {{7*7}}",
];

/// The text of one field: the payloads from one on, and a tail of ten kilobytes.
fn text(field: usize) -> String {
    let from = field % PAYLOADS.len();
    let mut text: String = PAYLOADS[from..].concat();
    text.push_str(&PAYLOADS[..from].concat());
    text.push_str(&"<b>&\"'".repeat(1800));
    text
}

fn reported<T>(value: T, field: usize) -> Reported<T> {
    let mut origin = Origin::of(Method::Lspci);
    origin.source = Some(text(field));
    origin.line = Some(1);
    Reported::new(value, origin)
}

/// Four functions whose every text is hostile.
pub(crate) fn hostile() -> Capture {
    let description = r#"
        [[root]]
        device = [
          { kind = "root-port", acs = "none", device = [
            { class = "ethernet", flr = true, sriov = { total = 2, enabled = 2, bars = ["mem64p 64K"], msix = 5 } },
          ] },
        ]"#;
    let mut capture =
        assignable::synth::synthesise(description).unwrap_or_else(|error| panic!("{error}"));
    let mut field = 0;
    let mut next = || {
        field += 1;
        text(field)
    };
    for record in capture.functions.values_mut() {
        let p = &mut record.properties;
        // Without ids the name is what the tool called it.
        p.name = Some(reported(next(), 1));
        p.driver = Some(reported(next(), 2));
        p.iommu_unit = Some(reported(next(), 3));
        p.slot = Some(reported(next(), 4));
        p.power_state = Some(reported(next(), 5));
        p.acpi_path = Some(reported(next(), 6));
        p.reset_methods = Some(reported(vec![next(), next()], 7));
        p.reserved_regions = Some(reported(vec![next(), next()], 8));
        p.used_by = vec![reported(next(), 9), reported(next(), 10)];
        p.iommu_group = Some(reported(1, 11));
        p.numa_node = Some(reported(0, 12));
        let attributes = BTreeMap::from([(next(), next())]);
        p.attributes = Some(reported(attributes, 13));
        p.windows
            .insert(next(), reported(serde_json::json!(next()), 14));
        p.other.insert(next(), serde_json::json!(next()));
        p.resources.push(reported(
            Resource {
                index: 5,
                start: 0x1000,
                len: Some(0x1000),
                flags: Some(0x200),
                unassigned: false,
            },
            15,
        ));
    }
    // One function has nothing but its name.
    if let Some(record) = capture.functions.values_mut().last() {
        record.config = assignable::bytes::ConfigImage::empty();
        let p = &mut record.properties;
        (p.vendor, p.device, p.class, p.physical_function) = (None, None, None, None);
        (p.subsystem_vendor, p.subsystem_device) = (None, None);
    }
    let manifest = &mut capture.manifest;
    manifest.os = Some(next());
    manifest.os_release = Some(next());
    manifest.time = Some(next());
    manifest.platform = BTreeMap::from([
        ("sys_vendor".to_owned(), next()),
        ("product_name".to_owned(), next()),
        (next(), next()),
    ]);
    manifest.failures = vec![Failure {
        what: next(),
        why: next(),
    }];
    manifest.conflicts = vec![Conflict {
        function: Some(next()),
        fact: next(),
        kept: next(),
        other: next(),
    }];
    manifest.redaction = Some(Redaction {
        changed: vec![next()],
    });
    let log = format!(
        "[    1.1] acpi PNP0A08:00: _OSC: platform does not support [PCIeHotplug {}]\n",
        next().replace(['\n', '\r'], " ")
    );
    capture.host.insert("log.txt".to_owned(), log.into_bytes());
    capture
        .host
        .insert("cmdline".to_owned(), next().into_bytes());
    capture
        .sources
        .insert("=1+1 &'$(x)`\u{202e}.txt".to_owned(), next().into_bytes());
    capture
}
