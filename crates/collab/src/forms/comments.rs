//! The native form of comments.

use chorus_model::text::{CommentText, Rule};
use chorus_model::{CommentId, ItemId, ProjectId, TaskId, Topic};

use super::Object;
use crate::command::NewComment;
use crate::fault::Fault;
use crate::fields::Fields;

/// A comment to write, and on what: a task, or a project, or an item of it.
pub(super) fn new(object: &Object) -> Result<(Topic, NewComment), Fault> {
    let mut fields = Fields::new(object);
    let (topic, new) = (topic(object, &mut fields), said(&mut fields));
    fields.finish_with(topic.zip(new))
}

fn topic(object: &Object, fields: &mut Fields<'_>) -> Option<Topic> {
    let task = fields.nullable_id("task_id").flatten().map(TaskId);
    let project = fields.nullable_id("project_id").flatten().map(ProjectId);
    let item = fields.nullable_id("item_id").flatten().map(ItemId);
    let is_given = |name| object.get(name).is_some_and(|value| !value.is_null());
    match (task, project) {
        (Some(task), _) => return Some(Topic::Task(task)),
        (None, Some(project)) => return Some(Topic::Project(project, item)),
        // What is given and no id was noted as such.
        _ if is_given("task_id") || is_given("project_id") => {}
        _ if is_given("item_id") => fields.note("project_id", Rule::Required),
        _ => fields.note("task_id", Rule::Required),
    }
    None
}

/// A comment to write.
pub fn new_comment(object: &Object) -> Result<NewComment, Fault> {
    let mut fields = Fields::new(object);
    let new = said(&mut fields);
    fields.finish_with(new)
}

/// A comment to write on a project, or on an item of it.
pub fn new_in_project(project: ProjectId, object: &Object) -> Result<(Topic, NewComment), Fault> {
    let mut fields = Fields::new(object);
    let new = said(&mut fields);
    let item = fields.nullable_id("item_id").flatten().map(ItemId);
    Ok((Topic::Project(project, item), fields.finish_with(new)?))
}

fn said(fields: &mut Fields<'_>) -> Option<NewComment> {
    let body = fields.required("body", CommentText::parse);
    let parent = fields.nullable_id("parent_id").flatten().map(CommentId);
    body.map(|body| NewComment { body, parent })
}

/// What a comment says now.
pub fn comment(object: &Object) -> Result<CommentText, Fault> {
    let mut fields = Fields::new(object);
    let text = fields.required("body", CommentText::parse);
    fields.finish_with(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_comment_is_on_one_thing() {
        let read = |mut body: Value| {
            body["body"] = json!("Dry");
            let read = new(body.as_object().unwrap());
            read.map(|(topic, _)| topic).map_err(|why| why.to_string())
        };
        let (project, item) = (ProjectId(3), ItemId(5));
        let on_task = json!({"task_id": 7, "project_id": 3, "item_id": 5});
        assert_eq!(read(on_task), Ok(Topic::Task(TaskId(7))));
        assert_eq!(read(json!({"project_id": 3})), Ok(Topic::Project(project, None)));
        let on_item = json!({"project_id": "3", "item_id": "5", "task_id": null});
        assert_eq!(read(on_item), Ok(Topic::Project(project, Some(item))));
        for (wrong, said) in [
            (json!({}), "task_id is required"),
            (json!({"item_id": 5}), "project_id is required"),
            (json!({"task_id": "x", "project_id": 3}), "task_id must be an id"),
            (json!({"task_id": "x"}), "task_id must be an id"),
            (json!({"item_id": 5, "project_id": []}), "project_id must be an id"),
        ] {
            assert_eq!(read(wrong), Err(said.into()));
        }
        let said = new(json!({"parent_id": 0}).as_object().unwrap()).unwrap_err().to_string();
        assert_eq!(said, "task_id is required; body is required; parent_id must be an id");
    }

    #[test]
    fn an_answer_names_a_comment() {
        let read = |body: Value| new_comment(body.as_object().unwrap());
        let answer = read(json!({"body": "Dry", "parent_id": "5"})).unwrap();
        assert_eq!((answer.body.as_str(), answer.parent), ("Dry", Some(CommentId(5))));
        assert_eq!(read(json!({"body": "Dry"})).unwrap().parent, None);
        let said = read(json!({"parent_id": "x"})).unwrap_err().to_string();
        assert_eq!(said, "body is required; parent_id must be an id");
        let here = |body: Value| new_in_project(ProjectId(3), body.as_object().unwrap());
        let (topic, _) = here(json!({"body": "Dry", "item_id": 5, "project_id": 9})).unwrap();
        assert_eq!(topic, Topic::Project(ProjectId(3), Some(ItemId(5))));
        let said = here(json!({"item_id": [5]})).unwrap_err().to_string();
        assert_eq!(said, "body is required; item_id must be an id");
    }
}
