//! The report in a real browser: complete, legible and inert.
//!
//! Needs Chromium. Where it is missing the tests are ignored, unless `ASSIGNABLE_REQUIRE`
//! names `chromium`. `ASSIGNABLE_SCREENSHOTS=DIR` keeps pictures to look at.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it measured"
)]
#![expect(clippy::disallowed_methods, reason = "pages are files")]

mod browser;
#[path = "../hostile/machine.rs"]
mod machine;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use assignable::capture::{self, Capture};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use browser::Browser;

const WIDTHS: [u32; 2] = [1280, 380];
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Two sockets with switches, virtual functions, drives and the functions of the root complex:
/// 150 functions.
const LARGE: &str = r#"
[host]
os = "linux"
[[root]]
repeat = 2
device = [
  { kind = "host-bridge" },
  { kind = "rciep", class = "system", repeat = 9 },
  { kind = "root-port", device = [
    { kind = "upstream-port", device = [
      { kind = "downstream-port", repeat = 6, acs = "none", device = [{ class = "nvme", flr = true }] },
    ] },
  ] },
  { kind = "root-port", device = [
    { class = "ethernet", functions = 2, ari = true, flr = true,
      sriov = { total = 16, enabled = 16, bars = ["mem64p 64K"], msix = 5 } },
  ] },
  { kind = "root-port", repeat = 8, device = [{ class = "nvme", flr = true }] },
]
"#;

/// Two roots with eight cards each, whose two ports have 126 virtual functions: 4,096 functions.
const THOUSANDS: &str = r#"
[host]
os = "linux"
[[root]]
repeat = 2
device = [
  { kind = "host-bridge" },
  { kind = "rciep", class = "system", repeat = 7 },
  { kind = "root-port", repeat = 8, device = [
    { class = "ethernet", functions = 2, ari = true, flr = true,
      sriov = { total = 126, enabled = 126, bars = ["mem64p 64K"], msix = 5 } },
  ] },
]
"#;
/// Largest page of any of these machines, in bytes.
const LARGEST: u64 = 10 << 20;

/// A name, and how its machine comes about.
type Page = (&'static str, fn() -> Capture);

fn main() {
    let arguments = Arguments::from_args();
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    let program = browser::program();
    if program.is_none() && required.split(',').any(|name| name == "chromium") {
        panic!("ASSIGNABLE_REQUIRE names chromium, but there is no such program");
    }
    let pages: Vec<Page> = vec![
        ("small", || corpus("lab-flat-intel")),
        ("switch", || corpus("lab-switch2-intel")),
        ("150 functions", || synthesised(LARGE, 150)),
        ("4096 functions", || synthesised(THOUSANDS, 4096)),
        ("no IOMMU", || corpus("lab-flat-none")),
        ("Windows", || corpus("k520")),
        ("hostile", machine::hostile),
    ];
    let trials = pages
        .into_iter()
        .map(|(name, make)| {
            let missing = program.is_none();
            let program = program.clone();
            Trial::test(format!("report of the {name} machine"), move || {
                let program = program.as_deref().ok_or("no browser")?;
                report(program, name, &make()).map_err(Failed::from)
            })
            .with_ignored_flag(missing)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn corpus(case: &str) -> Capture {
    let case = assignable::corpus::load_case(&Path::new(ROOT).join("corpus"), case);
    case.unwrap_or_else(|error| panic!("{error}")).capture
}

fn synthesised(text: &str, functions: usize) -> Capture {
    let capture = assignable::synth::synthesise(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(capture.functions.len(), functions);
    capture
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self, String> {
        let name = name.replace(' ', "-");
        let path =
            std::env::temp_dir().join(format!("assignable-page-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| error.to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn report(program: &Path, name: &str, capture: &Capture) -> Result<(), String> {
    let folder = Folder::new(name)?;
    let file = folder.0.join("report.html");
    let analyser = env!("CARGO_BIN_EXE_assignable");
    let input = folder.0.join("capture.zip");
    capture::to_zip_file(capture, &input).map_err(|error| error.to_string())?;
    let run = |arguments: &[&str]| -> Result<Vec<u8>, String> {
        let output = std::process::Command::new(analyser)
            .args(arguments)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(output.stdout)
    };
    let input = input.display().to_string();
    let start = Instant::now();
    run(&["report", &input, "-o", &file.display().to_string()])?;
    let size = std::fs::metadata(&file).map_or(0, |file| file.len());
    println!(
        "{name}: {size} bytes in {:?} (debug build)",
        start.elapsed()
    );
    if size > LARGEST {
        return Err(format!("the page has {size} bytes"));
    }
    let survey = run(&["survey", &input, "--format", "json"])?;
    let survey: Value = serde_json::from_slice(&survey).map_err(|error| error.to_string())?;

    let mut browser = Browser::start(program, &folder.0)?;
    // A large page takes a browser long; each width and scheme once will do.
    let large = size > 1 << 20;
    for (width, other) in WIDTHS.into_iter().zip(["light", "dark"]) {
        for scheme in ["light", "dark"] {
            if large && scheme != other {
                continue;
            }
            let place = format!("{width} pixels, {scheme}");
            browser.show_as(width, scheme, "screen")?;
            browser.open(&file)?;
            keep(&mut browser, &format!("{name}-{width}-{scheme}"), width)?;
            // Everything in sight: what is folded has no size.
            browser.ask(UNFOLD)?;
            none(&format!("{place}: complaints"), &browser.complaints(&file))?;
            none(
                &format!("{place}: elements that overflow"),
                &list(&browser.ask(OVERFLOWING)?),
            )?;
            none(
                &format!("{place}: text that is hard to read"),
                &list(&browser.ask(FAINT)?),
            )?;
        }
    }
    rows_equal_json(&browser.ask(ROWS)?, &survey)?;
    hosts_equal_json(&browser.ask(HOSTS)?, &survey)?;
    none(
        "text that leaves its box in the picture",
        &list(&browser.ask(SPILLING)?),
    )?;
    none(
        "elements that are not the page's own",
        &list(&browser.ask(FOREIGN)?),
    )?;
    if browser.ask("typeof window.stolen")? != "undefined" {
        return Err("a script from the dump ran".to_owned());
    }
    filter(&mut browser, &survey)?;
    browser.show_as(794, "light", "print")?;
    browser.open(&file)?;
    let folded = list(&browser.ask(FOLDED_ON_PAPER)?);
    none("details that paper does not show", &folded)?;
    keep(&mut browser, &format!("{name}-print"), 794)?;

    browser.show_as(1280, "light", "screen")?;
    browser.scripts(false)?;
    browser.open(&file)?;
    rows_equal_json(&browser.ask(ROWS)?, &survey)?;
    none("without scripts: complaints", &browser.complaints(&file))
}

/// Typing an address into the filter leaves its row and no other in sight.
fn filter(browser: &mut Browser, survey: &Value) -> Result<(), String> {
    let Some(address) = survey["devices"][0]["address"].as_str() else {
        return Ok(());
    };
    let typed = format!(
        "(() => {{ const f = document.querySelector('form.filter'); f.elements.text.value = '{address}'; \
         f.dispatchEvent(new Event('input')); \
         return [...document.querySelectorAll('tr.device:not([hidden])')].every(r => r.textContent.includes('{address}')) \
           && document.querySelectorAll('tr.device:not([hidden])').length > 0; }})()"
    );
    match browser.ask(&typed)? {
        Value::Bool(true) => Ok(()),
        other => Err(format!(
            "the filter for {address} shows something else: {other}"
        )),
    }
}

/// Every function of the JSON has one row, with the same verdicts.
fn rows_equal_json(rows: &Value, survey: &Value) -> Result<(), String> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.as_array().into_iter().flatten() {
        let row = list(row);
        if let Some((address, verdicts)) = row.split_first() {
            let twice = shown.insert(address.clone(), verdicts.to_vec());
            if twice.is_some() {
                return Err(format!("{address} has two rows"));
            }
        }
    }
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for device in survey["devices"].as_array().into_iter().flatten() {
        let verdicts = device["verdicts"].as_array().into_iter().flatten();
        let verdicts = verdicts.map(|item| {
            let words = item["verdict"]
                .as_str()
                .unwrap_or_default()
                .replace('-', " ");
            format!("{} {words}", item["policy"].as_str().unwrap_or_default())
        });
        let address = device["address"].as_str().unwrap_or_default().to_owned();
        wanted.insert(address, verdicts.collect());
    }
    if wanted.is_empty() {
        return Err("the JSON names no device".to_owned());
    }
    if shown == wanted {
        return Ok(());
    }
    Err(format!(
        "the page shows {shown:?}, the JSON says {wanted:?}"
    ))
}

/// The page opens with the verdicts on the host that the JSON gives.
fn hosts_equal_json(shown: &Value, survey: &Value) -> Result<(), String> {
    let shown = list(shown);
    let items = survey["host_verdicts"].as_array().into_iter().flatten();
    let wanted: Vec<String> = items
        .map(|item| {
            let words = match item["verdict"].as_str().unwrap_or_default() {
                "assignable" => "can assign devices",
                "assignable-with-conditions" => "can assign devices if conditions are met",
                "undetermined" => "undetermined: the capture lacks evidence",
                _ => "cannot assign devices",
            };
            format!("{} {words}", item["policy"].as_str().unwrap_or_default())
        })
        .collect();
    let same = |(shown, wanted): (&String, &String)| shown.starts_with(wanted.as_str());
    if !wanted.is_empty() && shown.len() == wanted.len() && shown.iter().zip(&wanted).all(same) {
        return Ok(());
    }
    Err(format!(
        "the page shows {shown:?}, the JSON says {wanted:?}"
    ))
}

fn list(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn none(what: &str, list: &[String]) -> Result<(), String> {
    if list.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = list.iter().take(5).map(String::as_str).collect();
    Err(format!("{what} ({}): {}", list.len(), shown.join(" | ")))
}

/// Keeps a picture where the environment names a folder for it.
fn keep(browser: &mut Browser, name: &str, width: u32) -> Result<(), String> {
    use base64::Engine as _;
    let Some(folder) = std::env::var_os("ASSIGNABLE_SCREENSHOTS") else {
        return Ok(());
    };
    let picture = base64::engine::general_purpose::STANDARD
        .decode(browser.screenshot(width)?)
        .map_err(|error| error.to_string())?;
    let file = PathBuf::from(folder).join(format!("{}.png", name.replace(' ', "-")));
    std::fs::write(file, picture).map_err(|error| error.to_string())
}

const UNFOLD: &str = "document.querySelectorAll('details').forEach(d => d.open = true); \
    document.querySelectorAll('tbody.fold input').forEach(i => i.checked = true); 0";

/// Elements beyond the right edge of the window; what scrolls by itself may be wider.
const OVERFLOWING: &str = "(() => {
  const wide = document.documentElement.clientWidth;
  const bad = [];
  if (document.documentElement.scrollWidth > wide) {
    bad.push('the page: ' + document.documentElement.scrollWidth);
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.scroll, pre.hex, .skip') || element.closest('thead')) { continue; }
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > wide + 1 || box.left < -1)) {
      bad.push(element.tagName + '.' + element.className + ' ' + box.left + '..' + box.right);
    }
  }
  return bad;
})()";

/// Text whose contrast with what is behind it is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const FAINT: &str = "(() => {
  const parse = c => (c.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    for (let node = element; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) { return colour; }
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  for (const element of document.querySelectorAll('main *, nav *')) {
    if (element.closest('svg') || !element.getClientRects().length) { continue; }
    const direct = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!direct) { continue; }
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) { bad.add(element.tagName + '.' + element.className + ' ' + ratio.toFixed(2)); }
  }
  return [...bad];
})()";

/// Address and verdicts of each row.
const ROWS: &str = "[...document.querySelectorAll('tr.device')].map(row =>
  [row.querySelector('th .at').textContent].concat([...row.querySelectorAll('.pill')].map(pill =>
    pill.dataset.policy + ' ' + pill.textContent.trim())))";

/// Policy and verdict of the host, as the page opens.
const HOSTS: &str = "[...document.querySelectorAll('#summary [data-host]')].map(host =>
  host.dataset.host + ' ' + host.textContent.trim())";

/// Text in the picture that is wider than its box.
const SPILLING: &str = "[...document.querySelectorAll('svg.topology g')].flatMap(group => {
  const frame = group.querySelector(':scope > rect.frame');
  if (!frame) { return []; }
  const box = frame.getBBox();
  return [...group.querySelectorAll(':scope > text')].filter(text => {
    const inner = text.getBBox();
    return inner.x < box.x || inner.x + inner.width > box.x + box.width + 0.5;
  }).map(text => text.textContent);
})";

/// Elements and attributes that the page does not make itself.
const FOREIGN: &str = "[...document.querySelectorAll('*')].flatMap(element => {
  const bad = [];
  if (['IMG', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'VIDEO', 'AUDIO'].includes(element.tagName)) { bad.push(element.tagName); }
  for (const attribute of element.attributes) {
    if (/^on/i.test(attribute.name) || /javascript:/i.test(attribute.value) && attribute.name !== 'content') {
      bad.push(element.tagName + ' ' + attribute.name);
    }
    if (attribute.name === 'href' && !/^(#|data:,$)/.test(attribute.value)) { bad.push('link to ' + attribute.value); }
  }
  return bad;
}).concat(document.scripts.length === 1 ? [] : ['scripts: ' + document.scripts.length])";

/// Folded content that has no size on paper; what is about one device stays on the screen.
const FOLDED_ON_PAPER: &str = "[...document.querySelectorAll('details')].flatMap(details => {
  if (details.closest('table.devices')) { return []; }
  const content = details.querySelector(':scope > :not(summary)');
  return content && content.getClientRects().length === 0 ? [details.textContent.slice(0, 60)] : [];
})";
