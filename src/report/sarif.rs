//! Findings as SARIF 2.1.0 (OASIS), which code scanning services and editors read.

use serde::Serialize;

use super::lint::subject;
use super::{Report, evidence};
use crate::rules::{Evidence, Finding, Gap, Locus, Part, Rule, Severity};

/// Where the format is defined.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log with one run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<ResultItem>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: String,
    short_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Text {
    text: String,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct RuleProperties {
    severity: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'static str>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultItem {
    rule_id: &'static str,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ResultProperties>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct ResultProperties {
    confidence: &'static str,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Region {
    #[serde(rename_all = "camelCase")]
    Bytes { byte_offset: u32, byte_length: u32 },
    #[serde(rename_all = "camelCase")]
    Line { start_line: u32 },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    kind: &'static str,
}

/// Every finding and gap of a run. Places are members of the capture (`acpi/DMAR`,
/// `pci/0000-01-00.0/config`), as `assignable import` writes it.
pub fn sarif(report: &Report<'_>) -> Log {
    let rules: Vec<&'static Rule> = report
        .run
        .tallies()
        .filter(|(_, tally)| tally.sum().is_some())
        .map(|(rule, _)| rule)
        .collect();
    let index = |code: &str| rules.iter().position(|rule| rule.code == code);
    let findings = report.run.findings().filter_map(|finding| {
        let index = index(finding.rule().code)?;
        Some(ResultItem::found(report, finding, index))
    });
    let gaps = report.run.gaps().filter_map(|gap| {
        let index = index(gap.rule.code)?;
        Some(ResultItem::open(report, gap, index))
    });
    let results = findings.chain(gaps).collect();
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "assignable",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: rules.iter().map(|rule| Descriptor::of(rule)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results,
        }],
    }
}

/// How services rank a severity.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

impl Descriptor {
    fn of(rule: &Rule) -> Self {
        let page = super::rule_page(rule);
        Self {
            id: rule.code,
            name: camel(rule.name),
            short_description: Text {
                text: format!("{}.", rule.summary),
            },
            help: Help {
                text: page.clone(),
                markdown: page,
            },
            default_configuration: Configuration {
                level: level(rule.severity),
            },
            properties: RuleProperties {
                severity: rule.severity.name(),
                tags: rule.lint.map(Part::name).into_iter().collect(),
            },
        }
    }
}

/// `no-dma-remapping` as `NoDmaRemapping`: the format wants names in Pascal case.
fn camel(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

impl ResultItem {
    fn found(report: &Report<'_>, finding: &Finding, rule_index: usize) -> Self {
        let logical = LogicalLocation {
            name: subject(report.facts.host, finding.subject()),
            kind: "resource",
        };
        let mut evidence = finding.evidence();
        let first = evidence.next();
        let primary = Location {
            logical_locations: vec![logical],
            ..first.map_or_else(Location::nowhere, |item| Location::of(report, item))
        };
        Self {
            rule_id: finding.rule().code,
            rule_index,
            kind: "fail",
            level: level(finding.severity()),
            message: Text {
                text: finding.message(),
            },
            locations: vec![primary],
            related_locations: evidence.map(|item| Location::of(report, item)).collect(),
            properties: Some(ResultProperties {
                confidence: finding.confidence().name(),
            }),
        }
    }

    /// A check that could not be made: the format calls it open.
    fn open(report: &Report<'_>, gap: &Gap, rule_index: usize) -> Self {
        let logical = LogicalLocation {
            name: subject(report.facts.host, gap.subject),
            kind: "resource",
        };
        Self {
            rule_id: gap.rule.code,
            rule_index,
            kind: "open",
            level: "none",
            message: Text {
                text: format!("Not checked: needs {}.", gap.missing.fact.describe()),
            },
            locations: vec![Location {
                logical_locations: vec![logical],
                ..Location::nowhere()
            }],
            related_locations: Vec::new(),
            properties: None,
        }
    }
}

impl Location {
    const fn nowhere() -> Self {
        Self {
            physical_location: None,
            logical_locations: Vec::new(),
            message: None,
        }
    }

    fn of(report: &Report<'_>, item: &Evidence) -> Self {
        let member = |uri: String, region| {
            Some(PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region,
            })
        };
        let folder = |id| {
            let at = report.facts.host.function(id).at.to_string();
            format!("pci/{}", at.replace(':', "-"))
        };
        let bytes = |span: crate::bytes::Span| Region::Bytes {
            byte_offset: span.offset,
            byte_length: span.len,
        };
        let physical_location = match item.locus {
            Locus::Config(id, span) => member(format!("{}/config", folder(id)), Some(bytes(span))),
            Locus::Lists(id) => member(format!("{}/config", folder(id)), None),
            Locus::Reported(id, _) | Locus::Resource(id, _) => {
                member(format!("{}/properties.json", folder(id)), None)
            }
            Locus::Table(table, span) => {
                member(format!("acpi/{}", table.signature()), Some(bytes(span)))
            }
            Locus::Log(line) => member(
                "host/log.txt".to_owned(),
                Some(Region::Line { start_line: line }),
            ),
            Locus::Tree(_) | Locus::Step(_) | Locus::Capture => None,
        };
        Self {
            physical_location,
            logical_locations: Vec::new(),
            message: Some(Text {
                text: evidence::line(report.facts.host, item),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn names_of_rules_become_pascal_case() {
        assert_eq!(camel("no-dma-remapping"), "NoDmaRemapping");
        assert_eq!(camel("msi-x-table-outside-bar"), "MsiXTableOutsideBar");
        assert!(RULES.iter().all(|rule| !camel(rule.name).contains('-')));
    }
}
