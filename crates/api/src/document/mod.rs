//! The documents that describe this door and the native protocol to programs, made of the code
//! that serves them.

mod about;
mod asyncapi;
mod chat;
mod invitations;
pub(crate) mod kinds;
mod native;
mod openapi;
mod routes;
mod schemas;
mod tasks;

pub(crate) use about::About;
pub use asyncapi::asyncapi;
pub(crate) use chat::{
    channel_member, content, emoji, new_channel_here, new_message_here, read_form, read_markers,
};
pub(crate) use invitations::{made_invitation, new_invitation, secret};
pub use openapi::openapi;
pub(crate) use routes::{Routes, delete, get, patch, post, put};
pub(crate) use schemas::{
    Plain, Schemas, comment, comment_in_project, list, marked, new_member, notifications, object,
    read, role, written,
};
pub(crate) use tasks::{bulk, moved, reorder};

/// What a document says of itself: its member `info`.
fn headline(title: &str) -> serde_json::Value {
    serde_json::json!({
        "title": title,
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": env!("CARGO_PKG_LICENSE"), "url": "https://spdx.org/licenses/" },
    })
}

/// JSON as it is read by people, with a line end.
fn pretty(document: &serde_json::Value) -> String {
    format!("{document:#}\n")
}
