//! From paths to a capture, and the few other files that commands read and write.

#![expect(
    clippy::disallowed_methods,
    reason = "the command line reads and writes the files that the user names"
)]

use std::path::{Path, PathBuf};

use assignable::capture::Capture;
use assignable::import::{self, Diagnostic, Input};
use assignable::names::Names;

use super::args::Global;
use super::exit::Failure;
use super::output;
use super::progress::Progress;

/// Where distributions keep the id list.
const SYSTEM_ID_LISTS: &[&str] = &[
    "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
    "/var/lib/pciutils/pci.ids",
];

/// Imports the inputs as parts of one machine; `-` is standard input. Says on standard error
/// what could not be used.
pub(crate) fn capture(global: &Global, paths: &[PathBuf]) -> Result<Capture, Failure> {
    let progress = Progress::start("reading");
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let stdin = Input::from_reader("-", std::io::stdin().lock());
            inputs.push(stdin.map_err(|error| Failure::Input(error.to_string()))?);
        } else {
            inputs.push(Input::Path(path.clone()));
        }
    }
    let import = import::import(&inputs);
    drop(progress);
    if !import.is_usable() {
        let errors: Vec<String> = import.errors.iter().map(ToString::to_string).collect();
        return Err(Failure::Input(errors.join("\nassignable: ")));
    }
    for error in &import.errors {
        output::error(&format!("{error}; the other inputs are used"));
    }
    remarks(global, &import.diagnostics);
    Ok(import.capture)
}

/// What was skipped or is missing: each remark with `--verbose`, else how many there are.
fn remarks(global: &Global, diagnostics: &[Diagnostic]) {
    if global.verbose {
        for diagnostic in diagnostics {
            output::error(&diagnostic.to_string());
        }
        return;
    }
    match diagnostics {
        [] => {}
        [only] => output::error(&only.to_string()),
        [first, rest @ ..] => {
            output::error(&first.to_string());
            output::error(&format!(
                "and {} more remarks on the inputs (-v lists them)",
                rest.len()
            ));
        }
    }
}

/// The id list that the user asked for.
pub(crate) fn names(global: &Global) -> Result<Names, Failure> {
    let path = match global.pci_ids.as_deref() {
        None => return Ok(Names::built_in()),
        Some("system") => SYSTEM_ID_LISTS
            .iter()
            .map(Path::new)
            .find(|path| path.exists())
            .ok_or_else(|| Failure::Usage("this system has no pci.ids".to_owned()))?,
        Some(path) => Path::new(path),
    };
    let text = text(path)?;
    Names::parse(&text)
        .ok_or_else(|| Failure::Input(format!("{}: not a list of PCI ids", path.display())))
}

/// A text file; bytes that are no UTF-8 become replacement characters.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text of unknown encoding, from a file or, for `-`, from standard input.
pub(crate) fn any_text(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    const MOST: u64 = 256 << 20;
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(MOST + 1)
            .read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(MOST + 1).read_to_end(&mut bytes)
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > MOST {
        let message = format!("{}: larger than {} MiB", path.display(), MOST >> 20);
        return Err(Failure::Input(message));
    }
    Ok(import::decode_text(bytes))
}

/// Makes a folder where there is none.
pub(crate) fn folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path)
        .map_err(|error| Failure::Write(path.to_path_buf(), error.to_string()))
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes)
        .map_err(|error| Failure::Write(path.to_path_buf(), error.to_string()))
}
