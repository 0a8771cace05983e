//! AGP 8x (AGP 3.0, 6.3.3): marks the bridge to an AGP target. It has no registers.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::Document;
use crate::spec::pci::CapId;

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::AGP_8X),
    Document::Agp30.at("6.3 AGP Capability"),
    |_| Vec::new(),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn there_is_nothing_but_the_list_header() {
        shows(&STRUCTURE, &[0x0e, 0x00], &[("Capability ID", "0x0e")]);
    }
}
