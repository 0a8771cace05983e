//! Both capability lists: one structure after the other, joined by next pointers.

use crate::synth::error::Problem;

/// Writes standard capabilities from `start` on; returns the pointer for the header.
pub(super) fn standard(space: &mut [u8], start: u16, list: &[Vec<u8>]) -> Result<u8, Problem> {
    let mut first = 0;
    let mut previous: Option<usize> = None;
    let mut at = usize::from(start);
    for body in list {
        let end = at + body.len();
        let pointer = u8::try_from(at).map_err(|_| Problem::CapabilitiesTooLong)?;
        if end > 0x100 {
            return Err(Problem::CapabilitiesTooLong);
        }
        put(space, at, body);
        match previous {
            None => first = pointer,
            Some(previous) => put(space, previous + 1, &[pointer]),
        }
        previous = Some(at);
        at = end.next_multiple_of(4);
    }
    Ok(first)
}

/// Writes extended capabilities from 100h on.
pub(super) fn extended(space: &mut [u8], list: &[Vec<u8>]) -> Result<(), Problem> {
    let mut previous: Option<usize> = None;
    let mut at = 0x100;
    for body in list {
        let end = at + body.len();
        if end > space.len() {
            return Err(Problem::CapabilitiesTooLong);
        }
        put(space, at, body);
        if let Some(previous) = previous
            && let Some(word) = space.get(previous + 2..previous + 4)
            && let Ok(word) = <[u8; 2]>::try_from(word)
        {
            let next = u16::try_from(at).unwrap_or(0) << 4;
            put(
                space,
                previous + 2,
                &(u16::from_le_bytes(word) | next).to_le_bytes(),
            );
        }
        previous = Some(at);
        at = end.next_multiple_of(4);
    }
    Ok(())
}

/// Writes bytes at an offset; nothing past the end of the space.
pub(super) fn put(space: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(target) = space.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_capability_ends_each_list() {
        let mut space = vec![0; 0x200];
        let first = standard(&mut space, 0x40, &[vec![1, 0, 9], vec![5, 0]]).unwrap();
        assert_eq!(first, 0x40);
        assert_eq!(space[0x40..0x48], [1, 0x44, 9, 0, 5, 0, 0, 0]);
        extended(&mut space, &[vec![1, 0, 2, 0, 7], vec![13, 0, 1, 0]]).unwrap();
        assert_eq!(
            space[0x100..0x10c],
            [1, 0, 0x82, 0x10, 7, 0, 0, 0, 13, 0, 1, 0]
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_cut() {
        let mut space = vec![0; 0x1000];
        assert!(standard(&mut space, 0x40, &[vec![9; 0xc0]]).is_ok());
        assert!(standard(&mut space, 0x40, &[vec![9; 0xc1]]).is_err());
        assert!(extended(&mut space, &[vec![1; 0xf00]]).is_ok());
        assert!(extended(&mut space, &[vec![1; 0xf01]]).is_err());
    }
}
