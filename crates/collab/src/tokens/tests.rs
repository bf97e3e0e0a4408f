//! Every way a token can be wrong, per dialect rules.

use serde_json::json;

use super::*;

const TASKMANAGER: TokenRules = TokenRules { subject: Subject::Id, typed: false, issued: false };
const FLUX: TokenRules = TokenRules { subject: Subject::IdClaim, typed: false, issued: false };

fn tokens() -> Tokens {
    Tokens::new(b"a secret of some length", TokenSettings::default())
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

fn sign(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn check(claims: &Value, rules: TokenRules) -> Result<Named, TokenFault> {
    let token = sign(claims, Algorithm::HS256, b"a secret of some length");
    tokens().check(&token, TokenKind::Access, rules, now()).map(|checked| checked.named)
}

fn ann() -> User {
    User {
        id: UserId(7),
        username: "ann".into(),
        email: None,
        full_name: "Ann".into(),
        role: WorkspaceRole::User,
        is_active: true,
        created_at: now(),
        updated_at: now(),
    }
}

fn exp() -> i64 {
    now().seconds() + 60
}

#[test]
fn our_own_tokens_count_everywhere() {
    let user = ann();
    let (token, expires) =
        tokens().issue(&user, TokenKind::Access, (now(), Timestamp::default()), "x").unwrap();
    for rules in [TokenRules::NATIVE, TASKMANAGER, FLUX] {
        let checked = tokens().check(&token, TokenKind::Access, rules, now()).unwrap();
        assert_eq!(checked.named, Named::Id(UserId(7)));
        assert_eq!(checked.expires_at, expires);
    }
    let later = tokens().check(&token, TokenKind::Access, TASKMANAGER, expires);
    assert_eq!(later, Err(TokenFault::Expired));
    let wrong = tokens().check(&token, TokenKind::Refresh, TokenRules::NATIVE, now());
    assert_eq!(wrong, Err(TokenFault::WrongType));
}

#[test]
fn a_token_was_issued_no_earlier_than_tokens_count() {
    let issued_at = |from| {
        let (token, _) = tokens().issue(&ann(), TokenKind::Access, (now(), from), "x").unwrap();
        tokens().check(&token, TokenKind::Access, FLUX, now()).unwrap().issued_at
    };
    let later = now().plus(std::time::Duration::from_secs(1));
    assert_eq!(issued_at(Timestamp::default()), now());
    assert_eq!(issued_at(later), later);
    let silent =
        sign(&json!({"id": 3, "exp": exp()}), Algorithm::HS256, b"a secret of some length");
    let silent = tokens().check(&silent, TokenKind::Access, FLUX, now()).unwrap();
    assert_eq!(silent.issued_at, Timestamp::default(), "before anything else");
}

#[test]
fn each_dialect_names_the_user_its_own_way() {
    let id = |n| Ok(Named::Id(UserId(n)));
    assert_eq!(check(&json!({"sub": "3", "exp": exp()}), TASKMANAGER), id(3));
    assert_eq!(check(&json!({"sub": 3, "exp": exp(), "type": "access"}), TASKMANAGER), id(3));
    assert_eq!(check(&json!({"sub": "3", "uid": "4", "exp": exp()}), TASKMANAGER), id(4));
    assert_eq!(check(&json!({"id": "5", "exp": exp()}), FLUX), id(5));
    let full = json!({"sub": "ann", "exp": exp(), "type": "access", "iss": "project_manager",
        "aud": ["project_manager_users"]});
    assert_eq!(check(&full, TokenRules::NATIVE), Ok(Named::Username("ann".into())));
}

#[test]
fn what_does_not_count() {
    let cases = [
        (json!({"sub": "3"}), TokenFault::Invalid),
        (json!({"sub": "3", "exp": "soon"}), TokenFault::Invalid),
        (json!({"sub": "3", "exp": now().seconds() - 1}), TokenFault::Expired),
        (json!({"sub": "3", "exp": exp(), "nbf": exp()}), TokenFault::Invalid),
        (json!({"sub": "3", "exp": exp(), "type": "refresh"}), TokenFault::WrongType),
        (json!({"sub": "ann", "exp": exp()}), TokenFault::NoSubject),
        (json!({"exp": exp()}), TokenFault::NoSubject),
        (json!({"sub": "3", "exp": exp(), "iss": "else"}), TokenFault::Invalid),
        (json!({"sub": "3", "exp": exp(), "aud": ["else"]}), TokenFault::Invalid),
    ];
    for (claims, fault) in cases {
        assert_eq!(check(&claims, TASKMANAGER), Err(fault), "{claims}");
    }
    assert_eq!(
        check(&json!({"sub": "a", "exp": exp()}), TokenRules::NATIVE),
        Err(TokenFault::Invalid)
    );
}

#[test]
fn no_other_algorithm_and_no_other_secret() {
    let claims = json!({"sub": "3", "exp": exp()});
    for token in [
        sign(&claims, Algorithm::HS512, b"a secret of some length"),
        sign(&claims, Algorithm::HS256, b"another secret"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIzIiwiZXhwIjo5OTk5OTk5OTk5fQ.".to_owned(),
        "not a token".to_owned(),
    ] {
        let checked = tokens().check(&token, TokenKind::Access, TASKMANAGER, now());
        assert_eq!(checked, Err(TokenFault::Invalid), "{token}");
    }
    let empty = tokens().check("", TokenKind::Access, TASKMANAGER, now());
    assert_eq!(empty, Err(TokenFault::Missing));
}
