use super::super::{FunctionRecord, Method, Origin, Reported, Resource, SourceLines};
use super::*;
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;

fn at() -> Sbdf {
    "0000:01:00.0".parse().unwrap()
}

fn capture(edit: impl FnOnce(&mut FunctionRecord)) -> Capture {
    let mut capture = Capture::default();
    edit(capture.function(at()));
    capture
}

fn lspci<T>(value: T, line: u32) -> Reported<T> {
    Reported::new(value, Origin::line(Method::Lspci, "lspci.txt", line))
}

fn sysfs<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::of(Method::Sysfs))
}

fn bar(start: u64, len: Option<u64>, flags: Option<u64>) -> Resource {
    Resource {
        index: 0,
        start,
        len,
        flags,
        unassigned: false,
    }
}

#[test]
fn equal_facts_join_without_a_word() {
    let mut one = capture(|f| {
        f.config = ConfigImage::from_bytes(vec![0x86, 0x80]);
        f.properties.iommu_group = Some(sysfs(5));
    });
    let other = capture(|f| {
        f.config = ConfigImage::from_bytes(vec![0x86, 0x80, 1, 2]).with_size(Some(4096));
        f.properties.iommu_group = Some(lspci(5, 3));
        f.properties.driver = Some(lspci("nvme".to_owned(), 4));
    });
    one.merge(other);
    assert_eq!(one.manifest.conflicts, []);
    let record = &one.functions[&at()];
    assert_eq!(record.config.bytes(), [0x86, 0x80, 1, 2]);
    assert_eq!(record.config.size(), Some(4096));
    assert_eq!(record.properties.iommu_group, Some(sysfs(5)));
    assert_eq!(record.properties.driver, Some(lspci("nvme".to_owned(), 4)));
}

#[test]
fn a_differing_fact_keeps_the_first_and_names_both_origins() {
    let mut one = capture(|f| f.properties.driver = Some(sysfs("vfio-pci".to_owned())));
    one.merge(capture(|f| {
        f.properties.driver = Some(lspci("nvme".to_owned(), 4));
    }));
    let conflict = Conflict {
        function: Some("0000:01:00.0".to_owned()),
        fact: "driver".to_owned(),
        kept: "vfio-pci (sysfs)".to_owned(),
        other: "nvme (lspci.txt:4)".to_owned(),
    };
    assert_eq!(one.manifest.conflicts, [conflict]);
    assert_eq!(
        one.functions[&at()].properties.driver,
        Some(sysfs("vfio-pci".to_owned()))
    );
}

#[test]
fn neighbouring_bytes_that_differ_are_one_conflict_with_their_lines() {
    let mut one = capture(|f| f.config = ConfigImage::from_bytes(vec![0; 32]));
    let mut bytes = vec![0; 32];
    bytes[0x10..0x12].copy_from_slice(&[0xaa, 0xbb]);
    bytes[0x1f] = 1;
    one.merge(capture(|f| {
        f.config = ConfigImage::from_bytes(bytes);
        f.properties.config_lines.push(SourceLines {
            offset: 0,
            len: 32,
            source: "a.txt".to_owned(),
            line: 10,
            bytes_per_line: 16,
        });
    }));
    let shown: Vec<_> = one
        .manifest
        .conflicts
        .iter()
        .map(|c| (c.fact.as_str(), c.kept.as_str(), c.other.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "configuration space 0x010 to 0x011",
                "00 00 (binary)",
                "aa bb (a.txt:11)"
            ),
            ("configuration space 0x01f", "00 (binary)", "01 (a.txt:11)"),
        ]
    );
    assert_eq!(one.functions[&at()].config.bytes(), [0; 32]);
}

#[test]
fn the_kernels_own_resource_is_preferred_to_a_text_made_from_it() {
    let text = lspci(bar(0xfe00_0000, Some(0x1000), Some(0x200)), 5);
    let kernel = sysfs(bar(0xfe00_0000, Some(0x1000), Some(0x40200)));
    for (first, second) in [(text.clone(), kernel.clone()), (kernel.clone(), text)] {
        let mut one = capture(|f| f.properties.resources.push(first));
        one.merge(capture(|f| f.properties.resources.push(second)));
        assert_eq!(
            one.functions[&at()].properties.resources,
            std::slice::from_ref(&kernel)
        );
        assert_eq!(one.manifest.conflicts, []);
    }
}

#[test]
fn resources_that_were_only_put_in_order_give_way_to_numbered_ones() {
    let guessed = |f: &mut FunctionRecord| {
        f.properties
            .resources
            .push(lspci(bar(0xfe00_0000, None, None), 5));
        f.properties.resource_indices_inferred = Some(lspci(true, 5));
    };
    let numbered = Resource {
        index: 2,
        ..bar(0xfe00_0000, Some(0x1000), None)
    };
    let known = |f: &mut FunctionRecord| f.properties.resources.push(sysfs(numbered.clone()));
    let mut one = capture(guessed);
    one.merge(capture(known));
    let mut two = capture(known);
    two.merge(capture(guessed));
    for merged in [one, two] {
        let properties = &merged.functions[&at()].properties;
        assert_eq!(properties.resources, [sysfs(numbered.clone())]);
        assert_eq!(properties.resource_indices_inferred, None);
        assert_eq!(merged.manifest.conflicts, []);
    }
}

#[test]
fn two_sources_of_one_name_stay_apart_with_their_lines() {
    let part = |text: &str, driver: &str| {
        let mut part = capture(|f| f.properties.driver = Some(lspci(driver.to_owned(), 9)));
        part.sources.insert("lspci.txt".to_owned(), text.into());
        part
    };
    let mut one = part("one", "nvme");
    one.merge(part("one", "nvme"));
    assert_eq!(one.sources.len(), 1);
    let mut other = part("two", "nvme");
    let second: Sbdf = "0000:02:00.0".parse().unwrap();
    other.function(second).properties.slot = Some(lspci("4".to_owned(), 1));
    one.merge(other);
    assert_eq!(one.sources["lspci-2.txt"], b"two");
    let slot = one.functions[&second].properties.slot.as_ref().unwrap();
    assert_eq!(slot.origin.to_string(), "lspci-2.txt:1");
}

#[test]
fn several_ssdts_are_numbered_and_two_dmars_are_a_conflict() {
    let tables = |names: &[(&str, &[u8])]| {
        let mut capture = Capture::default();
        for (name, bytes) in names {
            capture.tables.insert((*name).to_owned(), bytes.to_vec());
        }
        capture
    };
    let mut one = tables(&[("SSDT", b"1"), ("DMAR", b"d")]);
    one.merge(tables(&[("SSDT", b"2"), ("SSDT5", b"1"), ("DMAR", b"e")]));
    let kept: Vec<_> = one
        .tables
        .iter()
        .map(|(n, b)| (n.as_str(), b.as_slice()))
        .collect();
    assert_eq!(
        kept,
        [
            ("DMAR", &b"d"[..]),
            ("DMAR2", b"e"),
            ("SSDT", b"1"),
            ("SSDT2", b"2")
        ]
    );
    assert_eq!(one.manifest.conflicts.len(), 1);
    assert_eq!(one.manifest.conflicts[0].fact, "table DMAR");
}

#[test]
fn a_second_log_follows_the_first_and_one_already_there_does_not() {
    let with = |log: &[u8]| {
        let mut capture = Capture::default();
        capture.host.insert("log.txt".to_owned(), log.to_vec());
        capture
    };
    let mut capture = with(b"a\nb");
    for log in [&b"c\n"[..], b"c\n", b"a\nb"] {
        capture.merge(with(log));
    }
    assert_eq!(capture.host["log.txt"], b"a\nb\nc\n");
    assert!(capture.manifest.conflicts.is_empty());
}

#[test]
fn merging_a_capture_with_itself_changes_nothing() {
    let mut one = capture(|f| {
        f.config = ConfigImage::from_masked(vec![1, 2, 3], vec![0xff, 0, 0x0f]);
        f.properties
            .resources
            .push(sysfs(bar(0x1000, Some(0x1000), Some(0x200))));
        f.properties.used_by.push(sysfs("eth0".to_owned()));
        f.properties.attributes = Some(sysfs(BTreeMap::from([(
            "enable".to_owned(),
            "1".to_owned(),
        )])));
    });
    one.host.insert("cmdline".to_owned(), b"x".to_vec());
    one.sources.insert("a".to_owned(), b"x".to_vec());
    let before = one.clone();
    one.merge(before.clone());
    assert_eq!(one, before);
}
