//! Secrets that sign tokens: our own, and those of other back ends whose tokens count
//! (`dialect.NAME.secret` in the file, or `CHORUS_NAME_SECRET`).
//!
//! No two are the same. With ours, the numbers in another back end's tokens would be those of our
//! accounts, the first admin's among them; with a second back end's, its people would be taken for
//! those of the first who have their numbers.

use super::keys;
use super::sources::Sources;
use super::values;

/// The secret of each dialect's own back end, if it has one.
#[derive(Clone, Default)]
pub struct Realms(Vec<(&'static str, String)>);

impl Realms {
    /// Our own secret, if it is set, and the realms.
    pub(super) fn read(
        from: &mut Sources<'_>,
        dialects: &[&'static str],
        insecure: bool,
    ) -> (Option<String>, Self) {
        let mut taken = Vec::new();
        let own = from.one(None, &keys::SECRET);
        let own = own.and_then(|given| accept(from, &mut taken, given, insecure));
        let mut realms = Vec::new();
        for name in dialects {
            let variable = format!("CHORUS_{}_SECRET", name.to_ascii_uppercase());
            let given = from.named(&variable, &format!("dialect.{name}.secret"));
            let secret = given.and_then(|given| accept(from, &mut taken, given, insecure));
            realms.extend(secret.map(|secret| (*name, secret)));
        }
        (own, Self(realms))
    }

    /// The names of the realms, and their secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, secret)| (*name, &**secret))
    }
}

/// The secret if it is good and no setting before it has it: else a mistake. `taken`: what each
/// setting before it has.
fn accept(
    from: &mut Sources<'_>,
    taken: &mut Vec<(String, String)>,
    (setting, text): (String, String),
    insecure: bool,
) -> Option<String> {
    let other = taken.iter().find(|(_, secret)| *secret == text).map(|(other, _)| other.clone());
    let found = match other {
        Some(other) => Err(format!("must not be the secret of {other}: each signs for itself")),
        None => values::secret(&text, insecure),
    };
    taken.push((setting.clone(), text));
    found.map_err(|wrong| from.note(&setting, wrong)).ok()
}

impl std::fmt::Debug for Realms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
