//! Undoing the mask of client frames (RFC 6455, section 5.3).

/// Applies a mask in place, eight bytes at a time: every byte a client sends passes here.
pub(super) fn apply(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_unmasked() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        apply(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(&payload, b"Hello");
    }

    proptest! {
        #[test]
        fn each_byte_meets_its_own_byte_of_the_mask(
            payload in prop::collection::vec(any::<u8>(), 0..70),
            mask in any::<[u8; 4]>(),
        ) {
            let mut masked = payload.clone();
            apply(&mut masked, mask);
            for (index, byte) in payload.iter().enumerate() {
                prop_assert_eq!(masked[index], byte ^ mask[index % 4]);
            }
        }
    }
}
