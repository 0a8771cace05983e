//! Logs as JSON: `journalctl -o json` and `dmesg --json`.

use serde_json::Value;

/// The members that hold a message: of the journal, and of dmesg.
const MEMBERS: &[&str] = &["\"MESSAGE\"", "\"msg\""];

/// The messages of such a text, each on the line where it stands, so that what is found in them
/// can be cited; `None` for any other text. Messages of programs are left out.
pub(super) fn messages(text: &[u8]) -> Option<Vec<u8>> {
    let start = text.trim_ascii_start();
    let head = start.get(..4096).unwrap_or(start);
    let has = |words: &[u8]| head.windows(words.len()).any(|window| window == words);
    let journal = has(b"\"MESSAGE\"") && has(b"\"_TRANSPORT\"");
    let dmesg = has(b"\"dmesg\"") && has(b"\"msg\"");
    if start.first() != Some(&b'{') || !(journal || dmesg) {
        return None;
    }
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len() / 4);
    for line in text.lines() {
        plain.push_str(&message(line).unwrap_or_default());
        plain.push('\n');
    }
    Some(plain.into_bytes())
}

/// The message of a line.
fn message(line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with('{') && line.ends_with('}') {
        let entry: Value = serde_json::from_str(line).ok()?;
        let from_kernel = entry.get("_TRANSPORT").is_none_or(|by| by == "kernel");
        let message = entry.get("MESSAGE").filter(|_| from_kernel)?.as_str()?;
        return Some(first_line(message));
    }
    // An object of several lines.
    let value = MEMBERS
        .iter()
        .find_map(|member| line.strip_prefix(member))?;
    let value = value.trim_start().strip_prefix(':')?.trim();
    let value = value.strip_suffix(',').unwrap_or(value);
    Some(first_line(&serde_json::from_str::<String>(value).ok()?))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        messages(text.as_bytes()).map(|plain| String::from_utf8(plain).unwrap())
    }

    #[test]
    fn messages_keep_their_lines() {
        let journal = "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"pci 0000:01:00.0: [10de:1eb8] type 00 class 0x030200\"}\n\
            {\"_TRANSPORT\":\"syslog\",\"MESSAGE\":\"pci 0000:02:00.0: [10de:1eb8] type 00\"}\n\
            {\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[112,99]}\n\
            {\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"DMAR: IOMMU \\\"enabled\\\"\"}\n";
        assert_eq!(
            plain(journal).unwrap(),
            "pci 0000:01:00.0: [10de:1eb8] type 00 class 0x030200\n\n\nDMAR: IOMMU \"enabled\"\n"
        );
        let dmesg = "{\n   \"dmesg\": [\n      {\n         \"pri\": 6,\n         \"time\":     0.1,\n         \"msg\": \"DMAR: IOMMU enabled\"\n      },{\n";
        assert_eq!(plain(dmesg).unwrap(), "\n\n\n\n\nDMAR: IOMMU enabled\n\n");
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "",
            "{}",
            "[{\"MESSAGE\":\"x\"}]",
            "{\"msg\":\"x\"}",
            "pci 0000:00:00.0: x",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
