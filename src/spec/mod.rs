//! The vocabulary of the specifications: ids, names, bits and where they are defined.
//!
//! Nothing here decides anything. Values read from hardware are open: an id without a name
//! keeps its number.

mod citation;
mod field;
#[cfg(feature = "analyzer")]
pub(crate) mod id_list;
pub mod linux;
pub mod pci;
pub mod pcie;
pub mod quirks;
pub mod windows;

pub use citation::{Document, SpecRef};
pub use field::{Field, Kind, Register};

/// A newtype over the raw number with named constants; unnamed values stay themselves.
macro_rules! open_enum {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($raw:ty) {
        $($(#[$vmeta:meta])* $konst:ident = $value:literal => $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub $raw);

        impl $name {
            $($(#[$vmeta])* pub const $konst: Self = Self($value);)*

            /// Every value that has a name, in ascending order.
            pub const NAMED: &'static [Self] = &[$(Self::$konst),*];

            /// The same as a table for [`Kind::Code`](crate::spec::Kind::Code).
            pub const CODES: &'static [(u64, &'static str)] = &[$(($value, $text)),*];

            /// The specification's name, where there is one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => f.pad(&format!("unknown ({:#x})", self.0)),
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({:#x})", stringify!($name), self.0)
            }
        }
    };
}
pub(crate) use open_enum;
