//! All who write at once, over REST or over sockets.

use serde_json::json;

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::guests::Seat;
use crate::rest::Rest;
use crate::scenario::caller::Caller;
use crate::way::Way;

/// All callers, each with a connection and a task of his own.
pub enum Callers {
    /// Over REST.
    Rest(Vec<Caller>),
    /// By commands over raw WebSockets: the members of the crowd from a number on.
    Sockets(usize, Vec<u64>),
}

impl Callers {
    /// Those who ask over REST.
    pub fn of_rest(owner: &Rest, tasks: &[u64], crowd: &mut Crowd) -> Result<Self, Failure> {
        let callers = tasks.iter().enumerate();
        let callers = callers.map(|(number, task)| Caller::new(owner, *task, number, crowd));
        Ok(Self::Rest(callers.collect::<Result<_, _>>()?))
    }

    /// Those who ask over sockets.
    pub fn of_sockets(door: &Door, tasks: &[u64], crowd: &mut Crowd) -> Result<Self, Failure> {
        let first = crowd.size();
        crowd.fill(door, Way::Asking, (0..tasks.len()).map(Seat::Hall), OPENING)?;
        Ok(Self::Sockets(first, tasks.to_vec()))
    }

    /// Lets one ask for another state of his task.
    pub fn ask(&mut self, number: usize, state: &str, crowd: &mut Crowd) -> Result<(), Failure> {
        match self {
            Self::Rest(callers) => callers[number].ask(&json!({ "status": state })),
            Self::Sockets(first, tasks) => {
                let change = json!({ "task_id": tasks[number], "status": state });
                let ask = json!({ "type": "task.update", "id": number, "data": change });
                crowd.say(*first + number, [&ask.to_string()])
            }
        }
    }

    /// Who was answered since the last call, and whether the change was made; of what members of
    /// the crowd beyond the first ones were told, `told` has the texts.
    pub fn take_answers(
        &mut self,
        told: Vec<(usize, Vec<u8>)>,
        crowd: &mut Crowd,
    ) -> Result<Vec<(usize, bool)>, Failure> {
        match self {
            Self::Rest(callers) => {
                let numbers = crowd.take_foreign().into_iter();
                let answers = numbers.map(|number| {
                    callers[number].take_answer().map(|made| made.map(|made| (number, made)))
                });
                answers.filter_map(Result::transpose).collect()
            }
            Self::Sockets(first, _) => {
                let answers = told.into_iter().map(|(member, text)| {
                    reply(&text).map(|made| made.map(|made| (member - *first, made)))
                });
                answers.filter_map(Result::transpose).collect()
            }
        }
    }
}

/// Whether a command was done, if the text answers one. A server that is short of time says that
/// it is unavailable, and has done nothing; any other refusal is a failure.
fn reply(text: &[u8]) -> Result<Option<bool>, Failure> {
    let has = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    if !has(r#""type":"reply""#) {
        return Ok(None);
    }
    let made = has(r#""ok":true"#);
    if made || has(r#""code":"unavailable""#) {
        return Ok(Some(made));
    }
    let text = String::from_utf8_lossy(text);
    Err(Failure::Server(format!("refused a write: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_it_was_done() {
        let made = |text: &str| reply(text.as_bytes());
        assert_eq!(made(r#"{"type":"reply","id":1,"ok":true,"data":{}}"#).unwrap(), Some(true));
        let short = r#"{"type":"reply","id":1,"ok":false,"error":{"code":"unavailable"}}"#;
        assert_eq!(made(short).unwrap(), Some(false));
        assert_eq!(made(r#"{"type":"presence","data":{}}"#).unwrap(), None);
        made(r#"{"type":"reply","id":1,"ok":false,"error":{"code":"forbidden"}}"#).unwrap_err();
    }
}
