//! One machine: every captured function decoded, beside what was reported about it.
//!
//! The last room that speaks of [`Observed`](crate::bytes::Observed); analyses answer with
//! [`Tri`](crate::analysis::Tri).

mod acs_registers;
mod bus_index;
mod device_state;
mod function;
mod interrupts;
mod nodes;
mod own_resets;
mod tables;
mod virtual_functions;
mod windows;

use bus_index::BusIndex;

pub use acs_registers::AcsRegisters;
pub use device_state::{Assignment, DeviceState};
pub use function::{Function, FunctionId, Identity};
pub use interrupts::Interrupts;
pub use nodes::Nodes;
pub use own_resets::OwnResets;
pub use tables::{AcpiTable, AcpiTables};
pub use windows::{Enumerator, WindowsFacts};

use crate::addr::{Sbdf, Segment};
use crate::capture::Capture;
use crate::decode::kernel_log::KernelLog;
use crate::parallel;

/// A machine as captured. Functions are ordered by address.
#[derive(Debug)]
pub struct Host<'c> {
    capture: &'c Capture,
    functions: Vec<Function<'c>>,
    buses: BusIndex,
    acpi: AcpiTables<'c>,
    log: Option<KernelLog>,
    nodes: Nodes,
}

impl<'c> Host<'c> {
    /// Decodes every function of a capture.
    pub fn from_capture(capture: &'c Capture) -> Self {
        let records: Vec<_> = capture.functions.iter().take(u32::MAX as usize).collect();
        let mut functions =
            parallel::map(&records, |_, &(&at, record)| Function::decode(at, record));
        virtual_functions::link(&mut functions);
        let log = capture.host.get("log.txt").map(|log| KernelLog::read(log));
        Self {
            capture,
            buses: BusIndex::of(&functions),
            functions,
            acpi: AcpiTables::of(capture),
            log,
            nodes: Nodes::of(capture),
        }
    }

    /// Windows' device nodes and what Hyper-V reported.
    pub const fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Where a function stands between the host and its guests; `None` where the capture does
    /// not say.
    pub fn device_state(&self, id: FunctionId) -> Option<DeviceState> {
        DeviceState::of(self.function(id), &self.nodes)
    }

    /// The capture behind it.
    pub const fn capture(&self) -> &'c Capture {
        self.capture
    }

    /// Its ACPI tables, as far as they have a decoder.
    pub const fn acpi(&self) -> &AcpiTables<'c> {
        &self.acpi
    }

    /// What the kernel log says, where there is one. Its lines are those of `host/log.txt`.
    pub const fn log(&self) -> Option<&KernelLog> {
        self.log.as_ref()
    }

    /// Every function, by address.
    pub fn functions(&self) -> &[Function<'c>] {
        &self.functions
    }

    /// Every function with its id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FunctionId, &Function<'c>)> {
        self.functions
            .iter()
            .enumerate()
            .map(|(index, function)| (FunctionId::new(index), function))
    }

    /// The function with this id.
    ///
    /// # Panics
    /// With an id of another host.
    pub fn function(&self, id: FunctionId) -> &Function<'c> {
        &self.functions[id.index()]
    }

    /// The function at an address, where captured.
    pub fn find(&self, at: Sbdf) -> Option<FunctionId> {
        let (from, to) = self.buses.range(at.segment, at.bus());
        let on_bus = self.functions.get(from..to)?;
        let index = on_bus.binary_search_by_key(&at, |function| function.at);
        Some(FunctionId::new(from + index.ok()?))
    }

    /// The virtual functions of a physical one, in order.
    pub fn virtual_functions_of(&self, physical: FunctionId) -> impl Iterator<Item = FunctionId> {
        let of_it = move |function: &Function<'c>| function.physical == Some(physical);
        self.iter()
            .filter(move |(_, function)| of_it(function))
            .map(|(id, _)| id)
    }

    /// Functions on one bus, in order.
    pub fn on_bus(&self, segment: Segment, bus: u8) -> &[Function<'c>] {
        let (from, to) = self.buses.range(segment, bus);
        self.functions.get(from..to).unwrap_or_default()
    }

    /// Ids of the functions on one bus, in order.
    pub fn ids_on_bus(
        &self,
        segment: Segment,
        bus: u8,
    ) -> impl ExactSizeIterator<Item = FunctionId> + use<> {
        let (from, to) = self.buses.range(segment, bus);
        (from..to).map(FunctionId::new)
    }
}
