//! PCI Express capability (PCIe 6.0, 7.5.3).

use crate::decode::config::Encoder;
use crate::decode::config::cap::express;
use crate::spec::pci::CapId;
use crate::spec::pcie::PortType;
use crate::synth::description::ExpressWords;

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
    let version_2 = words.version >= 2;
    // Version 1 ends with the registers that the type has (PCIe 1.1, 7.8).
    let rooted = port_type.is_downstream() || port_type == PortType::RC_EVENT_COLLECTOR;
    let length = match (version_2, rooted) {
        (true, _) => 0x3c,
        (false, true) => 0x24,
        (false, false) => 0x14,
    };
    let encoder = Encoder::standard(CapId::EXPRESS)
        .set(express::VERSION, words.version.into())
        .set(express::PORT_TYPE, port_type.0.into())
        .flag(express::SLOT_IMPLEMENTED, facts.slot.is_some())
        .set(express::MAX_PAYLOAD_SUPPORTED, 1) // 256 bytes
        .flag(express::EXTENDED_TAGS, true)
        .flag(express::ROLE_BASED_ERRORS, true)
        .flag(express::FLR, facts.flr)
        .flag(express::RELAXED_ORDERING, true)
        .flag(express::NO_SNOOP, true)
        .set(express::MAX_READ_REQUEST, 2); // 512 bytes
    let encoder = if integrated {
        encoder
    } else {
        link(encoder, words, facts.port)
    };
    let encoder = match facts.slot {
        Some(number) => encoder
            .flag(express::HOT_PLUG_SURPRISE, facts.hotplug)
            .flag(express::HOT_PLUG_CAPABLE, facts.hotplug)
            .set(express::SLOT_NUMBER, number.into())
            .flag(express::PRESENCE, true),
        None => encoder,
    };
    encoder
        .flag(express::TIMEOUT_DISABLE, true)
        .flag(express::ARI_FORWARDING, facts.ari_supported)
        .flag(express::ARI_FORWARDING_ENABLE, facts.ari_enabled)
        .finish(length)
}

/// A link that came up as fast and wide as it can.
fn link(encoder: Encoder, words: ExpressWords, port: u8) -> Encoder {
    let (speed, width) = (words.speed.into(), words.width.into());
    let speeds = (1_u64 << words.speed.min(7)).saturating_sub(1);
    encoder
        .set(express::MAX_LINK_SPEED, speed)
        .set(express::MAX_LINK_WIDTH, width)
        .set(express::PORT_NUMBER, port.into())
        .set(express::LINK_SPEED, speed)
        .set(express::LINK_WIDTH, width)
        .set(express::SUPPORTED_SPEEDS, speeds)
        .set(express::TARGET_SPEED, speed)
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
