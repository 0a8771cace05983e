//! Resource descriptors of the configuration manager (Windows SDK, cfgmgr32.h).

use crate::capture::NodeResource;

/// One descriptor as Windows gives it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RawResource {
    /// `ResType_` number.
    pub kind: u32,
    /// The descriptor.
    pub bytes: Vec<u8>,
}

impl RawResource {
    /// What was allocated; `None` for kinds that are of no use, and for what is cut.
    pub(super) fn decode(&self) -> Option<NodeResource> {
        let word = |offset: usize| {
            let bytes = self.bytes.get(offset..offset + 4)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let double = |offset: usize| {
            let bytes = self.bytes.get(offset..offset + 8)?.first_chunk()?;
            Some(u64::from_le_bytes(*bytes))
        };
        Some(match self.kind {
            // ResType_Mem and ResType_MemLarge: MEM_DES, count, type, first and last address.
            1 | 7 => NodeResource::Memory {
                start: double(8)?,
                end: Some(double(16)?),
            },
            // ResType_IO: IO_DES, as before.
            2 => NodeResource::Port {
                start: double(8)?,
                end: Some(double(16)?),
            },
            // ResType_DMA.
            3 => NodeResource::Other,
            // ResType_IRQ: IRQ_DES, count, type, flags, number.
            4 => NodeResource::Interrupt { number: word(12)? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_read_at_their_offsets() {
        let mut bytes = vec![0; 32];
        bytes[8..16].copy_from_slice(&0xdf20_0000_u64.to_le_bytes());
        bytes[16..24].copy_from_slice(&0xdf20_3fff_u64.to_le_bytes());
        let range = |kind| {
            RawResource {
                kind,
                bytes: bytes.clone(),
            }
            .decode()
        };
        let (start, end) = (0xdf20_0000, Some(0xdf20_3fff));
        assert_eq!(range(1), Some(NodeResource::Memory { start, end }));
        assert_eq!(range(7), Some(NodeResource::Memory { start, end }));
        assert_eq!(range(2), Some(NodeResource::Port { start, end }));
        assert_eq!(range(0xffff), None);
        let mut bytes = vec![0; 24];
        bytes[12..16].copy_from_slice(&(-4_i32).to_le_bytes());
        let irq = RawResource { kind: 4, bytes };
        assert_eq!(
            irq.decode(),
            Some(NodeResource::Interrupt {
                number: 0xffff_fffc
            })
        );
        assert_eq!(
            RawResource {
                kind: 1,
                bytes: vec![0; 16]
            }
            .decode(),
            None
        );
    }
}
