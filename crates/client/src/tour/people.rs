//! The people of a tour, made over HTTP like everybody.

use http::Method;
use serde_json::json;

use super::report::Report;
use crate::dialect::Person;
use crate::rest::{Rest, id_of};
use crate::wire::Endpoint;
use crate::{Failure, Target};

/// Makes an account; returns its password.
pub(super) async fn register(
    target: &Target,
    username: &str,
    word: &str,
) -> Result<String, Failure> {
    let password = format!("{word}-{word}");
    let body = json!({"username": username, "password": password, "full_name": username});
    Rest::nobody(target).ask(Method::POST, "/auth/register", Some(&body)).await?;
    Ok(password)
}

/// Logs in.
pub(super) async fn log_in(
    target: &Target,
    username: &str,
    password: &str,
) -> Result<Person, Failure> {
    let token = Rest::nobody(target).log_in(username, password).await?;
    let rest = Rest::with_token(target, &token);
    let me = rest.ask(Method::GET, "/auth/me", None).await?;
    Ok(Person { id: id_of(&me)?, username: username.to_owned(), token })
}

/// Makes an account and logs in, in two steps.
pub(super) async fn person(
    endpoint: &Endpoint,
    username: &str,
    word: &str,
    report: &mut Report,
) -> Option<Person> {
    let target = &endpoint.target;
    let registered = register(target, username, word).await;
    let password = report.step(format!("register {username}"), registered)?;
    report.step(format!("log in as {username}"), log_in(target, username, &password).await)
}

/// A token like this one, with a signature that nobody made.
pub(super) fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let rest: String = signature.chars().skip(1).collect();
    format!("{signed}.{other}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_token_differs_in_its_signature_alone() {
        assert_eq!(forged("a.b.cd"), "a.b.Ad");
        assert_eq!(forged("a.b.Ad"), "a.b.Bd");
    }
}
