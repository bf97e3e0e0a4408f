//! Who hears what in which dialect: `dialect.NAME.audience` in the file, a word per line.

use chorus_gateway::dialect::Audiences;
use chorus_gateway::dialect::audience;

use super::sources::Sources;

/// The table of each dialect that has one.
#[derive(Debug, Clone)]
pub struct Tables(Vec<(&'static str, Audiences)>);

impl Tables {
    pub(super) fn read(from: &mut Sources<'_>) -> Self {
        let mut tables = Vec::new();
        for (name, lines) in audience::ALL {
            let mut table = Audiences::new(lines);
            let prefix = format!("dialect.{name}.audience.");
            for (word, hearers) in from.under(&prefix) {
                let hearers: Vec<&str> = hearers.iter().map(String::as_str).collect();
                if let Err(wrong) = table.set(&word, &hearers) {
                    from.note(&format!("{prefix}{word}"), wrong.to_string());
                }
            }
            tables.push((*name, table));
        }
        Self(tables)
    }

    /// The table of a dialect; an empty one if it has none.
    pub fn of(&self, dialect: &str) -> Audiences {
        let found = self.0.iter().find(|(name, _)| *name == dialect);
        found.map_or_else(|| Audiences::new(&[]), |(_, table)| table.clone())
    }
}
