//! Whom the clients belong to, made over HTTP like everybody.

use http::Method;
use serde_json::json;

use crate::rest::{Rest, id_of};
use crate::{Failure, Target};

/// Everybody's password, in a database that is thrown away.
const PASSWORD: &str = "torture-torture";

/// Somebody, and the projects that he belongs to.
pub(super) struct Member {
    pub(super) token: String,
    pub(super) projects: Vec<u64>,
}

/// The one who owns the projects, and writes.
pub(super) async fn owner(target: &Target) -> Result<Rest, Failure> {
    Ok(Rest::with_token(target, &person(target, "owner").await?.0))
}

/// Makes projects, and people of whom each belongs to one of them and every third to one more: so
/// nobody hears all.
pub(super) async fn settle(
    target: &Target,
    owner: &Rest,
    projects: usize,
    people: usize,
) -> Result<(Vec<u64>, Vec<Member>), Failure> {
    let mut made = Vec::new();
    for number in 0..projects {
        let body = json!({"name": format!("Project {number}")});
        made.push(id_of(&owner.ask(Method::POST, "/projects", Some(&body)).await?)?);
    }
    let mut members = Vec::new();
    for number in 0..people {
        let (token, id) = person(target, &format!("member{number}")).await?;
        let more = usize::from(number % 3 == 0);
        let of = |step: usize| made[(number + step) % made.len()];
        let mine: Vec<u64> = (0..=more).map(of).collect();
        for project in &mine {
            let body = json!({"user_id": id, "role": "viewer"});
            let path = format!("/projects/{project}/members");
            owner.ask(Method::POST, &path, Some(&body)).await?;
        }
        members.push(Member { token, projects: mine });
    }
    Ok((made, members))
}

/// Makes an account; its token and its id.
async fn person(target: &Target, username: &str) -> Result<(String, u64), Failure> {
    let nobody = Rest::nobody(target);
    let body = json!({"username": username, "password": PASSWORD});
    let id = id_of(&nobody.ask(Method::POST, "/auth/register", Some(&body)).await?)?;
    Ok((nobody.log_in(username, PASSWORD).await?, id))
}
