//! Styles of a text report.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::verdict::Verdict;

/// The styles in use: coloured, or none.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    coloured: bool,
}

impl Palette {
    /// ANSI colours.
    pub const fn coloured() -> Self {
        Self { coloured: true }
    }

    /// No escape sequences at all.
    pub const fn plain() -> Self {
        Self { coloured: false }
    }

    /// A heading.
    pub fn heading(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Something secondary.
    pub fn dim(self, text: impl Display) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// A rule code or an address to notice.
    pub fn accent(self, text: impl Display) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    /// Text in the colour of a verdict.
    pub fn verdict(self, verdict: Verdict, text: impl Display) -> String {
        let style = match verdict {
            Verdict::Assignable => AnsiColor::Green.on_default().bold(),
            Verdict::AssignableWithConditions => AnsiColor::Green.on_default(),
            Verdict::Undetermined => AnsiColor::Yellow.on_default(),
            Verdict::NotAssignable => AnsiColor::Red.on_default().bold(),
        };
        self.paint(style, text)
    }

    /// Something good.
    pub fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Something bad.
    pub fn bad(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// Something open.
    pub fn open(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    fn paint(self, style: Style, text: impl Display) -> String {
        if self.coloured {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}
