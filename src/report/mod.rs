//! Words, JSON and pictures for people and programs. The only room that makes prose.

mod changes;
mod dot;
pub mod emit;
mod evidence;
pub mod hex;
mod html;
mod isolation;
pub mod json;
pub mod junit;
pub mod lint;
pub mod markdown;
mod mmio;
mod opening;
mod palette;
mod picture;
mod reasons;
pub mod sarif;
mod simulate;
mod text;
mod vpd;
mod wording;

pub use changes::Comparison;
pub use dot::topology as dot;
pub use html::diff as diff_html;
pub use html::page as html;
pub use mmio::{MmioReport, mmio, svg as mmio_svg};
pub use palette::Palette;
pub use picture::topology as svg;
pub use simulate::{SimulationReport, svg as simulation_svg};
pub use text::decode::decode;
pub use text::diff::diff;
pub use text::explain::explain;
pub use text::groups::groups;
pub use text::lint::lint as lint_text;
pub use text::lint_summary::lint_summary;
pub use text::messages::messages;
pub use text::peer::{peer_matrix, peer_pairs};
pub use text::place::place;
pub use text::plan::{fix, what_if};
pub use text::profile::profile;
pub use text::rules::{rule_index, rule_page};
pub use text::simulate::simulate;
pub use text::survey::survey;
pub use text::table::table;
pub use text::topology::topology;
pub use wording::{safe, spreadsheet_cell};

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::names::Names;
use crate::policy::Policy;
use crate::rules::RuleRun;
use crate::verdict;

/// The complete result of an analysis: what every exporter draws from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Host, tree and facts.
    pub facts: &'a Facts<'a, 'a>,
    /// What every rule answered.
    pub run: &'a RuleRun,
    /// Names for ids.
    pub names: &'a Names,
    /// The policies asked for, in the order asked.
    pub policies: &'a [Policy],
}

/// How a text report is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns available, at least 40.
    pub width: usize,
    /// Styles.
    pub palette: Palette,
    /// Lists ports and bridges too, and every note.
    pub all: bool,
}

impl Report<'_> {
    /// Functions that somebody might want to assign: everything but ports, bridges of every
    /// class, and event collectors.
    pub fn candidates(&self) -> impl Iterator<Item = FunctionId> {
        self.facts
            .host
            .iter()
            .map(|(id, _)| id)
            .filter(|&id| self.is_candidate(id))
    }

    /// Whether somebody might want to assign the function.
    pub fn is_candidate(&self, id: FunctionId) -> bool {
        verdict::is_candidate(self.facts, id)
    }
}
