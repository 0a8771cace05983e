//! `assignable.p2p/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::peer::{Peers, Route, Turn};
use crate::host::FunctionId;
use crate::report::Report;

/// Which way requests between functions take.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeerDocument {
    /// Always `assignable.p2p/1`.
    pub schema: String,
    /// Each ordered pair.
    pub pairs: Vec<PeerItem>,
}

/// The way from one function to another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeerItem {
    /// `dddd:bb:dd.f`.
    pub from: String,
    /// `dddd:bb:dd.f`.
    pub to: String,
    /// Requests with ordinary addresses.
    pub requests: RouteItem,
    /// Requests that the device translated itself (ATS); absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translated: Option<RouteItem>,
    /// Ports on the way that redirect: what `pci=disable_acs_redir=` would have to name.
    #[serde(default)]
    pub redirecting: Vec<String>,
}

/// A route and what decides it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RouteItem {
    /// `direct`, `root-complex`, `blocked`, `unknown` or `no-peers`.
    pub route: String,
    /// `conventional-bus`, `no-acs`, `rr-off`, `rr-on`, `ec-open`, `ec-closed`, `dt`, `tb`,
    /// `no-uf` or `root-complex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The port or function that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the capture lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// The pairs as a document.
pub fn peers(
    report: &Report<'_>,
    peers: &Peers<'_, '_>,
    pairs: impl IntoIterator<Item = (FunctionId, FunctionId)>,
) -> PeerDocument {
    let at = |id: FunctionId| report.facts.host.function(id).at.to_string();
    let item = |(from, to)| {
        let path = peers.path(from, to);
        PeerItem {
            from: at(from),
            to: at(to),
            requests: route(report, path.requests),
            translated: path.translated.map(|translated| route(report, translated)),
            redirecting: path.redirecting.iter().map(|&id| at(id)).collect(),
        }
    };
    PeerDocument {
        schema: "assignable.p2p/1".to_owned(),
        pairs: pairs.into_iter().map(item).collect(),
    }
}

fn route(report: &Report<'_>, (route, turn): (Route, Option<Turn>)) -> RouteItem {
    let (word, missing) = match route {
        Route::Direct => ("direct", None),
        Route::ThroughRootComplex => ("root-complex", None),
        Route::Blocked => ("blocked", None),
        Route::Unknown(missing) => ("unknown", Some(missing)),
        Route::NotPeers => ("no-peers", None),
    };
    let (because, at) = match turn {
        None => (None, missing.and_then(|missing| missing.of)),
        Some(Turn::ConventionalBus) => (Some("conventional-bus"), None),
        Some(Turn::RootComplex) => (Some("root-complex"), None),
        Some(Turn::NoAcs(id)) => (Some("no-acs"), Some(id)),
        Some(Turn::RedirectOff(id)) => (Some("rr-off"), Some(id)),
        Some(Turn::RedirectOn(id)) => (Some("rr-on"), Some(id)),
        Some(Turn::EgressOpen(id)) => (Some("ec-open"), Some(id)),
        Some(Turn::EgressClosed(id)) => (Some("ec-closed"), Some(id)),
        Some(Turn::DirectTranslated(id)) => (Some("dt"), Some(id)),
        Some(Turn::TranslationBlocked(id)) => (Some("tb"), Some(id)),
        Some(Turn::NoUpstreamForwarding(id)) => (Some("no-uf"), Some(id)),
    };
    RouteItem {
        route: word.to_owned(),
        because: because.map(str::to_owned),
        at: at.map(|id| report.facts.host.function(id).at.to_string()),
        missing: missing.map(|missing| missing.fact.describe().to_owned()),
    }
}
