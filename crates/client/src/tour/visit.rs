//! One person's connection, and what of it was not looked at yet.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::Failure;
use crate::dialect::{Dialect, ERROR, Expected, Fact, Person, Room, Say, Wish};
use crate::wire::{Connection, Endpoint, Heard};

/// No project has this id.
const NOWHERE: u64 = 999_999_999_999;

/// A person at the server.
pub(super) struct Visit {
    pub(super) person: Person,
    dialect: &'static dyn Dialect,
    connection: Connection,
    unread: VecDeque<Heard>,
}

impl Visit {
    /// Connects; the first that comes must be the welcome.
    pub(super) async fn begin(endpoint: &Endpoint, person: &Person) -> Result<Self, Failure> {
        let connection = endpoint.connect(&person.token).await?;
        let mut visit = Self {
            person: person.clone(),
            dialect: endpoint.dialect,
            connection,
            unread: VecDeque::new(),
        };
        visit.next_is(&Fact::Welcome(person)).await?;
        Ok(visit)
    }

    /// Whether the dialect has a word for something.
    pub(super) fn can_ask(&self, wish: &Wish) -> bool {
        self.dialect.say(wish).is_some()
    }

    /// Whether the dialect has a word for a fact.
    pub(super) fn can_hear(&self, fact: &Fact<'_>) -> bool {
        !self.dialect.told(fact).is_empty()
    }

    /// Asks for something, and waits until it is dealt with. `None` if the dialect has no word for
    /// it.
    pub(super) async fn ask(&mut self, wish: &Wish) -> Option<Result<(), Failure>> {
        let say = self.dialect.say(wish)?;
        let mut asked = self.converse(&say).await;
        if asked.is_ok() && say.answered_by.is_nothing() {
            asked = self.settled().await;
        }
        Some(asked)
    }

    async fn converse(&mut self, say: &Say) -> Result<(), Failure> {
        let Self { connection, dialect, unread, .. } = self;
        connection.ask(*dialect, say, |heard| unread.push_back(heard)).await
    }

    /// Waits until all that was said is dealt with: the server answers a ping, or else refuses a
    /// room that is not there.
    async fn settled(&mut self) -> Result<(), Failure> {
        let nowhere = || self.dialect.say(&Wish::Join(Room::Project(NOWHERE)));
        let Some(say) = self.dialect.say(&Wish::Ping).or_else(nowhere) else { return Ok(()) };
        match self.converse(&say).await {
            Err(Failure::Denied(_)) => Ok(()),
            settled => settled,
        }
    }

    /// Says something without waiting.
    pub(super) async fn say(&mut self, wish: &Wish) -> Result<(), Failure> {
        let say = self.dialect.say(wish);
        let say = say.ok_or_else(|| Failure::Usage(format!("no word for {wish:?}")))?;
        self.connection.say(&say).await.map(drop)
    }

    /// What comes next, and nothing before it, is this fact, in all its messages.
    pub(super) async fn next_is(&mut self, fact: &Fact<'_>) -> Result<(), Failure> {
        for expected in self.dialect.told(fact) {
            let heard = match self.unread.pop_front() {
                Some(heard) => heard,
                None => self.connection.next_soon(&expected.to_string()).await?,
            };
            if !fits(&expected, &heard) {
                let got = heard.to_string();
                return Err(Failure::Unexpected { expected: expected.to_string(), got });
            }
        }
        Ok(())
    }

    /// This fact comes, in all its messages, whatever comes beside it.
    pub(super) async fn hears(&mut self, fact: &Fact<'_>) -> Result<(), Failure> {
        for expected in self.dialect.told(fact) {
            self.hears_one(&expected).await?;
        }
        Ok(())
    }

    async fn hears_one(&mut self, expected: &Expected) -> Result<(), Failure> {
        loop {
            if let Some(at) = self.unread.iter().position(|heard| fits(expected, heard)) {
                self.unread.remove(at);
                return Ok(());
            }
            match self.connection.next_soon(&expected.to_string()).await {
                Ok(heard) => self.unread.push_back(heard),
                Err(Failure::Late { .. }) => {
                    let (expected, got) = (expected.to_string(), self.summary());
                    return Err(Failure::Unexpected { expected, got });
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Nothing of this fact is on its way: what is asked now is answered, and it did not come.
    /// Only for what somebody else has heard already.
    pub(super) async fn hears_nothing_of(&mut self, fact: &Fact<'_>) -> Result<(), Failure> {
        self.settled().await?;
        let expected = self.dialect.told(fact);
        let came = self.unread.iter().find(|heard| expected.iter().any(|it| fits(it, heard)));
        came.map_or(Ok(()), |heard| {
            Err(Failure::Unexpected { expected: "nothing of it".into(), got: heard.to_string() })
        })
    }

    /// Asks for what must be refused.
    pub(super) async fn is_denied(&mut self, wish: &Wish) -> Result<(), Failure> {
        match self.ask(wish).await {
            Some(Err(Failure::Denied(_))) => Ok(()),
            // Acknowledged; then the refusal is an event of its own.
            Some(Ok(())) => self.hears_one(&Expected::named(ERROR)).await,
            Some(Err(failure)) => Err(failure),
            None => Err(Failure::Usage(format!("no word for {wish:?}"))),
        }
    }

    /// The last answer that came.
    pub(super) fn last_answer(&mut self) -> Option<serde_json::Value> {
        self.unread.iter().rev().find_map(|heard| match heard {
            Heard::Answer { told, .. } => Some(told.clone()),
            Heard::Event { .. } => None,
        })
    }

    /// Says goodbye; nothing that nobody looked at may have come.
    pub(super) async fn end_silently(mut self) -> Result<(), Failure> {
        self.unread.extend(self.connection.close().await);
        let Some(heard) = self.unread.front() else { return Ok(()) };
        Err(Failure::Unexpected { expected: "nothing more".into(), got: heard.to_string() })
    }

    /// Says goodbye.
    pub(super) async fn end(self) {
        self.connection.close().await;
    }

    fn summary(&self) -> String {
        if self.unread.is_empty() {
            return "nothing in time".into();
        }
        let mut text = String::from("in time only ");
        for heard in &self.unread {
            let name = match heard {
                Heard::Event { name, .. } => name.as_str(),
                Heard::Answer { .. } => "an answer",
            };
            write!(text, "{name}; ").ok();
        }
        text
    }
}

fn fits(expected: &Expected, heard: &Heard) -> bool {
    matches!(heard, Heard::Event { name, told } if expected.is(name, told))
}
