//! The tour of a dialect of boards: two people and one task.

use http::Method;
use serde_json::{Map, json};

use super::people::{forged, person};
use super::report::Report;
use super::visit::Visit;
use crate::Failure;
use crate::dialect::{Fact, Person, Room, Wish};
use crate::rest::{Rest, id_of};
use crate::wire::Endpoint;

/// No task and no project has this id.
const NOTHING: u64 = 999_999_999_999;

/// Walks through it; stops at the first step without which the next make no sense.
pub(super) async fn walk(endpoint: &Endpoint, word: &str, report: &mut Report) -> Option<()> {
    let host = person(endpoint, &format!("tour-{word}"), word, report).await?;
    let guest = person(endpoint, &format!("guest-{word}"), word, report).await?;
    let rest = Rest::with_token(&endpoint.target, &host.token);
    let made = shared_project(&rest, &guest).await;
    let project = report.step("make a project for both, over HTTP", made)?;
    let outcome = refused(endpoint, &forged(&host.token)).await;
    report.step("a forged token is refused", outcome)?;
    let mut walk = Walk::begin(endpoint, [&host, &guest], rest, project, report).await?;
    let task = walk.task(report).await?;
    walk.typing(task, report).await?;
    walk.leaving(task, report).await?;
    let mut missing = ("task", Wish::SetStatus { task: NOTHING, status: "in_progress".into() });
    if !walk.host.can_ask(&missing.1) {
        missing = ("project", Wish::Join(Room::Project(NOTHING)));
    }
    let denied = walk.host.is_denied(&missing.1).await;
    report.step(format!("a {} that does not exist is refused", missing.0), denied)?;
    let heard =
        if walk.host.can_hear(&Fact::TaskDeleted { task }) { " and hear of it" } else { "" };
    report.step(format!("delete the task{heard}"), walk.delete(task).await)?;
    let path = format!("/projects/{project}");
    let gone = walk.rest.ask(Method::DELETE, &path, None).await;
    report.step("delete the project, over HTTP", gone)?;
    walk.host.end().await;
    walk.guest.end().await;
    Some(())
}

async fn shared_project(rest: &Rest, guest: &Person) -> Result<u64, Failure> {
    let body = json!({"name": "A tour"});
    let made = rest.ask(Method::POST, "/projects", Some(&body)).await?;
    let project = id_of(&made)?;
    let member = json!({"user_id": guest.id, "role": "member"});
    rest.ask(Method::POST, &format!("/projects/{project}/members"), Some(&member)).await?;
    Ok(project)
}

pub(super) async fn refused(endpoint: &Endpoint, token: &str) -> Result<(), Failure> {
    match endpoint.connect(token).await {
        Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure),
        Ok(connection) => {
            connection.close().await;
            let (expected, got) = ("a refusal".into(), "a connection".into());
            Err(Failure::Unexpected { expected, got })
        }
    }
}

/// Two people in a project.
struct Walk {
    host: Visit,
    guest: Visit,
    rest: Rest,
    project: u64,
}

impl Walk {
    async fn begin(
        endpoint: &Endpoint,
        [host, guest]: [&Person; 2],
        rest: Rest,
        project: u64,
        report: &mut Report,
    ) -> Option<Self> {
        let room = Room::Project(project);
        let begun = Visit::begin(endpoint, host).await;
        let mut host = report.step("connect and be welcomed first of all", begun)?;
        report.step(format!("join {room}"), join(&mut host, &room).await)?;
        if host.can_ask(&Wish::Ping) {
            report.step("ping", ping(&mut host).await)?;
        }
        let begun = Visit::begin(endpoint, guest).await;
        let mut guest = report.step("the second person connects", begun)?;
        report.step(format!("the second joins {room}"), join(&mut guest, &room).await)?;
        let arrived = host.hears(&Fact::Arrived(&guest.person)).await;
        report.step("the first hears the second arrive", arrived)?;
        Some(Self { host, guest, rest, project })
    }

    async fn task(&mut self, report: &mut Report) -> Option<u64> {
        let title = "Hire the ferry";
        let task = report.step("create a task", self.create(title).await)?;
        let fact = Fact::TaskCreated { task, title };
        if self.host.can_hear(&fact) {
            report.step("the first hears of it", self.host.hears(&fact).await)?;
            report.step("the second hears of it", self.guest.hears(&fact).await)?;
        }
        let title = "Hire two ferries";
        report.step("change its title", rename(&mut self.host, &self.rest, task, title).await)?;
        let heard = both(self, &Fact::TaskRenamed { task, title }).await;
        report.step("both hear of it", heard)?;
        let status = "in_progress";
        let wish = Wish::SetStatus { task, status: status.into() };
        let set = done(&mut self.guest, &self.rest, &wish).await;
        report.step("the second changes its status", set)?;
        let heard = both(self, &Fact::StatusChanged { task, status }).await;
        report.step("both hear of that", heard)?;
        Some(task)
    }

    async fn create(&mut self, title: &str) -> Result<u64, Failure> {
        let wish = Wish::CreateTask { project: self.project, title: title.into() };
        match self.host.ask(&wish).await {
            Some(asked) => {
                asked?;
                let answer = self.host.last_answer().unwrap_or_default();
                id_of(&answer["data"])
            }
            None => match self.rest.wish(&wish).await {
                Some(made) => id_of(&made?),
                None => Err(Failure::Usage("nobody can make a task".into())),
            },
        }
    }

    async fn typing(&mut self, task: u64, report: &mut Report) -> Option<()> {
        let wish = Wish::Typing { room: Room::Task(task), on: true };
        let Some(said) = self.guest.ask(&wish).await else { return Some(()) };
        report.step("the second types", said)?;
        let who = self.guest.person.clone();
        let fact = Fact::Typing { task, who: &who };
        report.step("the first hears it", self.host.hears(&fact).await)?;
        report.step("who types does not", self.guest.hears_nothing_of(&fact).await)
    }

    async fn leaving(&mut self, task: u64, report: &mut Report) -> Option<()> {
        let room = Room::Project(self.project);
        report.step(format!("the second leaves {room}"), leave(&mut self.guest, &room).await)?;
        let title = "Hire no ferry";
        let renamed = rename(&mut self.host, &self.rest, task, title).await;
        report.step("the first changes the title again", renamed)?;
        let fact = Fact::TaskRenamed { task, title };
        report.step("the first hears of it", self.host.hears(&fact).await)?;
        report.step("who left hears nothing more", self.guest.hears_nothing_of(&fact).await)
    }

    async fn delete(&mut self, task: u64) -> Result<(), Failure> {
        let wish = Wish::DeleteTask { task, project: self.project };
        done(&mut self.host, &self.rest, &wish).await?;
        self.host.hears(&Fact::TaskDeleted { task }).await
    }
}

async fn both(walk: &mut Walk, fact: &Fact<'_>) -> Result<(), Failure> {
    walk.host.hears(fact).await?;
    walk.guest.hears(fact).await
}

pub(super) async fn join(visit: &mut Visit, room: &Room) -> Result<(), Failure> {
    let wish = Wish::Join(room.clone());
    visit.ask(&wish).await.unwrap_or(Ok(()))?;
    let person = visit.person.clone();
    visit.hears(&Fact::Joined(room, &person)).await
}

pub(super) async fn leave(visit: &mut Visit, room: &Room) -> Result<(), Failure> {
    let wish = Wish::Leave(room.clone());
    visit.ask(&wish).await.unwrap_or(Ok(()))?;
    let person = visit.person.clone();
    visit.hears(&Fact::Left(room, &person)).await
}

pub(super) async fn ping(visit: &mut Visit) -> Result<(), Failure> {
    visit.ask(&Wish::Ping).await.unwrap_or(Ok(()))?;
    visit.hears(&Fact::Pong).await
}

async fn rename(visit: &mut Visit, rest: &Rest, task: u64, title: &str) -> Result<(), Failure> {
    let fields = Map::from_iter([("title".to_owned(), json!(title))]);
    done(visit, rest, &Wish::UpdateTask { task, fields }).await
}

/// Asks in the dialect's words, or over HTTP if it has none.
async fn done(visit: &mut Visit, rest: &Rest, wish: &Wish) -> Result<(), Failure> {
    match visit.ask(wish).await {
        Some(asked) => asked,
        None => rest.wish(wish).await.map_or(Ok(()), |outcome| outcome.map(drop)),
    }
}
