//! What is added up of items, while a command changes them.

use std::collections::{BTreeMap, BTreeSet};

use chorus_model::item::SectionTotals;
use chorus_model::kind::MOST_SUM;
use chorus_model::{Decimal, Invalid, Item, Kind, ProjectId, Rule, Sums, Totals};

use crate::doing::Doing;
use crate::fault::Fault;

/// Most sections of a kind in a project.
const MOST_SECTIONS: u32 = 500;

/// What a command has changed of what is added up, as it is after it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) totals: BTreeMap<String, Totals>,
}

impl Ledger {
    /// Takes items of a kind out of what is added up, and others in.
    pub(super) fn shift(
        &mut self,
        doing: &mut Doing<'_, '_>,
        kind: &'static Kind,
        project: ProjectId,
        out: &[&Item],
        new: &[&Item],
    ) -> Result<(), Fault> {
        let sections = out.iter().chain(new).filter_map(|item| item.section());
        let sections: BTreeSet<&str> = sections.chain([""]).collect();
        for section in sections {
            let falls_in = |item: &&&Item| section.is_empty() || item.section() == Some(section);
            let mut sums = doing.tx.sums(project, kind, section)?;
            if sums.items == 0 && !section.is_empty() {
                check_sections(doing, kind, project)?;
            }
            for item in new.iter().filter(falls_in) {
                add(kind, &mut sums, item, 1)?;
            }
            for item in out.iter().filter(falls_in) {
                add(kind, &mut sums, item, -1)?;
            }
            if let Some(sum) = kind.sums.iter().find(|sum| !is_bounded(&sums, sum.name)) {
                return Err(Invalid::new(sum.field, too_large()).into());
            }
            doing.tx.write_sums(project, kind, section, &sums)?;
            self.note(kind, section, sums);
        }
        Ok(())
    }

    /// Takes out what lay in an item that is deleted: of a kind without sections.
    pub(super) fn drop_inside(
        &mut self,
        doing: &mut Doing<'_, '_>,
        kind: &'static Kind,
        outer: &Item,
    ) -> Result<(), Fault> {
        let project = outer.head.project_id;
        let lost = doing.tx.sums_inside(outer.head.id, kind)?;
        let mut sums = doing.tx.sums(project, kind, "")?;
        sums.items -= lost.items;
        for (name, value) in &mut sums.sums {
            let lost = lost.sums.get(name).copied();
            *value = lost.and_then(|lost| value.minus(lost)).ok_or(Fault::Internal)?;
        }
        doing.tx.write_sums(project, kind, "", &sums)?;
        self.note(kind, "", sums);
        Ok(())
    }

    /// Notes what is added up now.
    fn note(&mut self, kind: &Kind, section: &str, sums: Sums) {
        let empty = || Totals { whole: Sums::default(), sections: Vec::new() };
        let totals = self.totals.entry(kind.name.to_owned()).or_insert_with(empty);
        if section.is_empty() {
            totals.whole = sums;
            return;
        }
        match totals.sections.iter_mut().find(|known| known.section == section) {
            Some(known) => known.sums = sums,
            None => totals.sections.push(SectionTotals { section: section.to_owned(), sums }),
        }
    }
}

fn add(kind: &Kind, sums: &mut Sums, item: &Item, sign: i64) -> Result<(), Fault> {
    sums.items += sign;
    for sum in kind.sums {
        let part = item.values.decimal(sum.field);
        let part = Decimal::new(part.units() * sign, part.scale());
        if let Some(value) = sums.sums.get_mut(sum.name) {
            *value = value.plus(part).ok_or_else(|| Invalid::new(sum.field, too_large()))?;
        }
    }
    Ok(())
}

fn is_bounded(sums: &Sums, name: &str) -> bool {
    sums.sums.get(name).is_none_or(|value| value.is_within(-MOST_SUM, MOST_SUM))
}

fn too_large() -> Rule {
    Rule::Form("less: the sum over the project is too large")
}

fn check_sections(
    doing: &Doing<'_, '_>,
    kind: &'static Kind,
    project: ProjectId,
) -> Result<(), Fault> {
    if doing.tx.count_sections(project, kind)? < MOST_SECTIONS {
        return Ok(());
    }
    let rule = Rule::Form("one of the 500 sections that there are already");
    Err(Invalid::new(kind.section.unwrap_or("section"), rule).into())
}
