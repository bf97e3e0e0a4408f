//! Scripts and the scenes in them.

use super::{Editors, Field, Kind, Shape, Sum, Within};

pub(super) static SCRIPT: Kind = Kind {
    name: "script",
    path: "scripts",
    about: "A script.",
    fields: &[
        Field::new("title", "What it is called.", Shape::Text(200)).required(),
        Field::new("revision", "Which version of the text.", Shape::Text(50)).or("1.0.0"),
        Field::new("minutes", "How long its scenes are together.", MINUTES_OF_ALL).fed(),
    ],
    sums: &[Sum { name: "minutes", field: "minutes" }],
    section: None,
    unique: None,
    within: None,
    editors: Editors::Members,
    most: 100,
    bulk: false,
};

pub(super) static SCENE: Kind = Kind {
    name: "scene",
    path: "scenes",
    about: "A scene of a script.",
    fields: &[
        Field::new("scene_number", "Its number in the script.", Shape::Text(20)).required(),
        Field::new("title", "Its heading.", Shape::Text(200)).required(),
        Field::new("int_ext", "Inside or outside.", Shape::Word(&["int", "ext"])).or("int"),
        Field::new("day_night", "When it plays.", Shape::Word(&["day", "night", "dawn", "dusk"]))
            .or("day"),
        Field::new("location", "Where.", Shape::Text(200)).required(),
        Field::new("estimated_runtime_minutes", "How long it is.", Shape::Decimal(2, 0, 10_000))
            .required(),
        Field::new("scene_description", "What happens.", Shape::Text(5_000)),
        Field::new("characters", "Who is in it.", LIST).or(""),
        Field::new("extras", "Who else is seen.", LIST).or(""),
        Field::new("props", "What is used.", LIST).or(""),
        Field::new("wardrobe", "What is worn.", LIST).or(""),
        Field::new("makeup_hair", "Faces and hair.", LIST).or(""),
        Field::new("vehicles_animals_fx", "Vehicles, animals, effects on the set.", LIST).or(""),
        Field::new("set_dressing", "What stands around.", LIST).or(""),
        Field::new("special_equipment", "What is needed to shoot it.", LIST).or(""),
        Field::new("stunts_vfx", "Stunts and effects.", LIST).or(""),
        Field::new("sound_requirements", "What is heard.", LIST).or(""),
        Field::new("mood_tone", "What it feels like.", Shape::Text(200)),
        Field::new("scene_complexity", "How hard it is.", Shape::Word(&["low", "medium", "high"]))
            .or("low"),
        Field::new("vfx_required", "Whether it needs visual effects.", Shape::Flag).or("false"),
        Field::new("vfx_details", "Which.", Shape::Text(1_000)),
        Field::new(
            "scene_status",
            "How far it is.",
            Shape::Word(&["not_shot", "in_progress", "completed", "in_review", "approved"]),
        )
        .or("not_shot"),
    ],
    sums: &[
        Sum { name: "minutes", field: "estimated_runtime_minutes" },
        Sum { name: "vfx", field: "vfx_required" },
    ],
    section: None,
    unique: None,
    within: Some(Within {
        kind: "script",
        listed: None,
        feeds: &[("estimated_runtime_minutes", "minutes")],
    }),
    editors: Editors::Members,
    most: 2_000,
    bulk: false,
};

const LIST: Shape = Shape::Texts(50, 100);
const MINUTES_OF_ALL: Shape = Shape::Decimal(2, 0, 100_000_000);
