use super::*;

const TEXT: &str = "00:00.0 Host bridge: Intel Corporation Device 1918 (rev 07)\n\
    \tSubsystem: Dell Device 0863\n\
    \tControl: I/O- Mem+ BusMaster+\n\
    \n\
    00:01.0 PCI bridge: Intel Corporation Device 1901 (rev 07)\n\
    \tStatus: Cap+ DEVSEL=fast >TAbort- <TAbort-\n\
    \tCapabilities: [88] Subsystem: Dell & Co\n\
    \tKernel driver in use: pcieport\n";

fn plained(text: &str) -> (String, Vec<Decoration>) {
    let (text, found) = plain(text.as_bytes().to_vec());
    (String::from_utf8(text).unwrap(), found)
}

fn lines(change: impl Fn(usize, &str) -> String) -> String {
    let lines: Vec<String> = TEXT
        .lines()
        .enumerate()
        .map(|(n, l)| change(n, l))
        .collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_plain_text_stays_as_it_is() {
    assert_eq!(plained(TEXT), (TEXT.to_owned(), Vec::new()));
}

#[test]
fn each_decoration_is_taken_off_and_named() {
    let cases = [
        (
            lines(|_, line| {
                format!(
                    "\x1b[0m{}\x1b[K",
                    line.replace("Kernel", "\x1b[01;31mKernel\x1b[m")
                )
            }),
            Decoration::Escapes,
        ),
        (TEXT.replace('\n', "\r"), Decoration::CarriageReturns),
        (
            TEXT.replace('&', "&amp;")
                .replace('>', "&gt;")
                .replace('<', "&lt;"),
            Decoration::Entities,
        ),
        (
            lines(|n, line| format!("{:6}\t{line}", n + 1)),
            Decoration::LineNumbers,
        ),
        (
            lines(|n, line| format!("{}:{line}", n + 40)),
            Decoration::LineNumbers,
        ),
        (
            lines(|n, line| format!("{:3} {line}", n + 1)),
            Decoration::LineNumbers,
        ),
        (lines(|_, line| format!("| {line}")), Decoration::Bars),
        (
            lines(|_, line| match line.starts_with('0') {
                true => format!("- {line}"),
                false => line.to_owned(),
            }),
            Decoration::Bullets,
        ),
    ];
    for (text, decoration) in cases {
        assert_eq!(
            plained(&text),
            (TEXT.to_owned(), vec![decoration]),
            "{text}"
        );
    }
}

#[test]
fn hard_spaces_become_spaces() {
    let text = TEXT.replace(' ', "\u{a0}");
    assert_eq!(
        plained(&text),
        (TEXT.to_owned(), vec![Decoration::Entities])
    );
}

#[test]
fn numbers_of_groups_and_buses_stay() {
    let groups: String = (0..9)
        .map(|n| format!("{n}\t00:{n:02x}.0\tHost bridge\n"))
        .collect();
    let listing: String = (1..9)
        .map(|n| format!("{n} 00:{n:02x}.0 Host bridge: Intel\n"))
        .collect();
    let buses: String = (1..9)
        .map(|n| format!("{n:02}:00.0 VGA compatible controller: NVIDIA\n"))
        .collect();
    let hex: String = (0..9)
        .map(|n| format!("{n}0: 86 80 18 19 06 00 90 20 07 00 00 06 00 00 00 00\n"))
        .collect();
    let table: String = (0..9)
        .map(|n| format!("| {n} | 00:{n:02x}.0 | Host bridge |\n"))
        .collect();
    for text in [groups, listing, buses, hex, table] {
        assert_eq!(plained(&text), (text.clone(), Vec::new()));
    }
}

#[test]
fn damaged_sequences_at_the_end_harm_nothing() {
    for text in ["a\x1b", "a\x1b[", "a\x1b[31", "a&", "a&gt", "\u{a0}"] {
        plained(text);
    }
    let (long, _) = plain([b"\x1b[".as_slice(), &[b'1'; 200]].concat());
    assert!(long.len() > 100, "no sequence is so long");
}
