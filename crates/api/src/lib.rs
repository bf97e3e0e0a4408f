//! The HTTP door: REST, status pages and the files of the web page. It turns requests into
//! commands and queries of `chorus-collab`, and their outcomes into answers; it decides nothing.
//!
//! In reading order:
//!
//! * [`state`] – what the server hands over: [`Api`];
//! * [`mod@router`] – all paths, and what surrounds every request;
//! * [`origins`] – which pages may act in a user's name, and what browsers are told (CORS);
//! * [`health`] – what a listener says of its health;
//! * [`pages`] – files of the web page;
//! * `error` – why a request was refused, as status and JSON;
//! * `auth`, `cookies` – who asks;
//! * `path`, `query`, `body` – what a request says;
//! * `upload` – files as they come and go;
//! * `paging` – lists in parts;
//! * `change` – commands: idempotency, versions, cursors;
//! * `panics`, `log` – around every request; `requests` – how many there were;
//! * [`exposition`] – figures as Prometheus reads them;
//! * `routes` – the resources, one file each;
//! * [`document`] – the same for programs: OpenAPI and `AsyncAPI`.

mod auth;
mod body;
mod change;
mod cookies;
pub mod document;
mod error;
pub mod exposition;
pub mod health;
mod log;
pub mod origins;
pub mod pages;
mod paging;
mod panics;
mod path;
mod query;
mod requests;
pub mod router;
mod routes;
pub mod state;
mod upload;

pub use exposition::{Figure, Figures};
pub use health::Health;
pub use origins::Trusts;
pub use pages::Page;
pub use router::Rest;
pub use state::{Api, Build};
