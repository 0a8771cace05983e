//! The words of `lspci -v`, `-vv` and `-vvv` turned back into the register bits that they were
//! printed from.
//!
//! A bit is set only where the text proves it. What lspci takes from the kernel (addresses and
//! sizes of BARs, windows of bridges in later versions, IRQ numbers) is no register and is left
//! to whoever collects reported facts. A field that the text leaves out stays unknown, unless
//! lspci leaves it out for one value alone.
//!
//! The words were printed by many versions; where two of them use one word for different bits,
//! that word sets nothing.

mod acs;
mod aer;
mod af;
mod ari;
mod ats;
mod bars;
mod body;
mod bridge;
mod ea;
mod emulated;
mod express;
mod header;
mod identity;
mod list;
mod msi;
mod msix;
mod names;
mod pasid;
mod pm;
mod power;
mod pri;
mod rebar;
mod sriov;
mod text;
mod vendor;

#[cfg(test)]
mod tests;

pub use emulated::{is_from_windows, may_be_emulated};

use crate::bytes::ConfigImage;
use crate::capture::SourceLines;
use crate::import::writer::Writer;
use text::Words;

/// One line of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// Its number in the text, counted from 1.
    pub number: u32,
    /// The line without its line end; indentation and quote marks may still be there.
    pub text: &'a str,
}

/// How far the lines of one function may be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trust {
    /// The text goes on behind these lines, be it with an empty line: only then is the last
    /// line known to be printed to its end, and the last list to be complete.
    pub whole: bool,
    /// The regions show the types of BARs as the registers have them ([`is_from_windows`]).
    pub bar_types: bool,
}

/// Turns the lines of one function, the header line first, back into bits.
///
/// `source` names the text in the citations. Bits that `image` knows already stay as they are.
///
/// Not for texts of which [`may_be_emulated`] says yes.
///
/// A function that answered with all ones ("unknown header type 7f") sets nothing.
pub fn reconstruct(
    source: &str,
    block: &[Line<'_>],
    trust: Trust,
    image: &mut ConfigImage,
    cite: &mut Vec<SourceLines>,
) {
    let words = Words::of(block, trust.whole);
    if words.is_unreadable() {
        return;
    }
    let mut writer = Writer::new(source, image, cite);
    let layout = header::layout(&words);
    identity::set(&words, layout, &mut writer);
    header::set(&words, layout, &mut writer);
    if trust.bar_types {
        bars::set(&words, &mut writer);
    }
    bridge::set(&words, layout, &mut writer);
    list::set(&words, layout, &mut writer);
}
