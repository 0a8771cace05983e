//! The boot configuration store as Windows keeps it in its registry.
//!
//! Each entry of the store is a key below `HKEY_LOCAL_MACHINE\BCD00000000\Objects`, each option
//! of an entry a key below its `Elements`, named by the number of the option in hexadecimal
//! digits, with the value `Element` (Microsoft Learn, BCD Reference).

use std::collections::{BTreeMap, BTreeSet};

use super::{RegistryValue, Source};

const OBJECTS: &str = r"BCD00000000\Objects";
/// The boot manager; its option `default` names an entry (BcdBootMgrObject_DefaultObject).
const BOOT_MANAGER: &str = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}";
const DEFAULT: u32 = 0x2300_0003;
/// Entries whose options count where an entry has none of its own
/// (BcdLibraryObjectList_InheritedObjects).
const INHERIT: u32 = 0x1400_0006;
/// Type of an entry that starts Windows (BcdObject, "Windows boot loader").
const LOADER: u32 = 0x1020_0003;
/// Entries that may inherit from one another.
const MAX_ENTRIES: usize = 32;

/// How the value of an option is written.
enum Form {
    /// One byte: `No` or `Yes`.
    Boolean,
    /// A number of 64 bits, by the words for 0, 1, 2; others as digits.
    Integer(&'static [&'static str]),
    /// A text.
    Text,
}

/// Options that bear on assignment: number, name that `bcdedit` prints, form (Microsoft Learn,
/// BCD settings and BitLocker, for numbers and names; BcdLibraryElementTypes,
/// BcdOSLoaderElementTypes and BCDEdit /set for the values). Those of debugging are left out:
/// they hold addresses and a key.
const OPTIONS: [(u32, &str, Form); 18] = [
    (
        0x1500_0047,
        "configaccesspolicy",
        Form::Integer(&["Default", "DisallowMmConfig"]),
    ),
    (0x1600_0048, "nointegritychecks", Form::Boolean),
    (0x1600_0049, "testsigning", Form::Boolean),
    (0x1600_0060, "isolatedcontext", Form::Boolean),
    (
        0x2500_0055,
        "x2apicpolicy",
        Form::Integer(&["Default", "Disable", "Enable"]),
    ),
    (0x2600_0070, "usefirmwarepcisettings", Form::Boolean),
    (
        0x2500_0071,
        "msi",
        Form::Integer(&["Default", "ForceDisable"]),
    ),
    (
        0x2500_0072,
        "pciexpress",
        Form::Integer(&["Default", "ForceDisable"]),
    ),
    (0x2600_00a3, "forcelegacyplatform", Form::Boolean),
    (
        0x2500_00f0,
        "hypervisorlaunchtype",
        Form::Integer(&["Off", "Auto"]),
    ),
    (0x2600_00f8, "hypervisordisableslat", Form::Boolean),
    (0x2500_00fa, "hypervisornumproc", Form::Integer(&[])),
    (0x2500_00fb, "hypervisorrootprocpernode", Form::Integer(&[])),
    (0x2500_0113, "hypervisorrootproc", Form::Integer(&[])),
    (
        0x2500_0115,
        "hypervisoriommupolicy",
        Form::Integer(&["Default", "Enable", "Disable"]),
    ),
    (0x2600_0116, "hypervisorusevapic", Form::Boolean),
    (0x2200_0117, "hypervisorloadoptions", Form::Text),
    (
        0x2500_0142,
        "vsmlaunchtype",
        Form::Integer(&["Off", "Auto"]),
    ),
];

/// The options of the entry that started the system, under the names and with the values that
/// `bcdedit` prints; where Windows names none that starts Windows, those of the default one.
/// What an entry inherits counts where it has no option of its own.
///
/// # Errors
/// Why they cannot be read, in words.
pub(super) fn options(source: &mut dyn Source) -> Result<BTreeMap<String, String>, String> {
    let entry = match source.boot_entry() {
        Some(entry) if is_loader(source, &entry)? => entry,
        _ => default_entry(source)?,
    };
    let mut found = BTreeMap::new();
    let (mut pending, mut seen) = (vec![entry], BTreeSet::new());
    // The nearest entry first: a list of entries is walked in its order, before what those inherit.
    while !pending.is_empty() {
        let mut next = Vec::new();
        for entry in pending {
            if seen.len() >= MAX_ENTRIES || !seen.insert(entry.to_ascii_lowercase()) {
                continue;
            }
            for (number, name, form) in &OPTIONS {
                let value = element(source, &entry, *number)?;
                if let Some(value) = value.and_then(|value| form.print(&value)) {
                    found.entry((*name).to_owned()).or_insert(value);
                }
            }
            let inherited = element(source, &entry, INHERIT)?;
            next.extend(inherited.into_iter().flat_map(|list| list.texts()));
        }
        pending = next;
    }
    Ok(found)
}

/// The entry that the boot manager starts where nobody chooses.
fn default_entry(source: &mut dyn Source) -> Result<String, String> {
    let value = element(source, BOOT_MANAGER, DEFAULT)?;
    let entry = value.and_then(|value| value.texts().into_iter().next());
    let entry = entry.ok_or("the boot manager names no default entry")?;
    match is_loader(source, &entry)? {
        true => Ok(entry),
        false => Err(format!("{entry} is no entry that starts Windows")),
    }
}

fn is_loader(source: &mut dyn Source, entry: &str) -> Result<bool, String> {
    let kind = source.registry(&format!(r"{OBJECTS}\{entry}\Description"), "Type")?;
    Ok(kind.and_then(|value| value.number()) == Some(u64::from(LOADER)))
}

fn element(
    source: &mut dyn Source,
    entry: &str,
    number: u32,
) -> Result<Option<RegistryValue>, String> {
    let key = format!(r"{OBJECTS}\{entry}\Elements\{number:08x}");
    source.registry(&key, "Element")
}

impl Form {
    fn print(&self, value: &RegistryValue) -> Option<String> {
        Some(match self {
            Self::Boolean => match value.number()? {
                0 => "No".to_owned(),
                _ => "Yes".to_owned(),
            },
            Self::Integer(words) => {
                let number = value.number()?;
                let word = usize::try_from(number).ok().and_then(|at| words.get(at));
                word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
            }
            Self::Text => value.texts().into_iter().next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::tests::{Fake, utf16};
    use crate::spec::windows::is_boot_option;

    const ENTRY: &str = "{b2721d73-1db4-4c62-bf78-c548a880142d}";
    const OTHER: &str = "{a5a30fa2-3d06-4e9f-b5f4-a01df9d1fcba}";
    /// `{bootloadersettings}` and `{hypervisorsettings}`.
    const SETTINGS: &str = "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}";
    const HYPERVISOR: &str = "{7ff607e0-4395-11db-b0de-0800200c9a66}";

    const SZ: u32 = 1;
    const BINARY: u32 = 3;
    const DWORD: u32 = 4;
    const MULTI_SZ: u32 = 7;

    fn add(fake: &mut Fake, entry: &str, number: u32, kind: u32, bytes: &[u8]) {
        let key = format!(r"{OBJECTS}\{entry}\Elements\{number:08x}");
        fake.set(&key, "Element", kind, bytes);
    }

    /// A store of two loaders below a boot manager, as Windows Server writes it.
    fn store() -> Fake {
        let mut fake = Fake::default();
        for (entry, kind) in [
            (BOOT_MANAGER, 0x1010_0002_u32),
            (ENTRY, LOADER),
            (OTHER, LOADER),
            (SETTINGS, 0x2020_0003),
            (HYPERVISOR, 0x2020_0003),
        ] {
            let key = format!(r"{OBJECTS}\{entry}\Description");
            fake.set(&key, "Type", DWORD, &kind.to_le_bytes());
        }
        add(
            &mut fake,
            BOOT_MANAGER,
            DEFAULT,
            SZ,
            &utf16(&format!("{ENTRY}\0")),
        );
        add(&mut fake, ENTRY, 0x2500_00f0, BINARY, &1_u64.to_le_bytes());
        add(&mut fake, ENTRY, 0x1600_0060, BINARY, &[1]);
        let inherit = utf16(&format!("{SETTINGS}\0\0"));
        add(&mut fake, ENTRY, INHERIT, MULTI_SZ, &inherit);
        add(&mut fake, OTHER, 0x2500_00f0, BINARY, &0_u64.to_le_bytes());
        fake
    }

    fn read(mut fake: Fake) -> Result<Vec<(String, String)>, String> {
        options(&mut fake).map(|found| found.into_iter().collect())
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        list.iter().map(own).collect()
    }

    #[test]
    fn the_entry_that_started_counts_and_else_the_default_one() {
        let auto = pairs(&[("hypervisorlaunchtype", "Auto"), ("isolatedcontext", "Yes")]);
        assert_eq!(read(store()), Ok(auto));
        let mut other = store();
        other.started = Some(OTHER.to_owned());
        assert_eq!(read(other), Ok(pairs(&[("hypervisorlaunchtype", "Off")])));
        for named in [BOOT_MANAGER, "{00000000-0000-0000-0000-000000000001}"] {
            let mut unknown = store();
            unknown.started = Some(named.to_owned());
            assert_eq!(read(unknown), read(store()), "{named} starts no Windows");
        }
    }

    #[test]
    fn every_option_is_named_as_bcdedit_names_it() {
        for (number, name, form) in &OPTIONS {
            assert!(is_boot_option(name), "{name}");
            // The number holds the form: 2 a text, 5 a number, 6 a truth (BcdElementType).
            let format = match form {
                Form::Text => 2,
                Form::Integer(_) => 5,
                Form::Boolean => 6,
            };
            assert_eq!(number >> 24 & 0xf, format, "{name}");
            let mut fake = store();
            let (kind, bytes, said) = match form {
                Form::Text => (SZ, utf16("NOFORCESNOOP\0"), "NOFORCESNOOP"),
                Form::Integer(words) => {
                    let last = words.len().saturating_sub(1);
                    let said = words.last().copied().unwrap_or("0");
                    (BINARY, (last as u64).to_le_bytes().to_vec(), said)
                }
                Form::Boolean => (BINARY, vec![1], "Yes"),
            };
            add(&mut fake, ENTRY, *number, kind, &bytes);
            let found = options(&mut fake).unwrap();
            assert_eq!(found.get(*name).map(String::as_str), Some(said), "{name}");
        }
    }

    #[test]
    fn what_is_inherited_counts_unless_the_entry_says_otherwise() {
        let mut fake = store();
        add(&mut fake, SETTINGS, 0x1600_0049, BINARY, &[1]);
        add(&mut fake, SETTINGS, 0x1600_0060, BINARY, &[0]);
        let nested = utf16(&format!("{HYPERVISOR}\0{SETTINGS}\0\0"));
        add(&mut fake, SETTINGS, INHERIT, MULTI_SZ, &nested);
        add(
            &mut fake,
            HYPERVISOR,
            0x2500_0115,
            BINARY,
            &2_u64.to_le_bytes(),
        );
        assert_eq!(
            read(fake),
            Ok(pairs(&[
                ("hypervisoriommupolicy", "Disable"),
                ("hypervisorlaunchtype", "Auto"),
                ("isolatedcontext", "Yes"),
                ("testsigning", "Yes"),
            ]))
        );
    }

    #[test]
    fn a_number_without_a_word_stays_a_number_and_a_broken_value_is_left_out() {
        let mut fake = store();
        add(&mut fake, ENTRY, 0x2500_0072, BINARY, &7_u64.to_le_bytes());
        add(&mut fake, ENTRY, 0x2500_0071, BINARY, &[]);
        add(&mut fake, ENTRY, 0x2500_0115, SZ, &utf16("2\0"));
        let found = options(&mut fake).unwrap();
        assert_eq!(found.get("pciexpress").map(String::as_str), Some("7"));
        assert_eq!(found.get("msi"), None);
        assert_eq!(found.get("hypervisoriommupolicy"), None);
    }

    #[test]
    fn a_store_that_is_refused_or_missing_is_an_error() {
        let mut closed = store();
        closed.refuses = true;
        assert_eq!(read(closed), Err("access denied".to_owned()));
        let why = "the boot manager names no default entry".to_owned();
        assert_eq!(read(Fake::default()), Err(why));
        let mut resume = store();
        let key = format!(r"{OBJECTS}\{ENTRY}\Description");
        resume.set(&key, "Type", DWORD, &0x1020_0004_u32.to_le_bytes());
        let why = format!("{ENTRY} is no entry that starts Windows");
        assert_eq!(read(resume), Err(why));
    }
}
