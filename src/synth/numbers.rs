//! Device and function numbers on one bus.

use crate::addr::{Bdf, Sbdf, Segment};

use super::description::Device;
use super::error::Problem;
use super::kind::Kind;

/// What a bus is made of: decides which device numbers can be on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BusKind {
    /// A root bus; device 0 is left to the host bridge.
    Root,
    /// Conventional PCI, or the inside of a switch.
    Shared,
    /// A link: only device 0 is on it.
    Link,
}

/// Which device and function numbers of a bus are used.
pub(super) struct Numbers {
    segment: Segment,
    bus: u8,
    kind: BusKind,
    taken: [bool; 256],
    next_device: u16,
}

impl Numbers {
    /// An empty bus.
    pub(super) const fn new(segment: Segment, bus: u8, kind: BusKind) -> Self {
        let next_device = match kind {
            BusKind::Root => 1,
            BusKind::Shared | BusKind::Link => 0,
        };
        Self {
            segment,
            bus,
            kind,
            taken: [false; 256],
            next_device,
        }
    }

    /// Takes `count` function numbers of one device, from `from` on where given.
    pub(super) fn take(
        &mut self,
        device: &Device,
        from: Option<u8>,
        count: u16,
    ) -> Result<Vec<u8>, Problem> {
        let ari = device.ari == Some(true);
        let link = self.kind == BusKind::Link;
        let first = match from {
            Some(from) => u16::from(from),
            None if link => self.first_free_function(),
            None if device.kind == Kind::HostBridge && !self.is_taken(0) => 0,
            None => self.next_device * 8,
        };
        if first > 255 {
            return Err(if link {
                Problem::FunctionsExhausted { bus: self.bus }
            } else {
                Problem::DevicesExhausted { bus: self.bus }
            });
        }
        let end = if ari { 256 } else { (first | 7) + 1 };
        if count > end - first || (link && from.is_none() && !ari && first > 7) {
            return Err(Problem::FunctionsExhausted { bus: self.bus });
        }
        let mut devfns = Vec::with_capacity(usize::from(count));
        for devfn in first..first + count {
            let devfn = u8::try_from(devfn).unwrap_or(u8::MAX);
            match self.taken.get_mut(usize::from(devfn)) {
                Some(slot) if !*slot => *slot = true,
                _ => {
                    let at = Bdf::from_devfn(self.bus, devfn);
                    return Err(Problem::AddressTaken {
                        address: Sbdf::new(self.segment, at),
                    });
                }
            }
            devfns.push(devfn);
        }
        let last_device = (first + count - 1) / 8;
        self.next_device = self.next_device.max(last_device + 1);
        Ok(devfns)
    }

    fn first_free_function(&self) -> u16 {
        let last = self.taken.iter().rposition(|&taken| taken);
        last.map_or(0, |last| u16::try_from(last + 1).unwrap_or(u16::MAX))
    }

    fn is_taken(&self, devfn: usize) -> bool {
        self.taken.get(devfn) == Some(&true)
    }
}
