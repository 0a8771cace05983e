//! The host runs a client edition of Windows.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That the host runs Windows Server.
    ///
    /// ## Why it matters
    ///
    /// Discrete Device Assignment is a feature of Windows Server. On client editions the cmdlets
    /// may be there, and the virtual machine fails to start (0xC035001E).
    ///
    /// ## How it is decided
    ///
    /// By the product type as captured.
    ///
    /// ## What to do
    ///
    /// Hyper-V: install Windows Server or Azure Local. On client editions GPU partitioning may
    /// serve instead.
    ///
    /// VFIO: not concerned.
    DDA029 = {
        name: "client-edition-host",
        summary: "The host runs a client edition of Windows, which assigns no devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [Document::DdaPlan.at("supported systems"), Document::DdaBlog.at("part 2, machines and devices")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The product.
#[derive(Debug)]
struct Client(Option<String>);

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(product) => write!(f, "the host runs {product}"),
            None => f.write_str("the host runs a client edition of Windows"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let windows = facts.host.nodes().windows();
    let Some((windows, kind)) = windows.and_then(|w| Some((w, w.product_type.as_deref()?))) else {
        return Outcome::NotApplicable("Windows reported no product type");
    };
    if !kind.eq_ignore_ascii_case("workstation") {
        return Outcome::Clean;
    }
    let product = windows.product.clone();
    Outcome::Fired(Finding::new(
        &DDA029,
        Subject::Host,
        Confidence::High,
        Client(product),
        Evidence::new(
            Locus::Capture,
            "product type (host/windows.json)",
            Value::Word("workstation"),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_workstation_fires_and_a_server_does_not() {
        let with = |windows: &serde_json::Value| {
            let machine = Machine::with_device(Dev::endpoint());
            answer(&DDA029, &machine.with_windows(windows), "")
        };
        let client =
            serde_json::json!({"product_type": "workstation", "product": "Windows 11 Pro"});
        assert_eq!(with(&client), fired("the host runs Windows 11 Pro"));
        assert_eq!(
            with(&serde_json::json!({"product_type": "server"})),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::NotApplicable);
        let _ = answer_for(&DDA029, Dev::endpoint());
    }
}
