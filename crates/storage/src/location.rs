//! Where a database is.

use std::path::PathBuf;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// This SQLite file, with its `-wal`, `-shm` and `.lock` beside it.
    File(PathBuf),
    /// A SQLite file in a temporary directory that is removed when the store is closed. (SQLite's
    /// own in-memory databases cannot be shared by a writer and its readers in WAL mode.)
    Temporary,
}

impl Location {
    /// Reads a database URL: `sqlite:PATH` or `sqlite://PATH` (a relative path counts from the
    /// working directory), `sqlite::memory:` for a temporary database.
    pub fn parse(url: &str) -> Result<Self, LocationError> {
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err(match url.split_once(':') {
                Some(("postgres" | "postgresql", _)) => LocationError::PostgreSql,
                _ => LocationError::Scheme,
            });
        };
        let path = rest.strip_prefix("//").unwrap_or(rest);
        match path {
            ":memory:" => Ok(Self::Temporary),
            "" => Err(LocationError::NoPath),
            _ if path.contains('?') => Err(LocationError::Parameters),
            _ => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

/// The rule that a database URL breaks. The operator's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It begins with a scheme that is not known, or with none.
    #[error("a database URL must begin with `sqlite:`, as in `sqlite:chorus.db`")]
    Scheme,
    /// It names PostgreSQL.
    #[error("PostgreSQL is not supported by this version; use `sqlite:PATH`")]
    PostgreSql,
    /// Nothing follows the scheme.
    #[error("a path, or `:memory:`, must follow `sqlite:`")]
    NoPath,
    /// It carries parameters, which would silently mean nothing.
    #[error("a database URL must not have parameters after `?`")]
    Parameters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls() {
        let file = |path: &str| Ok(Location::File(path.into()));
        let cases = [
            ("sqlite:chorus.db", file("chorus.db")),
            ("sqlite:/var/lib/chorus.db", file("/var/lib/chorus.db")),
            ("sqlite://chorus.db", file("chorus.db")),
            ("sqlite:///var/lib/chorus.db", file("/var/lib/chorus.db")),
            ("sqlite::memory:", Ok(Location::Temporary)),
            ("sqlite://:memory:", Ok(Location::Temporary)),
            ("sqlite:", Err(LocationError::NoPath)),
            ("sqlite:a.db?mode=ro", Err(LocationError::Parameters)),
            ("postgres://db/chorus", Err(LocationError::PostgreSql)),
            ("chorus.db", Err(LocationError::Scheme)),
            ("mysql://db", Err(LocationError::Scheme)),
        ];
        for (url, expected) in cases {
            assert_eq!(Location::parse(url), expected, "{url}");
        }
    }
}
