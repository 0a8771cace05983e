use proptest::prelude::*;

use super::*;
use crate::testing::{Dev, Machine};

/// Names of two devices and two machines, used in steps drawn at random.
fn steps() -> impl Strategy<Value = Vec<String>> {
    let device = prop::sample::select(vec!["01:00.0", "02:00.0", "nvme"]);
    let vm = prop::sample::select(vec!["a", "b"]);
    let step = (0_u8..12, device, vm).prop_map(|(kind, device, vm)| match kind {
        0 => format!("do = 'disable'\ndevice = '{device}'"),
        1 => format!("do = 'dismount'\ndevice = '{device}'"),
        2 => format!("do = 'add'\ndevice = '{device}'\nvm = '{vm}'"),
        3 => format!("do = 'add-any'\nvm = '{vm}'\ncount = 2"),
        4 => format!("do = 'remove'\ndevice = '{device}'\nvm = '{vm}'"),
        5 => format!("do = 'mount'\ndevice = '{device}'"),
        6 => format!("do = 'enable'\ndevice = '{device}'"),
        7 => format!("do = 'start'\nvm = '{vm}'"),
        8 => format!("do = 'stop'\nvm = '{vm}'"),
        9 => format!("do = 'migrate'\nvm = '{vm}'"),
        10 => "do = 'restart-host'".to_owned(),
        _ => format!("do = 'set'\nvm = '{vm}'\nhigh_mmio = '1G'"),
    });
    prop::collection::vec(step, 0..30)
}

fn machine() -> Machine {
    Machine::with_device(Dev::endpoint())
        .with("00:02.0", Dev::root_port(2).acs(0x5f, 0x1d))
        .with("02:00.0", Dev::endpoint())
}

fn scenario(steps: &[String]) -> Scenario {
    let mut text = "[[vm]]\nname = 'a'\nstop_action = 'turn-off'\n\
                    [[vm]]\nname = 'b'\nstop_action = 'turn-off'\n"
        .to_owned();
    for step in steps {
        text.push_str("[[step]]\n");
        text.push_str(step);
        text.push('\n');
    }
    Scenario::parse(&text).unwrap()
}

proptest! {
    /// Whatever is done in whatever order: a device is in a VM exactly where its state says so,
    /// refused steps change nothing, and each state follows from the one before.
    #[test]
    fn states_and_machines_agree(steps in steps()) {
        machine().facts(|facts| {
            let simulation = play(facts, &scenario(&steps), &Gates::default()).unwrap();
            for track in &simulation.devices {
                let owners: Vec<usize> = (0..simulation.vms.len())
                    .filter(|&vm| simulation.vms[vm].devices.contains(&track.id))
                    .collect();
                match track.state {
                    DeviceState::Assigned { vm } => assert_eq!(owners, [vm]),
                    _ => assert_eq!(owners, Vec::<usize>::new()),
                }
                let mut state = track.initial;
                for step in simulation.steps.iter().filter(|s| s.device == Some(track.id)) {
                    assert_eq!(step.before, Some(state));
                    assert!(!step.is_refused() || step.after == step.before);
                    state = step.after.unwrap();
                }
                assert_eq!(state, track.state);
            }
            for vm in &simulation.vms {
                let mut devices = vm.devices.clone();
                devices.sort_unstable();
                devices.dedup();
                assert_eq!(devices.len(), vm.devices.len(), "a device twice");
            }
        });
    }
}

#[test]
fn what_does_not_exist_is_an_error_not_a_refusal() {
    let play = |text: &str| {
        machine().facts(|facts| {
            let scenario = Scenario::parse(text).unwrap();
            play(facts, &scenario, &Gates::default()).map(|_| ())
        })
    };
    let error = |text| play(text).unwrap_err().to_string();
    assert_eq!(
        error("[[step]]\ndo = 'disable'\ndevice = '77:00.0'"),
        "no device of the capture matches 0000:77:00.0"
    );
    assert_eq!(
        error("[[step]]\ndo = 'start'\nvm = 'x'"),
        "the scenario has no virtual machine 'x'"
    );
    assert_eq!(
        error("[[vm]]\nname = 'x'\n[[vm]]\nname = 'X'"),
        "two virtual machines are called 'X'"
    );
    assert_eq!(
        error("platform = 'vfio'\n[[step]]\ndo = 'disable'\ndevice = 'nvme'"),
        "step 1 does not exist under vfio"
    );
    assert_eq!(play(""), Ok(()));
}

#[test]
fn a_scenario_that_cannot_be_read_names_the_line() {
    let error = |text: &str| Scenario::parse(text).unwrap_err();
    assert_eq!(error("[[vm]]\nname = 'x'\n\n[[step]]\ndo = 'fly'").line, 5);
    assert_eq!(error("[[step]]\ndo = 'disable'\ndevice = 'gpus'").line, 1);
    assert_eq!(error("titel = 'x'").line, 1);
    let odd = error("[[vm]]\nname = 'x'\nmemory = '4 apples'");
    assert!(odd.problem.contains("amount of memory"), "{odd}");
}
