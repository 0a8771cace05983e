//! The same for what Windows and Hyper-V tell.

use std::collections::BTreeMap;

use assignable::capture::{
    DeviceNode, DeviceNodes, DismountRefusal, HyperV, NodeProperty, PoolDevice, ScriptAnswer,
    ScriptSentence, VirtualMachine, WindowsHost,
};
use assignable::spec::windows::{self, DeviceProperty};
use serde_json::json;

use super::Texts;

/// Properties whose values are texts, or are shown as they come.
pub(super) const KEYS: &[DeviceProperty] = &[
    windows::BIOS_NAME,
    windows::DESCRIPTION,
    windows::SERVICE,
    windows::FRIENDLY_NAME,
    windows::LOCATION_INFO,
    windows::LOCATION_PATHS,
    windows::HARDWARE_IDS,
    windows::INSTANCE_ID,
    windows::PARENT,
    windows::NODE_STATUS,
];

pub(super) fn nodes(texts: &mut Texts) -> DeviceNodes {
    let named = [Some("0000:01:00.0".to_owned()), Some(texts.next()), None];
    DeviceNodes {
        nodes: named.map(|function| node(texts, function)).into(),
        resources_complete: true,
        properties_complete: true,
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

fn node(texts: &mut Texts, function: Option<String>) -> DeviceNode {
    let mut property = |value| {
        let told = texts.reported(());
        NodeProperty {
            value,
            kind: Some(18),
            origin: told.origin,
        }
    };
    let mut properties = BTreeMap::from([
        (windows::PROBLEM_CODE.key.to_owned(), property(json!(57))),
        (windows::DEVICE_TYPE.key.to_owned(), property(json!(5))),
    ]);
    for key in KEYS {
        let value = json!([texts.next()]);
        let told = texts.reported(());
        let property = NodeProperty {
            value,
            kind: Some(8210),
            origin: told.origin,
        };
        properties.insert(key.key.to_owned(), property);
    }
    let answer = ScriptAnswer {
        name: texts.next(),
        says: vec![ScriptSentence::ReservedMemory, ScriptSentence::Redirectable],
        location_path: Some(texts.next()),
        mmio_megabytes: Some(1),
    };
    DeviceNode {
        instance_id: Some(format!("PCI\\VEN_8086&DEV_1572\\{}", texts.next())),
        function,
        properties,
        resources: Vec::new(),
        survey: Some(texts.reported(answer)),
        dismount: Some(texts.reported(vec![DismountRefusal::NoDirectives])),
        registry: BTreeMap::from([(texts.next(), json!(texts.next()))]),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

pub(super) fn host(texts: &mut Texts) -> WindowsHost {
    WindowsHost {
        edition: Some(texts.next()),
        product: Some(texts.next()),
        product_type: Some(texts.next()),
        build: Some(20348),
        boot: BTreeMap::from([
            ("hypervisoriommupolicy".to_owned(), texts.next()),
            (texts.next(), texts.next()),
        ]),
        registry: BTreeMap::from([(texts.next(), json!(texts.next()))]),
        physical_address_bits: Some(46),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

pub(super) fn hyperv(texts: &mut Texts) -> HyperV {
    let guest = VirtualMachine {
        name: texts.next(),
        state: Some(texts.next()),
        generation: Some(2),
        automatic_stop_action: Some(texts.next()),
        dynamic_memory: Some(true),
        low_mmio_bytes: Some(128 << 20),
        high_mmio_bytes: Some(512 << 20),
        high_mmio_base_megabytes: Some(65024),
        guest_controlled_cache_types: Some(false),
        nested_virtualization: Some(true),
        clustered: Some(true),
        gpu_partition: Some(true),
        devices: Some(vec![pool_device(texts)]),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    };
    HyperV {
        iov_support: Some(false),
        iov_support_reasons: vec![texts.next(), texts.next()],
        pool: Some(vec![pool_device(texts)]),
        machines: Some(vec![guest]),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}

fn pool_device(texts: &mut Texts) -> PoolDevice {
    PoolDevice {
        instance_path: Some(format!("PCIP\\VEN_8086&DEV_1572\\{}", texts.next())),
        location_path: Some(texts.next()),
        pool: Some(texts.next()),
        other: BTreeMap::from([(texts.next(), json!(texts.next()))]),
    }
}
