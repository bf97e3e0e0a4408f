//! The rooms that people name on the command line.

use std::fmt;

/// A room, as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Room {
    /// `project:7`, `project_7` or `7`.
    Project(u64),
    /// `task:12`.
    Task(u64),
    /// Anything else, as it was written.
    Named(String),
}

impl Room {
    /// Reads a room; a number alone is a project.
    pub(crate) fn parse(text: &str) -> Self {
        let number = |kind: &str| {
            let rest = text.strip_prefix(kind)?;
            rest.strip_prefix([':', '_'])?.parse().ok()
        };
        if let Some(id) = text.parse().ok().or_else(|| number("project")) {
            return Self::Project(id);
        }
        number("task").map_or_else(|| Self::Named(text.to_owned()), Self::Task)
    }

    /// Reads a room; a number alone is a task.
    pub(crate) fn parse_task(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::parse(text), Self::Task)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::Task(id) => write!(f, "task:{id}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}
