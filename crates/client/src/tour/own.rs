//! The tour of a dialect in which people hear of what is theirs: one person and a task of his own.

use http::Method;
use serde_json::json;

use super::board::{join, leave, ping, refused};
use super::people::{forged, person};
use super::report::Report;
use super::visit::Visit;
use crate::Failure;
use crate::dialect::{Fact, Room};
use crate::rest::{Rest, id_of};
use crate::wire::Endpoint;

/// Walks through it; stops at the first step without which the next make no sense.
pub(super) async fn walk(endpoint: &Endpoint, word: &str, report: &mut Report) -> Option<()> {
    let host = person(endpoint, &format!("tour-{word}"), word, report).await?;
    let rest = Rest::with_token(&endpoint.target, &host.token);
    let made = rest.ask(Method::POST, "/projects", Some(&json!({"name": "A tour"}))).await;
    let project = report.step("make a project, over HTTP", made.and_then(|made| id_of(&made)))?;
    let outcome = refused(endpoint, &forged(&host.token)).await;
    report.step("a forged token is refused", outcome)?;
    let begun = Visit::begin(endpoint, &host).await;
    let mut visit = report.step("connect and be welcomed first of all", begun)?;
    let room = Room::Project(project);
    report.step(format!("join {room}"), join(&mut visit, &room).await)?;
    report.step("ping", ping(&mut visit).await)?;
    task(&mut visit, &rest, project, report).await?;
    report.step(format!("leave {room}"), leave(&mut visit, &room).await)?;
    let gone = rest.ask(Method::DELETE, &format!("/projects/{project}"), None).await;
    report.step("delete the project, over HTTP", gone)?;
    visit.end().await;
    Some(())
}

/// A task that is given to the person, changed, given to nobody, and deleted.
async fn task(visit: &mut Visit, rest: &Rest, project: u64, report: &mut Report) -> Option<()> {
    let title = "Hire the ferry";
    let body = json!({"project_id": project, "title": title, "assignee_id": visit.person.id});
    let made = rest.ask(Method::POST, "/tasks", Some(&body)).await.and_then(|made| id_of(&made));
    let task = report.step("make a task for oneself, over HTTP", made)?;
    let heard = visit.hears(&Fact::TaskCreated { task, title }).await;
    report.step("hear of it", heard)?;
    let (path, title, status) = (format!("/tasks/{task}"), "Hire two ferries", "in_progress");
    let changed = async |body| rest.ask(Method::PATCH, &path, Some(&body)).await.map(drop);
    report.step("change its title", changed(json!({"title": title})).await)?;
    let heard = visit.hears(&Fact::TaskRenamed { task, title }).await;
    report.step("hear of it", heard)?;
    report.step("change its status", changed(json!({"status": status})).await)?;
    let heard = visit.hears(&Fact::StatusChanged { task, status }).await;
    report.step("hear of that", heard)?;
    let given = changed(json!({"assignee_id": null})).await;
    report.step("give it to nobody", given)?;
    let title = "Hire no ferry";
    report.step("change its title again", changed(json!({"title": title})).await)?;
    let silence = visit.hears_nothing_of(&Fact::TaskRenamed { task, title }).await;
    report.step("hear nothing of it", silence)?;
    let given = changed(json!({"assignee_id": visit.person.id})).await;
    report.step("take it again", given)?;
    let deleted = rest.ask(Method::DELETE, &path, None).await.map(drop);
    report.step("delete the task", deleted)?;
    let heard: Result<(), Failure> = visit.hears(&Fact::TaskDeleted { task }).await;
    report.step("hear of it", heard)
}
