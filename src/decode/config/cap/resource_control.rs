//! CompactPCI Central Resource Control (PICMG 2.13). The layout of its registers is not public;
//! they stay without names.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::Document;
use crate::spec::pci::CapId;

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::RESOURCE_CONTROL),
    Document::PciCodes111.at("2 Capability IDs"),
    |_| Vec::new(),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn only_the_list_header_is_certain() {
        shows(&STRUCTURE, &[0x0b, 0x00], &[("Capability ID", "0x0b")]);
    }
}
