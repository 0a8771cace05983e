//! Little-endian structures written register by register.

/// A structure while it is written: each call appends the next register.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A standard capability: id, and a next pointer that the chain fills in.
    pub(super) fn standard(id: crate::spec::pci::CapId) -> Self {
        Self(vec![id.0, 0])
    }

    /// An extended capability: id and version, and a next pointer that the chain fills in.
    pub(super) fn extended(id: crate::spec::pcie::ExtCapId, version: u8) -> Self {
        Self(Vec::new()).u16(id.0).u16(u16::from(version & 0xf))
    }

    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub(super) fn zeros(mut self, count: usize) -> Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}
