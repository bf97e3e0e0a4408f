//! Bills of quantities: what is to be built, of how much, at what price.

use super::{Editors, Field, Kind, Shape, Sum};
use crate::decimal::Decimal;
use crate::value::Values;

pub(super) static ITEM: Kind = Kind {
    name: "boq_item",
    path: "boq",
    about: "An item of the bill of quantities.",
    fields: &[
        Field::new("section", "The part of the bill that it stands in.", Shape::Text(100)),
        Field::new("code", "Its number in the bill.", Shape::Text(50)),
        Field::new("description", "What is to be done.", Shape::Text(1_000)).required(),
        Field::new("unit", "What it is measured in.", Shape::Text(20)),
        Field::new("qty", "How much of it.", Shape::Decimal(3, 0, 100_000_000)).or("0"),
        Field::new("unit_price", "What one unit costs.", Shape::Decimal(4, 0, 100_000_000)).or("0"),
        Field::new("allowance_amount", "What is set aside for it.", MONEY).or("0"),
        Field::new("source_ref", "Where the quantity was taken from.", Shape::Text(200)),
        Field::new("total_price", "Quantity times unit price, in whole cents.", MONEY)
            .computed(total_price),
    ],
    sums: &[
        Sum { name: "total", field: "total_price" },
        Sum { name: "allowance", field: "allowance_amount" },
    ],
    section: Some("section"),
    unique: None,
    within: None,
    editors: Editors::Members,
    most: 10_000,
    bulk: true,
};

const MONEY: Shape = Shape::Decimal(2, 0, 999_999_999_999);

fn total_price(item: &Values) -> Decimal {
    let price = item.decimal("qty").times(item.decimal("unit_price"), 2);
    // Beyond all bounds, so that it is refused.
    price.unwrap_or(Decimal::new(i64::MAX, 2))
}
