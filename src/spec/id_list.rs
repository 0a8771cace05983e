//! The list of PCI ids that is compiled in: names of vendors, devices and classes.
//!
//! `build.rs` makes the tables from the `pci-ids` crate. They are plain bytes, which need no
//! relocation when the program starts, and are ordered by id and by name, so that nothing has
//! to be indexed before the first question.

/// All names, one after another.
const NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names"));
/// [`Row`]s by id.
const VENDORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vendors"));
/// Place of each vendor's first device among all, and the number of all (32 bits each).
const FIRSTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/firsts"));
/// [`Row`]s by vendor and id.
const DEVICES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/devices"));
/// [`Row`]s by base class.
const CLASSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes"));
/// [`Row`]s by base class and subclass.
const SUBCLASSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/subclasses"));
/// Places among the vendors (16 bits each), in the order of their names.
const VENDORS_BY_NAME: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vendors_by_name"));
/// Places among the devices of each vendor (16 bits each), in the order of their names.
const DEVICES_BY_NAME: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/devices_by_name"));

/// An id (16 bits), the place of its name (32 bits) and the name's length (16 bits).
type Row = [u8; 8];

/// Name of a vendor.
pub(crate) fn vendor(id: u16) -> Option<&'static str> {
    name_of(rows(VENDORS), id)
}

/// Name of a device.
pub(crate) fn device(vendor: u16, id: u16) -> Option<&'static str> {
    name_of(devices_of(vendor)?.0, id)
}

/// Name of a base class.
pub(crate) fn class(base: u8) -> Option<&'static str> {
    name_of(rows(CLASSES), base.into())
}

/// Name of a subclass, by base class and subclass (`0xBBSS`).
pub(crate) fn subclass(code: u16) -> Option<&'static str> {
    name_of(rows(SUBCLASSES), code)
}

/// Every subclass as `0xBBSS` with its name.
pub(crate) fn subclasses() -> impl Iterator<Item = (u16, &'static str)> {
    rows(SUBCLASSES).iter().map(|row| (id(row), name(row)))
}

/// Ids of the vendors of this name; it may stand for several.
pub(crate) fn vendors_named(wanted: &str) -> impl Iterator<Item = u16> {
    named(rows(VENDORS), VENDORS_BY_NAME.as_chunks().0, wanted)
}

/// Ids of the devices of this name that a vendor has.
pub(crate) fn devices_named(vendor: u16, wanted: &str) -> impl Iterator<Item = u16> {
    let (devices, order) = devices_of(vendor).unwrap_or_default();
    named(devices, order, wanted)
}

fn rows(table: &'static [u8]) -> &'static [Row] {
    table.as_chunks().0
}

fn id(row: &Row) -> u16 {
    let [low, high, ..] = *row;
    u16::from_le_bytes([low, high])
}

fn name(row: &Row) -> &'static str {
    let [_, _, place @ .., low, high] = *row;
    let place = u32::from_le_bytes(place) as usize;
    let length = usize::from(u16::from_le_bytes([low, high]));
    NAMES.get(place..place + length).unwrap_or_default()
}

fn name_of(rows: &'static [Row], wanted: u16) -> Option<&'static str> {
    let at = rows.binary_search_by_key(&wanted, id).ok()?;
    rows.get(at).map(name)
}

/// The devices of a vendor by id, and their places in the order of their names.
fn devices_of(vendor: u16) -> Option<(&'static [Row], &'static [[u8; 2]])> {
    let at = rows(VENDORS).binary_search_by_key(&vendor, id).ok()?;
    let firsts = FIRSTS.as_chunks().0;
    let first = |at: usize| {
        firsts
            .get(at)
            .map(|&first| u32::from_le_bytes(first) as usize)
    };
    let range = first(at)?..first(at + 1)?;
    let order = DEVICES_BY_NAME.as_chunks().0;
    Some((rows(DEVICES).get(range.clone())?, order.get(range)?))
}

fn named(
    rows: &'static [Row],
    order: &'static [[u8; 2]],
    wanted: &str,
) -> impl Iterator<Item = u16> {
    let row = |place: &[u8; 2]| rows.get(usize::from(u16::from_le_bytes(*place)));
    let before = |place: &[u8; 2]| row(place).is_some_and(|row| name(row) < wanted);
    let from = order.partition_point(before);
    let ids = order.iter().skip(from).map_while(row);
    ids.take_while(move |row| name(row) == wanted).map(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_tables_say_what_the_crate_says() {
        let mut count = 0;
        for vendor in pci_ids::Vendors::iter() {
            assert_eq!(super::vendor(vendor.id()), Some(vendor.name()));
            assert!(vendors_named(vendor.name()).any(|id| id == vendor.id()));
            for device in vendor.devices() {
                let (own, id) = (vendor.id(), device.id());
                assert_eq!(super::device(own, id), Some(device.name()));
                assert!(devices_named(own, device.name()).any(|other| other == id));
                count += 1;
            }
        }
        assert_eq!(rows(DEVICES).len(), count);
        assert_eq!(rows(VENDORS).len(), pci_ids::Vendors::iter().count());
        let mut codes = BTreeSet::new();
        for class in pci_ids::Classes::iter() {
            assert_eq!(super::class(class.id()), Some(class.name()));
            for sub in class.subclasses() {
                let code = u16::from_be_bytes([class.id(), sub.id()]);
                assert_eq!(subclass(code), Some(sub.name()));
                codes.insert((code, sub.name()));
            }
        }
        assert!(subclasses().eq(codes));
    }

    #[test]
    fn what_the_list_lacks_has_no_name_and_no_id() {
        assert_eq!(vendor(0xee01), None);
        assert_eq!(device(0x8086, 0xffff), None);
        assert_eq!(device(0xee01, 0), None);
        assert_eq!(subclass(0xee00), None);
        assert_eq!(vendors_named("Nobody").next(), None);
        assert_eq!(devices_named(0x8086, "Nothing").next(), None);
        assert_eq!(devices_named(0xee01, "Nothing").next(), None);
    }
}
