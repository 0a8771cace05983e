//! How a register is described: one table serves typed access, printing and encoding.

/// Bits of a little-endian structure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The specification's name.
    pub name: &'static str,
    /// Byte offset from the start of the structure.
    pub offset: u16,
    /// Lowest bit, counted from bit 0 of the byte at `offset`. At most 63.
    pub bit: u8,
    /// Number of bits, 1 to 64.
    pub width: u8,
    /// How a reader wants to see the value.
    pub kind: Kind,
}

/// How the value of a field is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One bit: `+` or `-`.
    Flag,
    /// A decimal number.
    Number,
    /// A hexadecimal number of the field's width.
    Hex,
    /// A hexadecimal number whose bits stay where they are: an address or offset that shares
    /// its register with other fields, which count as zeros.
    Address,
    /// A number from 1 to `2^width`, of which the largest is stored as 0.
    Count,
    /// A code with names; a code without a name keeps its number.
    Code(&'static [(u64, &'static str)]),
    /// `2^value` of the unit given, e.g. 128 bytes.
    PowerOf2(u64, &'static str),
    /// A set: bit `n` stands for `2^n` times the number given, in the unit given.
    PowerSet(u64, &'static str),
}

/// A register: the unit in which bytes are read and shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Register {
    /// The specification's (short) name.
    pub name: &'static str,
    /// Byte offset from the start of the structure.
    pub offset: u16,
    /// Length in bytes: 1, 2, 4 or 8.
    pub bytes: u8,
    /// The fields, lowest bit first; reserved bits are left out.
    pub fields: &'static [Field],
    /// What the offsets of `fields` lack: registers that repeat share one description.
    pub base: u16,
}

impl Field {
    /// One bit.
    pub const fn flag(name: &'static str, offset: u16, bit: u8) -> Self {
        Self {
            name,
            offset,
            bit,
            width: 1,
            kind: Kind::Flag,
        }
    }

    /// A decimal number.
    pub const fn number(name: &'static str, offset: u16, bit: u8, width: u8) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::Number,
        }
    }

    /// A hexadecimal number.
    pub const fn hex(name: &'static str, offset: u16, bit: u8, width: u8) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::Hex,
        }
    }

    /// An address or offset whose low bits belong to other fields.
    pub const fn address(name: &'static str, offset: u16, bit: u8, width: u8) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::Address,
        }
    }

    /// A number from 1 to `2^width`, of which the largest is stored as 0.
    pub const fn count(name: &'static str, offset: u16, bit: u8, width: u8) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::Count,
        }
    }

    /// A code with names.
    pub const fn code(
        name: &'static str,
        offset: u16,
        bit: u8,
        width: u8,
        names: &'static [(u64, &'static str)],
    ) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::Code(names),
        }
    }

    /// A binary logarithm of `unit`s.
    pub const fn power(
        name: &'static str,
        offset: u16,
        bit: u8,
        width: u8,
        base: u64,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::PowerOf2(base, unit),
        }
    }

    /// A set of powers of two of `base` `unit`s.
    pub const fn power_set(
        name: &'static str,
        offset: u16,
        bit: u8,
        width: u8,
        base: u64,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            offset,
            bit,
            width,
            kind: Kind::PowerSet(base, unit),
        }
    }

    /// The same field of a register at another offset.
    #[must_use]
    pub const fn at(self, offset: u16) -> Self {
        Self { offset, ..self }
    }
}

impl Register {
    /// A register with fields.
    pub const fn new(name: &'static str, offset: u16, bytes: u8, fields: &'static [Field]) -> Self {
        Self {
            name,
            offset,
            bytes,
            fields,
            base: 0,
        }
    }

    /// A register shown as one number.
    pub const fn plain(name: &'static str, offset: u16, bytes: u8) -> Self {
        Self {
            name,
            offset,
            bytes,
            fields: &[],
            base: 0,
        }
    }

    /// The same register further on, with its fields.
    #[must_use]
    pub const fn moved(self, by: u16) -> Self {
        Self {
            offset: self.offset.saturating_add(by),
            base: self.base.saturating_add(by),
            ..self
        }
    }

    /// The same register under another name.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Its fields with offsets from the start of the structure.
    pub fn placed_fields(&self) -> impl Iterator<Item = Field> + use<> {
        let base = self.base;
        let place = move |field: &Field| field.at(field.offset.saturating_add(base));
        self.fields.iter().map(place)
    }
}
