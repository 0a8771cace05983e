use proptest::prelude::*;

use super::scenario::StopAction;
use super::*;
use crate::spec::windows;
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
        "line 1: no device of the capture matches 0000:77:00.0"
    );
    assert_eq!(
        error("[[step]]\ndo = 'start'\nvm = 'x'"),
        "line 1: the scenario has no virtual machine 'x'"
    );
    assert_eq!(
        error("[[vm]]\nname = 'x'\n[[vm]]\nname = 'X'"),
        "line 3: two virtual machines are called 'X'"
    );
    assert_eq!(
        error("platform = 'vfio'\n[[step]]\ndo = 'disable'\ndevice = 'nvme'"),
        "line 2: step 1 does not exist under vfio"
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

/// A machine whose devices 01:00.0 and 02:00.0 are in the pool and at a guest.
fn captured(hyperv: &serde_json::Value) -> Machine {
    let node = |device: Dev, id: &str| device.windows(windows::INSTANCE_ID, id);
    let mut machine = Machine::with_device(node(Dev::endpoint(), r"PCIP\VEN_1B36&DEV_0010\1"))
        .with("00:02.0", Dev::root_port(2).acs(0x5f, 0x1d))
        .with(
            "02:00.0",
            node(Dev::endpoint(), r"PCIP\VEN_1B36&DEV_0010\2"),
        )
        .with_windows(&serde_json::json!({"physical_address_bits": 39}));
    let text = serde_json::to_vec(hyperv).unwrap();
    let files = &mut machine.capture.host;
    files.insert(crate::capture::HyperV::NAME.to_owned(), text);
    machine
}

fn guest(extra: &serde_json::Value) -> serde_json::Value {
    let mut guest = serde_json::json!({
        "name": "guest", "state": "Running", "generation": 1,
        "devices": [{"instance_path": r"PCIP\VEN_1B36&DEV_0010\2"}],
    });
    for (key, value) in extra.as_object().unwrap() {
        guest[key] = value.clone();
    }
    serde_json::json!({"machines": [guest, {"name": "idle", "state": "Off"}]})
}

fn played(hyperv: &serde_json::Value, text: &str) -> Result<Simulation, ScenarioError> {
    captured(hyperv).facts(|facts| {
        let scenario = Scenario::parse(text).unwrap();
        play(facts, &scenario, &Gates::default())
    })
}

#[test]
fn the_captured_pool_and_guests_are_where_a_scenario_begins() {
    let hyperv = guest(&serde_json::json!({}));
    let simulation = played(&hyperv, "").unwrap();
    assert_eq!(simulation.host_bits, Some(39));
    let states: Vec<DeviceState> = simulation.devices.iter().map(|d| d.initial).collect();
    assert_eq!(
        states,
        [DeviceState::Dismounted, DeviceState::Assigned { vm: 0 }]
    );
    assert_eq!(
        simulation.vms.len(),
        1,
        "an idle machine that no step names"
    );
    let vm = &simulation.vms[0];
    assert_eq!((vm.generation, vm.running), (Some(1), true));
    assert_eq!(vm.devices.len(), 1);
    // The device of the pool is what "any" gives, and the machine without one is known by name.
    let text = "[[step]]\ndo = 'add-any'\nvm = 'IDLE'\n";
    let simulation = played(&hyperv, text).unwrap();
    assert_eq!(simulation.vms[1].name, "idle");
    assert_eq!(simulation.devices[0].state, DeviceState::Assigned { vm: 1 });
}

/// Windows' and Linux' ideas of a device do not mix: under VFIO what Hyper-V reports is nothing.
#[test]
fn under_vfio_hyper_vs_machines_do_not_exist() {
    let hyperv = guest(&serde_json::json!({}));
    let simulation = played(&hyperv, "platform = 'vfio'").unwrap();
    assert_eq!((simulation.vms.len(), simulation.devices.len()), (0, 0));
}

#[test]
fn a_scenario_changes_what_it_names_of_a_captured_machine() {
    let hyperv = guest(&serde_json::json!({
        "low_mmio_bytes": 3_u64 << 30, "high_mmio_bytes": 33280_u64 << 20,
        "high_mmio_base_megabytes": 48128, "automatic_stop_action": "turnoff",
    }));
    let text = "[[vm]]\nname = 'Guest'\nrunning = false\nhigh_mmio = '1G'\n";
    let simulation = played(&hyperv, text).unwrap();
    let vm = &simulation.vms[0];
    assert_eq!(
        (vm.captured, vm.running, vm.generation),
        (true, false, Some(1))
    );
    assert_eq!(vm.stop_action(), StopAction::TurnOff);
    let gaps = vm.gaps();
    assert_eq!(
        (gaps.low, gaps.high, gaps.high_base),
        (3 << 30, 1 << 30, 48128 << 20)
    );
    assert_eq!(vm.devices.len(), 1, "its device stays");
}

#[test]
fn equal_names_of_captured_machines_matter_only_where_a_scenario_uses_them() {
    let mut hyperv = guest(&serde_json::json!({}));
    hyperv["machines"][1] = hyperv["machines"][0].clone();
    assert_eq!(played(&hyperv, "").unwrap().vms.len(), 2);
    assert_eq!(
        played(&hyperv, "[[step]]\ndo = 'stop'\nvm = 'guest'").map(|_| ()),
        Err(ScenarioError {
            problem: Problem::TwoVms("guest".to_owned()),
            line: None
        })
    );
}

#[test]
fn what_was_not_captured_of_a_machine_refuses_nothing() {
    // Two machines without stop action and gaps: one has a device, one has none.
    let hyperv = guest(&serde_json::json!({}));
    let kinds = |text: &str| -> Vec<(Kind, bool)> {
        let simulation = played(&hyperv, text).unwrap();
        let remarks = simulation.steps.into_iter().flat_map(|step| step.remarks);
        remarks
            .map(|remark| (remark.kind, remark.refuses))
            .collect()
    };
    let add = |vm: &str| format!("[[step]]\ndo = 'add'\ndevice = '01:00.0'\nvm = '{vm}'\n");
    assert_eq!(kinds(&add("idle")), [(Kind::StopActionOpen, false)]);
    assert_eq!(kinds(&add("guest")), [], "it has a device already");
    let told = "[[vm]]\nname = 'idle'\nstop_action = 'save'\n";
    assert_eq!(
        kinds(&format!("{told}{}", add("idle"))),
        [(Kind::StopActionSaves, true)]
    );
}

#[test]
fn a_device_at_a_guest_that_was_not_captured_is_nobodys_to_take() {
    let device = Dev::endpoint().windows(windows::ASSIGNED_TO_GUEST, true);
    let phantom = Dev::endpoint().windows(windows::IS_PRESENT, false);
    let machine = Machine::with_device(device)
        .with("00:02.0", Dev::root_port(2).acs(0x5f, 0x1d))
        .with("02:00.0", phantom);
    let text = "[[step]]\ndo = 'mount'\ndevice = '01:00.0'\n\
                [[step]]\ndo = 'disable'\ndevice = '01:00.0'\n\
                [[step]]\ndo = 'enable'\ndevice = '02:00.0'\n";
    machine.facts(|facts| {
        let scenario = Scenario::parse(text).unwrap();
        let simulation = play(facts, &scenario, &Gates::default()).unwrap();
        let first = |step: usize| simulation.steps[step].remarks[0].kind.clone();
        assert_eq!(first(0), Kind::InUse);
        assert_eq!(first(1), Kind::WrongState(DeviceState::AssignedElsewhere));
        assert_eq!(first(2), Kind::WrongState(DeviceState::Absent));
    });
}
