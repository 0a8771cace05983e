//! Words of the kernel command line that change groups (Linux
//! Documentation/admin-guide/kernel-parameters.txt; drivers/pci/pci.c, `pci_setup`).

use super::device_match::DeviceMatch;
use crate::decode::config::ext::acs::AcsFlags;

/// What a command line says about groups. Of a parameter given twice the last one counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    /// The word that keeps the kernel from remapping DMA, e.g. `intel_iommu=off`.
    pub remapping_off: Option<String>,
    /// `intel_iommu=igfx_off`: units of the graphics alone are left off.
    pub graphics_off: bool,
    /// `amd_iommu=force_enable`: also on systems whose unit is known to be broken.
    pub force_amd: bool,
    /// `pcie_acs_override=`, of kernels with that patch.
    pub overrides: Overrides,
    /// `pci=disable_acs_redir=`.
    pub disable_redirect: Vec<DeviceMatch>,
    /// `pci=config_acs=`.
    pub configure: Vec<Configure>,
    /// Parts that could not be read, in the words of the command line.
    pub unread: Vec<String>,
}

/// `pcie_acs_override=`: which functions the kernel takes to be isolated without evidence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// Root and downstream ports.
    pub downstream: bool,
    /// Functions of one device.
    pub multi_function: bool,
    /// Vendor and device ids; the kernel takes 16 at most.
    pub ids: Vec<(u16, u16)>,
}

/// One entry of `pci=config_acs=`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Configure {
    /// Services that are set to what [`Self::on`] says; the others keep the firmware's value.
    pub mask: AcsFlags,
    /// Services that are switched on, among those of the mask.
    pub on: AcsFlags,
    /// Of which functions.
    pub devices: DeviceMatch,
}

impl Overrides {
    /// Whether the parameter does anything.
    pub const fn is_active(&self) -> bool {
        self.downstream || self.multi_function || !self.ids.is_empty()
    }
}

impl Parameters {
    /// Reads a command line.
    pub fn parse(command_line: &str) -> Self {
        let mut parameters = Self::default();
        let mut intel_off = None;
        let mut amd_off = None;
        let mut all_off = None;
        for word in words(command_line) {
            let Some((key, value)) = word.split_once('=') else {
                continue;
            };
            match key.replace('-', "_").as_str() {
                "iommu" if value.split(',').any(|part| part == "off") => {
                    all_off = Some(word.to_owned());
                }
                "intel_iommu" => {
                    for part in value.split(',') {
                        match part {
                            "on" | "sm_on" => intel_off = None,
                            "off" => intel_off = Some(word.to_owned()),
                            "igfx_off" => parameters.graphics_off = true,
                            _ => {}
                        }
                    }
                }
                "amd_iommu" => {
                    for part in value.split(',') {
                        match part {
                            "off" => amd_off = Some(word.to_owned()),
                            "force_enable" => parameters.force_amd = true,
                            _ => {}
                        }
                    }
                }
                "pcie_acs_override" => parameters.overrides(value),
                "pci" => {
                    for option in value.split(',') {
                        parameters.pci(option);
                    }
                }
                _ => {}
            }
        }
        parameters.remapping_off = all_off.or(intel_off).or(amd_off);
        parameters
    }

    /// Whether any of it changes which functions count as isolated.
    pub const fn change_isolation(&self) -> bool {
        self.overrides.is_active()
            || !self.disable_redirect.is_empty()
            || !self.configure.is_empty()
    }

    fn overrides(&mut self, value: &str) {
        for part in value.split(',') {
            match part {
                "downstream" => self.overrides.downstream = true,
                "multifunction" => self.overrides.multi_function = true,
                _ => match part.strip_prefix("id:").and_then(ids) {
                    Some(ids) if self.overrides.ids.len() < 16 => self.overrides.ids.push(ids),
                    _ => self.unread.push(format!("pcie_acs_override={part}")),
                },
            }
        }
    }

    fn pci(&mut self, option: &str) {
        if let Some(devices) = option.strip_prefix("disable_acs_redir=") {
            self.disable_redirect.clear();
            for device in devices.split(';') {
                match device.parse() {
                    Ok(device) => self.disable_redirect.push(device),
                    Err(()) => self.unread.push(format!("pci=disable_acs_redir={device}")),
                }
            }
        } else if let Some(entries) = option.strip_prefix("config_acs=") {
            self.configure.clear();
            let mut flags = None;
            for entry in entries.split(';') {
                let (own, device) = match entry.split_once('@') {
                    Some((own, device)) => (Some(own), device),
                    None => (None, entry),
                };
                flags = own.map_or(flags, masked);
                match (flags, device.parse()) {
                    (Some((mask, on)), Ok(devices)) => {
                        self.configure.push(Configure { mask, on, devices });
                    }
                    _ => self.unread.push(format!("pci=config_acs={entry}")),
                }
            }
        }
    }
}

/// Words of a command line; a quoted one may hold spaces.
fn words(command_line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    command_line
        .split(move |ch: char| {
            quoted ^= ch == '"';
            ch.is_whitespace() && !quoted
        })
        .map(|word| word.trim_matches('"'))
        .filter(|word| !word.is_empty())
}

/// `vvvv:dddd`.
fn ids(text: &str) -> Option<(u16, u16)> {
    let (vendor, device) = text.split_once(':')?;
    let hex = |digits| u16::from_str_radix(digits, 16).ok();
    Some((hex(vendor)?, hex(device)?))
}

/// Mask and value of `flags`: 0, 1 or x (keep), the last character for bit 0.
fn masked(text: &str) -> Option<(AcsFlags, AcsFlags)> {
    let (mut mask, mut on) = (AcsFlags::empty(), AcsFlags::empty());
    for (bit, ch) in text.chars().rev().enumerate() {
        let flag = u16::checked_shl(1, u32::try_from(bit).ok()?).and_then(AcsFlags::from_bits);
        match (ch, flag) {
            ('x' | 'X', _) => {}
            ('0' | '1', Some(flag)) => {
                mask |= flag;
                on.set(flag, ch == '1');
            }
            ('0', None) => {}
            _ => return None,
        }
    }
    Some((mask, on))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remapping_is_off_by_either_drivers_word_and_the_last_one_counts() {
        let off = |text| Parameters::parse(text).remapping_off;
        assert_eq!(
            off("ro intel_iommu=off").as_deref(),
            Some("intel_iommu=off")
        );
        assert_eq!(off("amd_iommu=off quiet").as_deref(), Some("amd_iommu=off"));
        assert_eq!(off("iommu=pt,off").as_deref(), Some("iommu=pt,off"));
        assert_eq!(off("intel_iommu=off intel_iommu=on"), None);
        assert_eq!(off("iommu=pt intel_iommu=on,sm_on amd_iommu=on"), None);
        assert_eq!(off("x=iommu=off nointel_iommu=off"), None);
    }

    #[test]
    fn the_override_names_ports_functions_and_ids() {
        let parameters =
            Parameters::parse("pcie_acs_override=downstream,multifunction,id:10de:1b80,id:x");
        assert!(parameters.overrides.downstream && parameters.overrides.multi_function);
        assert_eq!(parameters.overrides.ids, [(0x10de, 0x1b80)]);
        assert_eq!(parameters.unread, ["pcie_acs_override=id:x"]);
        assert!(!Parameters::parse("quiet").overrides.is_active());
    }

    #[test]
    fn acs_of_single_devices_is_set_bit_by_bit() {
        // kernel-parameters.txt: bit 0 is the last character, x keeps
        let parameters = Parameters::parse("pci=noaer,config_acs=10x@0000:00:01.0;pci:8086:0");
        let [first, second] = parameters.configure.as_slice() else {
            panic!("{parameters:?}");
        };
        let bits = AcsFlags::TRANSLATION_BLOCKING | AcsFlags::REQUEST_REDIRECT;
        assert_eq!((first.mask, first.on), (bits, AcsFlags::REQUEST_REDIRECT));
        assert_eq!((second.mask, second.on), (first.mask, first.on));
        for wrong in ["2@00:01.0", "11111111@00:01.0", "00:01.0", "1@nowhere"] {
            let parameters = Parameters::parse(&format!("pci=config_acs={wrong}"));
            assert!(parameters.configure.is_empty(), "{wrong}");
            assert_eq!(parameters.unread.len(), 1, "{wrong}");
        }
    }

    #[test]
    fn redirect_is_disabled_for_every_device_of_the_last_list() {
        let parameters = Parameters::parse(
            "pci=disable_acs_redir=00:1c.0 \"pci=disable_acs_redir=00:01.0/00.0;pci:8086:a110\"",
        );
        assert_eq!(parameters.disable_redirect.len(), 2);
        assert!(parameters.unread.is_empty());
        assert!(parameters.change_isolation());
    }
}
