//! What is added up of the items of a kind, kept beside them and changed with them.

use std::collections::BTreeMap;

use chorus_model::item::SectionTotals;
use chorus_model::kind::KINDS;
use chorus_model::{Decimal, Kind, ProjectId, Sums, Totals};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

/// What the number of items is kept as.
const ITEMS: &str = "items";

impl Reads<'_> {
    /// What is added up of a kind in a project, with each of its sections.
    pub fn totals(&self, project: ProjectId, kind: &Kind) -> Result<Totals, StoreError> {
        let rows = self.many(
            "select kind, section, sum, value from totals where project_id = ?1 and kind = ?2
             order by section",
            (project.0, kind.name),
            sum_row,
        )?;
        Ok(totals(kind, &rows))
    }

    /// The same of every kind, by its name.
    pub fn totals_of_all(
        &self,
        project: ProjectId,
    ) -> Result<BTreeMap<&'static str, Totals>, StoreError> {
        let rows = self.many(
            "select kind, section, sum, value from totals where project_id = ?1
             order by kind, section",
            [project.0],
            sum_row,
        )?;
        let of = |kind: &&'static Kind| {
            let begin = rows.partition_point(|row| row.kind.as_str() < kind.name);
            let end = rows.partition_point(|row| row.kind.as_str() <= kind.name);
            (kind.name, totals(kind, &rows[begin..end]))
        };
        Ok(KINDS.iter().map(of).collect())
    }

    /// What is added up of one section, or of the whole with `""`.
    pub fn sums(&self, project: ProjectId, kind: &Kind, section: &str) -> Result<Sums, StoreError> {
        let values = self.many(
            "select sum, value from totals where project_id = ?1 and kind = ?2 and section = ?3",
            (project.0, kind.name, section),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(sums(kind, &values))
    }

    /// How many sections there are.
    pub fn count_sections(&self, project: ProjectId, kind: &Kind) -> Result<u32, StoreError> {
        self.single(
            "select count(*) from totals where project_id = ?1 and kind = ?2 and section <> ''
             and sum = ?3",
            (project.0, kind.name, ITEMS),
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Writes what is added up of one section, or of the whole with `""`. A section without items
    /// is none.
    pub fn write_sums(
        &mut self,
        project: ProjectId,
        kind: &Kind,
        section: &str,
        sums: &Sums,
    ) -> Result<(), StoreError> {
        if sums.items == 0 && !section.is_empty() {
            self.change(
                "delete from totals where project_id = ?1 and kind = ?2 and section = ?3",
                (project.0, kind.name, section),
            )?;
            return Ok(());
        }
        let values = sums.sums.iter().map(|(name, value)| (name.as_str(), value.units()));
        for (name, value) in values.chain([(ITEMS, sums.items)]) {
            self.change(
                "insert into totals (project_id, kind, section, sum, value)
                 values (?1, ?2, ?3, ?4, ?5)
                 on conflict (project_id, kind, section, sum) do update set value = ?5",
                (project.0, kind.name, section, name, value),
            )?;
        }
        Ok(())
    }
}

struct SumRow {
    kind: String,
    section: String,
    sum: String,
    value: i64,
}

fn sum_row(row: &Row<'_>) -> rusqlite::Result<SumRow> {
    Ok(SumRow { kind: row.get(0)?, section: row.get(1)?, sum: row.get(2)?, value: row.get(3)? })
}

/// What the rows of a kind say, in the order of their sections.
fn totals(kind: &Kind, rows: &[SumRow]) -> Totals {
    let mut totals = Totals { whole: sums(kind, &[]), sections: Vec::new() };
    for of_section in rows.chunk_by(|a, b| a.section == b.section) {
        let values: Vec<_> = of_section.iter().map(|row| (row.sum.clone(), row.value)).collect();
        let sums = sums(kind, &values);
        match of_section[0].section.as_str() {
            "" => totals.whole = sums,
            section => totals.sections.push(SectionTotals { section: section.to_owned(), sums }),
        }
    }
    totals
}

/// The sums that a kind declares; of what nothing was written yet they are zero.
fn sums(kind: &Kind, values: &[(String, i64)]) -> Sums {
    let value = |name: &str| {
        let found = values.iter().find(|(sum, _)| sum == name);
        found.map_or(0, |(_, value)| *value)
    };
    let sums = kind.sums.iter();
    let sums = sums
        .map(|sum| (sum.name.to_owned(), Decimal::new(value(sum.name), kind.scale(sum))))
        .collect();
    Sums { items: value(ITEMS), sums }
}
