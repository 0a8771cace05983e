//! Hostile and broken input: never a panic, never much memory, and always a word about what
//! is wrong or missing.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests of files need files and processes"
)]

mod archives;
mod bombs;
mod captures;
mod contained;
mod make;
mod tampered;
mod texts;

use assignable::import::{DiagnosticKind, Import, ImportError, Input, Looks, import};

/// Imports bytes as if they came from standard input.
fn import_bytes(bytes: impl Into<Vec<u8>>) -> Import {
    import(&[Input::Bytes {
        name: "-".to_owned(),
        bytes: bytes.into(),
    }])
}

/// The remarks of an import.
fn kinds(import: &Import) -> Vec<&DiagnosticKind> {
    import
        .diagnostics
        .iter()
        .map(|diagnostic| &diagnostic.kind)
        .collect()
}

/// Numbers that are the same in every run (Marsaglia, xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

#[test]
fn what_is_no_dump_is_named_for_what_it_is() {
    for (bytes, looks, words) in [
        (&b""[..], Looks::Empty, "-: not recognised: an empty file"),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0",
            Looks::Jpeg,
            "-: not recognised: a JPEG image; send the text itself and no picture of it, e.g. the \
             output of 'sudo lspci -vvvnnxxxx' in a file",
        ),
        (
            b"Dear all,\n\nplease find\n",
            Looks::Text,
            "-: not recognised: a text without PCI functions, ACPI tables or kernel messages",
        ),
        (
            &[1, 2, 3, 4],
            Looks::Binary,
            "-: not recognised: binary data",
        ),
    ] {
        let import = import_bytes(bytes);
        assert!(!import.is_usable());
        assert!(
            matches!(&import.errors[..], [ImportError::NotRecognised { file, looks: l }]
                if file == "-" && *l == looks),
            "{:?}",
            import.errors
        );
        assert_eq!(import.errors[0].to_string(), words);
    }
}

#[test]
fn no_input_is_an_error_too() {
    assert!(matches!(import(&[]).errors[..], [ImportError::NoInput]));
}

#[test]
fn one_bad_input_does_not_lose_the_others() {
    let inputs = [
        Input::Bytes {
            name: "photo".to_owned(),
            bytes: b"\xff\xd8\xff\xe0".to_vec(),
        },
        Input::Bytes {
            name: "dump".to_owned(),
            bytes: make::dump(3).into_bytes(),
        },
        Input::Path("/nowhere/at/all".into()),
    ];
    let import = import(&inputs);
    assert_eq!(import.capture.functions.len(), 3);
    assert_eq!(import.errors.len(), 2);
    assert_eq!(import.errors[0].file(), Some("photo"));
    assert!(matches!(&import.errors[1], ImportError::Io { file, .. } if file == "/nowhere/at/all"));
}

#[test]
fn random_bytes_are_refused_or_read_but_never_believed() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let starts: [&[u8]; 8] = [
        b"",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01",
        b"BZh91AY&SY",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xff\xfe",
        b"00:1f.0 ISA bridge: X\n00: ",
    ];
    for round in 0..400 {
        let start = starts[round % starts.len()];
        let length = random.below(5000);
        let bytes = [start, &random.bytes(length)].concat();
        let import = import_bytes(bytes);
        assert!(!import.errors.is_empty() || import.is_usable());
        let functions = usize::from(start.starts_with(b"00:"));
        assert!(import.capture.functions.len() <= functions, "round {round}");
    }
}

#[test]
fn changed_bytes_in_good_input_never_stop_the_reader() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let tree = make::tar(&make::machine(3));
    let inputs = [
        make::dump(3).into_bytes(),
        tree.clone(),
        make::gzip(&tree),
        make::bzip2(&tree),
        make::zip(&make::machine(3)),
        make::capture(),
    ];
    for good in inputs {
        assert!(import_bytes(good.clone()).is_usable());
        for _ in 0..200 {
            let mut bytes = good.clone();
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] = random.next().to_le_bytes()[0];
            }
            let import = import_bytes(bytes);
            assert!(!import.errors.is_empty() || import.is_usable());
        }
    }
}

#[test]
fn a_stream_without_end_is_refused() {
    let input = Input::from_reader("-", std::io::repeat(b'x'));
    assert!(matches!(input, Err(ImportError::TooLarge { .. })));
}
