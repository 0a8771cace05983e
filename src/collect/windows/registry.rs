//! Values of the registry (winnt.h).

/// One value as Windows gives it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RegistryValue {
    /// `REG_` number.
    pub kind: u32,
    /// The value.
    pub bytes: Vec<u8>,
}

impl RegistryValue {
    /// A number: `REG_DWORD`, `REG_QWORD`, or `REG_BINARY` of 1 to 8 bytes, the least first.
    pub fn number(&self) -> Option<u64> {
        let fits = match self.kind {
            3 => (1..=8).contains(&self.bytes.len()),
            4 => self.bytes.len() == 4,
            11 => self.bytes.len() == 8,
            _ => false,
        };
        let bytes = self.bytes.iter().rev();
        fits.then(|| bytes.fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// The text of `REG_SZ` and `REG_EXPAND_SZ`, the texts of `REG_MULTI_SZ`, without empty ones.
    pub fn texts(&self) -> Vec<String> {
        let (pairs, _) = self.bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
        let most = match self.kind {
            1 | 2 => 1,
            7 => usize::MAX,
            _ => 0,
        };
        let texts = units.split(|&unit| unit == 0).take(most);
        let texts = texts.filter(|text| !text.is_empty());
        texts.map(String::from_utf16_lossy).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::tests::utf16;

    fn value(kind: u32, bytes: &[u8]) -> RegistryValue {
        let bytes = bytes.to_vec();
        RegistryValue { kind, bytes }
    }

    #[test]
    fn numbers_are_read_by_their_kind() {
        for (kind, bytes, number) in [
            (3, [1].as_slice(), Some(1)),
            (3, &[2, 0, 0, 0, 0, 0, 0, 0], Some(2)),
            (3, &[0, 0, 0, 0, 1], Some(1 << 32)),
            (4, &[3, 0, 0x20, 0x10], Some(0x1020_0003)),
            (11, &[0, 0, 0, 0, 0, 0, 0, 0x80], Some(1 << 63)),
            (3, &[], None),
            (3, &[0; 9], None),
            (4, &[1], None),
            (1, &[b'1', 0, 0, 0], None),
        ] {
            assert_eq!(value(kind, bytes).number(), number, "{kind}: {bytes:?}");
        }
    }

    #[test]
    fn texts_end_at_their_zeros() {
        let one = utf16("{a}\0");
        assert_eq!(value(1, &one).texts(), ["{a}"]);
        assert_eq!(
            value(2, &utf16("{a}")).texts(),
            ["{a}"],
            "the zero may be missing"
        );
        assert_eq!(value(7, &utf16("{a}\0{b}\0\0")).texts(), ["{a}", "{b}"]);
        assert_eq!(value(1, &utf16("a\0b\0")).texts(), ["a"]);
        assert_eq!(value(1, b"a").texts(), [""; 0]);
        assert_eq!(value(3, &one).texts(), [""; 0]);
    }
}
