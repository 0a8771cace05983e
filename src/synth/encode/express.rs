//! PCI Express capability (PCIe 6.0, 7.5.3).

use crate::spec::pci::CapId;
use crate::spec::pcie::PortType;
use crate::synth::description::ExpressWords;

use super::writer::Writer;

/// What the registers depend on besides the words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) flr: bool,
    /// Physical slot number of a port with a slot.
    pub(super) slot: Option<u16>,
    pub(super) hotplug: bool,
    pub(super) ari_supported: bool,
    pub(super) ari_enabled: bool,
    /// Port Number of the link.
    pub(super) port: u8,
}

pub(super) fn express(words: ExpressWords, facts: Facts) -> Vec<u8> {
    let port_type = PortType(words.port_type.unwrap_or(0) & 0xf);
    let integrated = matches!(
        port_type,
        PortType::RC_ENDPOINT | PortType::RC_EVENT_COLLECTOR
    );
    let downstream = port_type.is_downstream();
    let capabilities = u16::from(words.version & 0xf)
        | u16::from(port_type.0) << 4
        | u16::from(facts.slot.is_some()) << 8;
    // 256-byte payload, 8-bit tags, role-based errors.
    let device = 1 | 1 << 5 | 1 << 15 | u32::from(facts.flr) << 28;
    let (link, link_status) = if integrated {
        (0, 0)
    } else {
        let (speed, width) = (words.speed & 0xf, words.width & 0x3f);
        (
            u32::from(speed) | u32::from(width) << 4 | u32::from(facts.port) << 24,
            u16::from(speed) | u16::from(width) << 4,
        )
    };
    let hotplug = if facts.hotplug { 1 << 5 | 1 << 6 } else { 0 };
    let slot = facts
        .slot
        .map_or(0, |number| u32::from(number & 0x1fff) << 19 | hotplug);
    let presence = if facts.slot.is_some() { 1 << 6 } else { 0 };
    let writer = Writer::standard(CapId::EXPRESS)
        .u16(capabilities)
        .u32(device)
        .u16(0x2810) // device control: relaxed ordering, no snoop, 512-byte reads
        .u16(0)
        .u32(link)
        .u16(0)
        .u16(link_status);
    if words.version < 2 {
        // Version 1 ends with the registers that the type has (PCIe 1.1, 7.8).
        let writer = if downstream || port_type == PortType::RC_EVENT_COLLECTOR {
            writer.u32(slot).u16(0).u16(presence).u16(0).u16(0).u32(0)
        } else {
            writer
        };
        return writer.finish();
    }
    let speeds = (1_u32 << words.speed.min(7)).saturating_sub(1) << 1;
    writer
        .u32(slot)
        .u16(0)
        .u16(presence)
        .u16(0) // root control
        .u16(0) // root capabilities
        .u32(0) // root status
        .u32(1 << 4 | u32::from(facts.ari_supported) << 5)
        .u16(u16::from(facts.ari_enabled) << 5)
        .u16(0)
        .u32(if integrated { 0 } else { speeds })
        .u16(u16::from(if integrated { 0 } else { words.speed & 0xf }))
        .u16(0)
        .u32(0) // slot capabilities 2
        .u16(0)
        .u16(0)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lie_where_the_specification_has_them() {
        let words = ExpressWords {
            port_type: Some(6),
            ..ExpressWords::default()
        };
        let facts = Facts {
            flr: true,
            slot: Some(0x1fff),
            hotplug: true,
            ari_supported: true,
            ari_enabled: true,
            port: 7,
        };
        let bytes = express(words, facts);
        assert_eq!(bytes.len(), 0x3c);
        assert_eq!(bytes[0x02..0x04], [0x62, 0x01]); // version 2, downstream port, slot
        assert_eq!(bytes[0x07], 0x10); // FLR is bit 28 of 04h
        assert_eq!(bytes[0x0c..0x10], [0x43, 0, 0, 7]); // 8 GT/s x4, port 7
        assert_eq!(bytes[0x14..0x18], [0x60, 0x00, 0xf8, 0xff]); // hot-plug, slot 1fffh
        assert_eq!(bytes[0x24] & 0x20, 0x20);
        assert_eq!(bytes[0x28], 0x20);
        assert_eq!(bytes[0x2c], 0x0e); // 2.5, 5 and 8 GT/s
    }

    #[test]
    fn version_1_ends_where_the_type_ends() {
        let words = |port_type| ExpressWords {
            version: 1,
            port_type: Some(port_type),
            ..ExpressWords::default()
        };
        assert_eq!(express(words(0), Facts::default()).len(), 0x14);
        assert_eq!(express(words(4), Facts::default()).len(), 0x24);
    }
}
