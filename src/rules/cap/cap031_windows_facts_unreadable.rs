//! Facts about the Windows host cannot be read.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That the members of the capture that describe the Windows host can be read.
    ///
    /// ## Why it matters
    ///
    /// What cannot be read is left out: device nodes, settings of Hyper-V and its virtual machines,
    /// or facts about Windows.
    ///
    /// ## How it is decided
    ///
    /// By reading `pnp/devnodes.json`, `host/hyperv.json` and `host/windows.json` where they are
    /// there.
    ///
    /// ## What to do
    ///
    /// Hyper-V: collect again; a capture that was edited by hand must follow `docs/capture-
    /// format.md`.
    ///
    /// VFIO: not concerned, unless the capture is of Windows.
    CAP031 = {
        name: "windows-facts-unreadable",
        summary: "A part of the capture about the Windows host cannot be read",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::WindowsDrivers.at("device instance ids and properties")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The member and what is wrong.
#[derive(Debug)]
struct Unreadable {
    member: &'static str,
    why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.why)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let nodes = facts.host.nodes();
    let Some((member, why)) = nodes.broken().first() else {
        let any = !nodes.all().is_empty() || nodes.hyperv().is_some() || nodes.windows().is_some();
        return match any {
            true => Outcome::Clean,
            false => Outcome::NotApplicable("not captured on Windows"),
        };
    };
    Outcome::Fired(Finding::new(
        &CAP031,
        Subject::Host,
        Confidence::High,
        Unreadable {
            member,
            why: why.clone(),
        },
        Evidence::new(Locus::Capture, member, Value::Absent),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_broken_member_is_named() {
        let mut machine = Machine::with_device(Dev::endpoint());
        assert_eq!(answer(&CAP031, &machine, ""), Answer::NotApplicable);
        let text = b"{\"iov_support\": \"yes\"}".to_vec();
        machine.capture.host.insert("hyperv.json".to_owned(), text);
        let Answer::Fired(message) = answer(&CAP031, &machine, "") else {
            panic!("it is silent");
        };
        assert!(
            message.starts_with("host/hyperv.json: invalid type"),
            "{message}"
        );
        let fine = Machine::with_port().with_hyperv(&serde_json::json!({"iov_support": true}));
        assert_eq!(answer(&CAP031, &fine, ""), Answer::Clean);
        let _ = (answer_for(&CAP031, Dev::endpoint()), fired(""));
    }
}
