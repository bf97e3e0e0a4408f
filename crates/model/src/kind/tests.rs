//! Every declaration makes sense.

use std::collections::BTreeSet;

use super::*;

/// What items have beside their fields.
const TAKEN: &[&str] = &[
    "id",
    "kind",
    "project_id",
    "parent_id",
    "position",
    "version",
    "creator_id",
    "creator",
    "created_at",
    "updated_at",
    "if_version",
    "item_id",
    "mutation_id",
];

#[test]
fn names_are_told_apart() {
    for of in [|kind: &&Kind| kind.name, |kind: &&Kind| kind.path] {
        assert_eq!(KINDS.iter().map(of).collect::<BTreeSet<_>>().len(), KINDS.len());
    }
    for kind in KINDS {
        let mut names: BTreeSet<&str> = TAKEN.iter().copied().collect();
        for field in kind.fields {
            assert!(names.insert(field.name), "{kind:?}: {} is taken", field.name);
            if matches!(field.shape, Shape::Member) {
                let who = field.name.strip_suffix("_id").expect("a member's field ends in _id");
                assert!(names.insert(who), "{kind:?}: {who} is taken");
            }
        }
        for listed in kind.inner().filter_map(|inner| inner.within?.listed) {
            assert!(names.insert(listed), "{kind:?}: {listed} is taken");
        }
    }
}

#[test]
fn what_is_named_is_there_and_of_the_right_shape() {
    for (at, kind) in KINDS.iter().enumerate() {
        let shape = |name: &str| kind.place(name).map(|place| kind.fields[place].shape);
        for name in kind.section.iter().chain(&kind.unique) {
            assert!(matches!(shape(name), Some(Shape::Text(_))), "{kind:?}: {name}");
        }
        for sum in kind.sums {
            let adds = matches!(shape(sum.field), Some(Shape::Decimal(..) | Shape::Flag));
            assert!(adds && sum.name != "items" && sum.name != "sections", "{kind:?}: {sum:?}");
        }
        let Some(within) = kind.within else { continue };
        let outer = kind.outer().expect("what they lie in is a kind");
        assert!(KINDS[..at].contains(&outer) && outer.within.is_none(), "{kind:?}: one level");
        assert!(kind.section.is_none() && !kind.bulk, "{kind:?}: what lies in others has neither");
        for (own, fed) in within.feeds {
            let place = outer.place(fed).expect("what is fed is a field");
            assert!(matches!(outer.fields[place].given, Given::Fed), "{kind:?}: {fed}");
            let (Some(Shape::Decimal(a, ..)), Shape::Decimal(b, ..)) =
                (shape(own), outer.fields[place].shape)
            else {
                panic!("{kind:?}: {own} or {fed} is no decimal")
            };
            assert_eq!(a, b, "{kind:?}: {own} has the decimals of {fed}");
        }
    }
}

#[test]
fn defaults_keep_the_rules() {
    for kind in KINDS {
        for field in kind.fields {
            if matches!(field.given, Given::Default(_) | Given::Computed(_) | Given::Fed) {
                assert!(field.absent().is_some(), "{kind:?}: {}", field.name);
            }
            if let Shape::Decimal(scale, low, high) = field.shape {
                let most = low.abs().max(high.abs());
                let digits = most.to_string().len() + usize::from(scale);
                assert!(digits <= 15, "{kind:?}: {} has more than 15 digits", field.name);
            }
        }
    }
}
