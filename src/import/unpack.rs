//! Streams that are counted while they are unpacked, so that no input can grow without bound.

use std::cell::Cell;
use std::io::{self, BufRead as _, Read};
use std::rc::Rc;

use super::limits::{HEAD, MAX_DICTIONARY_KIB, MAX_UNPACKED};
use super::sniff::Looks;
use crate::capture::limits::is_bomb;

/// Counts what one input unpacks to, over all its layers and members.
#[derive(Debug, Default)]
pub(super) struct Meter {
    unpacked: Cell<u64>,
    tripped: Cell<Option<Tripped>>,
}

/// The bound that a stream ran into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tripped {
    /// More than [`MAX_UNPACKED`] in all.
    TooLarge,
    /// Too much out of too little.
    Bomb { packed: u64, unpacked: u64 },
}

impl Meter {
    /// The bound that was met, if one was. Readers in between may have lost it.
    pub(super) fn tripped(&self) -> Option<Tripped> {
        self.tripped.get()
    }

    fn trip(&self, why: Tripped) -> io::Error {
        self.tripped.set(Some(why));
        io::Error::new(io::ErrorKind::FileTooLarge, "too much data")
    }

    /// Refuses sizes that an archive claims, before anything is unpacked.
    pub(super) fn claim(&self, packed: u64, unpacked: u64) -> io::Result<()> {
        match is_bomb(packed, unpacked) {
            true => Err(self.trip(Tripped::Bomb { packed, unpacked })),
            false => Ok(()),
        }
    }
}

/// Bytes that were read from a packed stream so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Rc<Cell<u64>>);

impl Count {
    /// For packed bytes that someone else reads.
    pub(super) fn of(packed: u64) -> Self {
        Self(Rc::new(Cell::new(packed)))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }
}

/// Counts the bytes that pass.
pub(super) struct Counted<R> {
    inner: R,
    count: Count,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(inner: R) -> (Self, Count) {
        let count = Count::default();
        (
            Self {
                inner,
                count: count.clone(),
            },
            count,
        )
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.0.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Unpacked bytes of one layer, stopped where they pass a bound.
pub(super) struct Metered<R> {
    inner: R,
    packed: Count,
    unpacked: u64,
    meter: Rc<Meter>,
}

impl<R: Read> Metered<R> {
    pub(super) fn new(inner: R, packed: Count, meter: &Rc<Meter>) -> Self {
        Self {
            inner,
            packed,
            unpacked: 0,
            meter: meter.clone(),
        }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        let all = self.meter.unpacked.get() + read as u64;
        self.meter.unpacked.set(all);
        if all > MAX_UNPACKED {
            return Err(self.meter.trip(Tripped::TooLarge));
        }
        self.meter.claim(self.packed.get(), self.unpacked)?;
        Ok(read)
    }
}

/// A reader for the given packing; `None` where the bytes are not packed.
pub(super) fn decoder<'r>(looks: Looks, packed: impl Read + 'r) -> Option<Box<dyn Read + 'r>> {
    let packed = io::BufReader::new(packed);
    Some(match looks {
        Looks::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Looks::Xz => {
            let limit = MAX_DICTIONARY_KIB;
            Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, limit))
        }
        Looks::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        Looks::Zstd => Box::new(Zstd::Between(packed)),
        _ => return None,
    })
}

/// A zstd file: one frame after the other (RFC 8878). What a frame's window may take is bounded
/// by the decoder.
enum Zstd<R: Read> {
    /// Before a frame or at the end.
    Between(io::BufReader<R>),
    Within(
        Box<ruzstd::decoding::StreamingDecoder<io::BufReader<R>, ruzstd::decoding::FrameDecoder>>,
    ),
    /// Broken, or done.
    Over,
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Between(mut packed) => {
                    if packed.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let frame = ruzstd::decoding::StreamingDecoder::new(packed);
                    *self = Self::Within(Box::new(frame.map_err(io::Error::other)?));
                }
                Self::Within(mut frame) => {
                    let read = frame.read(buffer)?;
                    if read > 0 {
                        *self = Self::Within(frame);
                        return Ok(read);
                    }
                    *self = Self::Between(frame.into_inner());
                }
            }
        }
    }
}

/// A stream of which the first bytes were read ahead. Reading it begins with them.
pub(super) struct Peeked<R> {
    head: Vec<u8>,
    passed: usize,
    /// What ended the reading ahead; it is met again behind the head.
    fault: Option<io::Error>,
    rest: R,
}

impl<R: Read> Peeked<R> {
    /// Reads ahead. Bytes before a fault are worth looking at.
    ///
    /// # Errors
    /// The fault, where there are none before it.
    pub(super) fn new(mut rest: R) -> io::Result<Self> {
        let mut head = Vec::new();
        let fault = match rest.by_ref().take(HEAD).read_to_end(&mut head) {
            Ok(_) => None,
            Err(error) if head.is_empty() => return Err(error),
            Err(error) => Some(error),
        };
        Ok(Self {
            head,
            passed: 0,
            fault,
            rest,
        })
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The whole stream up to so many bytes, in the memory of its head, and how it ended.
    pub(super) fn into_bytes(self, limit: u64) -> (Vec<u8>, io::Result<()>) {
        let mut bytes = self.head;
        if let Some(fault) = self.fault {
            return (bytes, Err(fault));
        }
        let more = limit.saturating_sub(bytes.len() as u64);
        let end = self.rest.take(more).read_to_end(&mut bytes);
        (bytes, end.map(|_| ()))
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut head = self.head.get(self.passed..).unwrap_or_default();
        if !head.is_empty() {
            let read = head.read(buffer)?;
            self.passed += read;
            return Ok(read);
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_unpacks_too_much_from_too_little_is_stopped() {
        let meter = Rc::new(Meter::default());
        let mut stream = Metered::new(io::repeat(0), Count::default(), &meter);
        let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(matches!(
            meter.tripped(),
            Some(Tripped::Bomb { packed: 0, .. })
        ));
    }

    #[test]
    fn layers_add_up() {
        let meter = Rc::new(Meter::default());
        let packed = Count::of(u64::MAX);
        let mut sum = 0;
        while meter.tripped().is_none() {
            let part = io::repeat(0).take(300 << 20);
            let mut stream = Metered::new(part, packed.clone(), &meter);
            sum += io::copy(&mut stream, &mut io::sink()).unwrap_or(0);
        }
        assert_eq!(sum, 900 << 20);
        assert_eq!(meter.tripped(), Some(Tripped::TooLarge));
    }

    /// These bytes, then a fault.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("broken")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn a_fault_is_met_after_the_bytes_before_it() {
        let peeked = || Peeked::new(Broken(b"abc")).unwrap();
        assert_eq!(peeked().head(), b"abc");
        let mut all = Vec::new();
        let fault = peeked().read_to_end(&mut all).unwrap_err();
        assert_eq!(fault.to_string(), "broken");
        assert_eq!(all, b"abc");
        let (bytes, end) = peeked().into_bytes(10);
        assert_eq!(bytes, b"abc");
        assert_eq!(end.unwrap_err().to_string(), "broken");
        assert!(Peeked::new(Broken(b"")).is_err());
    }

    #[test]
    fn what_was_read_ahead_is_not_read_again() {
        let head = usize::try_from(HEAD).unwrap();
        let text: Vec<u8> = (0..=250).cycle().take(2 * head + 3).collect();
        let (all, end) = Peeked::new(text.as_slice()).unwrap().into_bytes(1 << 20);
        assert!(end.is_ok() && all == text);
        let (some, _) = Peeked::new(text.as_slice()).unwrap().into_bytes(HEAD + 1);
        assert_eq!(some, text[..=head]);
        let mut read = Vec::new();
        let mut peeked = Peeked::new(text.as_slice()).unwrap();
        peeked.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
