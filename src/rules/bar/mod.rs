//! BAR: address space of a device.

mod bar001_io_bar;
mod bar002_expansion_rom;
mod bar003_bar_without_address;
mod bar004_bar_size_unknown;
mod bar005_large_bar;
mod bar006_low_gap_exceeded;
mod bar010_prefetchable_bar_of_32_bits;
mod bar011_large_bar_below_4_gib;
mod bar012_bar_outside_bridge_window;
mod bar013_bars_overlap;

pub(in crate::rules) use bar001_io_bar::BAR001;
pub(in crate::rules) use bar002_expansion_rom::BAR002;
pub(in crate::rules) use bar003_bar_without_address::BAR003;
pub(in crate::rules) use bar004_bar_size_unknown::BAR004;
pub(in crate::rules) use bar005_large_bar::BAR005;
pub(in crate::rules) use bar006_low_gap_exceeded::BAR006;
pub(in crate::rules) use bar010_prefetchable_bar_of_32_bits::BAR010;
pub(in crate::rules) use bar011_large_bar_below_4_gib::BAR011;
pub(in crate::rules) use bar012_bar_outside_bridge_window::BAR012;
pub(in crate::rules) use bar013_bars_overlap::BAR013;

use crate::analysis::{Facts, resources};
use crate::bytes::Span;
use crate::host::{Function, FunctionId};
use crate::rules::{Evidence, Locus, Value};
use crate::sim::host_space::Taken;

/// Evidence for one BAR: its register where captured, else what was reported.
fn evidence(id: FunctionId, function: &Function<'_>, index: u8) -> Evidence {
    let offset = 0x10 + 4 * u16::from(index);
    match function.config.u32(offset) {
        Some(register) if function.responds() && register != 0 => Evidence::new(
            Locus::Config(id, Span::new(offset, 4)),
            "Base Address Register",
            Value::dword(register),
        ),
        _ => Evidence::new(
            Locus::Resource(id, index),
            "Base Address Register",
            Value::AsReported,
        ),
    }
}

/// The size of a BAR as evidence.
fn size_evidence(id: FunctionId, bar: &resources::BarDemand) -> Evidence {
    Evidence::new(
        Locus::Resource(id, bar.index),
        "size in bytes",
        Value::Register {
            value: bar.size.least(),
            bytes: 8,
        },
    )
}

/// The last BAR of a header of type 0.
const LAST_BAR: u8 = 5;

/// Whether a function is known to decode memory: bit 1 of the command register.
fn decodes_memory(facts: &Facts<'_, '_>, id: FunctionId) -> bool {
    let command = facts.host.function(id).space.header.command;
    command.is_some_and(|command| command & 2 != 0)
}

/// A BAR's addresses as evidence.
const fn place(taken: &Taken) -> Evidence {
    Evidence::new(
        Locus::Resource(taken.function, taken.index),
        "addresses of the BAR",
        Value::Range(taken.range),
    )
}

/// Bytes as people read them: whole GiB, MiB or KiB where they come out even.
struct Bytes(u64);

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(bytes) = *self;
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            let mask = (1_u64 << shift) - 1;
            if bytes != 0 && bytes & mask == 0 {
                return write!(f, "{} {unit}", bytes >> shift);
            }
        }
        write!(f, "{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_print_in_the_largest_unit_that_comes_out_even() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (16 << 10, "16 KiB"),
            (257 << 20, "257 MiB"),
            (32 << 30, "32 GiB"),
            ((1 << 30) + 16, "1073741840 bytes"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }
}
