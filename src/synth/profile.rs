//! One description entry with every default filled in.

use crate::decode::config::bar::{BarKind, bar_count};
use crate::spec::pci::{ClassCode, HeaderType};

use super::description::{
    Acs, AcsState, AcsWords, Bar, Device, Express, ExpressWords, Ids, Msi, MsiX, MsiXPlace,
    PowerManagement, PowerWords,
};
use super::error::Problem;
use super::kind::{Kind, class_defaults};

/// BARs by register; the upper half of a 64-bit BAR is `None`.
pub(super) type BarFile = [Option<Bar>; 6];

/// A description entry with every default filled in.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) kind: Kind,
    pub(super) ids: Ids,
    pub(super) subsystem: Option<Ids>,
    pub(super) class: ClassCode,
    pub(super) revision: u8,
    pub(super) bars: BarFile,
    pub(super) rom: Option<u64>,
    pub(super) intx: bool,
    /// Vectors.
    pub(super) msi: Option<u8>,
    pub(super) msix: Option<MsiXPlace>,
    pub(super) pm: Option<PowerWords>,
    pub(super) express: Option<ExpressWords>,
    pub(super) aer: bool,
    pub(super) acs: Option<AcsWords>,
    pub(super) vf: Option<VfProfile>,
}

/// What all virtual functions of a physical function have in common.
#[derive(Clone, Debug)]
pub(super) struct VfProfile {
    pub(super) device_id: u16,
    pub(super) bars: BarFile,
    pub(super) msix: Option<MsiXPlace>,
    pub(super) acs: Option<AcsWords>,
}

impl Profile {
    pub(super) fn of(device: &Device) -> Result<Self, Problem> {
        let kind = device.kind;
        let (kind_ids, kind_class) = kind.defaults();
        let class = device.class.map_or(kind_class, |class| class.0);
        let usual = device.class.and_then(|class| class_defaults(class.0));
        let (vendor, id) = match usual {
            Some(usual) if kind.layout() == HeaderType::ENDPOINT => usual.ids,
            _ => kind_ids,
        };
        let bars = match (&device.bars, usual) {
            (Some(bars), _) => bars.clone(),
            // The tables hold valid texts only; a test reads every one.
            (None, Some(usual)) => usual.bars.iter().flat_map(|bar| bar.parse()).collect(),
            (None, None) => Vec::new(),
        };
        let bars = bar_file(&bars, bar_count(kind.layout()))?;
        let express = express(device);
        let usual_msix = usual
            .and_then(|usual| usual.msix)
            .filter(|_| express.is_some());
        let msix = msix(device.msix, usual_msix, &bars)?;
        let rom = device.rom.map(|size| size.0);
        if rom.is_some_and(|size| !size.is_power_of_two() || !(0x800..=0x100_0000).contains(&size))
        {
            return Err(Problem::RomSize);
        }
        let vf = device.sriov.as_ref().map(|sriov| {
            let bars = bar_file(&sriov.bars, 6)?;
            Ok(VfProfile {
                device_id: sriov.id.map_or(id, |ids| ids.device),
                msix: msix_place(sriov.msix, &bars)?,
                acs: acs(kind, sriov.acs.as_ref()),
                bars,
            })
        });
        Ok(Self {
            kind,
            ids: device.id.unwrap_or(Ids { vendor, device: id }),
            subsystem: device.subsystem,
            class,
            revision: device.revision.unwrap_or(1),
            bars,
            rom,
            intx: device.intx.unwrap_or_else(|| usual_intx(kind, class)),
            msi: match device.msi {
                Some(Msi::Present(present)) => present.then_some(1),
                Some(Msi::Vectors(vectors)) => Some(vectors),
                None => (express.is_some() && msix.is_none()).then_some(1),
            },
            msix,
            pm: match device.pm {
                Some(PowerManagement::Present(present)) => present.then(PowerWords::default),
                Some(PowerManagement::State(words)) => Some(words),
                None => express.is_some().then(PowerWords::default),
            },
            express,
            aer: device.aer.unwrap_or(express.is_some()),
            acs: acs(kind, device.acs.as_ref()),
            vf: vf.transpose()?,
        })
    }

    /// Layout of the header.
    pub(super) const fn layout(&self) -> HeaderType {
        self.kind.layout()
    }
}

fn usual_intx(kind: Kind, class: ClassCode) -> bool {
    !class.is_host_bridge() && !matches!(kind, Kind::PciBridge | Kind::PcieToPci)
}

fn express(device: &Device) -> Option<ExpressWords> {
    let port_type = device.kind.port_type().map(|port_type| port_type.0);
    match device.express {
        Some(Express::Present(false)) => None,
        Some(Express::Present(true)) => Some(ExpressWords {
            port_type: port_type.or(Some(0)),
            ..ExpressWords::default()
        }),
        Some(Express::Words(words)) => Some(ExpressWords {
            port_type: words.port_type.or(port_type).or(Some(0)),
            ..words
        }),
        None => port_type.map(|_| ExpressWords {
            port_type,
            ..ExpressWords::default()
        }),
    }
}

/// Ports validate, redirect and forward; a function can only redirect (PCIe 6.0, 6.12.1).
fn acs(kind: Kind, wish: Option<&Acs>) -> Option<AcsWords> {
    let port = matches!(kind, Kind::RootPort | Kind::DownstreamPort);
    let state = match wish {
        Some(Acs::Words(words)) => return Some(words.clone()),
        Some(Acs::Named(state)) => *state,
        None if port => AcsState::Full,
        None => AcsState::None,
    };
    let (cap, on) = if port { (0x5f, 0x1d) } else { (0x0c, 0x0c) };
    let ctrl = match state {
        AcsState::None => return None,
        AcsState::Full => on,
        AcsState::Disabled => 0,
    };
    Some(AcsWords {
        cap,
        ctrl,
        ..AcsWords::default()
    })
}

fn msix(
    wish: Option<MsiX>,
    usual: Option<u16>,
    bars: &BarFile,
) -> Result<Option<MsiXPlace>, Problem> {
    match wish {
        Some(MsiX::Present(false)) => Ok(None),
        Some(MsiX::Present(true)) => msix_place(Some(1), bars),
        Some(MsiX::Vectors(vectors)) => msix_place(Some(vectors), bars),
        Some(MsiX::Place(place)) => Ok(Some(place)),
        // A class that usually has it does without where the BARs were changed.
        None => Ok(msix_place(usual, bars).unwrap_or(None)),
    }
}

/// The second half of the first large enough memory BAR: vectors first, pending bits behind.
fn msix_place(vectors: Option<u16>, bars: &BarFile) -> Result<Option<MsiXPlace>, Problem> {
    let Some(vectors) = vectors else {
        return Ok(None);
    };
    let table_bytes = u64::from(vectors) * 16;
    let needed = (table_bytes + u64::from(vectors).div_ceil(64) * 8).next_power_of_two() * 2;
    let found = (0..).zip(bars).find_map(|(register, bar)| {
        let bar = bar.filter(|bar| bar.kind.is_memory() && bar.size >= needed.max(4096))?;
        let table = u32::try_from(bar.size / 2).unwrap_or(1 << 31);
        Some((register, table))
    });
    let (bar, table) = found.ok_or(Problem::NoBarForMsiX)?;
    let pba = table + u32::from(vectors) * 16;
    Ok(Some(MsiXPlace {
        vectors,
        bar,
        table,
        pba,
    }))
}

fn bar_file(bars: &[Bar], registers: u8) -> Result<BarFile, Problem> {
    let mut file = BarFile::default();
    let mut taken = [false; 6];
    for bar in bars {
        let free = || (0..6).find(|&at| taken.get(usize::from(at)) == Some(&false));
        let first = bar.register.or_else(free).ok_or(Problem::NoBarRegister)?;
        let width = if matches!(bar.kind, BarKind::Memory64 { .. }) {
            2
        } else {
            1
        };
        for register in first..first + width {
            match taken.get_mut(usize::from(register)) {
                Some(slot) if !*slot && register < registers => *slot = true,
                _ => return Err(Problem::NoBarRegister),
            }
        }
        if let Some(slot) = file.get_mut(usize::from(first)) {
            *slot = Some(*bar);
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::kind::CLASSES;

    #[test]
    fn every_class_has_valid_bars_and_room_for_its_vectors() {
        for class in CLASSES {
            let bars: Vec<Bar> = class.bars.iter().map(|bar| bar.parse().unwrap()).collect();
            let file = bar_file(&bars, 6).unwrap();
            assert!(msix_place(class.msix, &file).is_ok(), "{}", class.name);
        }
    }

    #[test]
    fn a_64_bit_bar_takes_two_registers() {
        let bars = |texts: &[&str]| {
            let bars: Vec<Bar> = texts.iter().map(|text| text.parse().unwrap()).collect();
            bar_file(&bars, 6)
        };
        let file = bars(&["mem64 16K", "io 32"]).unwrap();
        assert!(file[0].is_some() && file[1].is_none() && file[2].is_some());
        assert_eq!(bars(&["5: mem64 16K"]), Err(Problem::NoBarRegister));
        assert_eq!(
            bars(&["mem64 16K", "1: io 32"]),
            Err(Problem::NoBarRegister)
        );
    }
}
