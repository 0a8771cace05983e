//! Reports for a terminal.

pub(super) mod decode;
pub(super) mod diff;
pub(super) mod explain;
pub(super) mod groups;
mod host;
pub(super) mod lint;
pub(super) mod lint_summary;
pub(super) mod messages;
mod missing;
pub(super) mod peer;
pub(super) mod place;
pub(super) mod plan;
pub(super) mod profile;
pub(super) mod rules;
pub(super) mod simulate;
pub(super) mod survey;
pub(super) mod table;
pub(super) mod topology;
