//! `chorus user`: accounts, from the command line. Changes go through the same log as every
//! other, so that a server beside hears of them.

use std::io::BufRead as _;
use std::sync::Arc;

use chorus_collab::accounts::{self, AddedBy, NewAccount};
use chorus_gateway::dialect::Dialect;
use chorus_model::text::{Email, Name, Password, Username};
use chorus_model::{Entropy, User, WorkspaceRole};
use chorus_storage::{Page, Store};

use crate::app;
use crate::cli::{UserAction, UserOptions};
use crate::system::SystemEntropy;
use crate::{Failure, say};

/// Runs the action.
pub fn run(options: &UserOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    let settings = super::settings(&options.serve, more)?;
    super::runtime()?.block_on(async {
        let store = app::open_beside(&settings, matches!(options.action, UserAction::Add { .. }))?;
        let outcome = act(&store, &options.action).await;
        store.close().await;
        outcome
    })
}

async fn act(store: &Store, action: &UserAction) -> Result<(), Failure> {
    match action {
        UserAction::Add { username, email, full_name, password, admin } => {
            let account = NewAccount {
                username: Username::parse(username).map_err(Failure::new)?,
                email: email.as_deref().map(Email::parse).transpose().map_err(Failure::new)?,
                full_name: full_name
                    .as_deref()
                    .map(|name| Name::parse("full_name", name))
                    .transpose()
                    .map_err(Failure::new)?,
                password: read_password(password.as_deref())?,
            };
            let hash = hash(account.password.clone()).await?;
            let role = if *admin { WorkspaceRole::Admin } else { WorkspaceRole::User };
            let added = accounts::add_account(store, account, hash, AddedBy::Tool(role)).await;
            let user = added.map_err(Failure::new)?;
            say(line(&user));
        }
        UserAction::List => list(store).await?,
        UserAction::SetRole { username, role } => {
            let role = *role;
            let user = find(store, username).await?;
            let changed = accounts::set_role(store, user.id, role).await.map_err(Failure::new)?;
            say(line(&changed));
        }
        UserAction::Close { username } => open(store, username, false).await?,
        UserAction::Reopen { username } => open(store, username, true).await?,
        UserAction::LogOut { username } => {
            let user = find(store, username).await?;
            accounts::log_out_everywhere(store, user.id).await.map_err(Failure::new)?;
            say(format_args!("{} is logged out everywhere", user.username));
        }
        UserAction::SetPassword { username, password } => {
            let user = find(store, username).await?;
            let hash = hash(read_password(password.as_deref())?).await?;
            accounts::set_password(store, user.id, hash).await.map_err(Failure::new)?;
            say(format_args!("the password of {} is changed", user.username));
        }
    }
    Ok(())
}

async fn open(store: &Store, username: &str, open: bool) -> Result<(), Failure> {
    let user = find(store, username).await?;
    let changed = accounts::set_open(store, user.id, open).await.map_err(Failure::new)?;
    say(line(&changed));
    Ok(())
}

async fn list(store: &Store) -> Result<(), Failure> {
    let mut page = Page::FIRST;
    loop {
        let users = store.read(move |reads| reads.users(page)).await.map_err(Failure::new)?;
        for user in &users {
            say(line(user));
        }
        if users.len() < page.limit as usize {
            return Ok(());
        }
        page.offset += page.limit;
    }
}

async fn find(store: &Store, username: &str) -> Result<User, Failure> {
    let name = username.to_owned();
    let found = store.read(move |reads| reads.user_by_username(&name)).await;
    found.map_err(Failure::new)?.ok_or_else(|| Failure::new(format!("no user {username}")))
}

async fn hash(password: Password) -> Result<String, Failure> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    app::hasher(&entropy)?.hash(password).await.map_err(Failure::new)
}

fn read_password(given: Option<&str>) -> Result<Password, Failure> {
    let text = match given {
        Some(text) => text.to_owned(),
        None => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(Failure::new)?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    Password::parse(&text).map_err(Failure::new)
}

fn line(user: &User) -> String {
    let User { id, username, full_name, role, is_active, .. } = user;
    let closed = if *is_active { "" } else { " (closed)" };
    format!("{id}\t{username}\t{full_name}\t{}{closed}", role.as_str())
}
