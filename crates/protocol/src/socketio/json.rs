//! How deep a JSON text nests, judged before anything is parsed.

/// Whether arrays and objects in `text` nest at most `limit` levels deep.
///
/// For a text that is not JSON the answer is arbitrary, and harmless: the parser refuses it next.
pub(super) fn nests_within(text: &str, limit: usize) -> bool {
    // Counting brackets, those in strings included, is fast and settles nearly every packet.
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    brackets <= limit || depth(text) <= limit
}

fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_strings_only() {
        let check = |text: &str, expected: usize| {
            assert_eq!(depth(text), expected, "{text:?}");
            assert!(nests_within(text, expected), "{text:?}");
            assert!(expected == 0 || !nests_within(text, expected - 1), "{text:?}");
        };
        check("1", 0);
        check("[]", 1);
        check("[[],[],{}]", 2);
        check(r#"["[[[[",{"a":"\"[[["}]"#, 2);
        check(r#"["\\",[{}]]"#, 3);
        check(r#"[{"{":[1]}]"#, 3);
        check("]]][", 1);
        check("[\"open", 1);
        check(&"[".repeat(100_000), 100_000);
    }
}
