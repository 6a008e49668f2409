//! Little-endian bytes of snapshots. Writing appends to a buffer; reading takes from the front of a slice and gives `None` when it is too short.

/// Appends eight bytes.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends eight bytes, two's complement.
pub fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends sixteen bytes, two's complement.
pub fn put_i128(out: &mut Vec<u8>, value: i128) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a length (eight bytes).
pub fn put_len(out: &mut Vec<u8>, len: usize) {
    put_u64(out, len as u64);
}

/// Appends a length and the bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends what `write` does, with its length before it: the same as [`put_bytes`] of it, without a copy.
pub fn section(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put_len(out, 0);
    let from = out.len();
    write(out);
    let len = (out.len() - from) as u64;
    if let Some(place) = out.get_mut(start..from) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}

/// Takes `N` bytes.
pub fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

/// Takes what [`put_u64`] wrote.
pub fn take_u64(from: &mut &[u8]) -> Option<u64> {
    take(from).map(u64::from_le_bytes)
}

/// Takes what [`put_i64`] wrote.
pub fn take_i64(from: &mut &[u8]) -> Option<i64> {
    take(from).map(i64::from_le_bytes)
}

/// Takes what [`put_i128`] wrote.
pub fn take_i128(from: &mut &[u8]) -> Option<i128> {
    take(from).map(i128::from_le_bytes)
}

/// Takes the number of items that follow, each of at least `item_bytes_min` bytes: a number that the rest cannot hold is refused, so a damaged
/// length never makes a reader allocate more than a stated multiple of its input.
pub fn take_len(from: &mut &[u8], item_bytes_min: usize) -> Option<usize> {
    let len = usize::try_from(take_u64(from)?).ok()?;
    (len.checked_mul(item_bytes_min)? <= from.len()).then_some(len)
}

/// Takes what [`put_bytes`] wrote.
pub fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_len(from, 1)?;
    let (head, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_and_a_short_input_is_refused() {
        let mut out = Vec::new();
        put_u64(&mut out, u64::MAX);
        put_i64(&mut out, -2);
        put_i128(&mut out, i128::MIN);
        put_bytes(&mut out, b"abc");
        let read = |mut from: &[u8]| {
            let from = &mut from;
            Some((take_u64(from)?, take_i64(from)?, take_i128(from)?, take_bytes(from)?.to_vec()))
        };
        assert_eq!(read(&out), Some((u64::MAX, -2, i128::MIN, b"abc".to_vec())));
        for cut in 0..out.len() {
            assert_eq!(read(&out[..cut]), None);
        }
    }

    #[test]
    fn a_length_larger_than_the_rest_is_refused() {
        let mut out = Vec::new();
        put_u64(&mut out, u64::MAX / 2);
        assert_eq!(take_len(&mut out.as_slice(), 8), None);
    }
}
