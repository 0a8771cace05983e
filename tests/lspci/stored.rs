//! Texts that hold the bytes of a function and the words of the lspci that read them: newer ones
//! know capabilities that the installed one has no words for.

use std::path::Path;

use assignable::import::{self, Input};
use libtest_mimic::Failed;

use crate::files::below;
use crate::text::Printed;
use crate::{DUMPS, Total, exceptions, printed, text};

/// Lines outside of capabilities that are of registers; the others are what Linux says, or names.
const OF_REGISTERS: &[&str] = &["Control", "Status", "Bus", "BridgeCtl", "Secondary status"];

/// Every stored text against the bytes that stand in it.
pub(crate) fn compare(root: &Path) -> Result<(), Failed> {
    let mut total = Total::default();
    for folder in DUMPS {
        for path in below(&root.join(folder)) {
            let name = path.strip_prefix(root).unwrap().display();
            let name = format!("{}{name}", exceptions::STORED_TEXTS);
            if !name.contains("lspci") || name.contains("lspci-tree") {
                continue;
            }
            let words = std::fs::read(&path).unwrap();
            let words = words_alone(&String::from_utf8_lossy(&words));
            if !words.contains("Capabilities: [") {
                continue;
            }
            // Only bytes: what the words say must not come back as ours.
            let import = import::import(&[Input::Path(path.clone())]);
            let (_, shown) = printed(&import.capture);
            total.machines += 1;
            for mut function in text::functions(&words, &Total::labels()) {
                let at = match function.at.matches(':').count() {
                    1 => format!("0000:{}", function.at),
                    _ => function.at.clone(),
                };
                let record = at.parse().ok().and_then(|at| shown.functions.get(&at));
                let Some(record) =
                    record.filter(|record| is_whole(&function, record.config.extent()))
                else {
                    continue;
                };
                function
                    .header
                    .retain(|label, _| OF_REGISTERS.contains(&label.as_str()));
                for capability in &mut function.capabilities {
                    without_names(&mut capability.title);
                }
                total.function(&name, &at, &function, &record.config);
            }
        }
    }
    total.finish(250, 30_000)
}

/// Whether the bytes hold every capability that the words name.
fn is_whole(function: &Printed, extent: u16) -> bool {
    let mut capabilities = function.capabilities.iter();
    // A listing without `-v` names none.
    !function.capabilities.is_empty()
        && !function.header.contains_key("Capabilities")
        && extent >= 256
        && capabilities.all(|capability| capability.offset < extent)
}

/// `Subsystem: Acer Incorporated [ALI] Device 013c`: ids are compared where they are numbers.
fn without_names(title: &mut String) {
    let is_id = |word: &str| {
        let (vendor, device) = word.split_once(':').unwrap_or_default();
        [vendor, device]
            .iter()
            .all(|id| id.len() == 4 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if let Some(names) = title.strip_prefix("Subsystem: ") {
        let numbers = names.rsplit(['[', ']', ' ']).find(|word| is_id(word));
        let numbers = numbers.map(|numbers| format!("Subsystem: {numbers}"));
        *title = numbers.unwrap_or_else(|| "Subsystem".to_owned());
    }
}

/// The lines of a text that are no bytes.
fn words_alone(text: &str) -> String {
    let is_bytes = |line: &str| {
        line.trim_start()
            .split_once(": ")
            .is_some_and(|(offset, bytes)| {
                let hex = |word: &str, len| {
                    word.len() == len && word.bytes().all(|byte| byte.is_ascii_hexdigit())
                };
                (hex(offset, 2) || hex(offset, 3))
                    && bytes.split_whitespace().all(|word| hex(word, 2))
            })
    };
    let mut words = String::with_capacity(text.len());
    for line in text.lines().filter(|line| !is_bytes(line)) {
        words.push_str(line);
        words.push('\n');
    }
    words
}
