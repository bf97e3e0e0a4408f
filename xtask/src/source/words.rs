//! A Rust file as a flat list of tokens.
//!
//! The syntax tree stops at macros (`select!`, `json!`, `assert_eq!`); the tokens do not.

use proc_macro2::{Delimiter, Group, Literal, Punct, Spacing, TokenStream, TokenTree};

/// One token: an identifier, a literal, a bracket, or a mark of punctuation.
#[derive(Debug, Clone)]
pub struct Word {
    /// How it is written; `::` is one word, every other mark one character.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it says, if it is a string or byte string literal.
    pub string: Option<String>,
    /// The index of the bracket that closes or opens this one, if it is a bracket.
    pub partner: Option<usize>,
}

impl Word {
    fn plain(text: &str, line: usize) -> Self {
        Self { text: text.to_owned(), line, string: None, partner: None }
    }
}

/// The tokens of `stream` in the order in which they are written.
pub fn flatten(stream: TokenStream) -> Vec<Word> {
    let mut words = Vec::new();
    append(&mut words, stream);
    words
}

/// Whether the words from `index` on are written like `texts`.
pub fn reads(words: &[Word], index: usize, texts: &[&str]) -> bool {
    words
        .get(index..index + texts.len())
        .is_some_and(|words| words.iter().map(|word| word.text.as_str()).eq(texts.iter().copied()))
}

/// Whether the words that end just before `index` are written like `texts`.
pub fn reads_before(words: &[Word], index: usize, texts: &[&str]) -> bool {
    index.checked_sub(texts.len()).is_some_and(|start| reads(words, start, texts))
}

fn append(words: &mut Vec<Word>, stream: TokenStream) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => append_group(words, &group, line),
            TokenTree::Punct(mark) if begins_path(&mark, trees.peek()) => {
                trees.next();
                words.push(Word::plain("::", line));
            }
            TokenTree::Punct(mark) => words.push(Word::plain(&mark.to_string(), line)),
            TokenTree::Ident(name) => words.push(Word::plain(&name.to_string(), line)),
            TokenTree::Literal(literal) => {
                let plain = Word::plain(&literal.to_string(), line);
                words.push(Word { string: string(literal), ..plain });
            }
        }
    }
}

fn append_group(words: &mut Vec<Word>, group: &Group, line: usize) {
    let Some((open, close)) = brackets(group.delimiter()) else {
        return append(words, group.stream());
    };
    let opening = words.len();
    words.push(Word::plain(open, line));
    append(words, group.stream());
    words[opening].partner = Some(words.len());
    let line = group.span_close().start().line;
    words.push(Word { partner: Some(opening), ..Word::plain(close, line) });
}

fn begins_path(mark: &Punct, next: Option<&TokenTree>) -> bool {
    let colon_follows = matches!(next, Some(TokenTree::Punct(next)) if next.as_char() == ':');
    mark.as_char() == ':' && mark.spacing() == Spacing::Joint && colon_follows
}

fn brackets(delimiter: Delimiter) -> Option<(&'static str, &'static str)> {
    match delimiter {
        Delimiter::Parenthesis => Some(("(", ")")),
        Delimiter::Brace => Some(("{", "}")),
        Delimiter::Bracket => Some(("[", "]")),
        Delimiter::None => None,
    }
}

fn string(literal: Literal) -> Option<String> {
    match syn::Lit::new(literal) {
        syn::Lit::Str(string) => Some(string.value()),
        syn::Lit::ByteStr(bytes) => Some(String::from_utf8_lossy(&bytes.value()).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        flatten(text.parse().unwrap())
    }

    #[test]
    fn paths_brackets_and_macros_are_all_words() {
        let texts: Vec<String> =
            words("a::b!{ c: (::d), e:&f::<g>() }").into_iter().map(|word| word.text).collect();
        assert_eq!(texts.join(" "), "a :: b ! { c : ( :: d ) , e : & f :: < g > ( ) }");
    }

    #[test]
    fn brackets_know_each_other() {
        let words = words("f(g[0], {})");
        let pairs: Vec<_> = words.iter().map(|word| word.partner).collect();
        let (open, close) = (1, words.len() - 1);
        assert_eq!((pairs[open], pairs[close]), (Some(close), Some(open)));
        assert_eq!(pairs[0], None);
    }

    #[test]
    fn a_string_says_what_its_escapes_mean() {
        let said: Vec<_> = words(r##""a\"b" r#"c"d"# b"e" 'f' 1"##)
            .into_iter()
            .filter_map(|word| word.string)
            .collect();
        assert_eq!(said, ["a\"b", "c\"d", "e"]);
    }

    #[test]
    fn reading_stops_at_both_ends() {
        let words = words("a b c");
        assert!(reads(&words, 1, &["b", "c"]));
        assert!(!reads(&words, 2, &["c", "d"]));
        assert!(reads_before(&words, 2, &["a", "b"]));
        assert!(!reads_before(&words, 1, &["a", "b"]));
    }
}
