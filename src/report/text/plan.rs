//! What-if, fix and place as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::addr::Sbdf;
use crate::host::Host;
use crate::names::Names;
use crate::plan::{Change, Judged, Search, WhatIf, Why};
use crate::policy::Policy;
use crate::report::Layout;
use crate::report::mmio::exact;
use crate::report::wording::{count, safe};
use crate::verdict::Verdict;

/// Verdicts and groups before and after.
pub fn what_if(
    host: &Host<'_>,
    names: &Names,
    layout: Layout,
    changes: &[Change],
    result: &WhatIf,
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", layout.palette.heading("WHAT IF"));
    for change in changes {
        let _ = writeln!(out, "  {change}");
    }
    for note in &result.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for (policy, before) in &result.before.verdicts {
        let _ = writeln!(
            out,
            "\n{}",
            layout.palette.heading(format!("VERDICTS UNDER {policy}"))
        );
        let mut same = 0;
        for (&at, was) in before {
            let now_at = result.moved.get(&at).copied().unwrap_or(at);
            let now = result.after.judged(*policy, now_at);
            if now == Some(was) && now_at == at {
                same += 1;
                continue;
            }
            let place = if now_at == at {
                at.to_string()
            } else {
                format!("{at}, then {now_at}")
            };
            let now = now.map_or_else(|| "gone".to_owned(), |now| judged(layout, now));
            let name = host.find(at).map(|id| safe(&names.call(host.function(id))));
            let _ = writeln!(
                out,
                "  {place}  {} -> {now}  {}",
                judged(layout, was),
                layout.palette.dim(name.unwrap_or_default())
            );
        }
        let arrived = result
            .after
            .verdicts
            .iter()
            .filter(|(other, _)| other == policy)
            .flat_map(|(_, after)| after)
            .filter(|(at, _)| !before.contains_key(at))
            .filter(|(at, _)| !result.moved.values().any(|to| to == *at));
        for (at, now) in arrived {
            let _ = writeln!(out, "  {at}  new -> {}", judged(layout, now));
        }
        let _ = writeln!(
            out,
            "  {} as before",
            count(same, "device stays", "devices stay")
        );
    }
    groups(&mut out, layout, result);
    out
}

fn judged(layout: Layout, judged: &Judged) -> String {
    let word = layout.palette.verdict(judged.verdict, judged.verdict);
    if judged.codes.is_empty() {
        return word;
    }
    let codes = judged.codes.join(" ");
    match judged.verdict {
        Verdict::NotAssignable => format!("{word} ({codes})"),
        _ => format!("{word} (evidence missing: {codes})"),
    }
}

fn groups(out: &mut String, layout: Layout, result: &WhatIf) {
    let before: BTreeSet<&Vec<Sbdf>> = result.before.groups.iter().collect();
    let after: BTreeSet<&Vec<Sbdf>> = result.after.groups.iter().collect();
    let _ = writeln!(
        out,
        "\n{}  {} before, {} after",
        layout.palette.heading("IOMMU GROUPS"),
        before.len(),
        after.len()
    );
    let line = |group: &Vec<Sbdf>| {
        let members: Vec<String> = group.iter().map(ToString::to_string).collect();
        members.join(" ")
    };
    for group in before.difference(&after) {
        let _ = writeln!(out, "  - {}", line(group));
    }
    for group in after.difference(&before) {
        let _ = writeln!(out, "  + {}", line(group));
    }
}

/// What makes a device assignable, or that nothing does.
pub fn fix(layout: Layout, at: Sbdf, policy: Policy, search: &Search) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} under {policy}: {}",
        layout.palette.heading(at),
        judged(layout, &search.before)
    );
    if search.before.is_assignable() {
        out.push_str("Nothing needs fixing.\n");
        return out;
    }
    if search.before.verdict == Verdict::Undetermined && search.fixes.is_empty() {
        out.push_str(
            "Nothing stands against the device; evidence is missing. `survey` names the commands \
             that would settle it.\n",
        );
        return out;
    }
    for (number, fix) in (1..).zip(&search.fixes) {
        let _ = writeln!(
            out,
            "\n{number}. {}",
            layout.palette.accent(settings(&fix.changes))
        );
        for change in &fix.changes {
            let _ = writeln!(out, "   {}", meaning(change));
        }
        for note in &fix.notes {
            let _ = writeln!(out, "   note: {note}");
        }
        let _ = writeln!(out, "   then {}: {}", fix.at, judged(layout, &fix.judged));
    }
    if !search.fixes.is_empty() {
        return out;
    }
    match &search.open {
        Some(fix) => {
            let _ = writeln!(
                out,
                "\nNo change is known to make it assignable. With {} nothing stands against it any \
                 more, but the capture leaves something open:",
                layout.palette.accent(settings(&fix.changes))
            );
            for change in &fix.changes {
                let _ = writeln!(out, "   {}", meaning(change));
            }
            let _ = writeln!(out, "   then {}: {}", fix.at, judged(layout, &fix.judged));
        }
        None => {
            let _ = writeln!(
                out,
                "\nNo change is known that makes it assignable. What remains whatever is tried:"
            );
            for (code, why) in &search.remaining {
                let _ = writeln!(out, "  {code}  {}", reason(*why));
            }
        }
    }
    if !search.forcible.is_empty() {
        let _ = writeln!(
            out,
            "By force: Dismount-VMHostAssignableDevice -Force skips {}. The guest can then reach \
             the neighbours of the device: for trusted guests alone.",
            search.forcible.join(" ")
        );
    }
    if !search.tried.is_empty() {
        let _ = writeln!(out, "Tried, alone and up to three together: {}", {
            let tried: Vec<String> = search.tried.iter().map(ToString::to_string).collect();
            tried.join(", ")
        });
    }
    if search.incomplete {
        out.push_str("The search was cut short: there are more combinations than were tried.\n");
    }
    out
}

/// Why nothing helps, in words.
const fn reason(why: Why) -> &'static str {
    match why {
        Why::Device => "it is how the device is made; another device is needed",
        Why::PartOfHost => {
            "it is a port, a bridge or a part of the chipset, which stays with the host"
        }
        Why::Machine => "it is how the chipset is made; another machine is needed",
        Why::Capture => {
            "the captured data are damaged or record what happened; a new capture would tell"
        }
        Why::NotTried => "not looked into, because of what cannot be taken away",
        Why::NotEnough => "what is known to help is not enough here",
        Why::NothingToTry => {
            "nothing that would help can be tried here: no free slot, no setting, no register that \
             was captured"
        }
    }
}

fn settings(changes: &[Change]) -> String {
    let settings: Vec<String> = changes
        .iter()
        .map(|change| format!("--set '{change}'"))
        .collect();
    settings.join(" ")
}

/// What somebody would do.
fn meaning(change: &Change) -> String {
    match change {
        Change::Acs { hop, on: true } => format!(
            "let {hop} isolate: a firmware setting, where there is one (ACS, AER), or newer firmware"
        ),
        Change::Acs { hop, on: false } => format!("let {hop} isolate no longer"),
        Change::AcsOverride { .. } => format!(
            "boot with pcie_{} (a patched kernel): it isolates nothing and is for trusted guests alone",
            change.to_string().replace('-', "_")
        ),
        Change::DropReserved(device) => format!(
            "make the firmware stop reserving memory for {device}: a setting or a tool of the maker"
        ),
        Change::Iommu => "switch the IOMMU on in the firmware setup, and in the kernel".to_owned(),
        Change::UnsafeInterrupts => {
            "set vfio_iommu_type1.allow_unsafe_interrupts=1: it gives protection up and is for \
             trusted guests alone"
                .to_owned()
        }
        Change::CompleteTable => {
            "update the firmware to one whose table covers every device and I/O APIC".to_owned()
        }
        Change::ServerEdition => "run a server edition of Windows on the host".to_owned(),
        Change::NativePcie => {
            "let the firmware leave PCI Express to the operating system (often the SR-IOV setting)"
                .to_owned()
        }
        Change::Move { device, port } => {
            format!("put the card of {device} into the slot below {port}, which is free")
        }
        Change::Resize { device, bar, size } => {
            format!("give BAR {bar} of {device} {}", exact(size.0))
        }
        Change::VirtualFunctions { device, count: 0 } => {
            format!("switch the virtual functions of {device} off")
        }
        Change::VirtualFunctions { device, count } => {
            format!("give {device} {count} virtual functions")
        }
    }
}
