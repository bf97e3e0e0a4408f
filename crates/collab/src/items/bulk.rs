//! Many items changed at once: each by itself kept or refused, all told together.

use std::collections::BTreeMap;

use chorus_model::item::ChangedItem;
use chorus_model::{Body, Item, ItemId, ItemsChange, Kind, ProjectId, Summary};
use serde::{Deserialize, Serialize};

use super::form::Given;
use super::ledger::Ledger;
use super::{prepare, write};
use crate::command::Answer;
use crate::doing::Doing;
use crate::fault::{Fault, Noun};

/// Most items of one request.
pub const MOST_AT_ONCE: usize = 500;

/// One item to change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BulkEntry {
    /// Which.
    pub id: ItemId,
    /// Only if it still has this version.
    pub if_version: Option<i64>,
    /// To what, or what is wrong with it.
    pub given: Result<Given, BulkError>,
}

/// Why one of many was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BulkError {
    /// Which.
    pub item_id: ItemId,
    /// The word for programs.
    pub code: String,
    /// The sentence for people.
    pub error: String,
    /// The first field that breaks a rule, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What has come of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bulk {
    /// How many.
    #[serde(flatten)]
    pub summary: Summary,
    /// Why some were refused.
    pub errors: Vec<BulkError>,
    /// Those that changed, as they are now.
    pub items: Vec<Item>,
}

impl BulkError {
    /// The refusal of one.
    pub fn of(id: ItemId, fault: &Fault) -> Self {
        let field = match fault {
            Fault::Invalid(invalid) => invalid.first().map(|one| one.field.to_string()),
            _ => None,
        };
        Self { item_id: id, code: fault.code().to_owned(), error: fault.to_string(), field }
    }
}

/// What is told of one project.
#[derive(Default)]
struct Told {
    ledger: Ledger,
    items: Vec<ChangedItem>,
    summary: Summary,
}

impl Told {
    fn count(&mut self, updated: bool) {
        count(&mut self.summary, updated);
    }
}

pub(crate) fn update_many(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    entries: &[BulkEntry],
) -> Result<Answer, Fault> {
    if !kind.bulk {
        return Err(Fault::NotFound(Noun::Item));
    }
    let mut projects: BTreeMap<ProjectId, Told> = BTreeMap::new();
    let mut bulk = Bulk::default();
    for entry in entries {
        let changed = change(doing, kind, entry, &mut projects);
        count(&mut bulk.summary, matches!(changed, Ok(Some(_))));
        match changed {
            Ok(item) => bulk.items.extend(item),
            Err(fault) if is_of_one(&fault) => {
                let known = entry.given.as_ref().err().cloned();
                bulk.errors.push(known.unwrap_or_else(|| BulkError::of(entry.id, &fault)));
            }
            Err(fault) => return Err(fault),
        }
    }
    for (project_id, Told { ledger, items, summary }) in projects {
        if !items.is_empty() {
            let totals = ledger.totals;
            let change = ItemsChange { kind, project_id, items, summary, totals };
            doing.append(Body::ItemsUpdated(Box::new(change)))?;
        }
    }
    Ok(Answer::Items(Box::new(bulk)))
}

/// Changes one; none if nothing of it differs.
fn change(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    entry: &BulkEntry,
    projects: &mut BTreeMap<ProjectId, Told>,
) -> Result<Option<Item>, Fault> {
    let project = doing.item(kind, entry.id)?.head.project_id;
    let told = projects.entry(project).or_default();
    let prepared = match &entry.given {
        Ok(given) => prepare(doing, kind, entry.id, given, entry.if_version),
        // What it was is known to who refused it.
        Err(_) => Err(Fault::Invalid(Vec::new())),
    };
    let (old, new) = prepared.inspect_err(|_| told.count(false))?;
    let changes = new.changes_since(&old);
    told.count(!changes.is_empty());
    if changes.is_empty() {
        return Ok(None);
    }
    let (item, _) = write(doing, &mut told.ledger, &old, &new)?;
    told.items.push(ChangedItem { item: item.clone(), changes });
    Ok(Some(item))
}

fn count(summary: &mut Summary, updated: bool) {
    summary.total += 1;
    summary.updated += u32::from(updated);
    summary.skipped += u32::from(!updated);
}

/// Whether only the one item is refused.
fn is_of_one(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Invalid(_) | Fault::NotFound(_) | Fault::Forbidden | Fault::VersionConflict { .. }
    )
}
