use chorus_model::{CommentId, Decimal, ItemId, Kind, Sums, Topic, Value, Values};

use super::boards::project_of;
use super::people::user;
use crate::fixture::Scratch;
use crate::tables::items::NewItem;
use crate::tables::search::{Sought, Words};
use crate::{NewComment, Page, StoreError};

fn kind(name: &str) -> &'static Kind {
    Kind::named(name).unwrap()
}

fn with(kind: &'static Kind, field: &str, value: Value) -> Values {
    let mut values = Values::new(kind);
    values.set(kind.place(field).unwrap(), Some(value));
    values
}

#[test]
fn items_are_made_changed_and_deleted_with_what_lies_in_them() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let project = project_of(&scratch, &ann);
    let new = |values: Values, parent_id| NewItem {
        project_id: project.id,
        parent_id,
        values,
        position: None,
        creator_id: ann.id,
    };
    let shot = new(with(kind("shot"), "assignee_id", Value::Member(ann.id)), None);
    let shot = scratch.tx(|tx| tx.insert_item(&shot));
    assert_eq!(shot.person("assignee_id").unwrap().username, "ann");
    let version = new(Values::new(kind("shot_version")), Some(shot.head.id));
    let versions = [1, 2].map(|_| scratch.tx(|tx| tx.insert_item(&version)));
    assert!(versions[0].head.position < versions[1].head.position, "the newest is last");
    let read = |id: ItemId| scratch.tx(|tx| tx.item(id));
    assert_eq!(read(shot.head.id).unwrap().inside, versions);
    assert_eq!(scratch.tx(|tx| tx.count_inside(shot.head.id)), 2);

    let mut moved = versions[1].clone();
    moved.head.position = 0.5;
    let moved = scratch.tx(|tx| tx.update_item(&moved));
    assert_eq!(moved.head.version, 2);
    let inside = read(shot.head.id).unwrap().inside;
    assert_eq!(inside[0].head.id, moved.head.id);
    let shots = |page| scratch.tx(|tx| tx.items(project.id, kind("shot"), page));
    assert_eq!((shots(Page::FIRST).len(), shots(Page { limit: 1, offset: 1 }).len()), (1, 0));
    let after = |id| scratch.tx(|tx| tx.items_after(project.id, ItemId(id), 9));
    let all = after(0).into_iter().map(|item| item.head.id).collect::<Vec<_>>();
    assert_eq!((all, after(shot.head.id.0).len()), (vec![shot.head.id], 0), "versions are in it");

    assert!(scratch.tx(|tx| tx.delete_item(shot.head.id)));
    assert!(read(versions[0].head.id).is_none() && read(shot.head.id).is_none());
    assert!(!scratch.tx(|tx| tx.delete_item(shot.head.id)));
}

#[test]
fn a_text_of_a_field_is_found_in_any_case() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let project = project_of(&scratch, &ann);
    let kind = kind("budget_category");
    let new = NewItem {
        project_id: project.id,
        parent_id: None,
        values: with(kind, "name", Value::Text("Cast".into())),
        position: Some(3.0),
        creator_id: ann.id,
    };
    let made = scratch.tx(|tx| tx.insert_item(&new));
    let found = |text: &str| scratch.tx(|tx| tx.item_with(project.id, kind, "name", text));
    assert_eq!((found("CAST"), found("Crew")), (Some(made.head.id), None));
}

#[test]
fn sums_are_exact_and_a_section_without_items_is_none() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let project = project_of(&scratch, &ann);
    let kind = kind("boq_item");
    let sums = |items, cents| Sums {
        items,
        sums: [("total".into(), Decimal::new(cents, 2)), ("allowance".into(), Decimal::new(0, 2))]
            .into(),
    };
    let write = |section: &str, sums: &Sums| -> Result<(), StoreError> {
        scratch.tx(|tx| tx.write_sums(project.id, kind, section, sums));
        Ok(())
    };
    let read = || scratch.tx(|tx| tx.totals(project.id, kind));
    assert_eq!(read().whole, sums(0, 0));
    write("", &sums(2, 999_999_999_999_999)).unwrap();
    write("Roof", &sums(1, 7)).unwrap();
    assert_eq!(read().whole.sums["total"].to_string(), "9999999999999.99");
    assert_eq!(read().sections[0].section, "Roof");
    assert_eq!(scratch.tx(|tx| tx.sums(project.id, kind, "Roof")), sums(1, 7));
    assert_eq!(scratch.tx(|tx| tx.count_sections(project.id, kind)), 1);
    let all = scratch.tx(|tx| tx.totals_of_all(project.id));
    assert_eq!((all.len(), &all["boq_item"]), (chorus_model::kind::KINDS.len(), &read()));
    assert_eq!(all["asset"].whole.items, 0);
    write("Roof", &sums(0, 0)).unwrap();
    write("", &sums(0, 0)).unwrap();
    assert_eq!((read().sections.len(), read().whole), (0, sums(0, 0)));
}

#[test]
fn a_whole_has_the_newest_of_what_lies_in_it() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let project = project_of(&scratch, &ann);
    let new = |values: Values, parent_id| NewItem {
        project_id: project.id,
        parent_id,
        values,
        position: None,
        creator_id: ann.id,
    };
    let category = kind("budget_category");
    let cast = with(category, "name", Value::Text("Cast".into()));
    let cast = scratch.tx(|tx| tx.insert_item(&new(cast, None)));
    let cast_id = cast.head.id;
    let text = || Value::Text("x".repeat(300));
    let entry = new(with(kind("budget_entry"), "description", text()), Some(cast.head.id));
    let entries = [1, 2, 3].map(|_| scratch.tx(|tx| tx.insert_item(&entry)));
    let whole = |bytes| scratch.tx(|tx| tx.whole(project.id, category, bytes));
    assert_eq!((whole(10_000).items, whole(10_000).inside), (vec![cast], entries.to_vec()));
    assert_eq!(whole(800).inside, entries[1..]);
    assert_eq!(whole(10).inside, []);

    let mut fee = entries[0].clone();
    let amount = fee.kind().place("amount").unwrap();
    fee.values.set(amount, Some(Value::Decimal(Decimal::new(-1_250, 2))));
    scratch.tx(|tx| tx.update_item(&fee));
    let sums = scratch.tx(|tx| tx.sums_inside(cast_id, kind("budget_entry")));
    assert_eq!((sums.items, sums.sums["amount"].to_string().as_str()), (3, "-12.50"));
    scratch.tx(|tx| tx.delete_item(cast_id));
    assert_eq!((whole(10_000).items, whole(10_000).inside), (vec![], vec![]));
}

#[test]
fn comments_on_an_item_and_on_the_project_are_told_apart_and_go_with_them() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let project = project_of(&scratch, &ann);
    let make = |name, parent_id| {
        scratch.tx(|tx| {
            tx.insert_item(&NewItem {
                project_id: project.id,
                parent_id,
                values: Values::new(kind(name)),
                position: None,
                creator_id: ann.id,
            })
        })
    };
    let shot = make("shot", None).head.id;
    let version = make("shot_version", Some(shot)).head.id;
    let comment = |item_id| {
        let (task_id, parent_id, body) = (None, None, "a roof".to_owned());
        let (project_id, author_id) = (project.id, ann.id);
        let new = NewComment { project_id, task_id, item_id, parent_id, author_id, body };
        scratch.tx(|tx| tx.insert_comment(&new))
    };
    let topics = [None, Some(shot), Some(version)].map(|item| Topic::Project(project.id, item));
    let made = [comment(None), comment(Some(shot)), comment(Some(version))];
    assert_eq!(made.clone().map(|comment| comment.topic()), topics);
    let on = |topic| {
        let found = scratch.tx(|tx| tx.comments_on(topic, Page::FIRST));
        found.into_iter().map(|comment| comment.id).collect::<Vec<CommentId>>()
    };
    let found = || {
        let words = Words::parse("roof").unwrap();
        let (user, project) = (ann.id, Some(project.id));
        let sought =
            Sought { words, user, sees_all: false, project, channel: None, before: None, limit: 9 };
        let found = scratch.tx(|tx| tx.comments_with(&sought));
        found.into_iter().map(|comment| comment.id).collect::<Vec<CommentId>>()
    };
    assert_eq!(topics.map(on), made.clone().map(|comment| vec![comment.id]));
    assert_eq!(found(), [made[2].id, made[1].id, made[0].id]);
    scratch.tx(|tx| tx.delete_item(shot));
    assert_eq!(topics.map(on), [vec![made[0].id], vec![], vec![]]);
    assert_eq!(found(), [made[0].id]);
}
