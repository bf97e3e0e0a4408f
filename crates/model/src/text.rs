//! Texts that are valid by construction, and the telling of a rule that was broken.
//!
//! Lengths are in characters (Unicode scalar values). NUL is refused everywhere, because not
//! every database can store it.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// A field that breaks a rule. Its `Display` is a sentence for the person who wrote the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct Invalid {
    /// The field as the caller named it.
    pub field: Cow<'static, str>,
    /// The rule that it breaks.
    pub rule: Rule,
}

impl Invalid {
    /// `field` breaks `rule`.
    pub fn new(field: impl Into<Cow<'static, str>>, rule: Rule) -> Self {
        Self { field: field.into(), rule }
    }
}

/// What can be wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Missing, null, or nothing but white space.
    Required,
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// Not one of these words.
    OneOf(&'static [&'static str]),
    /// Of another JSON type than this one, named with its article.
    Type(&'static str),
    /// Not of the form that the text describes, such as "an e-mail address".
    Form(&'static str),
    /// Names something that does not exist or that the caller may not use.
    Unknown(&'static str),
    /// Outside these bounds.
    Range(i64, i64),
    /// More entries than this.
    TooMany(usize),
    /// Another of the same place has this value.
    Taken,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("is required"),
            Self::TooShort(n) => write!(f, "must be at least {n} characters"),
            Self::TooLong(n) => write!(f, "must be {n} characters or less"),
            Self::OneOf(words) => write!(f, "must be one of: {}", words.join(", ")),
            Self::Type(kind) | Self::Form(kind) => write!(f, "must be {kind}"),
            Self::Unknown(what) => write!(f, "must name {what}"),
            Self::Range(low, high) => write!(f, "must be between {low} and {high}"),
            Self::TooMany(n) => write!(f, "must have {n} entries or less"),
            Self::Taken => f.write_str("is taken"),
        }
    }
}

macro_rules! bounded_text {
    ($($(#[$doc:meta])+ $name:ident: $min:literal..=$max:literal),+ $(,)?) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(length(min = $min, max = $max))] String);

        impl $name {
            /// Most characters it may have.
            pub const MAX: usize = $max;

            /// The text without surrounding white space, if it keeps the rules.
            pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
                bounded(text, $min, $max).map(Self).map_err(|rule| Invalid::new(field, rule))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    )+};
}

bounded_text! {
    /// A task's title: 1 to 500 characters.
    Title: 1..=500,
    /// The name of a project, a person or a category: 1 to 200 characters.
    Name: 1..=200,
    /// A description: at most 5,000 characters.
    Description: 0..=5_000,
    /// A label: 1 to 50 characters.
    Label: 1..=50,
    /// A comment: 1 to 5,000 characters.
    CommentText: 1..=5_000,
}

/// What a message says: at most 10,000 characters, kept as they were written, white space too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct MessageText(#[schemars(length(max = Self::MAX))] String);

impl MessageText {
    /// Most characters it may have.
    pub const MAX: usize = 10_000;

    /// The text, if it keeps the rules.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        // Surrounding white space counts here, unlike elsewhere.
        if text.chars().count() > Self::MAX {
            return Err(Invalid::new(field, Rule::TooLong(Self::MAX)));
        }
        bounded(text, 0, Self::MAX).map_err(|rule| Invalid::new(field, rule))?;
        Ok(Self(text.to_owned()))
    }

    /// The text, if it keeps the rules and is more than white space.
    pub fn parse_some(field: &'static str, text: &str) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::new(field, Rule::Required));
        }
        Self::parse(field, text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name to log in by: NFC, case-folded, 1 to 80 characters without white space or control
/// characters. Digits alone are refused, because some dialects write a numeric id in its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Username(#[schemars(length(min = 1, max = Self::MAX))] String);

impl Username {
    /// Most characters it may have.
    pub const MAX: usize = 80;

    /// The name in its canonical form, if it keeps the rules.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |rule| Invalid::new("username", rule);
        let folded = Self::fold(text);
        let name = bounded(&folded, 1, Self::MAX).map_err(invalid)?;
        if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid(Rule::Form("without spaces")));
        }
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid(Rule::Form("more than digits")));
        }
        Ok(Self(name))
    }

    /// The canonical form of a name that somebody typed: what look-ups compare.
    pub fn fold(text: &str) -> String {
        text.trim().nfc().flat_map(char::to_lowercase).nfc().collect()
    }

    /// The canonical name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address, lower-cased: one `@` with something before it and a dotted or local host
/// after it. Whether it receives mail only mail can tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Email(#[schemars(length(min = 3, max = Self::MAX))] String);

impl Email {
    /// Most bytes it may have (RFC 5321, section 4.5.3.1.3, less the brackets).
    pub const MAX: usize = 254;

    /// The address, if it has the form of one.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("email", Rule::Form("an e-mail address"));
        let address = Self::fold(text);
        let (local, host) = address.split_once('@').ok_or_else(invalid)?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
        };
        let valid = address.len() <= Self::MAX
            && plain(local)
            && plain(host)
            && !host.split('.').any(str::is_empty);
        if valid { Ok(Self(address)) } else { Err(invalid()) }
    }

    /// The canonical form of an address that somebody typed.
    pub fn fold(text: &str) -> String {
        text.trim().to_lowercase()
    }

    /// The canonical address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password on its way to being hashed: 8 to 1,024 characters, no classes demanded. Its
/// `Debug` shows nothing of it.
#[derive(Clone, JsonSchema)]
#[schemars(transparent)]
pub struct Password(#[schemars(length(min = Self::MIN, max = Self::MAX))] String);

impl Password {
    /// Fewest characters it may have.
    pub const MIN: usize = 8;
    /// Most characters it may have.
    pub const MAX: usize = 1024;

    /// The password, if it keeps the rules.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |rule| Err(Invalid::new("password", rule));
        match text.chars().count() {
            0 => invalid(Rule::Required),
            1..Self::MIN => invalid(Rule::TooShort(Self::MIN)),
            Self::MIN..=Self::MAX => Ok(Self(text.to_owned())),
            _ => invalid(Rule::TooLong(Self::MAX)),
        }
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

pub(crate) fn bounded(text: &str, min: usize, max: usize) -> Result<String, Rule> {
    let text = text.trim();
    let long = text.chars().count();
    if long > max {
        Err(Rule::TooLong(max))
    } else if long < min {
        Err(if long == 0 { Rule::Required } else { Rule::TooShort(min) })
    } else if text.contains('\0') {
        Err(Rule::Form("text without NUL characters"))
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_rule_that_was_broken() {
        let said = |r: Result<Title, Invalid>| r.unwrap_err().to_string();
        assert_eq!(said(Title::parse("title", "  ")), "title is required");
        let long = "é".repeat(501);
        assert_eq!(said(Title::parse("title", &long)), "title must be 500 characters or less");
        assert_eq!(
            said(Title::parse("title", "a\0b")),
            "title must be text without NUL characters"
        );
        assert_eq!(Title::parse("title", &"é".repeat(500)).unwrap().as_str().len(), 1000);
    }

    #[test]
    fn usernames_are_folded_and_not_numbers() {
        let name = |t| Username::parse(t).map(|u| u.0);
        assert_eq!(name(" Ålice ").as_deref(), Ok("ålice"));
        assert_eq!(name("A\u{30a}sa"), name("åsa"));
        for bad in ["", "12345", "a b", "a\u{7}b", &"x".repeat(81)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_have_a_form() {
        for good in ["x@test.com", "Ann@Localhost", "a.b+c@ex.co.uk"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "x", "@x.de", "x@", "x@.de", "x@y@z.de", "x y@z.de"] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_do_not_show() {
        let password = Password::parse("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert!(Password::parse("seven77").is_err());
    }
}
