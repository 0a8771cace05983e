//! The verdict on the host as a whole: the reasons that Windows gives in `IovSupportReasons`,
//! and the conditions of Linux, each folded from the answers of rules and from what was
//! reported. No new reasons.

use super::Verdict;
use crate::analysis::Facts;
use crate::policy::{Effect, Policy};
use crate::rules::{Finding, RULES, RuleRun, Subject, Sum, Tally};

/// Whether the machine as a whole can assign devices under one policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// What Windows itself reported (`IovSupport`); `None` where it did not, and on Linux.
    pub reported: Option<bool>,
    /// Every requirement, in a fixed order.
    pub requirements: Vec<Requirement>,
}

/// One requirement and whether it is met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// Number among Windows' reasons (1 to 10, in the order of Microsoft's list); `None` for
    /// conditions of Linux.
    pub number: Option<u8>,
    /// What stands against assignment where it is not met.
    pub reason: &'static str,
    /// Whether it is met.
    pub state: State,
    /// Rules that decided, or would.
    pub rules: Vec<&'static str>,
    /// The verdict hangs on it: where it is open, so is the verdict.
    pub decides: bool,
}

impl Requirement {
    /// The findings for which it is not met: of each rule those about the host, or the first
    /// about a function with how many functions it concerns.
    pub fn findings<'r>(&self, run: &'r RuleRun) -> impl Iterator<Item = (&'r Finding, u32)> {
        let unmet = matches!(self.state, State::NotMet | State::Condition);
        let codes = if unmet {
            self.rules.clone()
        } else {
            Vec::new()
        };
        codes.into_iter().flat_map(move |code| {
            let about_host = run.host_findings().iter();
            let about_host = about_host.filter(move |finding| finding.rule().code == code);
            let mut tallies = run.tallies();
            let tally = tallies.find(|(rule, _)| rule.code == code);
            let fired = tally.map_or(0, |(_, tally)| tally.fired);
            let mut about_functions = run.findings();
            let first = about_functions.find(|finding| {
                finding.rule().code == code && matches!(finding.subject(), Subject::Function(_))
            });
            let first = first.map(|finding| (finding, fired));
            about_host.map(|finding| (finding, 0)).chain(first)
        })
    }
}

/// Whether a requirement is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is met.
    Met,
    /// It is not.
    NotMet,
    /// It is not met, and can be put right or overridden.
    Condition,
    /// The capture does not tell.
    Open,
}

impl State {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not-met",
            Self::Condition => "condition",
            Self::Open => "open",
        }
    }
}

impl HostVerdict {
    /// The verdict on the host under one policy.
    pub fn of(facts: &Facts<'_, '_>, run: &RuleRun, policy: Policy) -> Self {
        let ask = Ask { facts, run, policy };
        let (requirements, reported) = if policy.is_hyperv() {
            let hyperv = facts.host.nodes().hyperv();
            (ask.windows(), hyperv.and_then(|hyperv| hyperv.iov_support))
        } else {
            (ask.linux(), None)
        };
        let any = |state: State| requirements.iter().any(|item| item.state == state);
        let open = requirements
            .iter()
            .any(|item| item.decides && item.state == State::Open);
        let verdict = match reported {
            Some(false) => Verdict::NotAssignable,
            Some(true) if !any(State::Condition) => Verdict::Assignable,
            Some(true) => Verdict::AssignableWithConditions,
            None if any(State::NotMet) => Verdict::NotAssignable,
            None if open => Verdict::Undetermined,
            None if any(State::Condition) => Verdict::AssignableWithConditions,
            None => Verdict::Assignable,
        };
        Self {
            verdict,
            reported,
            requirements,
        }
    }
}

/// What requirements are folded from.
struct Ask<'a> {
    facts: &'a Facts<'a, 'a>,
    run: &'a RuleRun,
    policy: Policy,
}

impl Ask<'_> {
    /// The ten reasons of Windows (Microsoft KB 2762297).
    fn windows(&self) -> Vec<Requirement> {
        let fact = |met: Option<bool>| match met {
            Some(true) => State::Met,
            Some(false) => State::NotMet,
            None => State::Open,
        };
        let boot = self.facts.host.nodes().windows().map(|windows| {
            let policy = windows.boot.get("hypervisoriommupolicy");
            !policy.is_some_and(|policy| policy.eq_ignore_ascii_case("disable"))
        });
        let said = |number, reason, state| Requirement {
            number: Some(number),
            reason,
            state,
            rules: Vec::new(),
            decides: false,
        };
        let rules = |number, reason, rules: &[&'static str], decides| Requirement {
            number: Some(number),
            reason,
            state: self.rules(rules),
            rules: rules.to_vec(),
            decides,
        };
        let slat = fact(self.facts.platform.second_level_translation);
        let firmware = &["IOM005", "IOM006", "IOM007", "IOM008", "IOM025"];
        vec![
            said(
                1,
                "the processor has no second level address translation",
                slat,
            ),
            rules(
                2,
                "interrupts are not remapped",
                &["IOM002", "INT003"],
                true,
            ),
            rules(3, "DMA is not remapped", &["IOM001"], true),
            said(4, "the system is told not to use the IOMMU", fact(boot)),
            rules(
                5,
                "I/O virtualization is off in the firmware setup",
                &["IOM001"],
                true,
            ),
            rules(
                6,
                "the firmware describes the IOMMU wrongly",
                firmware,
                false,
            ),
            rules(
                7,
                "the firmware reports no PCI Express bus",
                &["CFG020"],
                false,
            ),
            Requirement {
                state: self.everywhere("DDA004"),
                ..rules(
                    8,
                    "the firmware keeps control of PCI Express",
                    &["DDA004"],
                    true,
                )
            },
            rules(9, "no root port has ACS", &["DDA014"], true),
            rules(
                10,
                "the chipset's interrupt remapping is defective",
                &["INT006"],
                false,
            ),
        ]
    }

    fn linux(&self) -> Vec<Requirement> {
        let rules = |reason, rules: &[&'static str], decides| Requirement {
            number: None,
            reason,
            state: self.rules(rules),
            rules: rules.to_vec(),
            decides,
        };
        vec![
            rules("DMA is not remapped", &["IOM001", "IOM006"], true),
            rules(
                "the kernel is told to leave remapping off",
                &["IOM004", "IOM022"],
                false,
            ),
            rules(
                "interrupts are not remapped",
                &["IOM040", "INT003", "INT006"],
                true,
            ),
            rules(
                "the firmware describes the IOMMU wrongly",
                &["IOM005", "IOM007", "IOM008", "IOM025"],
                false,
            ),
        ]
    }

    /// Whether none of the rules fired, by their answers about the host.
    fn rules(&self, codes: &[&str]) -> State {
        let mut met = false;
        let mut open = false;
        let mut worst = State::Met;
        for code in codes {
            let (tally, effect) = self.tally(code);
            match tally.sum() {
                Some(Sum::Fired) if effect == Effect::Blocks || *code == "DDA014" => {
                    return State::NotMet;
                }
                Some(Sum::Fired) => worst = State::Condition,
                Some(Sum::CannotTell) => open = true,
                Some(Sum::Clean) => met = true,
                Some(Sum::NotApplicable) | None => {}
            }
        }
        match worst {
            State::Met if open || !met => State::Open,
            state => state,
        }
    }

    /// The same for a rule about devices: not met only where no device is without the fault.
    fn everywhere(&self, code: &str) -> State {
        match self.tally(code).0 {
            Tally { clean: 1.., .. } => State::Met,
            Tally { fired: 1.., .. } => State::NotMet,
            _ => State::Open,
        }
    }

    fn tally(&self, code: &str) -> (Tally, Effect) {
        let mut tallies = self.run.tallies();
        let found = tallies.find(|(rule, _)| rule.code == code);
        debug_assert!(RULES.iter().any(|rule| rule.code == code));
        found.map_or((Tally::default(), Effect::None), |(rule, tally)| {
            (tally, rule.effects.on(self.policy))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;
    use crate::testing::tables::{dmar, drhd, scope};
    use crate::testing::{Dev, Machine};

    fn verdict(machine: &Machine, policy: Policy) -> HostVerdict {
        machine.facts(|facts| HostVerdict::of(facts, &rules::run(facts), policy))
    }

    fn reasons(machine: &Machine, policy: Policy) -> Vec<u8> {
        let verdict = verdict(machine, policy);
        let not_met = verdict.requirements.iter();
        let not_met = not_met.filter(|item| item.state == State::NotMet);
        not_met.filter_map(|item| item.number).collect()
    }

    fn with_unit() -> Machine {
        let unit = drhd(true, 0, 0xfed9_0000, &[scope(3, 0, 0xf0, &[(31, 0)])]);
        Machine::with_device(Dev::endpoint()).with_table_bytes("DMAR", dmar(&[unit]))
    }

    const GRANTED: &str = "[    0.1] ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n\
        [    0.2] acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug PME AER PCIeCapability]\n";

    #[test]
    fn a_text_alone_proves_no_iommu() {
        let machine = Machine::with_device(Dev::endpoint());
        for policy in [Policy::HyperV2025, Policy::Vfio] {
            assert_eq!(verdict(&machine, policy).verdict, Verdict::Undetermined);
        }
    }

    #[test]
    fn tables_and_a_log_settle_it() {
        let machine = with_unit();
        assert_eq!(verdict(&machine, Policy::Vfio).verdict, Verdict::Assignable);
        let open = verdict(&machine, Policy::HyperV2025);
        assert_eq!(open.verdict, Verdict::Undetermined, "nobody tells of _OSC");
        let settled = verdict(&machine.with_log(GRANTED), Policy::HyperV2025);
        assert_eq!(settled.verdict, Verdict::Assignable);
    }

    /// No unit, and firmware that keeps PCI Express to itself.
    fn refused() -> Machine {
        let log = GRANTED.replace("OS now controls", "platform does not support");
        Machine::new()
            .with("00:01.0", Dev::root_port(1))
            .with("01:00.0", Dev::endpoint())
            .with_table("DSDT")
            .with_log(&log)
    }

    #[test]
    fn several_reasons_are_given_at_once() {
        let machine = refused();
        assert_eq!(reasons(&machine, Policy::HyperV2025), [3, 5, 8, 9]);
        assert_eq!(
            verdict(&machine, Policy::Vfio).verdict,
            Verdict::NotAssignable
        );
    }

    #[test]
    fn what_is_not_met_shows_the_findings_that_say_so() {
        let machine = refused();
        machine.facts(|facts| {
            let run = rules::run(facts);
            let verdict = HostVerdict::of(facts, &run, Policy::HyperV2025);
            let shown = |number: u8| {
                let mut items = verdict.requirements.iter();
                let item = items.find(|item| item.number == Some(number)).unwrap();
                let findings = item.findings(&run);
                findings
                    .map(|(finding, functions)| (finding.rule().code, functions))
                    .collect::<Vec<_>>()
            };
            assert_eq!(shown(3), [("IOM001", 0)]);
            assert_eq!(shown(8), [("DDA004", 1)]);
            assert_eq!(shown(10), [], "it is met or open");
        });
    }

    #[test]
    fn what_windows_reports_decides() {
        let mut machine = with_unit();
        let report = br#"{"iov_support": false, "iov_support_reasons": ["x"]}"#.to_vec();
        let host = &mut machine.capture.host;
        host.insert(crate::capture::HyperV::NAME.to_owned(), report);
        let verdict = verdict(&machine, Policy::HyperV2022);
        assert_eq!(verdict.verdict, Verdict::NotAssignable);
        assert_eq!(verdict.reported, Some(false));
    }
}
