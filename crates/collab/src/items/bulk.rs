//! Many items changed at once: each by itself kept or refused, all told together.

use std::collections::BTreeMap;

use chorus_model::item::ChangedItem;
use chorus_model::{Body, Item, ItemId, ItemsChange, Kind, ProjectId, Summary};
use serde::{Deserialize, Serialize};

use super::form::Given;
use super::ledger::Ledger;
use super::patched;
use crate::access::{Action, Permit};
use crate::command::Answer;
use crate::doing::{Doing, expect_version, hide};
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

/// What is done in one project.
struct There {
    /// Whether the actor sees it, and may change items there.
    may: Result<Permit, Fault>,
    /// Items before and after.
    pairs: Vec<(Item, Item)>,
    summary: Summary,
}

pub(crate) fn update_many(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    entries: &[BulkEntry],
) -> Result<Answer, Fault> {
    if !kind.bulk {
        return Err(Fault::NotFound(Noun::Item));
    }
    let mut projects: BTreeMap<ProjectId, There> = BTreeMap::new();
    let mut bulk = Bulk::default();
    for entry in entries {
        let changed = change(doing, kind, entry, &mut projects);
        count(&mut bulk.summary, matches!(changed, Ok(Some(_))));
        match changed {
            Ok(item) => bulk.items.extend(item),
            Err(fault) if is_of_one(&fault) => {
                let known = entry.given.as_ref().err().filter(|_| fault == Fault::Invalid(vec![]));
                let error = known.cloned().unwrap_or_else(|| BulkError::of(entry.id, &fault));
                bulk.errors.push(error);
            }
            Err(fault) => return Err(fault),
        }
    }
    for (project, There { pairs, summary, .. }) in projects {
        if !pairs.is_empty() {
            tell(doing, kind, project, pairs, summary)?;
        }
    }
    Ok(Answer::Items(Box::new(bulk)))
}

/// Changes one; none if nothing of it differs. What is added up is left to the end.
fn change(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    entry: &BulkEntry,
    projects: &mut BTreeMap<ProjectId, There>,
) -> Result<Option<Item>, Fault> {
    let missing = Fault::NotFound(Noun::Item);
    let found = doing.tx.item(entry.id)?.filter(|item| item.kind() == kind);
    let old = found.ok_or(missing.clone())?;
    let project = old.head.project_id;
    let there = projects.entry(project).or_insert_with(|| There {
        may: doing.permit(project, Action::EditItems(kind.editors)),
        pairs: Vec::new(),
        summary: Summary::default(),
    });
    // Who does not see the project hears of none of its items.
    hide(there.may.clone(), missing).inspect_err(|_| count(&mut there.summary, false))?;
    let new = wanted(doing, &old, entry).inspect_err(|_| count(&mut there.summary, false))?;
    let differs = !new.changes_since(&old).is_empty();
    count(&mut there.summary, differs);
    if !differs {
        return Ok(None);
    }
    let item = doing.tx.update_item(&new)?;
    there.pairs.push((old, item.clone()));
    Ok(Some(item))
}

/// The item as an entry wants it; without a rule where its form broke one, which it says itself.
fn wanted(doing: &Doing<'_, '_>, old: &Item, entry: &BulkEntry) -> Result<Item, Fault> {
    let given = entry.given.as_ref().map_err(|_| Fault::Invalid(Vec::new()))?;
    expect_version(entry.if_version, old.head.version)?;
    patched(doing, old, given)
}

fn tell(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    project_id: ProjectId,
    pairs: Vec<(Item, Item)>,
    summary: Summary,
) -> Result<(), Fault> {
    let mut ledger = Ledger::default();
    let (olds, news): (Vec<_>, Vec<_>) = pairs.iter().map(|(old, new)| (old, new)).unzip();
    ledger.shift(doing, kind, project_id, &olds, &news)?;
    let told = |(old, item): (Item, Item)| {
        let changes = item.changes_since(&old);
        ChangedItem { item, changes }
    };
    let items = pairs.into_iter().map(told).collect();
    let change = ItemsChange { kind, project_id, items, summary, totals: ledger.totals };
    doing.append(Body::ItemsUpdated(Box::new(change)))?;
    Ok(())
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
