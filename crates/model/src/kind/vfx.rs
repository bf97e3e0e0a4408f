//! Shots with visual effects, and the versions of each.

use super::{Editors, Field, Kind, Shape, Sum, Within};

pub(super) static SHOT: Kind = Kind {
    name: "shot",
    path: "vfx",
    about: "A shot with visual effects, with its versions.",
    fields: &[
        Field::new("shot_name", "What it is called.", Shape::Text(100)).required(),
        Field::new("scene_id", "The scene that it belongs to.", Shape::Item("scene")),
        Field::new("description", "What is to be seen.", Shape::Text(2_000)),
        Field::new(
            "status",
            "How far it is.",
            Shape::Word(&["todo", "in_progress", "in_review", "done"]),
        )
        .or("todo"),
        Field::new(
            "priority",
            "How urgent it is.",
            Shape::Word(&["low", "medium", "high", "critical"]),
        )
        .or("medium"),
        Field::new("assignee_id", "Who makes it.", Shape::Member),
        Field::new("due_date", "When it is due.", Shape::Instant),
        Field::new("estimated_hours", "How long it takes.", Shape::Decimal(2, 0, 100_000)).or("0"),
        Field::new("complexity", "How hard it is.", Shape::Word(&["low", "medium", "high"]))
            .or("medium"),
    ],
    sums: &[Sum { name: "hours", field: "estimated_hours" }],
    section: None,
    unique: None,
    within: None,
    editors: Editors::Members,
    most: 5_000,
    bulk: false,
};

pub(super) static VERSION: Kind = Kind {
    name: "shot_version",
    path: "versions",
    about: "A version of a shot.",
    fields: &[
        Field::new("label", "Its number, such as v001.", Shape::Text(50)).required(),
        Field::new("date", "When it was made.", Shape::Instant),
        Field::new(
            "status",
            "What was said of it.",
            Shape::Word(&["draft", "review", "approved", "rejected"]),
        )
        .or("draft"),
        Field::new("notes", "What there is to know.", Shape::Text(1_000)),
        Field::new("file_size", "How large its file is, in words.", Shape::Text(50)),
    ],
    sums: &[],
    section: None,
    unique: None,
    within: Some(Within { kind: "shot", listed: Some("versions"), feeds: &[] }),
    editors: Editors::Members,
    most: 20_000,
    bulk: false,
};
