//! From placed boxes to SVG.

use std::fmt::Write as _;

use maud::{Markup, html};
use unicode_width::UnicodeWidthStr;

use super::tidy::{self, Spot};
use super::tree::{Item, Tree, What};
use crate::analysis::Tri;
use crate::analysis::acs::HopRole;
use crate::analysis::groups::Groups;
use crate::bytes::Observed;
use crate::decode::config::bridge::BusNumbers;
use crate::host::FunctionId;
use crate::report::Report;
use crate::report::text::explain::services;
use crate::report::wording::{fit, safe, short_verdict, verdict_words};
use crate::topology::{FunctionKind, Node};
use crate::verdict::Verdict;

const BUS_WIDTH: i32 = 122;
const WIDTH: i32 = 232;
const BUS_HEIGHT: i32 = 40;
/// From the upper edge of a box to where lines leave and arrive.
const ANCHOR: i32 = 20;
const BETWEEN: i32 = 30;
const MARGIN: i32 = 12;
const LINE: i32 = 16;
const TEXT_LEFT: i32 = 14;
/// Width of one column of the small sans-serif type, taken generously: fonts differ.
const COLUMN: i32 = 6;
/// Colours for units and for groups with several members; further ones start over, and the
/// number beside them tells them apart.
const COLOURS: usize = 6;

/// The picture. `style` goes inside where nothing around the picture brings it.
pub(in crate::report) fn drawing(report: &Report<'_>, groups: &Groups, style: &Markup) -> Markup {
    let tree = Tree::of(report, groups);
    let mut spots: Vec<Spot> = tree
        .items
        .iter()
        .map(|item| Spot {
            height: height(report, item),
            children: item.children.clone(),
            top: 0,
        })
        .collect();
    let legend = legend(report);
    let head = MARGIN + legend.height;
    let height = tidy::place(&mut spots, &tree.roots) + head + MARGIN;
    let deepest = tree.items.iter().map(|item| item.depth).max().unwrap_or(0);
    let width = (left(deepest) + WIDTH + MARGIN).max(legend.width + 2 * MARGIN);
    let at = |index: usize| (left(tree.items[index].depth), spots[index].top + head);
    let description = description(report, &tree);
    html! {
        svg.topology xmlns="http://www.w3.org/2000/svg" role="img"
            width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
            title { "PCI topology" }
            desc { (description) }
            (style)
            rect.paper width=(width) height=(height) {}
            (legend.markup)
            @for (index, item) in tree.items.iter().enumerate() {
                @for &child in &item.children {
                    (edge(report, item, at(index), at(child)))
                }
            }
            @for (index, item) in tree.items.iter().enumerate() {
                (block(report, groups, item, at(index), spots[index].height))
            }
        }
    }
}

/// Left edge of a column of boxes.
fn left(depth: usize) -> i32 {
    // A path holds at most one box for each of 256 buses, and one for virtual functions.
    let depth = i32::try_from(depth).unwrap_or(i32::from(u8::MAX));
    if depth == 0 {
        MARGIN
    } else {
        MARGIN + BUS_WIDTH + BETWEEN + (depth - 1) * (WIDTH + BETWEEN)
    }
}

/// Lines of pills that the verdicts of a device take.
fn pill_lines(report: &Report<'_>, id: FunctionId) -> i32 {
    if report.is_candidate(id) {
        let lines = report.policies.len().div_ceil(2);
        i32::try_from(lines).unwrap_or(3)
    } else {
        0
    }
}

fn height(report: &Report<'_>, item: &Item) -> i32 {
    match &item.what {
        What::Bus(_) => BUS_HEIGHT,
        What::Functions(functions) => {
            let Some(&first) = functions.first() else {
                return LINE;
            };
            let port = i32::from(acs(report, first).is_some());
            (2 + port) * LINE + pill_lines(report, first) * (LINE + 4) + 8
        }
    }
}

fn block(
    report: &Report<'_>,
    groups: &Groups,
    item: &Item,
    (x, y): (i32, i32),
    height: i32,
) -> Markup {
    let place = format!("translate({x} {y})");
    match &item.what {
        What::Bus(node) => {
            let (first, second, missing) = match *node {
                Node::RootBus { segment, bus } => {
                    ("root bus", format!("{segment}:{bus:02x}"), false)
                }
                Node::OrphanBus { segment, bus } => {
                    ("bridge not captured", format!("{segment}:{bus:02x}"), true)
                }
                Node::Function(_) => return html! {},
            };
            html! {
                g.missing[missing] transform=(place) {
                    rect.frame width=(BUS_WIDTH) height=(height) rx="18" {}
                    text.faint x=(TEXT_LEFT) y="16" { (first) }
                    text.address x=(TEXT_LEFT) y="32" { (second) }
                }
            }
        }
        What::Functions(functions) => {
            let Some(&first) = functions.first() else {
                return html! {};
            };
            html! {
                g transform=(place) {
                    title { (tooltip(report, groups, functions)) }
                    @if functions.len() > 1 {
                        rect.stack x="4" y="4" width=(WIDTH) height=(height) rx="6" {}
                    }
                    rect.frame width=(WIDTH) height=(height) rx="6" {}
                    (unit_stripe(report, first, height))
                    text.address x=(TEXT_LEFT) y="17" { (addresses(report, functions)) }
                    (group_badge(groups, functions))
                    text x=(TEXT_LEFT) y="33" { (name(report, functions)) }
                    @let acs = acs(report, first);
                    @if let Some((class, words)) = &acs {
                        text class=(class) x=(TEXT_LEFT) y="49" { (words) }
                    }
                    @if report.is_candidate(first) {
                        (pills(report, first, (2 + i32::from(acs.is_some())) * LINE + 6))
                    }
                }
            }
        }
    }
}

/// A line from a box to one that hangs on it, in the colour of what the port does about
/// traffic between what is below it.
fn edge(report: &Report<'_>, parent: &Item, from: (i32, i32), to: (i32, i32)) -> Markup {
    let (width, class) = match &parent.what {
        What::Bus(_) => (BUS_WIDTH, ""),
        What::Functions(functions) => {
            let class = functions.first().map_or("", |&id| isolation(report, id));
            (WIDTH, class)
        }
    };
    let (start, end) = (from.1 + ANCHOR, to.1 + ANCHOR);
    let x = from.0 + width;
    let turn = to.0 - BETWEEN / 2;
    let path = if start == end {
        format!("M{x} {start}H{}", to.0)
    } else {
        format!("M{x} {start}H{turn}V{end}H{}", to.0)
    };
    html! { path class={ "edge " (class) } d=(path) {} }
}

/// Whether a port keeps apart what is below it.
fn isolation(report: &Report<'_>, id: FunctionId) -> &'static str {
    let hop = report.facts.acs.hop(id);
    match hop.role {
        HopRole::Port | HopRole::ConventionalBridge | HopRole::Unknown => match hop.able {
            Tri::Yes => "isolates",
            Tri::No => "shares",
            Tri::Unknown(_) => "open",
        },
        HopRole::MultiFunction | HopRole::SingleFunction | HopRole::UnknownFunction => "",
    }
}

/// The line about ACS of a function that decides about isolation, with its class.
fn acs(report: &Report<'_>, id: FunctionId) -> Option<(&'static str, String)> {
    let hop = report.facts.acs.hop(id);
    let kind = report.facts.topology.kind(id);
    let decides = match hop.role {
        HopRole::Port | HopRole::ConventionalBridge => true,
        HopRole::MultiFunction => matches!(hop.capability, Observed::Present(_)),
        HopRole::Unknown => kind.is_bridge(),
        HopRole::SingleFunction | HopRole::UnknownFunction => false,
    };
    if !decides {
        return None;
    }
    let class = match hop.able {
        Tri::Yes => "yes",
        Tri::No => "no",
        Tri::Unknown(_) => "open",
    };
    // What is switched off as captured is for the tooltip: a system that uses the IOMMU switches
    // it on.
    let words = services(hop);
    let words = words
        .split_once("; off as captured")
        .map_or(&*words, |(words, _)| words);
    let words = fit(words, columns(WIDTH - TEXT_LEFT - 6));
    Some((class, words.trim_end().to_owned()))
}

fn pills(report: &Report<'_>, id: FunctionId, top: i32) -> Markup {
    let width = (WIDTH - TEXT_LEFT - 12) / 2;
    html! {
        @for (index, &policy) in report.policies.iter().enumerate() {
            @let verdict = Verdict::of(report.run, policy, id);
            @let column = i32::from(index % 2 == 1);
            @let row = i32::try_from(index / 2).unwrap_or(0);
            @let x = TEXT_LEFT + column * (width + 6);
            @let y = top + row * (LINE + 4);
            rect class={ "pill " (class_of(verdict)) } x=(x) y=(y) width=(width) height=(LINE) rx="8" {}
            text class=(class_of(verdict)) x=(x + 8) y=(y + 12) {
                (policy.name()) ": " (short_verdict(verdict))
            }
        }
    }
}

const fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "yes",
        Verdict::AssignableWithConditions => "if",
        Verdict::Undetermined => "open",
        Verdict::NotAssignable => "no",
    }
}

/// The remapping unit, as a stripe in its colour.
fn unit_stripe(report: &Report<'_>, id: FunctionId, height: i32) -> Markup {
    html! {
        @if let Some(owner) = report.facts.iommu.owner(id) {
            rect class={ "u" (owner.unit % COLOURS) } width="6" height=(height) rx="3" {
                title { "remapping unit " (owner.unit) }
            }
        }
    }
}

/// The group, in a colour of its own where several boxes share it.
fn group_badge(groups: &Groups, functions: &[FunctionId]) -> Markup {
    let Some(&first) = functions.first() else {
        return html! {};
    };
    let Some(group) = groups.group(first) else {
        return html! {};
    };
    // A range of addresses takes the whole first line.
    let y = if functions.len() > 1 { 33 } else { 17 };
    let members = groups.companions(first).len();
    let unsure = if groups.is_definite(first) { "" } else { "?" };
    if members == 1 && functions.len() > 1 {
        return html! {
            text.faint x=(WIDTH - 8) y=(y) text-anchor="end" { "own groups" (unsure) }
        };
    }
    let label = format!("group {}{unsure}", group.index());
    // A colour only where the group spreads over several boxes.
    if members <= functions.len() {
        return html! { text.faint x=(WIDTH - 8) y=(y) text-anchor="end" { (label) } };
    }
    let class = format!("g{}", group.index() % COLOURS);
    let width = COLUMN * i32::try_from(label.len()).unwrap_or(9) + 10;
    html! {
        rect class={ "badge " (class) } x=(WIDTH - 6 - width) y=(y - 12) width=(width) height=(LINE) rx="8" {}
        text class=(class) x=(WIDTH - 6 - width / 2) y=(y) text-anchor="middle" { (label) }
    }
}

/// The address; of several equal functions the first, and how many there are.
fn addresses(report: &Report<'_>, functions: &[FunctionId]) -> String {
    let at = |id: FunctionId| report.facts.host.function(id).at;
    match functions {
        [one] => at(*one).to_string(),
        [first, .., last] => {
            let (first, last) = (at(*first), at(*last));
            // The end in the short form: it shares the segment.
            format!("{first} … {}", last.bdf)
        }
        [] => String::new(),
    }
}

fn name(report: &Report<'_>, functions: &[FunctionId]) -> String {
    let Some(&first) = functions.first() else {
        return String::new();
    };
    let function = report.facts.host.function(first);
    let kind = report.facts.topology.kind(first);
    let name = safe(&report.names.call(function));
    let text = if functions.len() > 1 && function.is_virtual() {
        format!("{} virtual functions", functions.len())
    } else if functions.len() > 1 {
        format!("{} × {name}", functions.len())
    } else if kind.is_bridge() && kind != FunctionKind::HostBridge {
        let buses = BusNumbers::decode(function.config)
            .map(|buses| {
                format!(
                    ", buses {:02x} to {:02x}",
                    buses.secondary, buses.subordinate
                )
            })
            .unwrap_or_default();
        format!("{kind}{buses}")
    } else {
        name
    };
    // Of several functions the group stands on the same line.
    let room = if functions.len() > 1 {
        WIDTH - 78
    } else {
        WIDTH - 6
    };
    fit(&text, columns(room - TEXT_LEFT)).trim_end().to_owned()
}

fn columns(width: i32) -> usize {
    usize::try_from(width / COLUMN).unwrap_or(1)
}

/// Everything in words: what a pointer at rest shows, and what is read aloud.
fn tooltip(report: &Report<'_>, groups: &Groups, functions: &[FunctionId]) -> String {
    let Some(&first) = functions.first() else {
        return String::new();
    };
    let facts = report.facts;
    let function = facts.host.function(first);
    let mut text = addresses(report, functions);
    let _ = write!(
        text,
        "\n{}\n{}",
        safe(&report.names.call(function)),
        facts.topology.kind(first)
    );
    if acs(report, first).is_some() {
        let _ = write!(text, "\n{}", services(facts.acs.hop(first)));
    }
    match groups.companions(first) {
        [] => text.push_str("\nin no IOMMU group"),
        [_] => text.push_str("\nalone in its IOMMU group"),
        more => {
            let _ = write!(
                text,
                "\nshares its IOMMU group with {} others",
                more.len() - 1
            );
        }
    }
    if let Some(owner) = facts.iommu.owner(first) {
        let _ = write!(text, "\nremapping unit {}", owner.unit);
    }
    if report.is_candidate(first) {
        for &policy in report.policies {
            let verdict = Verdict::of(report.run, policy, first);
            let _ = write!(text, "\n{policy}: {}", verdict_words(verdict));
        }
    }
    text
}

fn description(report: &Report<'_>, tree: &Tree) -> String {
    format!(
        "{} functions in {} boxes below {} buses. Lines lead from ports to what lies below them.",
        report.facts.host.functions().len(),
        tree.items.len() - tree.roots.len(),
        tree.roots.len()
    )
}

/// What colours and lines mean.
struct Legend {
    markup: Markup,
    width: i32,
    height: i32,
}

fn legend(report: &Report<'_>) -> Legend {
    const WIDEST: i32 = 920;
    let verdicts = [
        Verdict::Assignable,
        Verdict::AssignableWithConditions,
        Verdict::Undetermined,
        Verdict::NotAssignable,
    ];
    let lines = [
        ("isolates", "port keeps what is below it apart"),
        ("shares", "port or bridge cannot"),
        ("open", "not captured"),
    ];
    let units = report.facts.iommu.units().len();
    let mut entries: Vec<(Key, String)> = verdicts
        .iter()
        .map(|&verdict| {
            let text = format!("{}: {}", short_verdict(verdict), verdict_words(verdict));
            (Key::Pill(class_of(verdict)), text)
        })
        .collect();
    entries.extend(lines.map(|(class, text)| (Key::Line(class), text.to_owned())));
    entries.extend((0..units.min(COLOURS)).map(|unit| {
        let text = if unit + COLOURS < units {
            format!("units {unit}, {}, …", unit + COLOURS)
        } else {
            format!("unit {unit}")
        };
        (Key::Unit(unit), text)
    }));
    let (mut x, mut row, mut widest) = (0, 0, 0);
    let mut markup = html! {};
    for (key, text) in entries {
        let width = 34 + COLUMN * i32::try_from(text.width()).unwrap_or(0) + 14;
        if x > 0 && x + width > WIDEST {
            (x, row) = (0, row + 1);
        }
        let place = format!("translate({} {})", MARGIN + x, MARGIN + row * 20);
        markup = html! {
            (markup)
            g transform=(place) {
                @match key {
                    Key::Pill(class) => rect class={ "pill " (class) } width="26" height="12" rx="6" {},
                    Key::Line(class) => path class={ "edge " (class) } d="M0 6H26" {},
                    Key::Unit(unit) => rect class={ "u" (unit) } x="18" width="6" height="12" rx="3" {},
                }
                text x="32" y="10" { (text) }
            }
        };
        x += width;
        widest = widest.max(x);
    }
    Legend {
        markup,
        width: widest,
        height: (row + 1) * 20 + 10,
    }
}

enum Key {
    Pill(&'static str),
    Line(&'static str),
    Unit(usize),
}
