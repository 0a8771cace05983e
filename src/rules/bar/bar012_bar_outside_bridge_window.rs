//! A BAR lies outside of the windows of the bridge above it.

use std::fmt;

use super::{LAST_BAR, decodes_memory, place};
use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::policy::Effects;
use crate::range::AddrRange;
use crate::rules::{Check, Confidence, Outcome, Subject, rule, several};
use crate::sim::host_space::{HostSpace, Taken};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The memory BARs of a device lie in a window of the bridge above it.
    ///
    /// ## Why it matters
    ///
    /// The bridge does not forward what lies outside: the device never sees accesses to its registers, or
    /// another device answers.
    ///
    /// ## How it is decided
    ///
    /// By the addresses and sizes of BARs and the windows of the bridge above. Only devices count that
    /// decode memory, below bridges that do, too, and whose two windows are both captured. The address
    /// is that of the register: a system whose buses have addresses of their own (POWER, some Arm
    /// machines) reports others, which no window holds. Bridges that
    /// forward what nobody else claims (subtractive decoding, class 060401) are left out, and so are
    /// BARs of unknown size. Devices on a root bus are judged by no register.
    ///
    /// ## What to do
    ///
    /// Firmware: extend the window, or give the BAR an address inside of it.
    ///
    /// Hyper-V: a firmware update; disable and enable the bridge, so that Windows gives out addresses
    /// again. VFIO: boot with `pci=realloc`.
    BAR012 = {
        name: "bar-outside-bridge-window",
        summary: "A BAR lies outside of the windows of the bridge above it",
        severity: High,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::PciBridge12.at("3.2.5.8 Memory Base and Memory Limit Registers"),
            Document::PciFirmware33.at("3.5 Device State at Firmware/Operating System Handoff"),
            Document::LinuxPci.at("setup-res.c, pci_claim_resource"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The BAR and the bridge.
#[derive(Debug)]
struct Outside {
    at: Sbdf,
    index: u8,
    range: AddrRange,
    bridge: Sbdf,
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            index,
            range,
            bridge,
        } = self;
        write!(
            f,
            "BAR {index} of {at} at {range} is in no window of {bridge}"
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let space = HostSpace::of(facts.host, facts.topology);
    let judged = |taken: &&Taken| {
        taken.index <= LAST_BAR
            && decodes_memory(facts, taken.function)
            && register(facts, taken) == Some(taken.range.start())
            && facts.topology.parent(taken.function).is_some_and(|bridge| {
                let class = facts.host.function(bridge).identity.class;
                decodes_memory(facts, bridge) && class.is_some_and(|class| class.prog_if() != 1)
            })
    };
    if !space.taken.iter().any(|taken| judged(&taken)) {
        return Outcome::NotApplicable("no BAR below a bridge was captured with its size");
    }
    let places = space.outside.iter().filter(judged).filter_map(|taken| {
        let bridge = facts.topology.parent(taken.function)?;
        let outside = Outside {
            at: facts.host.function(taken.function).at,
            index: taken.index,
            range: taken.range,
            bridge: facts.host.function(bridge).at,
        };
        Some((outside, place(taken)))
    });
    let places: Vec<_> = places.collect();
    several(&BAR012, Subject::Host, Confidence::High, places)
}

/// The address that the register holds; `None` where it was not captured.
fn register(facts: &Facts<'_, '_>, taken: &Taken) -> Option<u64> {
    let config = facts.host.function(taken.function).config;
    let offset = 0x10 + 4 * u16::from(taken.index);
    let low = config.u32(offset)?;
    let high = match low & 6 {
        4 => config.u32(offset + 4)?,
        _ => 0,
    };
    Some(u64::from(high) << 32 | u64::from(low & !0xf))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    /// A port that forwards fe000000h to fe0fffffh, and nothing prefetchable.
    fn port() -> Dev {
        Dev::root_port(1)
            .byte(0x21, 0xfe)
            .byte(0x23, 0xfe)
            .byte(0x24, 0xf1)
            .byte(0x25, 0xff)
            .byte(0x26, 0x01)
    }

    fn with(port: Dev, device: Dev) -> Answer {
        let machine = Machine::new().with("00:01.0", port).with("01:00.0", device);
        answer(&BAR012, &machine, "")
    }

    #[test]
    fn a_bar_in_the_window_is_clean_and_one_beside_it_fires() {
        assert_eq!(with(port(), Dev::endpoint()), Answer::Clean);
        let beside =
            Dev::endpoint()
                .bar(0, 0xfd00_0004)
                .resource(0, 0xfd00_0000, 0x4000, 0x14_0204);
        assert_eq!(
            with(port(), beside),
            fired("BAR 0 of 0000:01:00.0 at 0xfd000000-0xfd003fff is in no window of 0000:00:01.0")
        );
    }

    #[test]
    fn what_decodes_nothing_or_everything_is_left_out() {
        let beside = || {
            Dev::endpoint()
                .bar(0, 0xfd00_0004)
                .resource(0, 0xfd00_0000, 0x4000, 0x14_0204)
        };
        assert_eq!(with(port(), beside().byte(0x04, 0)), Answer::NotApplicable);
        let subtractive = port().class(0x06_04_01);
        assert_eq!(with(subtractive, beside()), Answer::NotApplicable);
        let closed = port().byte(0x04, 0);
        assert_eq!(with(closed, beside()), Answer::NotApplicable);
        // The processor sees the bus elsewhere.
        let elsewhere = Dev::endpoint().resource(0, 0x6_fd00_0000, 0x4000, 0x14_0204);
        assert_eq!(with(port(), elsewhere), Answer::NotApplicable);
    }
}
