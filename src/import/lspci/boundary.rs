//! Where the lines of a function end although no other function begins: at the output of another
//! command.

/// Whether a line that begins nothing known ends the function before it. `blank` says that an
/// empty line stands before it.
///
/// What a mail wrapped stands at the margin too, but not behind an empty line and without a
/// prompt.
pub(super) fn ends_function(blank: bool, indent: usize, content: &[u8]) -> bool {
    !content.is_empty() && indent == 0 && (blank || is_prompt(content))
}

/// `$ lspci`, `# lspci`, `root@host:~# lspci`, `[user@host ~]$ lspci`, `host ~ # lspci`.
fn is_prompt(line: &[u8]) -> bool {
    let ends = |at: usize| {
        matches!(line.get(at), Some(b'$' | b'#' | b'%'))
            && matches!(line.get(at + 1), None | Some(b' '))
    };
    if ends(0) {
        return true;
    }
    let at = line.iter().take(80).position(|&byte| byte == b'@');
    at.is_some_and(|at| (at..line.len().min(at + 120)).any(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_what_follows_an_empty_line_end_a_function() {
        for prompt in [
            "$ lsusb -v",
            "# cat /proc/iomem",
            "root@host:~# dmesg",
            "[root@box ~]# lspci -nn",
            "user@host:~/dir$",
            "user@host ~ % ioreg",
        ] {
            assert!(ends_function(false, 0, prompt.as_bytes()), "{prompt}");
        }
        for wrapped in [
            "Root Port #9 [8086:9d18] (rev f1)",
            "DEVSEL=fast >TAbort- <TAbort-",
            "Costs 5$ @ most",
        ] {
            assert!(!ends_function(false, 0, wrapped.as_bytes()), "{wrapped}");
        }
        assert!(ends_function(true, 0, b"Bus 001 Device 001: ID 1d6b:0002"));
        assert!(!ends_function(true, 8, b"Kernel driver in use: ahci"));
    }
}
