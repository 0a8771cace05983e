//! Names of members: relative paths that mean the same on every platform.

use std::fmt;

use super::limits::MAX_DEPTH;

/// Longest name of a member in bytes.
const MAX_NAME: usize = 1024;
/// Longest part between slashes: the limit of common file systems.
const MAX_PART: usize = 255;

/// Why a member's name is not safe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UnsafeName {
    /// Empty, or with an empty part (`a//b`).
    Empty,
    /// Starts at the root.
    Absolute,
    /// Has a `.` or `..` part.
    Dots,
    /// Has a backslash, which separates folders on Windows.
    Backslash,
    /// Has a colon: a drive or a stream on Windows.
    Colon,
    /// Has a control character, NUL among them.
    Control,
    /// Has one of `* ? " < > |`, which Windows does not allow.
    Reserved,
    /// A part ends in a dot or a space, which Windows drops.
    Trailing,
    /// A part is the name of a Windows device (`NUL`, `COM1`).
    Device,
    /// Longer than 1024 bytes, or a part longer than 255.
    TooLong,
    /// More levels than a capture has.
    TooDeep,
    /// Not UTF-8.
    NotUtf8,
}

/// Whether a name may be used for a member.
pub(crate) fn check(name: &str) -> Result<(), UnsafeName> {
    if name.starts_with('/') {
        return Err(UnsafeName::Absolute);
    }
    if name.len() > MAX_NAME {
        return Err(UnsafeName::TooLong);
    }
    if name.split('/').count() > MAX_DEPTH {
        return Err(UnsafeName::TooDeep);
    }
    name.split('/').try_for_each(check_part)
}

fn check_part(part: &str) -> Result<(), UnsafeName> {
    match part {
        "" => return Err(UnsafeName::Empty),
        "." | ".." => return Err(UnsafeName::Dots),
        _ if part.len() > MAX_PART => return Err(UnsafeName::TooLong),
        _ => {}
    }
    for character in part.chars() {
        match character {
            '\\' => return Err(UnsafeName::Backslash),
            ':' => return Err(UnsafeName::Colon),
            '*' | '?' | '"' | '<' | '>' | '|' => return Err(UnsafeName::Reserved),
            c if c.is_control() => return Err(UnsafeName::Control),
            _ => {}
        }
    }
    if part.ends_with(['.', ' ']) {
        return Err(UnsafeName::Trailing);
    }
    let stem = part.split('.').next().unwrap_or(part).as_bytes();
    let is = |word: &[u8], names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    let device = match stem {
        [_, _, _] => is(stem, &["CON", "PRN", "AUX", "NUL"]),
        [word @ .., b'0'..=b'9'] if word.len() == 3 => is(word, &["COM", "LPT"]),
        _ => false,
    };
    match device {
        true => Err(UnsafeName::Device),
        false => Ok(()),
    }
}

/// The last part of any path, reduced to characters that are safe as a member's name and
/// easy to quote. Never empty.
pub fn safe_name(path: &str) -> String {
    let last = path
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or("");
    let mut name: String = last
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._+-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(100)
        .collect();
    let kept = name.trim_end_matches('.').len();
    name.truncate(kept);
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        return "input".to_owned();
    }
    if check(name).is_err() {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}

/// `name`, or `name` with the lowest number that makes it one that is not taken:
/// `a.txt`, `a-2.txt`, `a-3.txt`. Names that differ only in case count as the same.
pub fn unique_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    (2_u32..)
        .map(|number| format!("{stem}-{number}{extension}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| name.to_owned())
}

impl fmt::Display for UnsafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the name or a part of it is empty",
            Self::Absolute => "the name is absolute",
            Self::Dots => "the name has a '.' or '..' part",
            Self::Backslash => "the name has a backslash",
            Self::Colon => "the name has a colon",
            Self::Control => "the name has a control character",
            Self::Reserved => "the name has a character that Windows does not allow",
            Self::Trailing => "a part of the name ends in a dot or a space",
            Self::Device => "a part of the name is a Windows device",
            Self::TooLong => "the name is too long",
            Self::TooDeep => "the name has too many parts",
            Self::NotUtf8 => "the name is not UTF-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_the_folder_is_refused() {
        for (name, why) in [
            ("", UnsafeName::Empty),
            ("a//b", UnsafeName::Empty),
            ("a/", UnsafeName::Empty),
            ("/etc/passwd", UnsafeName::Absolute),
            ("../x", UnsafeName::Dots),
            ("a/../../x", UnsafeName::Dots),
            ("./a", UnsafeName::Dots),
            ("a\\..\\b", UnsafeName::Backslash),
            ("C:x", UnsafeName::Colon),
            ("a\0b", UnsafeName::Control),
            ("a/b?", UnsafeName::Reserved),
            ("a./b", UnsafeName::Trailing),
            ("host/nul.txt", UnsafeName::Device),
            ("COM1", UnsafeName::Device),
            ("1/2/3/4/5/6/7/8/9/10/11/12/13", UnsafeName::TooDeep),
        ] {
            assert_eq!(check(name), Err(why), "{name:?}");
        }
        for name in [
            "manifest.json",
            "pci/0000-41-00.0/config",
            "acpi/SSDT1",
            "source/ä b.txt",
        ] {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn whatever_an_input_is_called_its_source_gets_a_safe_name() {
        for (path, name) in [
            ("/home/x/lspci -vv.txt", "lspci_-vv.txt"),
            ("..", "input"),
            ("", "input"),
            ("C:\\dumps\\a.txt", "a.txt"),
            ("-", "-"),
            (".hidden", "hidden"),
            ("nul", "_nul"),
            ("dump.txt/", "dump.txt"),
            ("größe", "gr__e"),
        ] {
            assert_eq!(safe_name(path), name);
            assert_eq!(check(&safe_name(path)), Ok(()));
        }
        assert_eq!(safe_name(&"x".repeat(5000)).len(), 100);
    }

    #[test]
    fn a_taken_name_gets_the_lowest_free_number_before_its_extension() {
        let taken = ["a.txt", "a-2.txt", "b"];
        assert_eq!(
            unique_name("a.txt", |name| taken.contains(&name)),
            "a-3.txt"
        );
        assert_eq!(unique_name("b", |name| taken.contains(&name)), "b-2");
        assert_eq!(unique_name("c", |name| taken.contains(&name)), "c");
    }
}
