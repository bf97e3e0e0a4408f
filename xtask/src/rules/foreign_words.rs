//! The event names of foreign applications occur only in their dialects.
//!
//! Whoever compares or writes such a name elsewhere ties the rest of the server to one
//! application's words. Below the dialects everything is a typed command, event or signal.

use super::Rule;
use crate::{Finding, source::Source};

/// The event names that each application's clients and server exchange.
///
/// Left out are the plain words that anyone may use (`ping`, `error`, `message`, `connected`,
/// `notification`) and the dotted kinds (`task.created`), which are also the model's own.
const DIALECTS: &[(&str, &[&str])] = &[
    (
        "taskmanager",
        &[
            "join_project",
            "leave_project",
            "joined_project",
            "left_project",
            "task_created",
            "task_updated",
            "task_status_changed",
            "task_deleted",
            "comment_added",
            "project_updated",
            "user_typing",
            "get_online_users",
            "online_users",
            "user_connected",
            "user_disconnected",
        ],
    ),
    (
        "flux",
        &[
            "join:project",
            "leave:project",
            "task:created",
            "task:updated",
            "task:deleted",
            "presence:update",
            "activity:new",
        ],
    ),
    (
        "prodsight",
        &[
            "connection_status",
            "join_project_room",
            "leave_project_room",
            "room_joined",
            "room_left",
            "task_update",
            "budget_update",
            "script_update",
            "vfx_update",
            "asset_update",
        ],
    ),
    (
        "skybuild",
        &[
            "user:joined",
            "user:left",
            "boq:item:updated",
            "boq:bulk:updated",
            "comment:created",
            "comment:updated",
            "comment:deleted",
            "notification:new",
        ],
    ),
    (
        "envelope",
        &[
            "join_room",
            "leave_room",
            "joined_room",
            "left_room",
            "send_message",
            "user_joined",
            "user_left",
        ],
    ),
];

/// Where the names are at home, and the clients, which must speak them.
const HOMES: &[&str] = &[
    "crates/gateway/src/dialect/",
    "crates/client/src/dialect/",
    "bench/",
    "e2e/",
    "web/",
    "xtask/",
];

/// Finds string literals that are such a name, or JSON that quotes one, outside the dialects.
///
/// Tests and examples may speak as a client does.
pub fn check(source: &Source) -> Vec<Finding> {
    let at_home = HOMES.iter().any(|home| source.path.starts_with(home))
        || source.path.starts_with("crates/gateway/src/dialect.rs")
        || source.path.split('/').any(|part| part == "examples");
    if at_home {
        return Vec::new();
    }
    source
        .strings()
        .filter(|(_, line)| !source.is_test(*line))
        .filter_map(|(string, line)| {
            let (dialect, name) = foreign_word(string)?;
            let advice = format!(
                "`{name}` is a word of the dialect `{dialect}` and occurs only there; \
                 use the typed command, event or signal"
            );
            Some(Finding::new(&source.path, line, Rule::ForeignWords.name(), advice))
        })
        .collect()
}

fn foreign_word(string: &str) -> Option<(&'static str, &'static str)> {
    DIALECTS.iter().find_map(|(dialect, names)| {
        let said = |name: &&&str| string == **name || string.contains(&format!("\"{name}\""));
        names.iter().find(said).map(|name| (*dialect, *name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Source::parse(path, text).unwrap()).len()
    }

    #[test]
    fn names_are_found_bare_quoted_and_inside_macros() {
        for (text, count) in [
            (r#"const A: &str = "task_status_changed";"#, 1),
            (r#"const A: &[u8] = b"boq:item:updated";"#, 1),
            (r##"const A: &str = r#"42["presence:update",{}]"#;"##, 1),
            (r#"fn a() { json!({ "type": "joined_room" }); }"#, 1),
            (r#"#[serde(rename = "connection_status")] struct A;"#, 1),
            (r#"fn a(b: &str) -> bool { matches!(b, "room_left" | "room_joined") }"#, 2),
            (r#"const A: &str = "task.status_changed";"#, 0),
            (r#"const A: [&str; 3] = ["ping", "message", "connected"];"#, 0),
            (r#"const A: &str = "the user_joined twice";"#, 0),
            ("/// Sends `\"user_left\"`.\nfn user_left() {}", 0),
        ] {
            assert_eq!(found("crates/collab/src/a.rs", text), count, "{text}");
        }
    }

    #[test]
    fn names_are_at_home_in_dialects_clients_and_tests() {
        let text = "const A: &str = \"task:created\";";
        for (path, count) in [
            ("crates/gateway/src/dialect/flux.rs", 0),
            ("crates/client/src/dialect/flux.rs", 0),
            ("crates/client/src/watch.rs", 1),
            ("crates/gateway/tests/transcripts.rs", 0),
            ("crates/gateway/examples/echo.rs", 0),
            ("e2e/src/flux.rs", 0),
            ("crates/gateway/src/engine/session.rs", 1),
            ("crates/realtime/src/hub.rs", 1),
        ] {
            assert_eq!(found(path, text), count, "{path}");
        }
        let test = format!("#[cfg(test)]\nmod tests {{\n{text}\n}}");
        assert_eq!(found("crates/realtime/src/hub.rs", &test), 0);
    }

    #[test]
    fn no_name_is_a_plain_word_or_a_kind_of_the_model() {
        for (dialect, names) in DIALECTS {
            for name in *names {
                assert!(name.contains(['_', ':']) && !name.contains('.'), "{dialect}: {name}");
            }
        }
    }
}
