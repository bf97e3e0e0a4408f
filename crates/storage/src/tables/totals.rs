//! What is added up of the items of a kind, kept beside them and changed with them.

use std::collections::BTreeMap;

use chorus_model::item::SectionTotals;
use chorus_model::{Decimal, Kind, ProjectId, Sums, Totals};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

/// What the number of items is kept as.
const ITEMS: &str = "items";

impl Reads<'_> {
    /// What is added up of a kind in a project, with each of its sections.
    pub fn totals(&self, project: ProjectId, kind: &Kind) -> Result<Totals, StoreError> {
        let rows = self.many(
            "select section, sum, value from totals where project_id = ?1 and kind = ?2
             order by section",
            (project.0, kind.name),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut by_section: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        for (section, sum, value) in rows {
            by_section.entry(section).or_default().push((sum, value));
        }
        let whole = sums(kind, &by_section.remove("").unwrap_or_default());
        let sections = by_section.into_iter();
        let sections = sections
            .map(|(section, values)| SectionTotals { section, sums: sums(kind, &values) })
            .collect();
        Ok(Totals { whole, sections })
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
