//! Words in texts that identify a person or a machine: addresses of network cards, UUIDs,
//! serial numbers in the form of a MAC address, mail addresses, paths of users, IP addresses.

/// Words are divided by blanks, quotes, brackets, commas, semicolons and equals signs.
fn divides(c: char) -> bool {
    c.is_whitespace() || "\"'<>()[]{},;=|".contains(c)
}

/// A text with its private words replaced. Everything else, blanks included, stays.
pub(super) fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for part in text.split_inclusive(divides) {
        let word = part.strip_suffix(divides).unwrap_or(part);
        let divider = part.get(word.len()..).unwrap_or_default();
        // Punctuation of the sentence, not of the word.
        let core = word.trim_end_matches(['.', ':', '!', '?']);
        match replacement(core) {
            Some(new) => {
                clean.push_str(new);
                clean.push_str(word.get(core.len()..).unwrap_or_default());
            }
            None => clean.push_str(word),
        }
        clean.push_str(divider);
    }
    clean
}

/// What stands for a private word; `None` where it is none.
fn replacement(word: &str) -> Option<&'static str> {
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    for separator in [':', '-'] {
        let parts: Vec<&str> = word.split(separator).collect();
        let pairs = parts.iter().all(|part| hex(part, 2));
        if pairs && matches!(parts.len(), 6 | 8 | 16 | 20) {
            return Some("(address)");
        }
    }
    let parts: Vec<&str> = word.split('-').collect();
    if let [a, b, c, d, e] = parts[..]
        && hex(a, 8)
        && [b, c, d].iter().all(|part| hex(part, 4))
        && hex(e, 12)
    {
        return Some("(uuid)");
    }
    if let Some((user, host)) = word.split_once('@')
        && !user.is_empty()
        && !host.is_empty()
    {
        return Some("(user)");
    }
    let numbers: Vec<&str> = word.split('.').collect();
    if numbers.len() == 4 && numbers.iter().all(|part| part.parse::<u8>().is_ok()) {
        return Some("(ip)");
    }
    let prefixes = ["eui.", "naa.", "wwn-", "nvme-", "ata-", "scsi-", "uuid."];
    if prefixes.iter().any(|prefix| word.starts_with(prefix)) {
        return Some("(serial)");
    }
    // `enx001b21aabbcc`: a name made of an address.
    if let Some(rest) = word.strip_prefix("enx").or(word.strip_prefix("wlx"))
        && hex(rest.get(..12).unwrap_or_default(), 12)
    {
        return Some("(address)");
    }
    let system = ["/sys", "/proc", "/dev/vfio", "/devices"];
    let own = system.iter().any(|root| word.starts_with(root));
    let unix = word.starts_with('/') && word.matches('/').count() > 1 && !own;
    let windows = word.get(1..3) == Some(":\\");
    (unix || windows).then_some("(path)")
}

/// A text in which a word is replaced by another one, but only where it stands alone.
pub(super) fn replace_word(text: &str, old: &str, new: &str) -> String {
    if old.is_empty() || !text.contains(old) {
        return text.to_owned();
    }
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(old) {
        let (before, after) = rest.split_at(at);
        let after = after.get(old.len()..).unwrap_or_default();
        clean.push_str(before);
        let alone = !joins(clean.chars().last()) && !joins(after.chars().next());
        clean.push_str(if alone { new } else { old });
        rest = after;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_words_are_replaced_wherever_they_stand() {
        for (text, clean) in [
            ("eth0: 52:54:00:12:34:56, up", "eth0: (address), up"),
            (
                "Device Serial Number 00-1b-21-ff-ff-aa-bb-cc",
                "Device Serial Number (address)",
            ),
            ("UUID=01234567-89ab-CDEF-0123-456789abcdef.", "UUID=(uuid)."),
            ("(builder@acme.example) (gcc 12)", "((user)) (gcc 12)"),
            ("read /home/jane/dump.txt", "read (path)"),
            ("C:\\Users\\jane\\x", "(path)"),
            ("ip=10.0.0.17:eth0", "ip=10.0.0.17:eth0"),
            ("via 10.0.0.17", "via (ip)"),
            ("enx001b21aabbcc: renamed", "(address): renamed"),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn addresses_of_functions_numbers_and_system_paths_stay() {
        for text in [
            "pci 0000:41:00.0: BAR 0 [mem 0xfe000000-0xfe000fff 64bit pref]",
            "ACPI: PCI Root Bridge [PC00] (domain 0000 [bus 00-ff])",
            "DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c40660462 ecap f050da",
            "sys/devices/pci0000:00/0000:00:02.0/config: Permission denied",
            "\\_SB_.PCI0.RP05",
            "Linux version 6.12.95+deb12-amd64",
            "00-00 a-b 12:34",
            "",
        ] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn a_word_is_replaced_only_where_it_stands_alone() {
        assert_eq!(
            replace_word("br0, abr0, br00, br0", "br0", "x"),
            "x, abr0, br00, x"
        );
        assert_eq!(replace_word("", "br0", "x"), "");
    }
}
