//! Where settings come from, and the gathering of mistakes.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::Mistake;
use crate::cli::ServeOptions;

/// The environment, so that tests need none.
pub trait Environment {
    /// The value of a variable, if it is set and readable.
    fn get(&self, name: &str) -> Option<String>;
}

/// The process's environment.
#[derive(Debug)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Where a setting is found.
pub(super) struct Key {
    pub(super) variables: &'static [&'static str],
    pub(super) file: &'static str,
}

/// Options, environment and file, and what was found wrong so far.
pub(super) struct Sources<'a> {
    env: &'a dyn Environment,
    /// The file's settings by their dotted names; what was asked for is taken out.
    file: BTreeMap<String, Value>,
    mistakes: Vec<Mistake>,
}

impl<'a> Sources<'a> {
    pub(super) fn open(options: &ServeOptions, env: &'a dyn Environment) -> Self {
        let mut sources = Self { env, file: BTreeMap::new(), mistakes: Vec::new() };
        let named = options.config.clone().or_else(|| env.get("CHORUS_CONFIG").map(Into::into));
        if let Some(path) = named {
            match read(&path) {
                Ok(table) => flatten("", table, &mut sources.file),
                Err(wrong) => sources.note(&path.display().to_string(), wrong),
            }
        }
        sources
    }

    /// One value: the first source that has it counts.
    pub(super) fn value<T>(
        &mut self,
        option: Option<&str>,
        key: &Key,
        default: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let Some((setting, text)) = self.one(option, key) else { return default };
        parse(&text).unwrap_or_else(|wrong| {
            self.note(&setting, wrong);
            default
        })
    }

    /// One value as it is written, and the setting that has it.
    pub(super) fn one(&mut self, option: Option<&str>, key: &Key) -> Option<(String, String)> {
        let option = option.map(|text| vec![text.to_owned()]);
        let (setting, texts) = self.given(option, key)?;
        let [text] = <[String; 1]>::try_from(texts)
            .map_err(|_| self.note(&setting, "takes one value".into()))
            .ok()?;
        Some((setting, text))
    }

    /// A list: the first source that has it counts; variables are comma separated.
    pub(super) fn list<T>(
        &mut self,
        option: &[String],
        key: &Key,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let option = (!option.is_empty()).then(|| option.to_vec());
        let (setting, texts) = self.given(option, key).unwrap_or_else(|| {
            (key.file.to_owned(), default.iter().map(ToString::to_string).collect())
        });
        let texts = texts.iter().flat_map(|text| text.split(','));
        let texts = texts.map(str::trim).filter(|text| !text.is_empty());
        let mut values = Vec::new();
        for text in texts {
            match parse(text) {
                Ok(value) => values.push(value),
                Err(wrong) => self.note(&setting, format!("{text}: {wrong}")),
            }
        }
        values
    }

    /// A list that must name something.
    pub(super) fn some<T>(
        &mut self,
        option: &[String],
        key: &Key,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let before = self.mistakes.len();
        let values = self.list(option, key, default, parse);
        if values.is_empty() && self.mistakes.len() == before {
            self.note(key.file, "must name at least one".into());
        }
        values
    }

    /// What the file has under `prefix`: the rest of each key, and its values.
    pub(super) fn under(&mut self, prefix: &str) -> Vec<(String, Vec<String>)> {
        let keys = self.file.keys().filter(|key| key.starts_with(prefix)).cloned();
        let keys: Vec<String> = keys.collect();
        let taken = keys.into_iter().filter_map(|key| {
            let value = self.file.remove(&key)?;
            Some((key[prefix.len()..].to_owned(), to_texts(value)))
        });
        taken.collect()
    }

    /// One value under a variable, or a key of the file, whose names are made at run time.
    pub(super) fn named(&mut self, variable: &str, key: &str) -> Option<(String, String)> {
        let in_file = self.file.remove(key).map(|value| (key.to_owned(), to_text(value)));
        let given = self.env.get(variable).filter(|text| !text.is_empty());
        given.map(|text| (variable.to_owned(), text)).or(in_file)
    }

    /// Fails if anything was wrong: what was noted, and what the file has that nobody asked for.
    pub(super) fn finish(mut self) -> Result<(), Vec<Mistake>> {
        for key in std::mem::take(&mut self.file).into_keys() {
            self.note(&key, "there is no such setting".into());
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(self.mistakes) }
    }

    fn given(&mut self, option: Option<Vec<String>>, key: &Key) -> Option<(String, Vec<String>)> {
        let in_file = self.file.remove(key.file);
        if let Some(texts) = option {
            return Some((format!("--{}", key.file), texts));
        }
        for name in key.variables {
            if let Some(text) = self.env.get(name).filter(|text| !text.is_empty()) {
                return Some(((*name).to_owned(), vec![text]));
            }
        }
        Some((key.file.to_owned(), to_texts(in_file?)))
    }

    pub(super) fn note(&mut self, setting: &str, wrong: String) {
        self.mistakes.push(Mistake { setting: setting.to_owned(), wrong });
    }
}

fn read(path: &Path) -> Result<Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    text.parse().map_err(|error: toml::de::Error| format!("is not TOML: {}", error.message()))
}

fn flatten(prefix: &str, table: Table, into: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, into),
            other => drop(into.insert(key, other)),
        }
    }
}

fn to_texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.into_iter().map(to_text).collect(),
        value => vec![to_text(value)],
    }
}

fn to_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
