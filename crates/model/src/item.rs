//! Items: things of a [`Kind`], and what is added up of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::cursor::SyncId;
use crate::decimal::Decimal;
use crate::id::{ItemId, ProjectId, UserId};
use crate::kind::Kind;
use crate::task::Change;
use crate::user::UserRef;
use crate::value::Values;

/// A thing of a kind. Written flat: its head, then the fields that its kind declares, then who is
/// named in them and what lies in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What every item has.
    pub head: Head,
    /// What its kind declares.
    pub values: Values,
    /// Who is named in it.
    pub people: Vec<UserRef>,
    /// What lies in it, if its kind is told with that.
    pub inside: Vec<Item>,
}

/// What every item has, whatever its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// Its id.
    pub id: ItemId,
    /// Its kind.
    #[schemars(with = "String")]
    pub kind: &'static Kind,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// What it lies in, for good; none if directly in the project.
    pub parent_id: Option<ItemId>,
    /// Where it stands among those around it; smaller is higher.
    pub position: f64,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// Who made it.
    pub creator_id: UserId,
    /// The creator by name.
    pub creator: UserRef,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An item as another event names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemRef {
    /// Which item.
    pub id: ItemId,
    /// Of which kind.
    #[schemars(with = "String")]
    pub kind: &'static Kind,
    /// Of which project.
    pub project_id: ProjectId,
}

/// What one command changed of an item: old and new of each field that differs, by name.
pub type ItemChanges = BTreeMap<String, Change<Json>>;

/// What happened to an item, with what is added up after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemChange {
    /// As it is now, or, if it was deleted, was.
    pub item: Item,
    /// What differs; nothing unless it was changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: ItemChanges,
    /// What it lies in, as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Item>,
    /// What is added up, by kind: of all kinds that this has changed something of.
    pub totals: BTreeMap<String, Totals>,
}

/// What happened to several items at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemsChange {
    /// The kind of all of them.
    #[serde(rename = "item_kind")]
    #[schemars(with = "String")]
    pub kind: &'static Kind,
    /// The project of all of them.
    pub project_id: ProjectId,
    /// Those that changed.
    pub items: Vec<ChangedItem>,
    /// How many there were.
    pub summary: Summary,
    /// As in [`ItemChange`].
    pub totals: BTreeMap<String, Totals>,
}

/// One of several items that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedItem {
    /// As it is now.
    pub item: Item,
    /// What differs.
    pub changes: ItemChanges,
}

/// What became of a change of many items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How many were named.
    pub total: u32,
    /// How many changed.
    pub updated: u32,
    /// How many did not: nothing of them differed, or they were refused.
    pub skipped: u32,
}

/// All there is of a kind in a project, and of what lies in it, as far as it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// The last event before it was read.
    pub at: SyncId,
    /// The items, in their order.
    pub items: Vec<Item>,
    /// What lies in them: the newest, oldest first.
    pub inside: Vec<Item>,
    /// What is added up of them.
    pub totals: Totals,
}

/// What is added up of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Over the whole project.
    #[serde(flatten)]
    pub whole: Sums,
    /// Over each section that is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<SectionTotals>,
}

/// What is added up of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SectionTotals {
    /// Its name.
    pub section: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// How many items there are, and the sums that their kind declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// How many items.
    pub items: i64,
    /// Each sum by its name.
    #[serde(flatten)]
    pub sums: BTreeMap<String, Decimal>,
}

impl Item {
    /// The kind.
    pub fn kind(&self) -> &'static Kind {
        self.head.kind
    }

    /// How other events name it.
    pub fn to_ref(&self) -> ItemRef {
        let Head { id, kind, project_id, .. } = self.head;
        ItemRef { id, kind, project_id }
    }

    /// What differs from how it was.
    pub fn changes_since(&self, old: &Self) -> ItemChanges {
        let mut changes = ItemChanges::new();
        for ((name, new), (_, old)) in self.values.each().zip(old.values.each()) {
            if new != old {
                let json = |value: Option<&crate::value::Value>| {
                    value.map_or(Json::Null, crate::value::Value::to_json)
                };
                changes.insert(name.to_owned(), Change { old: json(old), new: json(new) });
            }
        }
        let (old, new) = (old.head.position, self.head.position);
        if old.to_bits() != new.to_bits() {
            changes.insert("position".into(), Change { old: old.into(), new: new.into() });
        }
        changes
    }

    /// The section that it falls into, if it does.
    pub fn section(&self) -> Option<&str> {
        let section = self.kind().section.map(|field| self.values.text(field));
        section.filter(|name| !name.is_empty())
    }

    /// Whoever the field of this name names.
    pub fn person(&self, field: &str) -> Option<&UserRef> {
        let (_, user) = self.values.members().find(|(name, _)| *name == field)?;
        self.people.iter().find(|person| person.id == user)
    }

    /// What it is written as, after its head.
    fn rest(&self) -> Map<String, Json> {
        let mut rest = Map::new();
        for (name, value) in self.values.each() {
            rest.insert(name.to_owned(), value.map_or(Json::Null, crate::value::Value::to_json));
            if matches!(
                self.kind().place(name).map(|p| self.kind().fields[p].shape),
                Some(crate::kind::Shape::Member)
            ) {
                let person = serde_json::to_value(self.person(name)).unwrap_or_default();
                rest.insert(who(name).to_owned(), person);
            }
        }
        if let Some(listed) = listed(self.kind()) {
            rest.insert(listed.to_owned(), serde_json::to_value(&self.inside).unwrap_or_default());
        }
        rest
    }
}

/// What the person of a field is called in what is written.
fn who(field: &str) -> &str {
    field.strip_suffix("_id").unwrap_or(field)
}

/// Under which name an item of this kind has what lies in it.
fn listed(kind: &'static Kind) -> Option<&'static str> {
    kind.inner().find_map(|inner| inner.within?.listed)
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    head: &'a Head,
    #[serde(flatten)]
    rest: Map<String, Json>,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { head: &self.head, rest: self.rest() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            #[serde(flatten)]
            head: Head,
            #[serde(flatten)]
            rest: Map<String, Json>,
        }
        let Read { head, mut rest } = Read::deserialize(deserializer)?;
        let values = Values::stored(head.kind, &rest).map_err(de::Error::custom)?;
        let mut people = Vec::new();
        for (name, _) in values.members() {
            if let Some(person) = rest.remove(who(name)).filter(|person| !person.is_null()) {
                people.push(serde_json::from_value(person).map_err(de::Error::custom)?);
            }
        }
        let inside = listed(head.kind).and_then(|listed| rest.remove(listed));
        let inside = inside.map(serde_json::from_value).transpose().map_err(de::Error::custom)?;
        Ok(Self { head, values, people, inside: inside.unwrap_or_default() })
    }
}

/// Its head, and what its kind declares beside that.
impl JsonSchema for Item {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Item".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Head::json_schema(generator);
        schema.insert("additionalProperties".into(), true.into());
        schema.insert("description".into(), "An item, with the fields of its kind.".into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::Value;

    fn item(kind: &str, id: i64) -> Item {
        let kind = Kind::named(kind).unwrap();
        let creator =
            UserRef { id: UserId(1), username: "ann".into(), full_name: "Ann".into(), email: None };
        let head = Head {
            id: ItemId(id),
            kind,
            project_id: ProjectId(7),
            parent_id: None,
            position: 1.0,
            version: 1,
            creator_id: creator.id,
            creator: creator.clone(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        };
        Item { head, values: Values::new(kind), people: Vec::new(), inside: Vec::new() }
    }

    #[test]
    fn a_shot_is_written_with_its_people_and_versions_and_read_again() {
        let mut shot = item("shot", 5);
        let place = shot.kind().place("assignee_id").unwrap();
        shot.values.set(place, Some(Value::Member(UserId(1))));
        shot.people.push(shot.head.creator.clone());
        shot.inside.push(item("shot_version", 6));
        let written = serde_json::to_value(&shot).unwrap();
        assert_eq!(written["assignee_id"], 1);
        assert_eq!(written["assignee"]["full_name"], "Ann");
        assert_eq!(written["versions"][0]["status"], "draft");
        assert_eq!(written["kind"], "shot");
        assert_eq!(serde_json::from_value::<Item>(written).unwrap(), shot);
    }

    #[test]
    fn changes_name_each_field_that_differs() {
        let old = item("boq_item", 5);
        let mut new = old.clone();
        let place = new.kind().place("qty").unwrap();
        new.values.set(place, Some(Value::Decimal(Decimal::new(1_500, 3))));
        new.head.position = 2.0;
        let changes = serde_json::to_value(new.changes_since(&old)).unwrap();
        let qty = json!({"old": "0.000", "new": "1.500"});
        assert_eq!(changes, json!({"qty": qty, "position": {"old": 1.0, "new": 2.0}}));
        assert!(old.changes_since(&old).is_empty());
    }

    #[test]
    fn totals_are_written_flat_and_read_again() {
        let sums =
            |cents| Sums { items: 2, sums: [("total".into(), Decimal::new(cents, 2))].into() };
        let sections = vec![SectionTotals { section: "Roof".into(), sums: sums(5) }];
        let totals = Totals { whole: sums(105), sections };
        let written = serde_json::to_value(&totals).unwrap();
        let roof = json!({"section": "Roof", "items": 2, "total": "0.05"});
        assert_eq!(written, json!({"items": 2, "total": "1.05", "sections": [roof]}));
        assert_eq!(serde_json::from_value::<Totals>(written).unwrap(), totals);
    }
}
