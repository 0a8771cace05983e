//! What was decoded is encoded to the bytes it came from.
//!
//! Every capability of the corpus, and of the dumps that `ASSIGNABLE_EXTRA_CORPUS` names; the
//! tables are encoded again in `tests/iasl.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking and reads files"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assignable::bytes::ConfigImage;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::decode::config::{self, ConfigSpace};
use assignable::import::{self, Input};
use libtest_mimic::{Arguments, Failed, Trial};

/// Capabilities that the synthesiser writes with the fields they are read with.
const WRITTEN: [&str; 4] = [
    "Access Control Services",
    "Single Root I/O Virtualization",
    "MSI-X",
    "PCI Express",
];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").map(PathBuf::from);
    let missing = root.is_none();
    let trials = vec![
        Trial::test("corpus", corpus_cases),
        Trial::test("dumps", move || dumps(&root.unwrap())).with_ignored_flag(missing),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// How many of each capability came back, and which did not.
#[derive(Default)]
struct Total {
    same: BTreeMap<String, usize>,
    other: Vec<String>,
}

impl Total {
    fn capture(&mut self, name: &str, capture: &Capture) {
        for (at, record) in &capture.functions {
            self.space(&format!("{name}, {at}"), &record.config);
        }
    }

    fn space(&mut self, name: &str, image: &ConfigImage) {
        let space = ConfigSpace::decode(image).value;
        for structure in config::dump(image, &space).iter().skip(1) {
            // Where a bit was not captured there are no bytes to come back to.
            let Some(bytes) = config::encode(structure) else {
                continue;
            };
            let start = usize::from(structure.offset);
            let title = structure.part.to_string();
            match image.bytes().get(start..start + bytes.len()) {
                Some(original) if original == bytes => *self.same.entry(title).or_default() += 1,
                original => self.other.push(format!(
                    "{title} of {name}: {bytes:02x?}, was {original:02x?}"
                )),
            }
        }
    }

    fn finish(self, least: [usize; 4]) -> Result<(), Failed> {
        for (title, count) in &self.same {
            println!("{count:>8}  {title}");
        }
        if !self.other.is_empty() {
            return Err(self.other.join("\n").into());
        }
        for (title, least) in WRITTEN.iter().zip(least) {
            let count = self.same.get(*title).copied().unwrap_or(0);
            if count < least {
                return Err(format!("{count} of {title}, {least} expected").into());
            }
        }
        Ok(())
    }
}

fn corpus_cases() -> Result<(), Failed> {
    let mut total = Total::default();
    for (name, case) in corpus::load_all(Path::new("corpus")).unwrap() {
        total.capture(&name, &case.unwrap().capture);
    }
    total.finish([100, 10, 100, 400])
}

fn dumps(root: &Path) -> Result<(), Failed> {
    let mut total = Total::default();
    for folder in ["lspci-hex", "lspci-pciutils", "config-libvirt"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            total.capture(&name, &import::import(&[Input::Path(path)]).capture);
        }
    }
    total.finish([10, 3, 25, 150])
}
