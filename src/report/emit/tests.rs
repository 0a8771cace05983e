use super::powershell;
use super::shell;
use super::*;

#[test]
fn single_quotes_of_every_kind_are_doubled_for_powershell() {
    assert_eq!(powershell::quote("plain"), "'plain'");
    assert_eq!(powershell::quote("it's"), "'it''s'");
    assert_eq!(
        powershell::quote("\u{2018}a\u{2019} $x `n \"q\""),
        "'\u{2018}\u{2018}a\u{2019}\u{2019} $x `n \"q\"'"
    );
}

#[test]
fn nothing_gets_out_of_a_shell_word() {
    assert_eq!(shell::quote("a b"), "'a b'");
    assert_eq!(shell::quote("'; reboot; '"), r"''\''; reboot; '\'''");
    assert_eq!(shell::option_value("a,b"), "a,,b");
}

#[test]
fn settings_go_back_to_what_they_were_or_to_the_default() {
    let set = Config {
        high_mmio: Some(Bytes(1 << 30)),
        stop_action: Some(StopAction::TurnOff),
        ..Config::default()
    };
    let back = before(set, Config::default());
    assert_eq!(back.high_mmio, Some(Bytes(HIGH_DEFAULT)));
    assert_eq!(back.stop_action, Some(StopAction::Save));
    assert_eq!(back.low_mmio, None, "was not set");
    let again = Config {
        high_mmio: Some(Bytes(2 << 30)),
        ..Config::default()
    };
    assert_eq!(before(again, set).high_mmio, Some(Bytes(1 << 30)));
}
