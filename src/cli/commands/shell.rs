//! `completions` and `man`: what a package of this program carries beside it.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::Args;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(), "assignable", &mut script);
    output::text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Answered)
}

/// The program without what is hidden: completions would offer it.
fn shown() -> clap::Command {
    let all = Args::command();
    clap::Command::new("assignable")
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments().filter(|arg| !arg.is_hide_set()))
        .subcommands(all.get_subcommands().filter(|inner| !inner.is_hide_set()))
}

/// All pages into a folder, or the first one to standard output.
pub(crate) fn man(to: Option<&Path>) -> Result<Exit, Failure> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = to else {
        output::text(&page(&command)?)?;
        return Ok(Exit::Answered);
    };
    let mut pages = vec![("assignable.1".to_owned(), page(&command)?)];
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        let name = format!("assignable-{}", inner.get_name());
        pages.push((format!("{name}.1"), page(inner)?));
    }
    load::folder(folder)?;
    for (name, page) in &pages {
        load::write(&folder.join(name), page.as_bytes())?;
    }
    output::text(&format!("{} pages in {}\n", pages.len(), folder.display()))?;
    Ok(Exit::Answered)
}

fn page(command: &clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .source(concat!("assignable ", env!("CARGO_PKG_VERSION")))
        .manual("assignable")
        .render(&mut page)?;
    Ok(escaped(&String::from_utf8_lossy(&page)))
}

/// Characters beyond ASCII in the notation of groff_char(7): a formatter need not know the
/// encoding of the page.
fn escaped(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for ch in page.chars() {
        if ch.is_ascii() {
            out.push(ch);
        } else {
            out.push_str(&format!("\\[u{:04X}]", u32::from(ch)));
        }
    }
    out
}
