//! Every source, their order, and every mistake at once.

use std::collections::HashMap;

use super::*;

struct Variables(HashMap<&'static str, &'static str>);

impl Environment for Variables {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(ToString::to_string)
    }
}

fn env<const N: usize>(variables: [(&'static str, &'static str); N]) -> Variables {
    Variables(HashMap::from(variables))
}

fn mistakes(options: &ServeOptions, env: &Variables) -> Vec<String> {
    let mistakes = Settings::read(options, env).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_dialect_more_has_listeners_and_a_secret() {
    let options =
        ServeOptions { listen: vec!["127.0.0.1:0=wall".into()], ..ServeOptions::default() };
    let env = env([("CHORUS_WALL_SECRET", "a secret of the back end")]);
    let settings = Settings::read_with(&options, &env, &["wall"]).unwrap();
    assert_eq!(settings.listen[0].dialect, "wall");
    assert_eq!(settings.realms.iter().collect::<Vec<_>>(), [("wall", "a secret of the back end")]);
    assert!(mistakes(&options, &env)[0].contains("no dialect wall"));
}

#[test]
fn defaults_are_a_loopback_server() {
    let settings = Settings::read(&ServeOptions::default(), &env([])).unwrap();
    assert_eq!(settings.listen[0].addresses, ["127.0.0.1:8000".parse().unwrap()]);
    assert_eq!(settings.listen[0].dialect, "native");
    assert_eq!(settings.registration, Registration::Open);
    assert_eq!(settings.secret, None);
    assert_eq!(settings.tokens.access_minutes, 30);
}

#[test]
fn options_before_environment_before_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "listen = [\"0.0.0.0:1\", \"localhost:2\"]\n[tokens]\nissuer = \"file\"\n\
                audience = \"file\"\naccess_minutes = 7\n";
    std::fs::write(file.path(), text).unwrap();
    let options = ServeOptions {
        config: Some(file.path().to_owned()),
        database: Some("sqlite:option.db".into()),
        ..ServeOptions::default()
    };
    let env = env([("JWT_ISSUER", "variable"), ("DATABASE_URL", "sqlite:variable.db")]);
    let settings = Settings::read(&options, &env).unwrap();
    assert_eq!(settings.database, Location::File("option.db".into()));
    assert_eq!((&*settings.tokens.issuer, &*settings.tokens.audience), ("variable", "file"));
    assert_eq!(settings.tokens.access_minutes, 7);
    assert_eq!(settings.listen[1].addresses.len(), 2, "localhost is two addresses");
    assert_eq!(settings.registration, Registration::Closed, "not only loopback");
}

#[test]
fn every_mistake_is_reported_at_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "colour = 1\n[limits]\nmessage_burst = 0\n").unwrap();
    let options = ServeOptions {
        config: Some(file.path().to_owned()),
        listen: vec!["nowhere".into(), "127.0.0.1:0=klingon".into()],
        ..ServeOptions::default()
    };
    let env = env([("JWT_SECRET", "changeme"), ("CORS_ORIGINS", "app.example")]);
    let found = mistakes(&options, &env);
    let dialects = DIALECTS.join(", ");
    let klingon =
        format!("--listen: 127.0.0.1:0=klingon: no dialect klingon; there is: {dialects}");
    for expected in [
        &*klingon,
        "--listen: nowhere: must be HOST:PORT with an IP address or localhost",
        "JWT_SECRET: is a secret that everybody knows; --insecure-dev-secret accepts it",
        "CORS_ORIGINS: app.example: must be an origin such as https://app.example",
        "limits.message_burst: must be a whole number from 1 to 4294967295",
        "colour: there is no such setting",
    ] {
        assert!(found.iter().any(|mistake| mistake == expected), "{expected} in {found:#?}");
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn each_secret_signs_for_one_back_end_alone() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "[tokens]\nsecret = \"a secret of our own\"\n[dialect.envelope]\nsecret = \"a \
                secret of our own\"\n";
    std::fs::write(file.path(), text).unwrap();
    let in_file = ServeOptions { config: Some(file.path().to_owned()), ..ServeOptions::default() };
    let same = |setting: &str, other: &str| {
        format!("{setting}: must not be the secret of {other}: each signs for itself")
    };
    let none = ServeOptions::default();
    let (ours, theirs) = ("a secret of our own", "a secret of a back end");
    for (options, variables, expected) in [
        (
            &none,
            env([("JWT_SECRET", ours), ("CHORUS_FLUX_SECRET", ours)]),
            vec![same("CHORUS_FLUX_SECRET", "JWT_SECRET")],
        ),
        (
            &none,
            env([("SECRET_KEY", ours), ("CHORUS_SKYBUILD_SECRET", ours)]),
            vec![same("CHORUS_SKYBUILD_SECRET", "SECRET_KEY")],
        ),
        (
            &none,
            env([("CHORUS_FLUX_SECRET", theirs), ("CHORUS_PRODSIGHT_SECRET", theirs)]),
            vec![same("CHORUS_PRODSIGHT_SECRET", "CHORUS_FLUX_SECRET")],
        ),
        (
            &in_file,
            env([("CHORUS_FLUX_SECRET", ours)]),
            vec![
                same("CHORUS_FLUX_SECRET", "tokens.secret"),
                same("dialect.envelope.secret", "tokens.secret"),
            ],
        ),
        (
            &ServeOptions { insecure_dev_secret: true, ..ServeOptions::default() },
            env([("JWT_SECRET", "changeme"), ("CHORUS_FLUX_SECRET", "changeme")]),
            vec![same("CHORUS_FLUX_SECRET", "JWT_SECRET")],
        ),
    ] {
        assert_eq!(mistakes(options, &variables), expected);
    }
    let apart = env([("JWT_SECRET", ours), ("CHORUS_FLUX_SECRET", theirs)]);
    let settings = Settings::read(&none, &apart).unwrap();
    assert_eq!(settings.secret.as_deref(), Some(ours));
    assert_eq!(settings.realms.iter().collect::<Vec<_>>(), [("flux", theirs)]);
}

#[test]
fn a_known_secret_can_be_insisted_on() {
    let options = ServeOptions { insecure_dev_secret: true, ..ServeOptions::default() };
    let settings = Settings::read(&options, &env([("SECRET_KEY", "changeme")])).unwrap();
    assert_eq!(settings.secret.as_deref(), Some("changeme"));
}
