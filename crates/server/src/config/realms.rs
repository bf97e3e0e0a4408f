//! Other back ends whose tokens count: `dialect.NAME.secret` in the file, or `CHORUS_NAME_SECRET`.

use super::sources::Sources;
use super::values;

/// The secret of each dialect's own back end, if it has one.
#[derive(Clone, Default)]
pub struct Realms(Vec<(&'static str, String)>);

impl Realms {
    pub(super) fn read(from: &mut Sources<'_>, dialects: &[&'static str], insecure: bool) -> Self {
        let mut realms = Vec::new();
        for name in dialects {
            let variable = format!("CHORUS_{}_SECRET", name.to_ascii_uppercase());
            let key = format!("dialect.{name}.secret");
            let Some((setting, text)) = from.secret(&variable, &key) else { continue };
            match values::secret(&text, insecure) {
                Ok(secret) => realms.push((*name, secret)),
                Err(wrong) => from.note(&setting, wrong),
            }
        }
        Self(realms)
    }

    /// The names of the realms, and their secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, secret)| (*name, &**secret))
    }
}

impl std::fmt::Debug for Realms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
