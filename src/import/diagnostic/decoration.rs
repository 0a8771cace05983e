//! What was around every line of a text.

use std::fmt;

/// Something that was taken off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decoration {
    /// A terminal's colours and movements.
    Escapes,
    /// Lines end in carriage returns alone.
    CarriageReturns,
    /// Marks of a forum or web page (`[CODE]`, `<pre>`).
    Marks,
    /// `&gt;`, `&nbsp;` and hard spaces of a web page.
    Entities,
    /// Line numbers (`cat -n`, `grep -n`, an editor's).
    LineNumbers,
    /// A bar before every line.
    Bars,
    /// Bullets before devices.
    Bullets,
}

impl fmt::Display for Decoration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Escapes => "a terminal's control sequences",
            Self::CarriageReturns => "carriage returns as line ends",
            Self::Marks => "marks of a forum or web page",
            Self::Entities => "a web page's spellings of characters",
            Self::LineNumbers => "line numbers",
            Self::Bars => "bars before the lines",
            Self::Bullets => "bullets before the lines",
        })
    }
}
