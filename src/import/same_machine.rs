//! Whether two files are about one machine.
//!
//! A card may have been moved between two dumps; a whole machine is not made of other devices.

use std::collections::BTreeMap;

use super::kernel_log;
use crate::addr::{Bdf, Sbdf, Segment};
use crate::capture::{Capture, FunctionRecord, Method};
use crate::decode::kernel_log::KernelLog;

/// Functions known by address.
type Functions = BTreeMap<Sbdf, FunctionRecord>;

/// Functions with ids on both sides from which on most of them differing means another machine.
const ENOUGH: usize = 4;

/// Why functions are those of another machine; `None` where they may be of the same. Functions
/// are compared by their ids where both sides have them.
pub(super) fn other_functions(known: &Functions, new: &Functions) -> Option<String> {
    let mut compared = 0;
    let mut differing = Vec::new();
    for (at, record) in new {
        let (Some(theirs), Some(ours)) = (ids(record), known.get(at).and_then(ids)) else {
            continue;
        };
        compared += 1;
        if theirs != ours {
            differing.push((*at, ours, theirs));
        }
    }
    let &(at, ours, theirs) = differing.first()?;
    let host_bridge = at == Sbdf::new(Segment(0), Bdf::from_bits(0));
    if differing.len() * 2 <= compared || compared < ENOUGH && !host_bridge {
        return None;
    }
    Some(format!(
        "{at} is {:04x}:{:04x} here and {:04x}:{:04x} there, and {} of {compared} functions have \
         other ids",
        theirs.0,
        theirs.1,
        ours.0,
        ours.1,
        differing.len()
    ))
}

/// Why functions, although of the same machine, are listed in another state of it: their groups
/// differ.
pub(super) fn other_groups(known: &Functions, new: &Functions) -> Option<String> {
    let group = |record: &FunctionRecord| record.properties.iommu_group.as_ref().map(|g| g.value);
    let mut differing = new.iter().filter_map(|(at, record)| {
        let (theirs, ours) = (group(record)?, group(known.get(at)?)?);
        (theirs != ours).then_some((at, ours, theirs))
    });
    let (at, ours, theirs) = differing.next()?;
    Some(format!(
        "{at} is in IOMMU group {theirs} here and in {ours} there"
    ))
}

/// Why a capture is that of another machine: by its functions, or by its maker's names.
pub(super) fn stranger(known: &Capture, new: &Capture) -> Option<String> {
    let platform = |key: &str| {
        let ours = known.manifest.platform.get(key)?;
        let theirs = new.manifest.platform.get(key)?;
        let differs = !ours.eq_ignore_ascii_case(theirs);
        differs.then(|| format!("its {key} is '{theirs}', not '{ours}'"))
    };
    platform("product_name")
        .or_else(|| platform("board_name"))
        .or_else(|| other_machine_in_log(known, new))
        .or_else(|| other_functions(&known.functions, &new.functions))
}

/// What logs say of the machine: two of them differ, or one names another product than the
/// firmware's strings that an operating system read.
fn other_machine_in_log(known: &Capture, new: &Capture) -> Option<String> {
    let logged = |capture: &Capture| KernelLog::machine_of(capture.host.get(kernel_log::NAME)?);
    let words = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    let product = |capture: &Capture| {
        let product = capture.manifest.platform.get("product_name")?;
        (!product.trim().is_empty()).then(|| product.clone())
    };
    let (ours, theirs) = (logged(known), logged(new));
    if let (Some(ours), Some(theirs)) = (&ours, &theirs) {
        let differs = words(ours) != words(theirs);
        return differs.then(|| format!("its log is from '{theirs}', not '{ours}'"));
    }
    let another = |log: &str, product: &str| !words(log).contains(&words(product));
    if let (Some(theirs), Some(ours)) = (&theirs, product(known))
        && another(theirs, &ours)
    {
        return Some(format!("its log is from '{theirs}', not from '{ours}'"));
    }
    if let (Some(ours), Some(theirs)) = (&ours, product(new))
        && another(ours, &theirs)
    {
        return Some(format!(
            "its product_name is '{theirs}', and the log is from '{ours}'"
        ));
    }
    None
}

/// Ids as a register or a kernel says them; what was only looked up by name does not count.
fn ids(record: &FunctionRecord) -> Option<(u16, u16)> {
    let reported = &record.properties;
    let by_number = |fact: &crate::capture::Reported<u16>| fact.origin.method != Method::Name;
    let facts = reported.vendor.as_ref().zip(reported.device.as_ref());
    let facts = facts.filter(|(vendor, device)| by_number(vendor) && by_number(device));
    let pair = match facts {
        Some((vendor, device)) => (vendor.value, device.value),
        None => (record.config.u16(0)?, record.config.u16(2)?),
    };
    (pair != (0xffff, 0xffff)).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    fn machine(ids: &[(&str, u16)]) -> Functions {
        let record = |id: u16| FunctionRecord {
            config: ConfigImage::from_bytes([&[0x86, 0x80], &id.to_le_bytes()[..]].concat()),
            ..FunctionRecord::default()
        };
        ids.iter()
            .map(|&(at, id)| (at.parse().unwrap(), record(id)))
            .collect()
    }

    #[test]
    fn a_log_of_another_product_is_of_another_machine() {
        let log = |machine: &str| {
            let mut capture = Capture::default();
            let line = format!("[    0.000000] DMI: {machine}, BIOS 1.4.2 06/11/2019\n");
            capture.host.insert("log.txt".to_owned(), line.into_bytes());
            capture
        };
        let tree = |product: &str| {
            let mut capture = Capture::default();
            let platform = &mut capture.manifest.platform;
            platform.insert("product_name".to_owned(), product.to_owned());
            capture
        };
        let dell = "Dell Inc. OptiPlex 7060/0C96W1";
        assert_eq!(stranger(&log(dell), &log(dell)), None);
        assert_eq!(stranger(&tree("OptiPlex 7060"), &log(dell)), None);
        assert_eq!(stranger(&log(dell), &tree("OptiPlex  7060 ")), None);
        assert_eq!(
            stranger(&tree("ProLiant DL380"), &log(dell)).unwrap(),
            "its log is from 'Dell Inc. OptiPlex 7060/0C96W1', not from 'ProLiant DL380'"
        );
        assert!(stranger(&log(dell), &tree("ProLiant DL380")).is_some());
        assert!(stranger(&log(dell), &log("HPE ProLiant DL380 Gen10")).is_some());
        assert_eq!(stranger(&Capture::default(), &log(dell)), None);
    }

    #[test]
    fn another_host_bridge_is_another_machine_and_another_card_is_not() {
        let known = machine(&[("00:00.0", 1), ("00:01.0", 2), ("01:00.0", 3)]);
        let card = machine(&[("00:00.0", 1), ("01:00.0", 9)]);
        assert_eq!(other_functions(&known, &card), None);
        let alone = machine(&[("01:00.0", 9)]);
        assert_eq!(other_functions(&known, &alone), None);
        let other = machine(&[("00:00.0", 7), ("00:02.0", 2)]);
        let reason = other_functions(&known, &other).unwrap();
        assert!(
            reason.starts_with("0000:00:00.0 is 8086:0007 here and 8086:0001 there"),
            "{reason}"
        );
        let known = machine(&[
            ("02:00.0", 1),
            ("02:00.1", 2),
            ("02:00.2", 3),
            ("02:00.3", 4),
        ]);
        let other = machine(&[
            ("02:00.0", 5),
            ("02:00.1", 6),
            ("02:00.2", 7),
            ("02:00.3", 4),
        ]);
        assert!(other_functions(&known, &other).is_some());
    }
}
