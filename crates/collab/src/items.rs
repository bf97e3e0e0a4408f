//! Items of every kind: made, changed, deleted. What is added up of them follows in the same
//! transaction, and each event tells both.

mod bulk;
pub mod form;
mod ledger;
mod queries;

use chorus_model::kind::{Shape, Within};
use chorus_model::{
    Body, Invalid, Item, ItemChange, ItemChanges, ItemId, Kind, ProjectId, Rule, Value,
};
use chorus_storage::NewItem as Row;
use serde::Serialize;

use crate::access::Action;
use crate::command::Answer;
use crate::doing::{Doing, expect_version, hide};
use crate::fault::{Fault, Noun};
use crate::tasks::check_member;
use form::Given as Written;
use ledger::Ledger;

pub(crate) use bulk::update_many;
pub use bulk::{Bulk, BulkEntry, BulkError, MOST_AT_ONCE};

/// Most items that are told together with what they lie in.
const MOST_LISTED: u32 = 100;

/// Where an item is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// Directly in a project.
    Project(ProjectId),
    /// In another item.
    Inside(ItemId),
}

pub(crate) fn create(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    spot: Spot,
    written: &Written,
) -> Result<Answer, Fault> {
    let (project, parent) = match (spot, kind.outer()) {
        (Spot::Project(project), None) => (project, None),
        (Spot::Inside(id), Some(outer)) => {
            let parent = doing.item(outer, id)?;
            (parent.head.project_id, Some(parent))
        }
        _ => return Err(Fault::NotFound(Noun::Item)),
    };
    doing.permit(project, Action::EditItems(kind.editors))?;
    check_room(doing, kind, project, parent.as_ref())?;
    let mut values = chorus_model::Values::new(kind);
    for (name, value) in &written.values {
        if let Some(place) = kind.place(name) {
            values.set(place, value.clone());
        }
    }
    values.compute()?;
    check(doing, project, None, &values)?;
    let item = doing.tx.insert_item(&Row {
        project_id: project,
        parent_id: parent.as_ref().map(|parent| parent.head.id),
        values,
        position: written.position,
        creator_id: doing.user.id,
    })?;
    let mut ledger = Ledger::default();
    ledger.shift(doing, kind, project, &[], &[&item])?;
    let parent = feed(doing, &mut ledger, parent, None, Some(&item))?;
    doing.append(Body::ItemCreated(told(&item, ItemChanges::new(), parent, ledger)))?;
    Ok(Answer::Item(Box::new(item)))
}

pub(crate) fn update(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    id: ItemId,
    written: &Written,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let old = doing.item(kind, id)?;
    expect_version(if_version, old.head.version)?;
    doing.permit(old.head.project_id, Action::EditItems(kind.editors))?;
    let new = patched(doing, &old, written)?;
    let changes = new.changes_since(&old);
    if changes.is_empty() {
        return Ok(Answer::Item(Box::new(old)));
    }
    let mut ledger = Ledger::default();
    let item = doing.tx.update_item(&new)?;
    ledger.shift(doing, kind, item.head.project_id, &[&old], &[&item])?;
    let parent = parent_of(doing, &item)?;
    let parent = feed(doing, &mut ledger, parent, Some(&old), Some(&item))?;
    doing.append(Body::ItemUpdated(told(&item, changes, parent, ledger)))?;
    Ok(Answer::Item(Box::new(item)))
}

pub(crate) fn delete(
    doing: &mut Doing<'_, '_>,
    kind: &'static Kind,
    id: ItemId,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let item = doing.item(kind, id)?;
    expect_version(if_version, item.head.version)?;
    let project = item.head.project_id;
    doing.permit(project, Action::EditItems(kind.editors))?;
    let mut ledger = Ledger::default();
    for inner in kind.inner() {
        ledger.drop_inside(doing, inner, &item)?;
    }
    ledger.shift(doing, kind, project, &[&item], &[])?;
    doing.tx.delete_item(id)?;
    let parent = parent_of(doing, &item)?;
    let parent = feed(doing, &mut ledger, parent, Some(&item), None)?;
    doing.append(Body::ItemDeleted(told(&item, ItemChanges::new(), parent, ledger)))?;
    Ok(Answer::Deleted)
}

/// An item as it is to be, if all rules are kept. Writes nothing.
fn patched(doing: &Doing<'_, '_>, old: &Item, written: &Written) -> Result<Item, Fault> {
    let mut new = old.clone();
    for (name, value) in &written.values {
        if let Some(place) = old.kind().place(name) {
            new.values.set(place, value.clone());
        }
    }
    new.head.position = written.position.unwrap_or(old.head.position);
    new.values.compute()?;
    check(doing, old.head.project_id, Some(old), &new.values)?;
    Ok(new)
}

fn parent_of(doing: &Doing<'_, '_>, item: &Item) -> Result<Option<Item>, Fault> {
    let Some(parent) = item.head.parent_id else { return Ok(None) };
    Ok(doing.tx.item(parent)?)
}

/// Has what an item lies in follow it, from how it was to how it is now.
fn feed(
    doing: &mut Doing<'_, '_>,
    ledger: &mut Ledger,
    parent: Option<Item>,
    old: Option<&Item>,
    new: Option<&Item>,
) -> Result<Option<Item>, Fault> {
    let (Some(parent), Some(kind)) = (parent, new.or(old).map(Item::kind)) else {
        return Ok(None);
    };
    let Some(Within { feeds, listed, .. }) = kind.within else { return Ok(None) };
    let mut fed = parent.clone();
    for (own, field) in feeds {
        let part = |item: Option<&Item>| item.and_then(|item| item.values.given(own));
        let mut sum = fed.values.decimal(field);
        let out_of_bounds =
            || Fault::from(Invalid::new(*own, Rule::Form("less: the sum is too large")));
        if let Some(part) = part(new) {
            sum = sum.plus(part).ok_or_else(out_of_bounds)?;
        }
        if let Some(part) = part(old) {
            sum = sum.minus(part).ok_or_else(out_of_bounds)?;
        }
        if let Some(place) = fed.kind().place(field) {
            fed.values.set(place, Some(Value::Decimal(sum)));
        }
    }
    fed.values.compute()?;
    if fed.values == parent.values && listed.is_none() {
        return Ok(Some(parent));
    }
    let fed = doing.tx.update_item(&fed)?;
    ledger.shift(doing, fed.kind(), fed.head.project_id, &[&parent], &[&fed])?;
    Ok(Some(fed))
}

/// Whether one more fits.
fn check_room(
    doing: &Doing<'_, '_>,
    kind: &'static Kind,
    project: ProjectId,
    parent: Option<&Item>,
) -> Result<(), Fault> {
    let full = |most: u32| Invalid::new(kind.path, Rule::TooMany(most as usize));
    if doing.tx.sums(project, kind, "")?.items >= kind.most.into() {
        return Err(full(kind.most).into());
    }
    let listed = kind.within.is_some_and(|within| within.listed.is_some());
    if let Some(parent) = parent.filter(|_| listed)
        && doing.tx.count_inside(parent.head.id)? >= MOST_LISTED
    {
        return Err(full(MOST_LISTED).into());
    }
    Ok(())
}

/// Whether what is new in the values of an item names what is there, and nothing that is taken.
fn check(
    doing: &Doing<'_, '_>,
    project: ProjectId,
    old: Option<&Item>,
    values: &chorus_model::Values,
) -> Result<(), Fault> {
    let kind = values.kind();
    for field in kind.fields {
        let value = values.get(field.name);
        let is_new = old.is_none_or(|old| old.values.get(field.name) != value);
        let Some(value) = value.filter(|_| is_new) else { continue };
        match (field.shape, value) {
            (_, Value::Member(user)) => check_member(doing, project, *user, field.name)?,
            (Shape::Item(named), Value::Item(id)) => {
                let found = doing.tx.item(*id)?;
                let fits =
                    |item: &Item| item.head.project_id == project && item.kind().name == named;
                if !found.as_ref().is_some_and(fits) {
                    let what = Rule::Unknown("an item of the project");
                    return Err(Invalid::new(field.name, what).into());
                }
            }
            (_, Value::Text(text)) if kind.unique == Some(field.name) => {
                let other = doing.tx.item_with(project, kind, field.name, text)?;
                if other.is_some_and(|other| old.is_none_or(|old| old.head.id != other)) {
                    return Err(Invalid::new(field.name, Rule::Taken).into());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn told(
    item: &Item,
    changes: ItemChanges,
    parent: Option<Item>,
    ledger: Ledger,
) -> Box<ItemChange> {
    Box::new(ItemChange { item: item.clone(), changes, parent, totals: ledger.totals })
}

impl Doing<'_, '_> {
    /// The item of a kind, if the actor may see it.
    fn item(&self, kind: &'static Kind, id: ItemId) -> Result<Item, Fault> {
        let missing = Fault::NotFound(Noun::Item);
        let found = self.tx.item(id)?.filter(|item| item.kind() == kind);
        let item = found.ok_or(missing.clone())?;
        hide(self.permit(item.head.project_id, Action::Read), missing)?;
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use chorus_model::kind::Given;

    use super::*;

    #[test]
    fn what_is_fed_is_computed_by_nobody_else() {
        for kind in chorus_model::kind::KINDS {
            for field in kind.fields.iter().filter(|field| matches!(field.given, Given::Fed)) {
                let feeds = |inner: &Kind| {
                    let within = inner.within.expect("it lies in something");
                    within.feeds.iter().filter(|(_, fed)| *fed == field.name).count()
                };
                assert_eq!(kind.inner().map(feeds).sum::<usize>(), 1, "{kind:?} {}", field.name);
            }
        }
    }
}
