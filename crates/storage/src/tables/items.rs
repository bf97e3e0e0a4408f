//! Items: things of a kind. A deleted one stays in its row and is seen no more, nor is what lies in
//! it, whose rows are left as they are: there may be thousands.

use std::collections::HashSet;

use chorus_model::kind::KINDS;
use chorus_model::{Decimal, Head, Item, ItemId, Kind, ProjectId, Sums, UserId, Values, Whole};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::{Columns, to_json};
use crate::tx::Tx;

/// An item to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// What it lies in.
    pub parent_id: Option<ItemId>,
    /// What is said of it; they know its kind.
    pub values: Values,
    /// Where it stands; below all others around it if not given.
    pub position: Option<f64>,
    /// Who makes it.
    pub creator_id: UserId,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, i.kind, i.project_id, i.parent_id, i.position, i.version,
                    i.creator_id, c.id, c.username, c.full_name, c.email,
                    i.created_at, i.updated_at, i.fields
             from items i join users c on c.id = i.creator_id
             join projects p on p.id = i.project_id
             left join items o on o.id = i.parent_id
             where i.deleted_at is null and p.deleted_at is null and o.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The item with this id, if neither it nor its project was deleted.
    pub fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        let found = self.one(select!("and i.id = ?1"), [id.0], item)?;
        found.map(|item| self.completed(item)).transpose()
    }

    /// The items of a kind in a project, in their order.
    pub fn items(
        &self,
        project: ProjectId,
        kind: &'static Kind,
        page: Page,
    ) -> Result<Vec<Item>, StoreError> {
        let found = self.many(
            select!(
                "and i.project_id = ?1 and i.kind = ?2 order by i.position, i.id limit ?3 offset ?4"
            ),
            (project.0, kind.name, page.limit(), page.offset()),
            item,
        )?;
        self.all_completed(found)
    }

    /// What lies in an item, of one kind, in its order.
    pub fn items_inside(
        &self,
        parent: ItemId,
        kind: &'static Kind,
        page: Page,
    ) -> Result<Vec<Item>, StoreError> {
        let found = self.many(
            select!(
                "and i.parent_id = ?1 and i.kind = ?2 order by i.position, i.id limit ?3 offset ?4"
            ),
            (parent.0, kind.name, page.limit(), page.offset()),
            item,
        )?;
        self.all_completed(found)
    }

    /// Up to `limit` items of a project with ids after this one, by id: a place in that order stays
    /// what it is while items change. Of all kinds, but for what is told with what it lies in.
    pub fn items_after(
        &self,
        project: ProjectId,
        after: ItemId,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        let listed: Vec<_> =
            KINDS.iter().filter(|kind| is_listed(kind)).map(|kind| kind.name).collect();
        let found = self.many(
            select!(
                "and i.project_id = ?1 and i.id > ?2
                 and i.kind not in (select value from json_each(?4)) order by i.id limit ?3"
            ),
            (project.0, after.0, limit, to_json(&listed)?),
            item,
        )?;
        self.all_completed(found)
    }

    /// How many items lie in another.
    pub fn count_inside(&self, parent: ItemId) -> Result<u32, StoreError> {
        let sql = "select count(*) from items where parent_id = ?1 and deleted_at is null";
        self.single(sql, [parent.0], |row| row.get(0))
    }

    /// How many items of a kind lie in another, and what is added up of them alone.
    pub fn sums_inside(&self, parent: ItemId, kind: &Kind) -> Result<Sums, StoreError> {
        let items = self.single(
            "select count(*) from items where parent_id = ?1 and kind = ?2 and deleted_at is null",
            (parent.0, kind.name),
            |row| row.get(0),
        )?;
        let mut sums = Sums { items, ..Sums::default() };
        for sum in kind.sums {
            // Decimals are kept as texts with all their decimals, flags as numbers.
            let units = self.single(
                "select coalesce(sum(cast(
                            replace(json_extract(fields, '$.' || ?3), '.', '') as integer)), 0)
                 from items where parent_id = ?1 and kind = ?2 and deleted_at is null",
                (parent.0, kind.name, sum.field),
                |row| row.get(0),
            )?;
            sums.sums.insert(sum.name.to_owned(), Decimal::new(units, kind.scale(sum)));
        }
        Ok(sums)
    }

    /// The item of a kind in a project whose field is this text, in whatever case of ASCII.
    pub fn item_with(
        &self,
        project: ProjectId,
        kind: &'static Kind,
        field: &str,
        text: &str,
    ) -> Result<Option<ItemId>, StoreError> {
        self.one(
            "select id from items where project_id = ?1 and kind = ?2 and deleted_at is null
             and lower(json_extract(fields, '$.' || ?3)) = lower(?4) limit 1",
            (project.0, kind.name, field, text),
            |row| row.get(0).map(ItemId),
        )
    }

    /// Which of these hashes are the content of an asset.
    pub fn contents_of(&self, hashes: &[String]) -> Result<HashSet<String>, StoreError> {
        let found = self.many(
            "select distinct json_extract(i.fields, '$.sha256') as hash
             from items i join projects p on p.id = i.project_id
             where i.kind = 'asset' and i.deleted_at is null and p.deleted_at is null
             and hash in (select value from json_each(?1))",
            [to_json(&hashes)?],
            |row| row.get(0),
        )?;
        Ok(found.into_iter().collect())
    }

    /// All there is of a kind in a project, and of what lies in it so much of the newest as has
    /// `bytes` of fields.
    pub fn whole(
        &self,
        project: ProjectId,
        kind: &'static Kind,
        bytes: u32,
    ) -> Result<Whole, StoreError> {
        let at = self.head()?.id;
        let mut inside = Vec::new();
        for inner in kind.inner() {
            let newest = self.many(
                select!(
                    "and i.id in (
                        select id from (
                            select id, sum(length(fields)) over (order by id desc) as volume
                            from items
                            where project_id = ?1 and kind = ?2 and deleted_at is null
                            and not exists (select 1 from items o where o.id = items.parent_id
                                            and o.deleted_at is not null))
                        where volume <= ?3)
                     order by i.id"
                ),
                (project.0, inner.name, bytes),
                item,
            )?;
            inside.extend(self.all_completed(newest)?);
        }
        let items = self.items(project, kind, Page::FIRST)?;
        Ok(Whole { at, items, inside, totals: self.totals(project, kind)? })
    }

    fn all_completed(&self, items: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        items.into_iter().map(|item| self.completed(item)).collect()
    }

    /// The item with who is named in it, and with what lies in it if its kind is told with that.
    fn completed(&self, mut item: Item) -> Result<Item, StoreError> {
        for (_, user) in item.values.members() {
            item.people.extend(self.user(user)?.map(|user| user.to_ref()));
        }
        for inner in item.kind().inner().filter(|inner| is_listed(inner)) {
            item.inside.extend(self.items_inside(item.head.id, inner, Page::FIRST)?);
        }
        Ok(item)
    }
}

impl Tx<'_> {
    /// Makes an item.
    pub fn insert_item(&mut self, new: &NewItem) -> Result<Item, StoreError> {
        let id = self.single(
            "insert into items (kind, project_id, parent_id, fields, position, creator_id,
                                created_at, updated_at)
             values (?1, ?2, ?3, ?4,
                     coalesce(?5, (select coalesce(max(position), 0) + 1 from items
                                   where project_id = ?2 and kind = ?1 and parent_id is ?3
                                     and deleted_at is null)),
                     ?6, ?7, ?7) returning id",
            (
                new.values.kind().name,
                new.project_id.0,
                new.parent_id.map(|id| id.0),
                to_json(&new.values)?,
                new.position,
                new.creator_id.0,
                self.now().micros(),
            ),
            |row| row.get(0).map(ItemId),
        )?;
        self.item(id)?.ok_or(StoreError::Missing)
    }

    /// Writes all that can change of an item. Returns it as it is now.
    pub fn update_item(&mut self, item: &Item) -> Result<Item, StoreError> {
        self.change(
            "update items set fields = ?2, position = ?3, updated_at = ?4, version = version + 1
             where id = ?1 and deleted_at is null",
            (item.head.id.0, to_json(&item.values)?, item.head.position, self.now().micros()),
        )?;
        self.item(item.head.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes an item, and what lies in it from sight; whether it was there.
    pub fn delete_item(&mut self, id: ItemId) -> Result<bool, StoreError> {
        let sql = "update items set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

/// Whether what it lies in is told with it.
fn is_listed(kind: &Kind) -> bool {
    kind.within.is_some_and(|within| within.listed.is_some())
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let mut c = Columns::of(row);
    let head = Head {
        id: ItemId(c.take()?),
        kind: c.known_kind()?,
        project_id: ProjectId(c.take()?),
        parent_id: c.take::<Option<i64>>()?.map(ItemId),
        position: c.take()?,
        version: c.take()?,
        creator_id: UserId(c.take()?),
        creator: c.user_ref()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    };
    let values = Values::stored(head.kind, &c.json()?).map_err(|e| c.unreadable(e.into()))?;
    Ok(Item { head, values, people: Vec::new(), inside: Vec::new() })
}
