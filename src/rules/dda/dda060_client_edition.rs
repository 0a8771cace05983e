//! Client editions of Windows do not assign devices.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The host of the scenario runs Windows Server.
    ///
    /// ## Why it matters
    ///
    /// Discrete Device Assignment is a feature of the server editions. On a client edition the
    /// cmdlets may exist, but the VM does not start with the device (error 0xC035001E).
    ///
    /// ## How it is decided
    ///
    /// By `client_edition` in the scenario; a capture does not always show the edition.
    ///
    /// ## What to do
    ///
    /// Hyper-V: install Windows Server 2016 or later.
    ///
    /// VFIO: Linux on the same machine may assign the device.
    DDA060 = {
        name: "client-edition",
        summary: "Client editions of Windows do not assign devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaBlog.at("part 2, machines and devices"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::ClientEdition => {
            Some("the host runs a client edition of Windows, which assigns no devices".to_owned())
        }
        _ => None,
    }
}
