//! Budgets: categories with what may be spent on them, and the entries of what was.

use super::{Editors, Field, Kind, Shape, Sum, Within};
use crate::decimal::Decimal;
use crate::value::Values;

pub(super) static CATEGORY: Kind = Kind {
    name: "budget_category",
    path: "budget",
    about: "A category of the budget.",
    fields: &[
        Field::new("name", "What the money is for; no two are called the same.", Shape::Text(100))
            .required(),
        Field::new("budgeted", "What may be spent.", Shape::Decimal(2, 0, MOST)).or("0"),
        Field::new(
            "forecast",
            "What is expected to be spent in the end.",
            Shape::Decimal(2, 0, MOST),
        ),
        Field::new("spent", "What was spent: the sum of its entries.", ANY).fed(),
        Field::new("remaining", "What may still be spent.", ANY).computed(remaining),
        Field::new(
            "projected",
            "What it comes to: the forecast, or what was budgeted, or spent.",
            ANY,
        )
        .computed(projected),
        Field::new("over", "By how much that is over the budget.", ANY).computed(over),
    ],
    sums: &[
        Sum { name: "budgeted", field: "budgeted" },
        Sum { name: "spent", field: "spent" },
        Sum { name: "remaining", field: "remaining" },
        Sum { name: "projected", field: "projected" },
        Sum { name: "over", field: "over" },
    ],
    section: None,
    unique: Some("name"),
    within: None,
    editors: Editors::Leads,
    most: 500,
    bulk: false,
};

pub(super) static ENTRY: Kind = Kind {
    name: "budget_entry",
    path: "entries",
    about: "Money that was spent on a category, or came back.",
    fields: &[
        Field::new("amount", "How much; less than zero if it came back.", GIVEN).required(),
        Field::new("description", "What for.", Shape::Text(500)).required(),
        Field::new("date", "When.", Shape::Instant),
    ],
    sums: &[Sum { name: "amount", field: "amount" }],
    section: None,
    unique: None,
    within: Some(Within { kind: "budget_category", listed: None, feeds: &[("amount", "spent")] }),
    editors: Editors::Leads,
    most: 10_000,
    bulk: false,
};

const MOST: i64 = 999_999_999_999;
const GIVEN: Shape = Shape::Decimal(2, -MOST, MOST);
const ANY: Shape = Shape::Decimal(2, -super::MOST_SUM, super::MOST_SUM);

fn remaining(category: &Values) -> Decimal {
    // Both are within bounds of 15 digits.
    let remaining = category.decimal("budgeted").minus(category.decimal("spent"));
    remaining.unwrap_or(Decimal::new(i64::MIN, 2))
}

fn projected(category: &Values) -> Decimal {
    let expected = category.given("forecast").unwrap_or(category.decimal("budgeted"));
    expected.max(category.decimal("spent"))
}

fn over(category: &Values) -> Decimal {
    let over = projected(category).minus(category.decimal("budgeted"));
    over.unwrap_or(Decimal::new(i64::MAX, 2)).max(Decimal::new(0, 2))
}
