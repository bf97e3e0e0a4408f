//! HTTP long-polling (Engine.IO protocol 4): one GET is always held, what is said goes by POST.

use std::pin::Pin;

use http::{HeaderMap, Method};

use crate::rest::{Answer, exchange, reason};
use crate::{Failure, Target};

/// A request that is on its way.
type Poll = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

/// The polls of one session.
pub(super) struct Polling {
    target: Target,
    path: String,
    entered: bool,
    held: Option<Poll>,
}

impl Polling {
    /// Polls at `path`, whose query has no session yet.
    pub(super) fn new(target: &Target, path: String) -> Self {
        Self { target: target.clone(), path, entered: false, held: None }
    }

    /// Goes on in the session that the server opened.
    pub(super) fn enter(&mut self, sid: &str) {
        self.entered = true;
        self.path = format!("{}&sid={}", self.path, crate::target::in_query(sid));
    }

    /// The next payload. Nothing is lost if the caller stops waiting: the request stays held.
    pub(super) async fn receive(&mut self) -> Result<String, Failure> {
        let (target, path) = (self.target.clone(), self.path.clone());
        let held = self.held.get_or_insert_with(|| {
            Box::pin(async move {
                exchange(&target, Method::GET, &path, HeaderMap::new(), String::new()).await
            })
        });
        let answer = held.await;
        self.held = None;
        let answer = self.accepted(answer?)?;
        String::from_utf8(answer.body.to_vec())
            .map_err(|_| Failure::Protocol("a payload is not UTF-8".into()))
    }

    /// Sends one packet.
    pub(super) async fn send(&self, packet: String) -> Result<(), Failure> {
        let (target, path) = (&self.target, &self.path);
        let answer = exchange(target, Method::POST, path, HeaderMap::new(), packet).await?;
        self.accepted(answer).map(drop)
    }

    /// An answer that is no refusal. A session that was open and is refused now has ended.
    fn accepted(&self, answer: Answer) -> Result<Answer, Failure> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let text = format!("HTTP {}, {}", answer.status.as_u16(), reason(&answer.body));
        Err(if self.entered { Failure::Lost(text) } else { Failure::Refused(text) })
    }
}
