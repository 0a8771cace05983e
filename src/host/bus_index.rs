//! Where the functions of each bus are.

use super::Function;
use crate::addr::Segment;

/// The runs of functions on one bus. Searching these few is cheaper than searching all
/// functions, of which each is several cache lines.
#[derive(Debug, Default)]
pub(super) struct BusIndex {
    /// Segment, bus, and index of its first function, in order.
    starts: Vec<(Segment, u8, usize)>,
    functions: usize,
}

impl BusIndex {
    /// Of functions in order of address.
    pub(super) fn of(functions: &[Function<'_>]) -> Self {
        let mut starts: Vec<(Segment, u8, usize)> = Vec::new();
        for (index, function) in functions.iter().enumerate() {
            let (segment, bus) = (function.at.segment, function.at.bus());
            if starts
                .last()
                .is_none_or(|last| (last.0, last.1) != (segment, bus))
            {
                starts.push((segment, bus, index));
            }
        }
        Self {
            starts,
            functions: functions.len(),
        }
    }

    /// Indices of the functions on a bus, the end excluded; empty where it has none.
    pub(super) fn range(&self, segment: Segment, bus: u8) -> (usize, usize) {
        let key = |&(segment, bus, _): &(Segment, u8, usize)| (segment, bus);
        let Ok(run) = self.starts.binary_search_by_key(&(segment, bus), key) else {
            return (0, 0);
        };
        let start = |run: usize| self.starts.get(run).map_or(self.functions, |start| start.2);
        (start(run), start(run + 1))
    }
}

#[cfg(test)]
mod tests {
    use crate::addr::Segment;
    use crate::host::Host;
    use crate::synth::synthesise;
    use crate::testing::at;

    #[test]
    fn every_function_is_found_on_its_bus_and_nothing_else() {
        let capture = synthesise(
            r#"
            [[root]]
            device = [{ kind = "root-port", device = [{ class = "nvme", functions = 2 }] }]
            "#,
        )
        .unwrap();
        let host = Host::from_capture(&capture);
        for (id, function) in host.iter() {
            assert_eq!(host.find(function.at), Some(id));
            let on_bus = host.ids_on_bus(function.at.segment, function.at.bus());
            let expected = host.iter().filter(|(_, f)| f.at.bus() == function.at.bus());
            assert!(on_bus.eq(expected.map(|(id, _)| id)));
        }
        assert_eq!(host.find(at("01:1f.7")), None);
        assert_eq!(host.find(at("77:00.0")), None);
        assert_eq!(host.on_bus(Segment(9), 0).len(), 0);
    }
}
