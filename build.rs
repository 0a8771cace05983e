//! Makes the tables of `src/spec/id_list.rs` from the list in the `pci-ids` crate.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "this is how a build script speaks to cargo, and where it writes to"
)]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "analyzer")]
    id_list::write(std::path::Path::new(&std::env::var("OUT_DIR")?))?;
    Ok(())
}

#[cfg(feature = "analyzer")]
mod id_list {
    use std::collections::HashMap;
    use std::error::Error;
    use std::fs;
    use std::path::Path;

    /// All names one after another, each once.
    #[derive(Default)]
    struct Names {
        text: String,
        places: HashMap<&'static str, u64>,
    }

    impl Names {
        /// A row of a table: an id, and the place and length of its name.
        fn row(&mut self, id: u16, name: &'static str) -> Result<[u8; 8], Box<dyn Error>> {
            let place = *self.places.entry(name).or_insert_with(|| {
                self.text.push_str(name);
                (self.text.len() - name.len()) as u64
            });
            let length = u64::from(u16::try_from(name.len())?);
            let place = u64::from(u32::try_from(place)?);
            Ok((length << 48 | place << 16 | u64::from(id)).to_le_bytes())
        }
    }

    pub(super) fn write(to: &Path) -> Result<(), Box<dyn Error>> {
        let mut names = Names::default();
        let mut makers: Vec<&pci_ids::Vendor> = pci_ids::Vendors::iter().collect();
        makers.sort_by_key(|vendor| vendor.id());
        let (mut vendors, mut devices, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
        let mut devices_by_name = Vec::new();
        for vendor in &makers {
            vendors.push(names.row(vendor.id(), vendor.name())?);
            firsts.push(u32::try_from(devices.len())?.to_le_bytes());
            let mut own: Vec<&pci_ids::Device> = vendor.devices().collect();
            own.sort_by_key(|device| device.id());
            for device in &own {
                devices.push(names.row(device.id(), device.name())?);
            }
            devices_by_name.extend(by_name(own.iter().map(|device| device.name()))?);
        }
        firsts.push(u32::try_from(devices.len())?.to_le_bytes());
        let vendors_by_name = by_name(makers.iter().map(|vendor| vendor.name()))?;
        let (mut classes, mut subclasses) = (Vec::new(), Vec::new());
        let mut bases: Vec<&pci_ids::Class> = pci_ids::Classes::iter().collect();
        bases.sort_by_key(|class| class.id());
        for class in bases {
            classes.push(names.row(class.id().into(), class.name())?);
            let mut own: Vec<&pci_ids::Subclass> = class.subclasses().collect();
            own.sort_by_key(|subclass| subclass.id());
            for subclass in own {
                let code = u16::from_be_bytes([class.id(), subclass.id()]);
                subclasses.push(names.row(code, subclass.name())?);
            }
        }
        for (name, table) in [
            ("names", names.text.as_bytes()),
            ("vendors", vendors.as_flattened()),
            ("firsts", firsts.as_flattened()),
            ("devices", devices.as_flattened()),
            ("classes", classes.as_flattened()),
            ("subclasses", subclasses.as_flattened()),
            ("vendors_by_name", vendors_by_name.as_flattened()),
            ("devices_by_name", devices_by_name.as_flattened()),
        ] {
            fs::write(to.join(name), table)?;
        }
        Ok(())
    }

    /// Places of names in their order.
    fn by_name(names: impl Iterator<Item = &'static str>) -> Result<Vec<[u8; 2]>, Box<dyn Error>> {
        let mut order: Vec<_> = names.enumerate().map(|(at, name)| (name, at)).collect();
        order.sort_unstable();
        let places = order.into_iter();
        let places = places.map(|(_, at)| Ok(u16::try_from(at)?.to_le_bytes()));
        places.collect()
    }
}
