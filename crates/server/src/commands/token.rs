//! `chorus token`: an access token for a user, signed with the server's secret.

use std::sync::Arc;

use chorus_collab::tokens::{TokenKind, TokenSettings, Tokens};
use chorus_gateway::dialect::Dialect;
use chorus_model::{Clock as _, Entropy};

use crate::app;
use crate::cli::TokenOptions;
use crate::system::{SystemClock, SystemEntropy};
use crate::{Failure, say};

/// Prints the token.
pub fn run(options: &TokenOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    let settings = super::settings(&options.serve, more)?;
    super::runtime()?.block_on(async {
        let store = app::open_beside(&settings, false)?;
        let entropy: &dyn Entropy = &SystemEntropy;
        let secret = app::secret(&store, &settings, entropy).await?;
        let access_minutes = options.minutes.unwrap_or(settings.tokens.access_minutes);
        let tokens =
            Tokens::new(&secret, TokenSettings { access_minutes, ..settings.tokens.clone() });
        let login = options.user.clone();
        let found = store.read(move |reads| {
            let user = reads.credentials(&login)?.map(|(user, _)| user);
            user.map(|user| Ok((reads.tokens_from(user.id)?, user))).transpose()
        });
        let (from, user) = found
            .await
            .map_err(Failure::new)?
            .ok_or_else(|| Failure::new(format!("no user {}", options.user)))?;
        let kind = if options.service { TokenKind::Service } else { TokenKind::Access };
        let now = SystemClock::new().now();
        let (token, _) = tokens
            .issue(&user, kind, (now, from), &entropy.word(20))
            .ok_or_else(|| Failure::new("the token cannot be signed"))?;
        say(token);
        store.close().await;
        Ok(())
    })
}
