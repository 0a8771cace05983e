//! Asks the Hyper-V role through the PowerShell of the box.

use std::time::Duration;

use assignable::collect::windows::hyperv::{ARGUMENTS, MAX_BYTES, MODULES, PROGRAM};

use super::run::{Limits, run};
use super::system;

/// Loading the module takes seconds, each virtual machine some tenths.
const TIME: Duration = Duration::from_secs(180);

/// What the command printed.
pub(super) fn ask() -> Result<Vec<u8>, String> {
    let system = system::directory().ok_or("the system directory is not known")?;
    let modules = system.join(MODULES);
    // Modules of the user are not for an administrator to load.
    let variables = [("PSModulePath", modules.as_os_str())];
    let limits = Limits {
        time: TIME,
        bytes: MAX_BYTES,
    };
    run(
        &system.join(PROGRAM),
        &ARGUMENTS,
        &system,
        &variables,
        limits,
    )
}
