//! Assets: what is known of a project's files.

use super::{Editors, Field, Kind, Shape, Sum};

pub(super) static ASSET: Kind = Kind {
    name: "asset",
    path: "assets",
    about: "What is known of a file.",
    fields: &[
        Field::new("name", "What the file is called.", Shape::FileName(255)).required(),
        Field::new("description", "What is in it.", Shape::Text(1_000)),
        Field::new("media_type", "Its media type.", Shape::MediaType)
            .or("application/octet-stream"),
        Field::new("size", "Its bytes.", Shape::Decimal(0, 0, 1_000_000_000_000)).or("0"),
        Field::new(
            "sha256",
            "The hash of its content in hex, if it was uploaded.",
            Shape::Text(64),
        )
        .kept(),
    ],
    sums: &[Sum { name: "size", field: "size" }],
    section: None,
    unique: None,
    within: None,
    editors: Editors::Members,
    most: 10_000,
    bulk: false,
};
