//! Device property keys in every notation that exports use.

use crate::spec::windows::key_of_name;

/// The key in the form of captures: `{FMTID} pid`. `None` where the text is no key.
///
/// Accepted are `{fmtid} pid` with any number of blanks (SurveyDDA.ps1 writes two),
/// `{fmtid}[pid]` (Device Manager, pnputil), `{fmtid},pid`, and the names of the headers with
/// or without `DEVPKEY_`, each in either case.
pub(super) fn property_key(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if let Some(rest) = text.strip_prefix('{') {
        let (guid, rest) = rest.split_once('}')?;
        let id = rest.trim_start_matches([' ', '\t', '\u{a0}', ',', '[', '-', ':']);
        let id = id.trim_end_matches([' ', '\t', ']', ':']);
        let valid = is_guid(guid) && (1..=6).contains(&id.len());
        let id: u32 = valid.then(|| id.parse().ok()).flatten()?;
        return Some(format!("{{{}}} {id}", guid.to_ascii_uppercase()));
    }
    let word = text.trim_end_matches(':').trim_end();
    if word.len() > 80 || word.contains(char::is_whitespace) {
        return None;
    }
    let prefixed = || {
        let (family, _) = word.split_once('_')?;
        let families = ["Device", "PciDevice", "PciRootBus"];
        families
            .iter()
            .any(|known| known.eq_ignore_ascii_case(family))
            .then(|| key_of_name(&format!("DEVPKEY_{word}")))?
    };
    key_of_name(word).or_else(prefixed).map(str::to_owned)
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// The `DEVPROP_TYPE_` number of a type as exports print it: a number, or a name in the
/// spelling of PowerShell, of pnputil or of the header.
pub(super) fn property_type(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['[', ']', '(', ')']);
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("DEVPROP_TYPE_").unwrap_or(&upper);
    Some(match name {
        "EMPTY" => 0,
        "NULL" => 1,
        "SBYTE" => 2,
        "BYTE" => 3,
        "INT16" => 4,
        "UINT16" => 5,
        "INT32" => 6,
        "UINT32" => 7,
        "INT64" => 8,
        "UINT64" => 9,
        "GUID" => 13,
        "FILETIME" => 16,
        "BOOLEAN" | "BOOL" => 17,
        "STRING" => 18,
        "SECURITYDESCRIPTOR" | "SECURITY_DESCRIPTOR" => 19,
        "SECURITYDESCRIPTORSTRING" | "SECURITY_DESCRIPTOR_STRING" => 20,
        "ERROR" => 23,
        "NTSTATUS" => 24,
        "STRINGINDIRECT" | "STRING_INDIRECT" => 25,
        "BINARY" => 0x1003,
        // Win32_PnPDeviceProperty counts 0x2012 as another type; what it holds are texts.
        "STRINGLIST" | "STRING_LIST" | "SECURITYDESCRIPTORSTRINGLIST" => 0x2012,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_a_key_leads_to_the_same() {
        let key = Some("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31".to_owned());
        for text in [
            "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}  31",
            "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31",
            "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62}[31]",
            "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62} [31]:",
            "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62},31",
            "\"{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62}\t31\"",
            "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy",
            "devpkey_pcidevice_acscompatibleuphierarchy:",
            "PciDevice_AcsCompatibleUpHierarchy",
        ] {
            assert_eq!(property_key(text), key, "{text}");
        }
    }

    #[test]
    fn unknown_ids_keep_their_number_and_other_texts_are_no_keys() {
        assert_eq!(
            property_key("{80497100-8c73-48b9-aad9-ce387e19c56e}[6]").unwrap(),
            "{80497100-8C73-48B9-AAD9-CE387E19C56E} 6"
        );
        for text in [
            "",
            "{}",
            "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}",
            "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} x",
            "{3AB22E31} 31",
            "{4d36e97b-e325-11ce-bfc1-08002be10318}\\0001",
            "FriendlyName",
            "DEVPKEY_Nothing_Known",
            "Device Manager",
        ] {
            assert_eq!(property_key(text), None, "{text}");
        }
    }

    #[test]
    fn types_are_numbers_or_names() {
        for (text, number) in [
            ("UInt32", 7),
            ("18", 18),
            ("[String]", 18),
            ("DEVPROP_TYPE_BOOLEAN", 17),
            ("StringList", 0x2012),
        ] {
            assert_eq!(property_type(text), Some(number));
        }
        assert_eq!(property_type("Text"), None);
    }
}
