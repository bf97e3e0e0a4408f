//! Messages in channels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::id::{ChannelId, MessageId, ProjectId, UserId};
use crate::text::{Invalid, Rule};
use crate::user::UserRef;

/// What somebody said in a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub channel_id: ChannelId,
    /// That channel's project.
    pub project_id: ProjectId,
    /// What it says, as written.
    pub content: String,
    /// What its client has said beside the text, in its own words. Nothing reads it but clients.
    pub metadata: Option<Map<String, Value>>,
    /// Who said it.
    pub author_id: UserId,
    /// The author by name.
    pub author: UserRef,
    /// The message that it answers; that one may have been deleted since.
    pub parent_id: Option<MessageId>,
    /// How many messages answer it.
    pub replies: u64,
    /// What others have thought of it, the first sign first.
    pub reactions: Vec<Reaction>,
    /// Whether it was changed after it was said.
    pub is_edited: bool,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// When it was said.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A sign under a message, and who has left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// The sign.
    pub emoji: String,
    /// Who has left it, the first first.
    pub users: Vec<UserId>,
}

/// A sign to leave under a message: 1 to 32 characters without white space or control characters.
/// Whether it is a picture is for pages to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Emoji(#[schemars(length(min = 1, max = Self::MAX))] String);

impl Emoji {
    /// Most characters it may have.
    pub const MAX: usize = 32;

    /// The sign, if it keeps the rules.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let rule = match text.chars().count() {
            0 => Rule::Required,
            1..=Self::MAX if !text.chars().any(|c| c.is_whitespace() || c.is_control()) => {
                return Ok(Self(text.to_owned()));
            }
            1..=Self::MAX => Rule::Form("without spaces"),
            _ => Rule::TooLong(Self::MAX),
        };
        Err(Invalid::new(field, rule))
    }

    /// The sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_short_and_whole() {
        for good in ["👍", ":thumbsup:", "👨‍👩‍👧"] {
            assert_eq!(Emoji::parse("emoji", good).unwrap().as_str(), good);
        }
        for bad in ["", " ", "a b", "\u{7}", &"x".repeat(33)] {
            assert!(Emoji::parse("emoji", bad).is_err(), "{bad:?}");
        }
    }
}
