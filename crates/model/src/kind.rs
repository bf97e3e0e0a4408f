//! Kinds of things that projects have lists of, and the one mechanism that serves them.
//!
//! A kind is a declaration: what its items are called and where they are found, which fields they
//! have, what is added up of them, what they lie in, who may change them. Everything else reads
//! declarations: rows, rules, REST, documents, events. Each file of this folder has what makes a
//! kind, together with what lies in its items; a new one is a file and its line in [`KINDS`].

mod asset;
mod boq;
mod budget;
mod milestone;
mod script;
mod vfx;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::decimal::Decimal;
use crate::text::Rule;
use crate::value::{Value, Values};

/// All kinds. What lies in another stands behind it.
pub static KINDS: &[&Kind] = &[
    &boq::ITEM,
    &budget::CATEGORY,
    &budget::ENTRY,
    &script::SCRIPT,
    &script::SCENE,
    &vfx::SHOT,
    &vfx::VERSION,
    &asset::ASSET,
    &milestone::MILESTONE,
];

/// A kind of things.
pub struct Kind {
    /// What one is called: in events, commands, and the names of operations.
    pub name: &'static str,
    /// Where they are found over HTTP: `/projects/{id}/PATH` (or in what they lie in) and
    /// `/PATH/{id}`.
    pub path: &'static str,
    /// What one is, for people.
    pub about: &'static str,
    /// What is to be said of one, beside its place.
    pub fields: &'static [Field],
    /// What is added up over all of a project, and over each section.
    pub sums: &'static [Sum],
    /// The field, a text, by which they fall into sections.
    pub section: Option<&'static str>,
    /// The field, a text, that no two of a project share.
    pub unique: Option<&'static str>,
    /// What they lie in; none: directly in a project.
    pub within: Option<Within>,
    /// Who may make, change and delete them.
    pub editors: Editors,
    /// Most of them in a project.
    pub most: u32,
    /// Whether many are changed at once: what one is at most, some hundred times, is one event.
    pub bulk: bool,
}

/// What the items of a kind lie in, for good. They are deleted with it.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    /// The kind, by name.
    pub kind: &'static str,
    /// Under which name an item of that kind has them with it, if it has.
    pub listed: Option<&'static str>,
    /// Fields whose sum is a [fed](Given::Fed) field of what they lie in: theirs, then that.
    pub feeds: &'static [(&'static str, &'static str)],
}

/// Who may change things of a kind. Who may see the project sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editors {
    /// Who may change tasks.
    Members,
    /// Admins of the project, and members whose role in the workspace is to plan.
    Leads,
}

/// Something that is added up.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// What it is called.
    pub name: &'static str,
    /// Of which field: a decimal, or a flag, which counts.
    pub field: &'static str,
}

/// The most that a sum may come to, either way, in whole units: with two decimals 15 digits.
pub const MOST_SUM: i64 = 9_999_999_999_999;

/// A field of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What values it has.
    pub shape: Shape,
    /// Where they come from.
    pub given: Given,
}

/// What values a field has.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A text of at most so many characters; in a required field, of at least one.
    Text(usize),
    /// The name of a file of at most so many characters: nothing that steers a path or a terminal.
    FileName(usize),
    /// A media type (RFC 6838, section 4.2), without parameters.
    MediaType,
    /// A decimal with so many decimals, between two whole numbers.
    Decimal(u8, i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// An instant.
    Instant,
    /// At most so many texts of at most so many characters.
    Texts(usize, usize),
    /// Somebody who may see the project, by id. The name without `_id` has who it is.
    Member,
    /// An item of this kind in the same project, by id.
    Item(&'static str),
}

/// Where a field's values come from.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// From who makes the item.
    Required,
    /// From who makes it, or none.
    Optional,
    /// From who makes it, or this word, number or list.
    Default(&'static str),
    /// From the other fields.
    Computed(fn(&Values) -> Decimal),
    /// The sum of a field of what lies in it.
    Fed,
    /// From the server, or none.
    Kept,
}

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name).copied()
    }

    /// The place of the field of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The kind that its items lie in.
    pub fn outer(&self) -> Option<&'static Self> {
        self.within.and_then(|within| Self::named(within.kind))
    }

    /// The kinds that lie in its items.
    pub fn inner(&'static self) -> impl Iterator<Item = &'static Self> {
        let lies_in = |kind: &&'static Self| kind.within.is_some_and(|w| w.kind == self.name);
        KINDS.iter().copied().filter(lies_in)
    }

    /// The number of decimals of a sum.
    pub fn scale(&self, sum: &Sum) -> u8 {
        match self.place(sum.field).map(|place| self.fields[place].shape) {
            Some(Shape::Decimal(scale, ..)) => scale,
            _ => 0,
        }
    }
}

impl Field {
    const fn new(name: &'static str, about: &'static str, shape: Shape) -> Self {
        Self { name, about, shape, given: Given::Optional }
    }

    /// Must be given.
    const fn required(mut self) -> Self {
        self.given = Given::Required;
        self
    }

    /// Has this value unless another is given.
    const fn or(mut self, default: &'static str) -> Self {
        self.given = Given::Default(default);
        self
    }

    /// Follows from the others.
    const fn computed(mut self, of: fn(&Values) -> Decimal) -> Self {
        self.given = Given::Computed(of);
        self
    }

    /// The sum of what lies in it.
    const fn fed(mut self) -> Self {
        self.given = Given::Fed;
        self
    }

    /// Said by the server alone.
    const fn kept(mut self) -> Self {
        self.given = Given::Kept;
        self
    }

    /// Whether whoever makes or changes an item says it.
    pub fn is_written(&self) -> bool {
        !matches!(self.given, Given::Computed(_) | Given::Fed | Given::Kept)
    }

    /// Whether it may be none.
    pub fn is_nullable(&self) -> bool {
        matches!(self.given, Given::Optional | Given::Kept)
    }

    /// What it is where nobody has said it.
    pub fn absent(&self) -> Option<Value> {
        match (self.given, self.shape) {
            (Given::Computed(_) | Given::Fed, Shape::Decimal(scale, ..)) => {
                Some(Value::Decimal(Decimal::new(0, scale)))
            }
            (Given::Default(_), Shape::Texts(..)) => Some(Value::Texts(Vec::new())),
            (Given::Default(word), Shape::Flag) => Some(Value::Flag(word == "true")),
            (Given::Default(text), shape) => shape.read(&text.into()).ok(),
            _ => None,
        }
    }

    /// Reads what a client wrote: `Ok(None)` for none.
    pub fn read(&self, value: &serde_json::Value) -> Result<Option<Value>, Rule> {
        let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        if !empty {
            return self.shape.read(value).map(Some);
        }
        match self.given {
            Given::Required => Err(Rule::Required),
            Given::Optional => Ok(None),
            _ => Ok(self.absent()),
        }
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for &'static Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Kind::named(&name).ok_or_else(|| de::Error::custom(format_args!("no kind `{name}`")))
    }
}

#[cfg(test)]
mod tests;
