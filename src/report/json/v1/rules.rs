//! `assignable.rules/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Effect, Policy};
use crate::report::rule_page;
use crate::rules::{RULES, Rule, Status};

/// Every rule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RuleIndex {
    /// Always `assignable.rules/1`.
    pub schema: String,
    /// The rules, by code.
    pub rules: Vec<RuleItem>,
}

/// One rule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RuleItem {
    /// Family and three digits.
    pub code: String,
    /// The problem, in kebab case.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// `info`, `low`, `medium`, `high`.
    pub severity: String,
    /// What a hit means to each policy.
    pub effects: Vec<PolicyEffect>,
    /// `stable` or `retired`.
    pub status: String,
    /// Version of that status.
    pub since: String,
    /// Where the requirement comes from.
    pub references: Vec<String>,
    /// The documentation page, Markdown.
    pub page: String,
}

/// What a hit means to one policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicyEffect {
    /// The policy.
    pub policy: String,
    /// `none`, `note`, `condition` or `blocks`.
    pub effect: String,
}

/// All rules as a document.
pub fn rules() -> RuleIndex {
    index(RULES.iter().copied())
}

/// One rule as a document.
pub fn rule(rule: &'static Rule) -> RuleIndex {
    index(std::iter::once(rule))
}

fn index(rules: impl Iterator<Item = &'static Rule>) -> RuleIndex {
    RuleIndex {
        schema: "assignable.rules/1".to_owned(),
        rules: rules.map(RuleItem::of).collect(),
    }
}

impl RuleItem {
    fn of(rule: &'static Rule) -> Self {
        let (status, since) = match rule.status {
            Status::Stable { since } => ("stable", since),
            Status::Retired { since } => ("retired", since),
        };
        Self {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            summary: rule.summary.to_owned(),
            severity: rule.severity.name().to_owned(),
            effects: Policy::ALL
                .iter()
                .map(|&policy| PolicyEffect {
                    policy: policy.name().to_owned(),
                    effect: match rule.effects.on(policy) {
                        Effect::None => "none",
                        Effect::Note => "note",
                        Effect::Condition => "condition",
                        Effect::Blocks => "blocks",
                    }
                    .to_owned(),
                })
                .collect(),
            status: status.to_owned(),
            since: since.to_owned(),
            references: rule.cites.iter().map(ToString::to_string).collect(),
            page: rule_page(rule),
        }
    }
}
