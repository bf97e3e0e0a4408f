//! The nouns, one file each: what can be asked of them (`impl Reads`) and changed (`impl Tx`).
//!
//! Changes write what they are given and decide nothing; the rules are the commands'. What they
//! do set by themselves are ids, `version`, `created_at` and `updated_at`. Texts to look up by
//! are compared in their canonical form.

pub mod channel_members;
pub mod channels;
pub mod comments;
pub mod identities;
pub mod invitations;
pub mod items;
pub mod kept_answers;
pub mod memberships;
pub mod messages;
pub mod notifications;
pub mod projects;
pub mod reactions;
pub mod read_markers;
pub mod refresh_tokens;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod statistics;
pub mod task_query;
pub mod tasks;
pub mod totals;
pub mod users;
pub mod wishes;

#[cfg(test)]
mod tests;
