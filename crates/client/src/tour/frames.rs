//! The tour of a dialect whose clients count frames: exactly what the application's own test
//! client does, in its order.

use super::people::{log_in, register};
use super::report::Report;
use super::visit::Visit;
use crate::Failure;
use crate::dialect::{Fact, Room, Wish};
use crate::wire::Endpoint;

/// Walks through it; stops at the first step without which the next make no sense.
pub(super) async fn walk(endpoint: &Endpoint, word: &str, report: &mut Report) -> Option<()> {
    let target = &endpoint.target;
    let username = format!("tour-{word}");
    let registered = register(target, &username, word).await;
    let password = report.step(format!("register {username}"), registered)?;
    let person = report.step("log in", log_in(target, &username, &password).await)?;
    let begun = Visit::begin(endpoint, &person).await;
    let mut visit = report.step("connect and be welcomed", begun)?;
    let channel = Room::parse("channel:123");
    let project = Room::parse("project:456");
    for room in [&channel, &project] {
        let outcome = join(&mut visit, room).await;
        report.step(format!("join {room}: its answer, then one's own arrival"), outcome)?;
    }
    for (room, text) in [(&channel, "Hello from the tour"), (&project, "Status update")] {
        let outcome = send(&mut visit, room, text).await;
        report.step(format!("send to {room}: one message"), outcome)?;
    }
    report.step("ping: one pong", ping(&mut visit).await)?;
    let outcome = leave(&mut visit, &project).await;
    report.step(format!("leave {project}: its answer, then one's own departure"), outcome)?;
    report.step("disconnect: nothing more had come", visit.end_silently().await)
}

async fn join(visit: &mut Visit, room: &Room) -> Result<(), Failure> {
    visit.say(&Wish::Join(room.clone())).await?;
    let person = visit.person.clone();
    visit.next_is(&Fact::Joined(room, &person)).await
}

async fn send(visit: &mut Visit, room: &Room, text: &str) -> Result<(), Failure> {
    visit.say(&Wish::Send { room: room.clone(), text: text.into() }).await?;
    let who = visit.person.clone();
    visit.next_is(&Fact::Message { room, who: &who, text }).await
}

async fn ping(visit: &mut Visit) -> Result<(), Failure> {
    visit.say(&Wish::Ping).await?;
    visit.next_is(&Fact::Pong).await
}

async fn leave(visit: &mut Visit, room: &Room) -> Result<(), Failure> {
    visit.say(&Wish::Leave(room.clone())).await?;
    let person = visit.person.clone();
    visit.next_is(&Fact::Left(room, &person)).await
}
