//! The feature hash (Weinberger et al. 2009, without the sign): 64 bits, the top ones are the bucket.

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Of bytes: FNV-1a.
#[inline]
pub fn of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| next(hash, byte))
}

/// FNV-1a by one more byte.
#[inline]
pub fn next(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Of a pair, in that order.
#[inline]
pub fn pair(first: u64, second: u64) -> u64 {
    (first.rotate_left(5) ^ second).wrapping_mul(FACTOR)
}

/// The bucket of `2^bits`.
#[inline]
pub fn bucket(hash: u64, bits: u32) -> usize {
    ((hash ^ (hash >> 32)).wrapping_mul(FACTOR) >> (64 - bits)) as usize
}
