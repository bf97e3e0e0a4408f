//! Whose token a connection shows.

use std::io::IsTerminal as _;

use crate::options::AccountOptions;
use crate::rest::Rest;
use crate::{Failure, Target};

/// What a person shows to be let in.
#[derive(Debug, Clone)]
pub(crate) enum Account {
    /// A token that was given.
    Token(String),
    /// A name and a password, for a new token each time.
    Login { username: String, password: String },
}

impl Account {
    /// Reads the options, and the password from the terminal if it is missing.
    pub(crate) fn from_options(options: &AccountOptions) -> Result<Self, Failure> {
        if let Some(token) = &options.token {
            return Ok(Self::Token(token.clone()));
        }
        let username = options.user.clone();
        let username = username.ok_or_else(|| Failure::Usage("give --token or --user".into()))?;
        let password = match &options.password {
            Some(password) => password.clone(),
            None => ask_password(&username)?,
        };
        Ok(Self::Login { username, password })
    }

    /// A token to connect with.
    pub(crate) async fn token(&self, target: &Target) -> Result<String, Failure> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::Login { username, password } => {
                Rest::nobody(target).log_in(username, password).await
            }
        }
    }
}

fn ask_password(username: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        let text = "standard input is no terminal to ask for the password at; give --password";
        return Err(Failure::Usage(text.into()));
    }
    let asked = rpassword::prompt_password(format!("Password of {username}: "));
    asked.map_err(|error| Failure::Usage(format!("the password cannot be read: {error}")))
}
