//! What a console showed: prompts with commands, and what each command printed. So write
//! Start-Transcript, and those who copy a window.

/// What was printed between two prompts.
pub(super) struct Part<'t> {
    /// Lines of the text before [`output`](Self::output).
    pub(super) lines_before: u32,
    /// What follows the line of the prompt.
    pub(super) output: &'t str,
    /// The same with the line of the prompt, where there is one.
    pub(super) with_command: Option<&'t str>,
}

/// Whether a text is one: it begins with the banner of Start-Transcript, or has two prompts.
pub(super) fn is_transcript(head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(is_banner)
        || head
            .lines()
            .filter(|line| command(line).is_some())
            .nth(1)
            .is_some()
}

/// The parts of a text, in order. Banners, which hold the names of users and machines, are left
/// out.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut at, mut number) = (0, 0_u32);
    // Start of the open part: of its prompt, of its output, and lines before the output.
    let mut prompt = None;
    let (mut output, mut before) = (0, 0);
    let mut banner = false;
    let mut end_part = |prompt: Option<usize>, output: usize, to: usize, before: u32| {
        if let Some(printed) = text.get(output..to).filter(|text| !text.trim().is_empty()) {
            parts.push(Part {
                lines_before: before,
                output: printed,
                with_command: prompt.and_then(|from| text.get(from..to)),
            });
        }
    };
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        number = number.saturating_add(1);
        if is_banner(line) {
            if !banner {
                end_part(prompt, output, start, before);
            }
            banner = !banner;
            (prompt, output, before) = (None, at, number);
        } else if command(line).is_some() {
            if !banner {
                end_part(prompt, output, start, before);
            }
            banner = false;
            (prompt, output, before) = (Some(start), at, number);
        }
    }
    if !banner {
        end_part(prompt, output, at, before);
    }
    parts
}

/// The row of asterisks around the banners, which is the same in every language.
fn is_banner(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 20 && line.bytes().all(|byte| byte == b'*')
}

/// The command behind a prompt: `PS C:\> `, `PS>`, `[host]: PS C:\> `, `C:\Windows>`.
fn command(line: &str) -> Option<&str> {
    let line = match line.strip_prefix('[') {
        Some(remote) => remote.split_once("]: ")?.1,
        None => line,
    };
    let (place, command) = line.split_once('>')?;
    let shell = place == "PS" || place.starts_with("PS ");
    let drive =
        matches!(place.as_bytes(), [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
    ((shell || drive) && place.len() <= 260).then(|| command.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "**********************\n\
        Windows PowerShell transcript start\n\
        Username: HOST\\someone\n\
        **********************\n\
        Transcript started, output file is C:\\t.txt\n\
        PS C:\\> Get-VMHost | fl IovSupport\n\
        \n\
        IovSupport : True\n\
        \n\
        PS C:\\> bcdedit /enum\n\
        one\n\
        **********************\n\
        Windows PowerShell transcript end\n\
        **********************\n";

    #[test]
    fn outputs_lie_between_prompts_and_banners_are_left_out() {
        assert!(is_transcript(TEXT));
        let parts = parts(TEXT);
        let outputs: Vec<_> = parts
            .iter()
            .map(|part| (part.lines_before, part.output.trim()))
            .collect();
        assert_eq!(
            outputs,
            [
                (4, "Transcript started, output file is C:\\t.txt"),
                (6, "IovSupport : True"),
                (10, "one"),
            ]
        );
        let with = parts[1].with_command.unwrap();
        assert!(with.starts_with("PS C:\\> Get-VMHost"));
        assert!(!TEXT[..0].contains("HOST"));
    }

    #[test]
    fn prompts_of_each_shell_are_known() {
        for line in [
            "PS C:\\Users\\a b> Get-VM",
            "PS>Get-VM",
            "[server]: PS C:\\> Get-VM",
            "C:\\Windows\\system32>Get-VM",
            "PS /home/a> Get-VM",
        ] {
            assert_eq!(command(line), Some("Get-VM"), "{line}");
        }
        for line in ["a > b", "PSX> x", "<PnpUtil>", "1: kd> !pci", "[0]> x", ""] {
            assert_eq!(command(line), None, "{line}");
        }
    }

    #[test]
    fn one_prompt_alone_makes_no_transcript() {
        assert!(!is_transcript("PS C:\\> Get-VM\nName : a\n"));
        assert!(is_transcript("PS C:\\> Get-VM\nName : a\nPS C:\\> \n"));
    }
}
