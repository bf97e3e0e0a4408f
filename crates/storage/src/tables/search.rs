//! Searching for words in messages, tasks and comments, newest first.
//!
//! The engine's own index finds them (FTS5). What people type never reaches its query language:
//! [`Words`] takes the letters and digits out of it, and they are asked for as texts.

use std::fmt::Write as _;

use chorus_model::{
    ChannelId, Comment, CommentId, Message, MessageId, ProjectId, Task, TaskId, UserId,
};

use super::channel_members::ChannelInterval;
use crate::error::StoreError;
use crate::reads::Reads;

/// Most rows of one answer.
const MOST: u32 = 1_000;
/// Places of one person that the index is asked for: each costs a walk through it.
const MOST_PLACES: usize = 200;
/// Who sees more than this part of all projects finds among what he sees soon enough without.
const SMALL_PART: usize = 8;

/// What is looked for: words that must all occur, in any case and with or without accents; the
/// last may be the beginning of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// Most words.
    pub const MOST: usize = 16;
    /// Least characters of the last word that is taken for the beginning of others too.
    const PREFIX: usize = 3;

    /// The words of a text: what stands between all that is neither letter nor digit. None if
    /// there are none, or too many.
    pub fn parse(text: &str) -> Option<Self> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.take(Self::MOST + 1).map(str::to_owned).collect();
        (1..=Self::MOST).contains(&words.len()).then_some(Self(words))
    }

    /// As the index is asked: every word in quotes, so that none is taken for an operator.
    fn query(&self) -> String {
        let mut query = String::from("{words} : (");
        for (at, word) in self.0.iter().enumerate() {
            let and = if at > 0 { " AND " } else { "" };
            let last = at + 1 == self.0.len() && word.chars().count() >= Self::PREFIX;
            // Writing to a `String` cannot fail.
            write!(query, "{and}\"{word}\"{}", if last { " *" } else { "" }).ok();
        }
        query.push(')');
        query
    }
}

/// What is looked for, by whom, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The words.
    pub words: Words,
    /// Who looks: only what he may see is found.
    pub user: UserId,
    /// Whether he may see every project.
    pub sees_all: bool,
    /// In this project.
    pub project: Option<ProjectId>,
    /// In this channel.
    pub channel: Option<ChannelId>,
    /// With ids below this.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

impl Sought {
    /// As the index is asked. Places that nobody can see there are left out; what is seen, the
    /// rows say.
    fn query(&self, places: Option<&[String]>) -> String {
        match places {
            Some(places) => {
                format!("{{place}} : ({}) AND {}", places.join(" OR "), self.words.query())
            }
            None => self.words.query(),
        }
    }

    fn before(&self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    fn limit(&self) -> u32 {
        self.limit.min(MOST)
    }
}

/// Whether `?3` may see the project `p`: he sees all of them (`?4`), or belongs to it; and whether
/// it is the one that is asked for (`?5`).
macro_rules! in_project {
    () => {
        "and p.deleted_at is null and (?5 is null or p.id = ?5)
         and (?4 or exists (select 1 from memberships o where o.project_id = p.id
                            and o.user_id = ?3 and o.to_id is null)) "
    };
}

impl Reads<'_> {
    /// The messages with these words, of channels that the person may see.
    pub fn messages_with(&self, sought: &Sought) -> Result<Vec<Message>, StoreError> {
        let Some(query) = self.placed(sought, true)? else { return Ok(Vec::new()) };
        let ids = self.many(
            concat!(
                "select w.rowid from message_words w cross join messages m on m.id = w.rowid
                 join channels c on c.id = m.channel_id join projects p on p.id = c.project_id
                 left join tasks t on t.id = c.task_id
                 where message_words match ?1 and w.rowid < ?2 and m.deleted_at is null
                   and c.deleted_at is null and t.deleted_at is null
                   and (?6 is null or c.id = ?6)
                   and (not c.is_private or exists (
                          select 1 from channel_members o where o.channel_id = c.id
                          and o.user_id = ?3 and o.to_id is null)) ",
                in_project!(),
                "order by w.rowid desc limit ?7"
            ),
            (
                query,
                sought.before(),
                sought.user.0,
                sought.sees_all,
                sought.project.map(|id| id.0),
                sought.channel.map(|id| id.0),
                sought.limit(),
            ),
            |row| row.get(0).map(MessageId),
        )?;
        ids.iter().filter_map(|id| self.message(*id).transpose()).collect()
    }

    /// The tasks with these words in title, description or category.
    pub fn tasks_with(&self, sought: &Sought) -> Result<Vec<Task>, StoreError> {
        let sql = concat!(
            "select w.rowid from task_words w cross join tasks t on t.id = w.rowid
             join projects p on p.id = t.project_id
             where task_words match ?1 and w.rowid < ?2 and t.deleted_at is null ",
            in_project!(),
            "order by w.rowid desc limit ?6"
        );
        let ids = self.found(sql, sought)?;
        ids.iter().filter_map(|id| self.task(TaskId(*id)).transpose()).collect()
    }

    /// The comments with these words.
    pub fn comments_with(&self, sought: &Sought) -> Result<Vec<Comment>, StoreError> {
        let sql = concat!(
            "select w.rowid from comment_words w cross join comments c on c.id = w.rowid
             join projects p on p.id = c.project_id left join tasks t on t.id = c.task_id
             left join items i on i.id = c.item_id left join items around on around.id = i.parent_id
             where comment_words match ?1 and w.rowid < ?2 and c.deleted_at is null
               and t.deleted_at is null and i.deleted_at is null and around.deleted_at is null ",
            in_project!(),
            "order by w.rowid desc limit ?6"
        );
        let ids = self.found(sql, sought)?;
        ids.iter().filter_map(|id| self.comment(CommentId(*id)).transpose()).collect()
    }

    fn found(&self, sql: &str, sought: &Sought) -> Result<Vec<i64>, StoreError> {
        let Some(query) = self.placed(sought, false)? else { return Ok(Vec::new()) };
        let project = sought.project.map(|id| id.0);
        let person = (sought.user.0, sought.sees_all);
        let (before, limit) = (sought.before(), sought.limit());
        self.many(sql, (query, before, person.0, person.1, project, limit), |row| row.get(0))
    }

    /// How many projects there were ever, at most: told without counting them.
    fn about_how_many_projects(&self) -> Result<usize, StoreError> {
        let sql =
            "select ifnull((select max(id) from projects) - (select min(id) from projects) + 1, 0)";
        self.single(sql, [], |row| row.get(0))
    }

    /// The query for the index, with the places that the person may see as far as that keeps it
    /// short; none if there is no such place.
    fn placed(&self, sought: &Sought, channels: bool) -> Result<Option<String>, StoreError> {
        if let Some(channel) = sought.channel {
            return Ok(Some(sought.query(Some(&[format!("c{channel}")]))));
        }
        let mut places: Vec<String> = match (sought.project, sought.sees_all) {
            (Some(project), _) => vec![format!("p{project}")],
            (None, true) => return Ok(Some(sought.query(None))),
            (None, false) => {
                let own = self.memberships_of(sought.user)?;
                if own.len() * SMALL_PART > self.about_how_many_projects()? {
                    return Ok(Some(sought.query(None)));
                }
                own.into_iter().map(|(project, _)| format!("p{project}")).collect()
            }
        };
        if channels {
            let stays = self.channel_intervals_of(sought.user)?;
            let here = |stay: &&ChannelInterval| {
                stay.to.is_none() && sought.project.is_none_or(|project| project == stay.project)
            };
            places.extend(stays.iter().filter(here).map(|stay| format!("c{}", stay.channel)));
        }
        match places.len() {
            0 => Ok(None),
            1..=MOST_PLACES => Ok(Some(sought.query(Some(&places)))),
            _ => Ok(Some(sought.query(None))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_words_and_nothing_else() {
        let query = |text: &str| Words::parse(text).map(|words| words.query());
        assert_eq!(query("roof").unwrap(), "{words} : (\"roof\" *)");
        assert_eq!(query("a OR b").unwrap(), "{words} : (\"a\" AND \"OR\" AND \"b\")");
        let odd = query("\"x* NEAR(y, 2) place:p1 - ^z\u{0}").unwrap();
        assert_eq!(
            odd,
            "{words} : (\"x\" AND \"NEAR\" AND \"y\" AND \"2\" AND \"place\" AND \"p1\" AND \"z\")"
        );
        assert_eq!((query(""), query(" \"*()-:^ 👍"), query(&"a ".repeat(17))), (None, None, None));
        assert!(query(&"a ".repeat(16)).is_some());
    }
}
