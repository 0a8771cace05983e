//! A policy-free allocator: requests and windows in, places or a typed shortfall out.
//!
//! Knows nothing of platforms. Requests are placed in descending alignment, each at the lowest
//! free address. For requests whose size is their alignment, as BARs are, this is exact: a
//! placed request takes the same number of smaller aligned slots wherever it lies, so that a
//! request that finds no slot could not have found one. Where sizes and alignments differ, as
//! of bridge windows, other orders are tried before the answer is "does not fit".

mod search;
#[cfg(test)]
mod tests;

use crate::range::AddrRange;

/// Something that wants addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Request {
    align: u64,
    size: u64,
}

/// What came of placing some requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Each has a place, in the order of the requests.
    Placed(Vec<AddrRange>),
    /// No arrangement holds them all.
    DoesNotFit(Shortfall),
    /// No arrangement was found, and too many exist to try them all.
    Undecided(Shortfall),
}

/// The first request that found no place when the rest was placed largest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shortfall {
    /// Which request.
    pub request: usize,
    /// Bytes that it needs.
    pub needed: u64,
    /// Alignment that it needs.
    pub align: u64,
    /// Bytes of the largest block that is free at an address of that alignment.
    pub largest: u64,
    /// Bytes that are free in all.
    pub free: u64,
}

/// The smallest window that holds some requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Minimum {
    /// Bytes from the base.
    pub size: u64,
    /// Every smaller size was ruled out. Otherwise too many arrangements exist to try them
    /// all, and a smaller window may do.
    pub proven: bool,
}

/// Unused addresses: disjoint, ascending.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Free(Vec<AddrRange>);

impl Request {
    /// A request; `None` where the size is 0 or the alignment no power of two.
    pub const fn new(size: u64, align: u64) -> Option<Self> {
        if size == 0 || !align.is_power_of_two() {
            return None;
        }
        Some(Self { align, size })
    }

    /// A request that is aligned to its size, as a BAR is: the size is rounded up to a power
    /// of two. `None` where that is 0 or exceeds 64 bits.
    pub const fn natural(size: u64) -> Option<Self> {
        match size.checked_next_power_of_two() {
            Some(size) if size > 1 => Self::new(size, size),
            _ => None,
        }
    }

    /// Bytes.
    pub const fn size(self) -> u64 {
        self.size
    }

    /// The address is a multiple of this.
    pub const fn align(self) -> u64 {
        self.align
    }
}

impl Outcome {
    /// The places, where there are any.
    pub fn placed(&self) -> Option<&[AddrRange]> {
        match self {
            Self::Placed(places) => Some(places),
            Self::DoesNotFit(_) | Self::Undecided(_) => None,
        }
    }

    /// What was short, where something was.
    pub const fn shortfall(&self) -> Option<Shortfall> {
        match self {
            Self::Placed(_) => None,
            Self::DoesNotFit(shortfall) | Self::Undecided(shortfall) => Some(*shortfall),
        }
    }
}

/// Places every request in one of the windows.
pub fn place(windows: &[AddrRange], requests: &[Request]) -> Outcome {
    let free = Free::of(windows);
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(requests.get(index).copied()));
    let shortfall = match in_order(&free, requests, &order) {
        Ok(places) => return Outcome::Placed(places),
        Err(shortfall) => shortfall,
    };
    if requests.iter().all(|request| request.size == request.align) {
        return Outcome::DoesNotFit(shortfall);
    }
    match search::search(&free, requests) {
        search::Answer::Order(order) => match in_order(&free, requests, &order) {
            Ok(places) => Outcome::Placed(places),
            Err(shortfall) => Outcome::Undecided(shortfall),
        },
        search::Answer::None => Outcome::DoesNotFit(shortfall),
        search::Answer::GaveUp => Outcome::Undecided(shortfall),
    }
}

/// Places requests one after the other, each at the lowest free address, in the given order.
///
/// # Errors
/// The first request that finds no place.
pub fn in_order(
    free: &Free,
    requests: &[Request],
    order: &[usize],
) -> Result<Vec<AddrRange>, Shortfall> {
    let mut free = free.clone();
    let mut places = vec![None; requests.len()];
    for &index in order {
        let (Some(&request), Some(place)) = (requests.get(index), places.get_mut(index)) else {
            continue;
        };
        *place = Some(
            free.take(request)
                .ok_or_else(|| free.shortfall(index, request))?,
        );
    }
    Ok(places.into_iter().flatten().collect())
}

/// The smallest window from `base` that holds all requests: a multiple of `step` bytes, at
/// most `limit`. `None` where none does, or where `step` is 0.
pub fn minimum(base: u64, requests: &[Request], step: u64, limit: u64) -> Option<Minimum> {
    let mut proven = true;
    let mut holds = |steps: u64| {
        let outcome = steps
            .checked_mul(step)
            .and_then(|size| AddrRange::with_len(base, size))
            .map(|window| place(&[window], requests));
        match outcome {
            Some(Outcome::Placed(_)) => true,
            Some(Outcome::Undecided(_)) => {
                proven = false;
                false
            }
            Some(Outcome::DoesNotFit(_)) | None => false,
        }
    };
    if requests.is_empty() {
        return Some(Minimum { size: 0, proven });
    }
    // A larger window holds whatever a smaller one does, so that bisection finds the edge.
    let (mut short, mut enough) = (0, limit.min(u64::MAX - base).checked_div(step)?);
    if !holds(enough) {
        return None;
    }
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if holds(middle) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    Some(Minimum {
        size: enough * step,
        proven,
    })
}

impl Free {
    /// The addresses of some windows; where they overlap, once.
    pub fn of(windows: &[AddrRange]) -> Self {
        let mut sorted = windows.to_vec();
        sorted.sort_unstable();
        let mut free: Vec<AddrRange> = Vec::with_capacity(sorted.len());
        for window in sorted {
            match free.last_mut() {
                Some(last) if window.start() <= last.last().saturating_add(1) => {
                    let end = last.last().max(window.last());
                    *last = AddrRange::new(last.start(), end).unwrap_or(*last);
                }
                _ => free.push(window),
            }
        }
        Self(free)
    }

    /// The free blocks, lowest first.
    pub fn blocks(&self) -> &[AddrRange] {
        &self.0
    }

    /// Bytes in all; saturates.
    pub fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum: u64, block| sum.saturating_add(block.len()))
    }

    /// Bytes of the largest block from an address of this alignment on.
    pub fn largest(&self, align: u64) -> u64 {
        let from = |block: &AddrRange| {
            let start = round_up(block.start(), align)?;
            AddrRange::new(start, block.last()).map(AddrRange::len)
        };
        self.0.iter().filter_map(from).max().unwrap_or(0)
    }

    /// Takes the lowest place for a request.
    pub fn take(&mut self, request: Request) -> Option<AddrRange> {
        let fits = |block: &AddrRange| {
            let start = round_up(block.start(), request.align)?;
            let place = AddrRange::with_len(start, request.size)?;
            block.contains(place).then_some(place)
        };
        let place = self.0.iter().find_map(fits)?;
        self.remove(place);
        Some(place)
    }

    /// Takes these addresses, as far as they are free.
    pub fn remove(&mut self, taken: AddrRange) {
        let first = self.0.partition_point(|block| block.last() < taken.start());
        let after = self
            .0
            .partition_point(|block| block.start() <= taken.last());
        if first >= after {
            return;
        }
        let edge = |index: usize| self.0.get(index).copied();
        let before = edge(first)
            .and_then(|block| AddrRange::new(block.start(), taken.start().checked_sub(1)?));
        let behind = edge(after - 1)
            .and_then(|block| AddrRange::new(taken.last().checked_add(1)?, block.last()));
        self.0
            .splice(first..after, before.into_iter().chain(behind));
    }

    fn shortfall(&self, index: usize, request: Request) -> Shortfall {
        Shortfall {
            request: index,
            needed: request.size,
            align: request.align,
            largest: self.largest(request.align),
            free: self.total(),
        }
    }
}

/// The next multiple of a power of two; `None` past 64 bits.
pub const fn round_up(value: u64, align: u64) -> Option<u64> {
    value.checked_next_multiple_of(align)
}
