//! Milestones: what is to be reached, and by when.

use super::{Editors, Field, Kind, Shape};

pub(super) static MILESTONE: Kind = Kind {
    name: "milestone",
    path: "milestones",
    about: "A milestone of the project.",
    fields: &[
        Field::new("title", "What is to be reached.", Shape::Text(500)).required(),
        Field::new("description", "What there is to know.", Shape::Text(5_000)),
        Field::new("status", "How far it is.", Shape::Word(&["todo", "in_progress", "done"]))
            .or("todo"),
        Field::new("due_date", "By when.", Shape::Instant),
    ],
    sums: &[],
    section: None,
    unique: None,
    within: None,
    editors: Editors::Members,
    most: 1_000,
    bulk: false,
};
