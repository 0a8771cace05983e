//! Machines of any size, for measuring.

use crate::capture::Capture;

use super::{SynthError, synthesise};

/// A host bridge as large servers have several of: 59 functions on 13 buses.
const UNIT: &str = r#"
[[root]]
repeat = {repeat}
device = [
  { kind = "host-bridge" },
  { kind = "root-port", repeat = 2, slot = 1, device = [
    { class = "nvme", bars = ["mem64p 16K"], flr = true },
  ] },
  { kind = "root-port", device = [
    { class = "ethernet", id = "8086:1572", functions = 2, ari = true, flr = true,
      sriov = { total = 16, enabled = 16, id = "8086:154c", bars = ["mem64p 64K"], msix = 5 } },
  ] },
  { kind = "root-port", device = [
    { kind = "upstream-port", device = [
      { kind = "downstream-port", repeat = 4, slot = 2, device = [
        { class = "nvme", bars = ["mem64p 16K"], flr = true },
      ] },
    ] },
  ] },
  { kind = "root-port", device = [
    { class = "3d", bars = ["mem64p 256M", "mem64p 32M"] },
    { class = "audio", bars = ["mem64p 16K"] },
  ] },
  { kind = "root-port", acs = "none", device = [
    { kind = "pcie-to-pci", device = [{ kind = "pci", class = "ehci" }] },
  ] },
  { kind = "rciep", class = "system", functions = 2, bars = ["mem64p 4K"] },
  { kind = "event-collector" },
]
"#;

/// Functions of one [`UNIT`].
const UNIT_FUNCTIONS: usize = 59;

/// Description of a large machine with exactly this number of functions, virtual ones
/// included.
///
/// Host bridges with root ports, a switch, NVMe, a two-port network card with VFs, a GPU, a
/// conventional bridge and integrated endpoints; a new segment begins where bus numbers run
/// out. What is left over becomes integrated endpoints of one more root.
pub fn scale_description(functions: usize) -> String {
    let (units, rest) = (functions / UNIT_FUNCTIONS, functions % UNIT_FUNCTIONS);
    let mut text = String::new();
    if units > 0 {
        text.push_str(&UNIT.replace("{repeat}", &units.to_string()));
    }
    if rest > 0 {
        text.push_str("\n[[root]]\n");
        let full = (rest / 8 > 0).then_some((rest / 8, 8));
        let last = (rest % 8 > 0).then_some((1, rest % 8));
        for (repeat, functions) in full.into_iter().chain(last) {
            text.push_str("[[root.device]]\nkind = \"rciep\"\nclass = \"system\"\n");
            text.push_str(&format!("repeat = {repeat}\nfunctions = {functions}\n"));
        }
    }
    text
}

/// The machine of [`scale_description`]; fails past [`super::MAX_FUNCTIONS`].
pub fn scale(functions: usize) -> Result<Capture, SynthError> {
    synthesise(&scale_description(functions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Segment;

    #[test]
    fn a_machine_has_exactly_the_functions_asked_for() {
        for functions in [0, 1, 8, 58, 59, 60, 67, 1000, 3000] {
            assert_eq!(scale(functions).unwrap().functions.len(), functions);
        }
    }

    #[test]
    fn a_new_segment_begins_where_bus_numbers_run_out() {
        let machine = scale(3000).unwrap();
        let segments: std::collections::BTreeSet<_> =
            machine.functions.keys().map(|at| at.segment).collect();
        assert_eq!(segments, [0, 1, 2].map(Segment).into());
    }

    #[test]
    fn everything_in_it_has_an_address() {
        for (at, record) in scale(1000).unwrap().functions {
            let resources = record.properties.resources;
            assert!(
                resources.iter().all(|resource| !resource.value.unassigned),
                "{at}"
            );
        }
    }
}
