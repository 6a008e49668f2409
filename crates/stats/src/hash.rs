//! SipHash-2-4: a keyed hash of short texts to 64 bits, the same on every machine and in every release.
//!
//! Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012. With a key that the sender of the logs does not know,
//! nobody can craft values that collide and so hide behind a distinct count.

/// The two halves of the 128-bit key.
pub type HashKey = [u64; 2];

/// The SipHash-2-4 of `bytes` under `key`.
#[must_use]
pub fn sip64(key: HashKey, bytes: &[u8]) -> u64 {
    let [k0, k1] = key;
    let mut state = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        absorb(&mut state, u64::from_le_bytes(*word));
    }
    let mut last = [0_u8; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    let length = (bytes.len() as u64) << 56;
    absorb(&mut state, u64::from_le_bytes(last) | length);
    finish(state)
}

fn absorb(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    round(state);
    state[0] ^= word;
}

fn finish(mut state: [u64; 4]) -> u64 {
    state[2] ^= 0xff;
    for _ in 0..4 {
        round(&mut state);
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

fn round(state: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *state;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    *state = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_paper_hold() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let bytes: Vec<u8> = (0..15).collect();
        assert_eq!(sip64(key, &bytes), 0xa129_ca61_49be_45e5);
        assert_eq!(sip64(key, &[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(sip64(key, &bytes[..8]), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn another_key_gives_another_hash() {
        assert_ne!(sip64([0, 0], b"x"), sip64([0, 1], b"x"));
    }
}
